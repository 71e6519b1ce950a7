"""Every registered MiniGrid environment: how many states its first level has, or why it is not tabulated.

    python benchmarks/minigrid_ids.py --cap 20000 --levels 200 > table.md

Of environments with at most `SMALL` states it also compares the least number of steps to a reward, as the values of the table
have it, with a breadth-first search that shares nothing with the enumeration: states are told apart and restored by what
`pickle` writes.
"""

import argparse
import contextlib
import io
import logging
import math
import pickle
import sys
import time
import warnings
from typing import Any

import numpy as np

from mesascope.core.errors import UsageError
from mesascope.worlds.gymnasium import from_gymnasium
from mesascope.worlds.gymnasium.environment import make_environment

SMALL = 120
"""States at seed 0 up to which steps are compared: the search that they are compared with is slow."""
DISCOUNT = 0.9
"""Discount from whose powers steps are read: the smaller, the farther from rounding."""


def steps_from_table(name: str, seed: int, cap: int) -> tuple[int, int | None]:
    """States of a level, and the least number of steps to a reward by the values of its table; None where there is none."""
    world = from_gymnasium(name, levels=[seed], discount=DISCOUNT, max_states=cap)
    levels = world.draw(0, 1)
    value = float(world.optimal_values(levels)[0, 0])
    largest = float(np.asarray(levels.features).max())
    states = world.pool.own_states[0]
    if value <= 0:
        return states, None
    return states, 1 + round(math.log(value / largest) / math.log(DISCOUNT))


class _Writer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, outside: dict[int, Any]):
        super().__init__(file, protocol=5)
        self._outside = outside

    def persistent_id(self, obj: Any) -> int | None:
        return id(obj) if id(obj) in self._outside else None


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, outside: dict[int, Any]):
        super().__init__(file)
        self._outside = outside

    def persistent_load(self, pid: int) -> Any:
        return self._outside[pid]


def steps_by_search(name: str, seed: int) -> int | None:
    """Least number of steps to a reward by breadth-first search in the environment itself; None where none is reached."""
    inner = make_environment(name).unwrapped
    inner.reset(seed=seed)
    inner.gen_obs = lambda: None
    kept = ("observation_space", "action_space", "spec", "_np_random", "actions", "room_grid", "gen_obs", "metadata")
    outside = {id(vars(inner)[part]): vars(inner)[part] for part in kept if part in vars(inner)} | {id(inner): inner}

    def write() -> bytes:
        inner.step_count = 0
        inner.agent_pos = tuple(int(number) for number in inner.agent_pos)
        file = io.BytesIO()
        _Writer(file, outside).dump(vars(inner))
        return file.getvalue()

    def restore(state: bytes) -> None:
        found = _Reader(io.BytesIO(state), outside).load()
        vars(inner).clear()
        vars(inner).update(found)

    start = write()
    known, frontier, steps = {start}, [start], 0
    while frontier:
        steps, ahead = steps + 1, []
        for state in frontier:
            for action in range(int(inner.action_space.n)):
                restore(state)
                _, reward, ended, _, _ = inner.step(action)
                if reward > 0:
                    return steps
                after = None if ended else write()
                if after is not None and after not in known:
                    known.add(after)
                    ahead.append(after)
        frontier = ahead
    return None


def registered() -> list[str]:
    """Every MiniGrid and BabyAI id, the newest version of each and older ones as they are registered."""
    import gymnasium
    import minigrid  # noqa: F401  (registers its environments)

    return sorted(name for name in gymnasium.registry if name.startswith(("MiniGrid-", "BabyAI-")))


def main() -> None:
    """Write the table and the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cap", type=int, default=20_000, help="most states of a level")
    parser.add_argument("--levels", type=int, default=200, help="levels on which steps are compared")
    parser.add_argument("--only", default="", help="ids that contain this text")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    names = [name for name in registered() if given.only in name]
    print("| id | states | CPU seconds | not tabulated because |\n|---|---|---|---|")
    small, tabulated = [], 0
    for name in names:
        begun = time.process_time()
        states, why = 0, ""
        try:
            with contextlib.redirect_stdout(sys.stderr):  # MiniGrid prints what its generators reject
                states = from_gymnasium(name, levels=1, max_states=given.cap).pool.own_states[0]
        except UsageError as error:
            why = (
                str(error)
                .split(";")[0]
                .replace(f"{name} ", "", 1)
                .removeprefix(f"environment '{name}': ")
                .replace(", the most that are tabulated", "")
            )
        spent = time.process_time() - begun
        print(f"| `{name}` | {states or ''} | {spent:.1f} | {why} |", flush=True)
        tabulated += states > 0
        small += [name] if 0 < states <= SMALL else []
    print(f"\n{tabulated} of {len(names)} ids are tabulated with at most {given.cap} states.")
    compare(small, given.levels, given.cap)


def compare(names: list[str], levels: int, cap: int) -> None:
    """Compare the steps of as many levels, seed after seed of all environments in turn; every disagreement is printed."""
    done, agree, used, seed = 0, 0, set(), 0
    while names and done < levels:
        for name in names[: levels - done]:
            try:
                with contextlib.redirect_stdout(sys.stderr):
                    _, own = steps_from_table(name, seed, cap)
            except UsageError as error:  # a level of another seed may have more states than are tabulated
                print(f"{name}, seed {seed}: not compared: {error}", file=sys.stderr)
                continue
            found = steps_by_search(name, seed)
            done, agree, used = done + 1, agree + (found == own), used | {name}
            if found != own:
                print(f"{name}, seed {seed}: {own} steps by the table, {found} by search")
        seed += 1
        print(f"{done} levels compared", file=sys.stderr, flush=True)
    print(f"Steps agree on {agree} of {done} levels of {len(used)} ids.")


if __name__ == "__main__":
    main()
