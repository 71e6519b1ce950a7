"""King Midas: perfect inside, wrong outside; the Goodhart curve; outer alignment by both definitions."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.ledger import ledger, returns_by_intended
from mesascope.core.objective import Objective
from mesascope.experiments.midas.optimization import by_temperature, train_table
from mesascope.experiments.midas.outer import Aligned, outer_alignment
from mesascope.experiments.midas.world import BASE, DISTRIBUTIONS, FEATURES, INTENDED, TRAINING, tables
from tests.experiments.midas_twin import best_plan, lived

MDPS = {name: tables(palaces) for name, palaces in DISTRIBUTIONS.items()}


def weights(objective):
    return jnp.asarray(objective.vector(FEATURES))


GOLD, WANTED = weights(BASE), weights(INTENDED)


@pytest.fixture(scope="module")
def trained():
    return train_table(MDPS[TRAINING], GOLD, WANTED)


@pytest.fixture(scope="module")
def by_u(trained):
    return returns_by_intended(MDPS[TRAINING], trained.policy, WANTED, GOLD, GOLD)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_returns_are_those_of_the_story_told_in_plain_python(distribution):
    found = returns_by_intended(
        MDPS[distribution], jnp.full((*MDPS[distribution].terminal.shape, 4), 0.25), WANTED, GOLD, GOLD
    )
    for level in (3, 12):
        palace = DISTRIBUTIONS[distribution][level]
        wanted, gold = dict(INTENDED.weights), dict(BASE.weights)
        assert found.intended[level] == pytest.approx(best_plan(palace, wanted)[1], rel=2e-5)
        assert found.base[level] == pytest.approx(lived(palace, best_plan(palace, gold)[0], wanted), rel=2e-5, abs=1e-3)


def test_training_ends_perfect_inside_and_wrong_outside(by_u):
    found = ledger(by_u)
    assert abs(found.inner.value) <= 1e-6
    assert abs(found.capability.value) <= 1e-6
    assert found.outer.least > 30
    assert found.outer.share > 1  # worse for the king than acting at random
    assert found.total.value == found.outer.value


def test_a_king_that_is_after_the_intended_goal_loses_nothing():
    own = train_table(MDPS[TRAINING], WANTED, WANTED)
    found = ledger(returns_by_intended(MDPS[TRAINING], own.policy, WANTED, WANTED, WANTED))
    assert abs(found.total.share) < 0.01  # what remains are near ties, which training is slow to part


def test_more_optimization_of_gold_raises_gold_and_in_the_end_lowers_what_was_wanted(trained):
    curve = by_temperature(MDPS[TRAINING], GOLD, WANTED)
    assert (np.diff(curve.base) > -1e-3).all()
    assert curve.falls
    beyond = curve.intended[curve.peak :]
    assert (np.diff(beyond) < 1e-3).all()  # past its peak it only falls
    assert curve.intended[-1] == pytest.approx(trained.path.intended[-1], abs=1e-2)
    assert (np.diff(trained.path.base) > -1e-3).all()
    assert trained.path.falls


def test_where_gold_costs_nothing_the_curve_does_not_fall():
    curve = by_temperature(MDPS["well-fed"], GOLD, WANTED)
    assert not curve.falls
    assert curve.intended[-1] - curve.intended[0] > 1


@pytest.mark.parametrize(
    ("objective", "training", "by_2019", "by_2020"),
    [
        (BASE, TRAINING, Aligned.NO, Aligned.NO),
        (BASE, "well-fed", Aligned.YES, Aligned.NO),  # the data does not show it
        (INTENDED, TRAINING, Aligned.YES, Aligned.YES),
        (INTENDED, "well-fed", Aligned.YES, Aligned.YES),
        (Objective.of("gold of the living", **{"living-gold": 1}), TRAINING, Aligned.YES, Aligned.YES),
        (Objective.of("alive", alive=1), TRAINING, Aligned.DEPENDS, Aligned.NO),  # some optimal kings take no gold
    ],
)
def test_outer_alignment_by_both_definitions(objective, training, by_2019, by_2020):
    found = outer_alignment(MDPS[training], list(MDPS.values()), weights(objective), WANTED)
    assert (found.rlo_2019, found.hubinger_2020) == (by_2019, by_2020)
    assert found.on_training.least <= found.on_training.greatest + 1e-4
