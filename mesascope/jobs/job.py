"""A unit of work that is known by the hash of all that its result depends on."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from mesascope.jobs.listener import Listener
from mesascope.store.checkpoint import fingerprint_of


@dataclass(frozen=True)
class Job:
    """One unit of work.

    Args:
        kind: what the result is, such as `audit`; named in messages.
        spec: all that the result depends on, as plain values. Its hash is the job's identity.
        work: makes the result, a function of the spec and of nothing else (how long it took apart).
        label: what messages call it, such as `seed 0`.
        program: equal for jobs that run the same compiled programs.
        agent: what the agent is known by, where one was brought; the result depends on it as well.
        named: the name that the agent was asked for by.
    """

    kind: str
    spec: Any
    work: Callable[[Listener], Any]
    label: str
    program: Hashable = None
    agent: Any = None
    named: str | None = None

    @cached_property
    def fingerprint(self) -> str:
        """The hash of spec and agent: two jobs are the same job if theirs are equal."""
        return fingerprint_of(self.spec if self.agent is None else {"spec": self.spec, "agent": self.agent})

    @property
    def asked(self) -> str:
        """The hash of what is asked for, whatever the agent of that name has become."""
        return fingerprint_of({"spec": self.spec, "named": self.named})


class Done(NamedTuple):
    """What came of a request: the document that `--json` prints, and the page to read, where there is one."""

    document: dict[str, Any]
    page: Path | None = None
