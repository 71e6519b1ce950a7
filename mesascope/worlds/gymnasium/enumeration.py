"""All states of an environment that can be reached from a reset, found by trying every action in each."""

from collections import deque
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np

from mesascope.core.errors import UsageError, said
from mesascope.worlds.gymnasium.constants import ChangedError, shared_arrays
from mesascope.worlds.gymnasium.environment import name_of, not_cloneable
from mesascope.worlds.gymnasium.stepping import NeededError, Step, Stepper
from mesascope.worlds.gymnasium.table import Outcomes, Table, build_table
from mesascope.worlds.gymnasium.transition import Feature, Transition

_CHECKED = 24
"""States in which every action is tried with other random numbers, whether or not any were drawn."""
_SEEDS = (1, 2, 3)
"""Seeds of those other random numbers."""
_EVERY = 256
"""States between two calls of whoever hears of the progress."""

_Outcomes = dict[tuple[int | None, tuple[float, ...]], float]
"""Probability of each successor, None for the end of the episode, with the features that fire on the way."""


def enumerate_states(
    environment: Any,
    seed: int,
    features: Mapping[str, Feature],
    *,
    max_states: int,
    outcomes: int = 1,
    key: Callable[[Any], Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Table:
    """The table of a level, from a reset with this seed: breadth first over deep copies of the environment.

    State 0 is the start, the last state is the end of every episode.

    Args:
        environment: anything that `copy.deepcopy` copies, state and all; it is reset.
        seed: of the reset.
        features: what is computed of each transition; `before` and `after` are environments.
        max_states: states above which nothing is made.
        outcomes: samples of each action in each state; 1 where steps are not random.
        key: tells states apart, instead of the environment's attributes.
        progress: hears how many states are known and how many are to be expanded.

    Raises:
        UsageError: there are more states, steps are random though they should not be, or the environment cannot be copied.
    """
    if outcomes < 1 or max_states < 1:
        raise UsageError(f"outcomes {outcomes} and max_states {max_states}: expected whole numbers from 1 on")
    try:
        shown, _ = environment.reset(seed=seed)
    except Exception as error:
        raise UsageError(f"{name_of(environment)} failed at its reset with seed {seed}: {said(error)}") from error

    def search(arrays: tuple[np.ndarray, ...]) -> Table:
        try:
            stepper = Stepper(environment, key, True, arrays)
            return _Search(stepper, environment, shown, features, max_states, outcomes, progress).table()
        except NeededError:
            stepper = Stepper(environment, key, False, arrays)
            return _Search(stepper, environment, shown, features, max_states, outcomes, progress).table()

    try:
        with shared_arrays(environment) as arrays:
            return search(arrays)
    except ChangedError:
        return search(())


class _Search:
    def __init__(
        self,
        stepper: Stepper,
        root: Any,
        shown: Any,
        features: Mapping[str, Feature],
        max_states: int,
        outcomes: int,
        progress: Callable[[int, int], None] | None,
    ):
        self._stepper, self._features, self._outcomes = stepper, features, outcomes
        self._most, self._progress, self._name = max_states, progress, name_of(root)
        self._number: dict[Hashable, int] = {stepper.key(root): 0}
        self._shown = [stepper.show(root, shown)]
        self._waiting: deque[Any] = deque([root])
        self._root, self._draw = root, 0

    def table(self) -> Table:
        """The table, once every state was expanded."""
        found: list[list[_Outcomes]] = []
        text = _text(self._root)
        self._check_copies()
        while self._waiting:
            if self._progress is not None and len(found) % _EVERY == 0:
                self._progress(len(self._number), len(self._waiting))
            here = self._waiting.popleft()
            found.append(self._expand(here, len(found) < _CHECKED))
        if self._progress is not None:
            self._progress(len(self._number), 0)
        end, nothing = len(found), (0.0,) * len(self._features)
        rows: list[list[Outcomes]] = [
            [{(end if after is None else after, fired): p for (after, fired), p in outs.items()} for outs in row]
            for row in found
        ]
        rows.append([{(end, nothing): 1.0} for _ in rows[0]])
        terminal, initial = np.zeros(end + 1, bool), np.zeros(end + 1)
        terminal[end], initial[0] = True, 1.0
        shown = np.stack([*self._shown, np.zeros_like(self._shown[0])])
        return build_table(rows, terminal, initial, shown, len(self._features), text or f"state table of {end} states")

    def _expand(self, here: Any, check: bool) -> "list[_Outcomes]":
        """What every action comes to."""
        before = self._stepper.copier.draws()
        steps = [self._steps(here, action) for action in range(self._stepper.actions)]
        if self._outcomes == 1 and (check or self._stepper.copier.draws() != before):
            for action, (step,) in enumerate(steps):
                self._check(here, action, step)
        return [self._outcome(here, action, taken) for action, taken in enumerate(steps)]

    def _outcome(self, here: Any, action: int, steps: list[Step]) -> "_Outcomes":
        """Where an action leads (None: to the end of the episode), with what fires and how often."""
        found: _Outcomes = {}
        for step in steps:
            seen = Transition(here, action, step.after, step.reward, step.terminated, step.info)
            fired = tuple(feature(seen) for feature in self._features.values())
            after = None if step.terminated else self._known(step)
            found[after, fired] = found.get((after, fired), 0.0) + 1 / self._outcomes
        return found

    def _steps(self, here: Any, action: int) -> list[Step]:
        if self._outcomes == 1:
            return [self._stepper.step(here, action)]
        steps = []
        for _ in range(self._outcomes):
            self._draw += 1
            with self._stepper.copier.seeded(self._draw):
                steps.append(self._stepper.step(here, action))
        return steps

    def _check(self, here: Any, action: int, step: Step) -> None:
        """`UsageError` where the same action with other random numbers comes to something else."""
        key = self._stepper.key(step.after)
        for seed in _SEEDS:
            with self._stepper.copier.seeded(seed):
                other = self._stepper.step(here, action)
            if (other.reward, other.terminated, self._stepper.key(other.after)) != (step.reward, step.terminated, key):
                raise UsageError(
                    f"{self._name} is not deterministic: action {action} taken twice in one state came to different states or "
                    "rewards; declare its randomness by outcomes=, the number of samples of each action (such as outcomes=100), "
                    "or play it in episodes by tables=False"
                )

    def _known(self, step: Step) -> int:
        key = self._stepper.key(step.after)
        if key not in self._number:
            if len(self._number) >= self._most:
                raise UsageError(
                    f"{self._name} has more than {self._most} states, the most that are tabulated; allow more with max_states=, "
                    "take a smaller environment, pass key= if something is counted that no step depends on, or play it in "
                    "episodes by tables=False"
                )
            self._number[key] = len(self._number)
            self._shown.append(self._stepper.show(step.after, step.observation))
            self._waiting.append(step.after)
        return self._number[key]

    def _check_copies(self) -> None:
        """`UsageError` where steps of copies change what was copied."""
        before = self._stepper.key(self._root)
        if self._stepper.key(self._stepper.copier.copy(self._root)) != before:
            raise not_cloneable(self._name, "a copy is in another state than what was copied")
        for action in range(self._stepper.actions):
            self._stepper.step(self._root, action)
            if self._stepper.key(self._root) != before:
                raise not_cloneable(self._name, f"action {action} taken in a copy changed the environment itself")


def _text(environment: Any) -> str | None:
    """The level as MiniGrid prints it; None for others, and where it holds what MiniGrid has no letters for."""
    write = getattr(environment.unwrapped, "pprint_grid", None)
    try:
        return None if write is None else write()
    except (KeyError, ValueError):
        return None
