"""Talking with a worker: a process in a peer's environment that answers in JSON lines (`workers/answering.py`)."""

import contextlib
import json
import math
import queue
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.peers.environments import PeerError, clean

WORKERS = Path(__file__).resolve().parent / "workers"
WORDS = {"ready": {"about": dict}, "measured": {"values": dict}, "end": {"peak_mb": float}, "failed": {"why": str}}
"""What a worker may say, and what must come with it."""


class Answer(NamedTuple):
    """A line of a worker: its word, and what came with it."""

    word: str
    held: dict


def parse(line: str) -> Answer | None:
    """A line as an answer; None for a line that is no JSON object, which is a package's chatter.

    `PeerError` for an object that is none of the answers a worker may give.
    """
    try:
        held = json.loads(line)
    except ValueError:
        return None
    if not isinstance(held, dict):
        return None
    word = held.pop("say", None)
    if word not in WORDS:
        raise PeerError(
            f"an answer was expected that says one of {', '.join(WORDS)}, and this came: {line.strip()[:200]}"
        )
    for name, kind in WORDS[word].items():
        value = float(held[name]) if kind is float and isinstance(held.get(name), int) else held.get(name)
        if not isinstance(value, kind):
            raise PeerError(f"'{word}' came without {name} as a {kind.__name__}: {line.strip()[:200]}")
        held[name] = value
    if word == "measured":
        for name, value in held["values"].items():
            if not (value is None or (isinstance(value, int | float) and math.isfinite(value))):
                raise PeerError(f"'{name}' was measured as {value!r}, and a finite number or null was expected")
    return Answer(word, held)


class Worker:
    """A worker process. Its standard error goes to a file, whose last line explains a silent end."""

    def __init__(self, command: list[str], log: Path, extra: dict[str, str]):
        self._log = log
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=log.parent,
                env={**clean(), **extra},
            )
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line)
        self._lines.put(None)

    def ask(self, words: str) -> None:
        """Send a line. A worker that has gone is noticed at `hear`."""
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.write(words + "\n")
            self._process.stdin.flush()

    def hear(self, word: str, patience: float) -> dict:
        """What came with the expected word. `PeerError` for another one, for an end, and after `patience` seconds."""
        until = time.monotonic() + patience
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise PeerError(f"no answer within {patience:,.0f} s") from None
            if line is None:
                raise PeerError(f"ended without an answer: {self._last_words()}")
            answer = parse(line)
            if answer is None:
                continue
            if answer.word == "failed":
                raise PeerError(answer.held["why"])
            if answer.word != word:
                raise PeerError(f"'{word}' was expected and '{answer.word}' came")
            return answer.held

    def _last_words(self) -> str:
        said = [line.strip() for line in self._log.read_text(errors="replace").splitlines() if line.strip()]
        return said[-1][:300] if said else f"exit {self._process.wait()}, nothing said"

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
