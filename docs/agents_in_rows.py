"""Rows of agents, one line of JSON each: what there is, and a run that goes on where the last one stopped."""

import argparse
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

SHARED = 8
"""Seeds whose agents meet the same levels."""


def read(path: Path) -> list[dict]:
    """The rows that there are."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def options_of(text: str | None, agents: int, first: int) -> argparse.Namespace:
    """What was asked for on the command line; `text` says what the command does."""
    options = argparse.ArgumentParser(description=text)
    options.add_argument("--agents", type=int, default=agents, help="agents of each class, from the first seed on")
    options.add_argument(
        "--first", type=int, default=first, help="seed to begin with; several may run at once on seeds of their own"
    )
    options.add_argument("--minutes", type=float, default=float("inf"))
    options.add_argument("--only", default="", help="classes whose name begins so")
    return options.parse_args()


def fill(
    path: Path,
    classes: Iterable[str],
    chosen: argparse.Namespace,
    levels: Callable[[int], Any],
    row: Callable[[str, int, Any], dict],
) -> None:
    """Add the rows that are missing, class after class in turn, until there are enough or the time is over."""
    end = time.monotonic() + 60 * chosen.minutes
    done = {(r["class"], r["seed"]) for r in read(path)}
    names = [name for name in classes if name.startswith(chosen.only)]
    group, shown = -1, None
    for seed in range(chosen.first, chosen.first + chosen.agents):
        missing = [name for name in names if (name, seed) not in done]
        if not missing or time.monotonic() > end:
            continue
        if group != seed // SHARED:
            group, shown = seed // SHARED, levels(seed // SHARED)
        for name in missing:
            if time.monotonic() < end:
                with path.open("a") as file:
                    file.write(json.dumps(row(name, seed, shown), separators=(",", ":")) + "\n")
