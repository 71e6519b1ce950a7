"""Counterfactuals: how levels of a world can be changed so that optimal behavior changes.

Tests of search ask whether an agent acts as the changed level demands after the change was made inside it. A trial is a
level, a change, and the states whose optimal actions before and after share nothing; all of it is drawn from here.
"""

import abc
import enum
from typing import Any, Generic, NamedTuple, TypeVar

import equinox as eqx
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.worlds.levels import AbstractLevels

Levels = TypeVar("Levels", bound=AbstractLevels)

Cells = Int[Array, "level center"]
"""Places on the map of a level: row-major cell numbers of the first view."""


class Kind(enum.StrEnum):
    """What a change is a change of: which outcome is where, or where actions lead."""

    OBJECTIVE = "objective"
    MODEL = "model"


class Change(NamedTuple):
    """Changed levels, and the cells in which they differ from the levels before."""

    levels: Any
    where: Cells


class Candidates(NamedTuple):
    """Ways to make a change, so many for each level, as codes that `apply` reads; some may not `fit` a level."""

    code: Int[Array, "candidate level"]
    fit: Bool[Array, "candidate level"]


class Surroundings(NamedTuple):
    """What is known of each state without a plan. What a subject knows is measured beyond it.

    `code` numbers what surrounds a state. `before` are states beside it, as many for each, whose answers are known before its
    own; -1 for none. No state may come before itself, by way of others either.
    """

    code: Int[Array, "level state"]
    before: Int[Array, "state beside"]


class AbstractCounterfactual(eqx.Module, Generic[Levels]):
    """One named change of a level. All functions are pure and work on batches.

    A test makes the candidate that changes optimal actions in most states. Its control is the `twin`, a change of the same kind
    that is irrelevant.
    """

    name: eqx.AbstractClassVar[str]
    """Name of the test that makes this change."""
    kind: eqx.AbstractClassVar[Kind]
    asks: eqx.AbstractClassVar[str]
    """What the test asks of a subject's plan, in words for readers."""
    asks_walking: eqx.AbstractClassVar[str]
    """What it asks of an agent that walks while its state is rewritten."""

    @abc.abstractmethod
    def propose(self, levels: Levels, key: PRNGKeyArray) -> Candidates:
        """Candidates for the change, of levels as `Counterfactuals.aim` gives them."""

    @abc.abstractmethod
    def random(self, levels: Levels, key: PRNGKeyArray) -> Int[Array, " level"]:
        """The code of one change of each level at random, whatever it alters."""

    def twin(self, levels: Levels) -> Int[Array, " level"] | None:
        """The code of an irrelevant change of the same kind; None: the candidate that changes least."""
        return None

    @abc.abstractmethod
    def apply(self, levels: Levels, code: Int[Array, " level"]) -> Change:
        """The changed levels, and where they were changed."""

    @abc.abstractmethod
    def elsewhere(self, levels: Levels, where: Cells, key: PRNGKeyArray, *, joint: bool) -> Cells:
        """As many cells as `where`, away from it and from all outcomes, into which the same content could be pasted.

        `joint` says that the change is one of two that are made together.
        """


class AbstractCounterfactuals(eqx.Module, Generic[Levels]):
    """All changes that a world knows, and how its levels are prepared for them."""

    @property
    @abc.abstractmethod
    def changes(self) -> tuple[AbstractCounterfactual[Levels], ...]:
        """The changes, one of each kind at least."""

    @abc.abstractmethod
    def contested(self, levels: Levels) -> Bool[Array, " level"]:
        """In which levels every change can be made."""

    @abc.abstractmethod
    def aim(self, levels: Levels, weights: Float[Array, " feature"]) -> tuple[Levels, Bool[Array, " level"]]:
        """The same levels, arranged so that changes concern what an objective values most.

        Also whether one outcome alone is valued most and worth reaching.
        """

    @abc.abstractmethod
    def move_goal(self, levels: Levels, weights: Float[Array, " feature"], key: PRNGKeyArray) -> Change:
        """The outcome that is valued most, moved to a random free cell. `where` holds the old cell and the new one."""

    @abc.abstractmethod
    def surroundings(self, levels: Levels) -> Surroundings:
        """What can be read off the surroundings of each state, for levels as `aim` gives them."""

    def heuristics(self, levels: Levels) -> dict[str, Bool[Array, "level state action"]]:
        """What rules of thumb would do in each state on the way to what is valued most, for levels as `aim` gives them: for each
        the actions that it holds for good, none where it has nothing to say. What a subject knows is measured beyond all of them.
        None unless a world says so.
        """
        return {}

    @property
    @abc.abstractmethod
    def kinds(self) -> tuple[str, ...]:
        """Names of the kinds of outcome that a level may hold."""

    @property
    @abc.abstractmethod
    def kind_features(self) -> Float[Array, "kind feature"]:
        """Features that fire on reaching an outcome of each kind, but for what depends on where it lies."""

    @abc.abstractmethod
    def kinds_in(self, levels: Levels) -> Int[Array, "level slot"]:
        """The kind of the outcome in each slot; -1 where there is none."""

    @abc.abstractmethod
    def with_kinds(self, levels: Levels, kinds: Int[Array, "level slot"]) -> Levels:
        """The levels with outcomes of the given kinds in their first slots, and no others; -1 leaves a slot empty."""

    @abc.abstractmethod
    def cells(self, levels: Levels) -> Int[Array, "level slot"]:
        """Where the outcome in each slot lies, or would lie."""
