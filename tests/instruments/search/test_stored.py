"""What is shown on fresh levels and on known ones, by agents that store, that plan, and that plan where they know the maze."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from mesascope.base_optimizers.exact_policy_gradient import ExactPolicyGradient
from mesascope.base_optimizers.protocol import training_levels
from mesascope.base_optimizers.training import begin, fixed_levels
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values
from mesascope.core.statistics import Estimate, Interval
from mesascope.core.subject import AbstractPolicy
from mesascope.instruments.search import stored
from mesascope.instruments.search.stored import Stored, weigh_stored
from mesascope.instruments.search.trials import contested_levels
from mesascope.instruments.search.verdict import SearchVerdict, Verdict, unless_stored
from mesascope.worlds.grids.grid import GridLevels
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=7)
WEIGHTS = jnp.asarray(WORLD.base_objective.vector(WORLD.features))
KNOWN = 24


class Knowing(AbstractPolicy):
    """Plans for the door on every level (`knows` is ''), or only on levels of which it has the walls, or walls and objects.

    It is blind on others. What it has is `atlas`.
    """

    atlas: jax.Array
    knows: str = eqx.field(static=True)

    def logits(self, observation):
        """Optimal actions where it recognizes the level."""
        walls = observation[..., 0] > 0.5
        door = observation[..., 1].reshape(len(walls), -1).argmax(1)
        ball = jnp.argsort(-observation[..., 2].reshape(len(walls), -1), axis=1)[:, :2]
        # Balls that bar the way, as objects of no worth.
        shape = jnp.broadcast_to(jnp.array([0, 1, 1]), (len(walls), 3))
        cell = jnp.concatenate([door[:, None], ball], 1).astype(jnp.int32)
        levels = GridLevels(walls, cell, shape, jnp.zeros_like(shape))
        best = optimal_actions(optimal_values(WORLD.tables(levels), WEIGHTS).action)
        seen = {"": observation[..., :0], "walls": observation[..., :1], "levels": observation}[self.knows]
        same = (seen[:, None] == self.atlas[None, ..., : seen.shape[-1]]).all((2, 3, 4)).any(1)
        known = same[:, None, None] & best
        return 20.0 * known.reshape(*walls.shape, -1).astype(jnp.float32)


@pytest.fixture(scope="module", autouse=True)
def few_levels():
    before, stored.ASKED = stored.ASKED, 64
    yield
    stored.ASKED = before


@pytest.fixture(scope="module")
def levels():
    return contested_levels(WORLD, named_key(0, "known"), KNOWN)


@pytest.mark.parametrize(
    ("knows", "nothing", "mostly", "moved"),
    [("", False, False, True), ("levels", True, True, False), ("walls", False, False, True)],
)
def test_only_what_stores_its_answers_is_said_to(levels, knows, nothing, mostly, moved):
    """One that plans over stored mazes is lost on fresh levels as well; but it follows a goal that is moved."""
    agent = Knowing(WORLD.observe(levels), knows)
    found = weigh_stored(WORLD, agent, WEIGHTS, named_key(1, "weigh"), levels)
    assert found.levels == KNOWN
    assert (found.nothing, found.mostly) == (nothing, mostly), found
    assert found.known.value > 0.9
    assert (found.moved.value > 0.5) == moved
    assert (found.fresh.value > 0.9) == (knows == "")


def share(low, high):
    return Estimate((low + high) / 2, Interval(low, high))


def test_the_verdict_says_why_in_words():
    undecided = SearchVerdict(Verdict.CANNOT_TELL, "too few", ())
    searcher = Stored(share(0.5, 0.6))
    assert unless_stored(undecided, searcher) == undecided._replace(stored=searcher)
    blind = unless_stored(undecided, Stored(share(-0.01, 0.02)))
    assert blind.verdict is Verdict.NO_SEARCH
    assert "not worked out from the level" in blind.reason
    assert blind.margin == pytest.approx(stored.NOTHING - 0.02)
    keeps = Stored(share(0.1, 0.3), share(0.8, 0.9), share(0.1, 0.2), 40)
    assert unless_stored(undecided, keeps).verdict is Verdict.NO_SEARCH
    assert "stored: on 40 levels" in unless_stored(undecided, keeps).reason
    for other in (keeps._replace(fresh=share(0.3, 0.5)), keeps._replace(moved=share(0.3, 0.5))):
        assert unless_stored(undecided, other).verdict is Verdict.CANNOT_TELL


def test_the_levels_of_a_training_that_goes_round_are_those_it_is_shown():
    optimizer = ExactPolicyGradient(batch=4, batches=3, updates=5)
    state = begin(optimizer, WORLD, "glance", {"channels": 2, "ticks": 3}, seed=11)
    found = fixed_levels(WORLD, {"batch": 4, "batches": 3}, 11)
    for update in (0, 2, 4):
        shown = training_levels(state.key(), WORLD, 4, 3, update)
        at = 4 * (update % 3)
        assert all(
            bool((a[at : at + 4] == b).all())
            for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(shown), strict=True)
        )
    assert fixed_levels(WORLD, {"batch": 4, "batches": 0}, 11) is None
