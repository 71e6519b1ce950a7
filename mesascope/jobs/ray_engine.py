"""Workers as actors of a Ray cluster, one a core.

Ray moves the request and how the worker ended. Results go to the store, in a folder that every node sees under the same path.
"""

import os
import sys
from contextlib import redirect_stdout
from typing import Any

from mesascope.core.errors import UsageError, said
from mesascope.core.optional_dependencies import check_installed
from mesascope.jobs.processes import LOST, Request, Worker


class Ray:
    """Actors, started and watched from here; one that dies, or whose node does, is lost and started anew elsewhere.

    Args:
        address: of a running cluster, such as `auto` or `ray://HOST:10001`; without one Ray starts a cluster on this machine.

    Raises:
        UsageError: Ray is not installed, or no cluster answers there.
    """

    def __init__(self, address: str | None = None):
        check_installed("--engine ray", ["ray"], "ray")
        import ray

        # Ray prints the end of a worker on standard output, whatever `log_to_driver` is; a document may be to go there.
        self._quiet = redirect_stdout(sys.stderr)
        self._quiet.__enter__()
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster that is started here reports to nobody
        self._ours = not ray.is_initialized()
        if self._ours:
            try:
                ray.init(address=address, log_to_driver=False, logging_level="ERROR")
            except (ConnectionError, ValueError, OSError, RuntimeError) as error:
                self._quiet.__exit__(None, None, None)
                raise UsageError(f"--address {address}: no Ray cluster answers there ({said(error)})") from None
        self._ray = ray

    def start(self, request: Request, number: int) -> Worker:
        """Start an actor on whatever node has a free core; until one has, it waits."""
        make = self._ray.remote(num_cpus=1, max_restarts=0, runtime_env={"env_vars": _settings_of_jax()})
        actor = make(_Actor).remote()
        return _RayWorker(self._ray, actor, actor.work.remote(request.model_dump_json(), number))

    def close(self) -> None:
        """Leave the cluster, or end the one that was started here."""
        try:
            if self._ours:
                self._ray.shutdown()
        finally:
            self._quiet.__exit__(None, None, None)


class _Actor:
    """Runs in a process of its own on some node, which is warm from one job to the next."""

    def work(self, request: str, number: int) -> None:
        from mesascope.jobs.worker import work

        os.chdir(os.path.expanduser("~"))  # paths in requests are absolute
        work(request, number)


def _settings_of_jax() -> dict[str, str]:
    """What was set for JAX here, for workers on any node. Compiled programs stay: they are for one kind of processor."""
    return {
        name: value for name, value in os.environ.items() if name.startswith(("JAX_", "XLA_")) and "CACHE" not in name
    }


class _RayWorker:
    def __init__(self, ray: Any, actor: Any, ended: Any):
        self._ray, self._actor, self._ended = ray, actor, ended

    def poll(self) -> int | None:
        ready, _ = self._ray.wait([self._ended], timeout=0)
        if not ready:
            return None
        try:
            self._ray.get(self._ended)
        except self._ray.exceptions.RayTaskError as error:
            raise _cause_of(error) from None
        except self._ray.exceptions.RayError:
            return LOST
        finally:
            self._ray.kill(self._actor)
        return 0

    def stop(self) -> None:
        self._ray.kill(self._actor)


def _cause_of(error: Any) -> Exception:
    """What the worker raised: its own error where it can be told, which the command line then says in one line."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else error
