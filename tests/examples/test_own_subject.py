"""The example of a subject of one's own keeps the promises of a subject and does what it says."""

import jax.numpy as jnp
import pytest

from examples.own_subject import subject
from mesascope.conformance.check_subject import check_subject
from mesascope.core.mdp import rewards
from mesascope.core.rng import named_key
from mesascope.core.solver import evaluate, optimal_values
from mesascope.core.subject import policy_table
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors()


@pytest.fixture(scope="module")
def levels():
    return WORLD.draw(named_key(0, "example"), 64, "blue-door")


def share(levels, feature):
    """Return over the best possible one."""
    mdp = WORLD.tables(levels)
    weights = jnp.zeros(len(WORLD.features)).at[WORLD.features.index(feature)].set(1.0)
    policy = policy_table(subject.logits(WORLD.observe(levels)))
    own = evaluate(mdp, policy, rewards(mdp, weights), WORLD.discount)
    best = optimal_values(mdp, weights, WORLD.discount).state
    return float((own * mdp.initial).sum() / (best * mdp.initial).sum())


def test_it_keeps_the_promises_of_a_subject(levels):
    check_subject(subject, WORLD.observe(levels))


def test_it_goes_to_red_and_passes_the_door(levels):
    assert share(levels, "red") > 0.99
    assert share(levels, "door") < 0.5
