"""A world that is no maze keeps the same contract, and what reads behavior asks nothing else."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.conformance.check_world import check_world
from mesascope.conformance.violations import ConformanceError
from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from mesascope.instruments.evidence import evidence_from_policy
from mesascope.instruments.hypotheses import hypotheses_of
from mesascope.instruments.hypothesis_posterior import weigh
from mesascope.worlds.outcomes import Outcomes
from tests.worlds.ring import ROOMS, Ring

WORLD = Ring()


def test_a_world_of_somebody_else_keeps_the_contract():
    check_world(WORLD, levels=8)


class Unlike(Ring):
    """What a ring holds stands elsewhere than its tables say, and one action more is named."""

    actions = (*Ring.actions, "wait")
    single_choice = True

    def outcomes(self, levels):
        found = super().outcomes(levels)
        return Outcomes(jnp.roll(found.at, 1, -1), found.features)

    def active(self, levels):
        return jnp.ones((len(levels), ROOMS), bool)


def test_what_contradicts_the_tables_is_named():
    with pytest.raises(ConformanceError) as caught:
        check_world(Unlike(), levels=4)
    found = str(caught.value)
    assert "the tables have as many as are named: 3 for 4 names" in found
    assert "no state that ends an episode" in found
    assert "each state that ends an episode is that of one outcome" in found


def test_levels_without_a_picture_are_shown_as_text():
    level = WORLD.draw(0, 1)[0]
    assert level.drawing is None
    assert level.text in level._repr_html_()
    with pytest.raises(UsageError, match="ring have no pictures"):
        WORLD.picture(level)
    with pytest.raises(UsageError, match="cannot be read from text"):
        WORLD.read_levels(level.text)


def test_a_world_without_changes_says_why():
    assert WORLD.counterfactuals is None
    assert "ring names no changes" in WORLD.no_search_tests
    assert "ring does not say how" in WORLD.no_mutations


@pytest.mark.parametrize("wanted", ["tea", "cake"])
def test_what_an_agent_is_after_is_read_from_its_choices(wanted):
    levels = WORLD.draw(0, 64, "anywhere")
    mdp = WORLD.tables(levels)
    weights = jnp.asarray([float(wanted == f) for f in WORLD.features])
    policy = uniform_over(optimal_actions(optimal_values(mdp, weights, WORLD.discount).action))
    evidence = evidence_from_policy(WORLD.outcomes(levels), mdp, policy, named_key(0), discount=WORLD.discount)
    posterior = weigh(hypotheses_of(WORLD), WORLD, evidence)
    assert posterior.top.name == wanted
    assert {"always on", "always back", "always three on"} <= {row.name for row in posterior.table}
    assert np.asarray(WORLD.optimal_values()).shape == (ROOMS,)
