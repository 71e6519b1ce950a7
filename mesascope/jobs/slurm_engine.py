"""Workers as jobs of a SLURM cluster, handed in by submitit. Tested with submitit's own executor for one machine alone."""

import shutil
from pathlib import Path
from typing import Any

from mesascope.core.errors import UsageError
from mesascope.core.optional_dependencies import check_installed
from mesascope.jobs.processes import LOST, Request, Worker
from mesascope.jobs.worker import work

LOGS = "slurm"
MINUTES, MEMORY = 24 * 60, 4
"""What each job asks of the cluster: minutes, and gigabytes of memory. A worker that is ended by the clock is started anew."""


class Slurm:
    """One SLURM job for each worker, with one core. Its logs go to `OUT/slurm`, which every node must see.

    Args:
        out: the folder of the command.
        cluster: `slurm`, or `local` to run the same on this machine.

    Raises:
        UsageError: submitit or SLURM is not there.
    """

    def __init__(self, out: Path, cluster: str = "slurm"):
        check_installed("--engine slurm", ["submitit"], "slurm")
        if cluster == "slurm" and shutil.which("srun") is None:
            raise UsageError("--engine slurm: this machine has no command srun: type it on a login node of the cluster")
        import submitit

        self._executor = submitit.AutoExecutor(folder=out / LOGS, cluster=cluster)
        self._executor.update_parameters(name="mesascope", cpus_per_task=1, timeout_min=MINUTES)
        if cluster == "slurm":
            self._executor.update_parameters(mem_gb=MEMORY)

    def start(self, request: Request, number: int) -> Worker:
        """Hand in one job."""
        return _SlurmWorker(self._executor.submit(work, request.model_dump_json(), number))

    def close(self) -> None:
        """Nothing is held."""


class _SlurmWorker:
    def __init__(self, job: Any):
        self._job = job

    def poll(self) -> int | None:
        if not self._job.done():
            return None
        error = self._job.exception()
        if error is None:
            return 0
        return 1 if type(error).__name__ == "FailedJobError" else LOST

    def stop(self) -> None:
        self._job.cancel()
