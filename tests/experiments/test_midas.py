"""King Midas: perfect inside, wrong outside; the Goodhart curve; outer alignment by both definitions."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.ledger import ledger, returns_by_intended
from mesascope.core.objective import Objective
from mesascope.core.solver import optimal_values, solve_policy, uniform_policy
from mesascope.experiments.midas.inferred import HYPOTHESES, infer
from mesascope.experiments.midas.optimization import by_temperature, train_table
from mesascope.experiments.midas.outer import Aligned, outer_alignment
from mesascope.experiments.midas.played import carried, optimal
from mesascope.experiments.midas.world import BASE, DISTRIBUTIONS, FEATURES, INTENDED, REWARDS, TRAINING, tables
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
    return returns_by_intended(MDPS[TRAINING], carried(trained.policy, MDPS[TRAINING]), WANTED, GOLD, GOLD)


@pytest.mark.parametrize(
    "distribution", [pytest.param(d, marks=[pytest.mark.long] if d == "plenty" else []) for d in DISTRIBUTIONS]
)
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
    acts = carried(own.policy, MDPS[TRAINING])
    found = ledger(returns_by_intended(MDPS[TRAINING], acts, WANTED, WANTED, WANTED))
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
    assert trained.path.peak == 0  # no hump on the way
    best = float((optimal_values(MDPS[TRAINING], WANTED).state * MDPS[TRAINING].initial).sum(-1).mean())
    assert 0 < curve.gained(best) < 0.1


def test_a_table_acts_at_random_where_no_training_level_was():
    mdp = MDPS[TRAINING]
    table = np.asarray(train_table(mdp, GOLD, WANTED, updates=16).policy)
    random = uniform_policy(mdp)
    reached = np.asarray(solve_policy(mdp, random, jnp.zeros(random.shape)).visits).sum(0) > 0
    assert (~reached).any()
    assert table[~reached] == pytest.approx(0.25)
    assert (table[reached].max(-1) > 0.3).mean() > 0.9


@pytest.mark.parametrize("name", ["gold", "living-gold", "wanted"])
def test_what_an_optimal_table_is_after_is_inferred(name):
    policies = {d: optimal(mdp, REWARDS[name]) for d, mdp in MDPS.items()}
    found = infer(MDPS, policies)
    assert found.top == name
    assert found.credible == [name]
    assert found.training[list(HYPOTHESES).index(name)] > 0.95


def test_where_gold_costs_nothing_training_does_not_tell_what_it_is_after():
    """Alike are the objectives that the best policy for gold serves as well, and a random table is after nothing."""
    fed = {TRAINING: MDPS["well-fed"]}
    found = infer(fed, {TRAINING: optimal(MDPS["well-fed"], BASE)})
    gold, living = (found.training[list(HYPOTHESES).index(name)] for name in ("gold", "living-gold"))
    assert gold == pytest.approx(living)
    random = infer(MDPS, {d: uniform_policy(mdp) for d, mdp in MDPS.items()})
    assert random.top == "nothing"


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
