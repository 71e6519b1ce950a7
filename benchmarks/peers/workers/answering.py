"""How a worker talks with `run.py`: one JSON object a line on standard output, one word a line on standard input.

A worker prepares (imports, compiles), says `ready`, measures once for every `go N` and says `measured`, and at `end`
says its largest resident memory. Whatever a package prints goes to standard error. Standard library only: this file
runs in every peer's environment.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import NamedTuple


class Ready(NamedTuple):
    """A worker that has compiled everything: what is measured, in words and numbers, and how to measure once."""

    about: dict[str, object]
    measure: Callable[[int], dict[str, float | None]]


class Clock:
    """Wall seconds and CPU seconds of all threads of this process, since the clock was made."""

    def __init__(self):
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        """Seconds and CPU seconds so far."""
        return {"seconds": time.perf_counter() - self._wall, "cpu": time.process_time() - self._cpu}


def rate(work: Callable[[], object], amount: int, least: float = 0.3) -> float:
    """`amount` a second, `work` being called until `least` seconds have passed; it must wait for its own result."""
    start, calls = time.perf_counter(), 0
    while calls == 0 or time.perf_counter() - start < least:
        work()
        calls += 1
    return amount * calls / (time.perf_counter() - start)


def peak_megabytes() -> float:
    """Largest resident memory of this process so far, in units of 1,048,576 bytes."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes here
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def serve(jobs: dict[str, Callable[[dict], Ready]]) -> None:
    """Answer for the job named on the command line, its options a JSON object after it."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(**words: object) -> None:
        out.write(json.dumps(words) + "\n")
        out.flush()

    name, options = sys.argv[1], json.loads(sys.argv[2])
    clock = Clock()
    try:
        ready = jobs[name](options)
        say(say="ready", about=ready.about, **clock.read())
        for line in sys.stdin:
            word, _, number = line.strip().partition(" ")
            if word == "end":
                break
            once = Clock()
            values = ready.measure(int(number))
            say(say="measured", values=values, **once.read())
        say(say="end", peak_mb=peak_megabytes(), **clock.read())
    except Exception as error:
        say(say="failed", why=f"{type(error).__name__}: {error}"[:600])
        raise
