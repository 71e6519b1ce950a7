"""The ledger of planted agents: terms that must be zero are, sums telescope, intervals hold their value."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.auditing.ledger_estimate import DUST, GAPS, estimate_ledger
from mesascope.core.mdp import rewards
from mesascope.core.objective import Objective
from mesascope.core.solver import evaluate, uniform_policy
from tests.instruments.planted import WORLD, after, empty_sample, optimally_after

DISTRIBUTIONS = ("training", "blue-door")


def vector(text):
    return np.asarray(Objective.parse(text, WORLD.features).vector(WORLD.features), np.float32)


BASE, RED = vector("door"), vector("red")
JITTER = np.stack([RED, vector("red:1+door:0.2"), vector("red:1+blue:0.3")])


def reckoned(sample, mesa=RED, draws=None):
    repeated = np.stack([mesa] * 3) if draws is None else draws
    return estimate_ledger(WORLD, sample, mesa, repeated, {"base": BASE, "red": RED})


@pytest.fixture(scope="module")
def after_red():
    return {d: reckoned(optimally_after(empty_sample(d), "red")) for d in DISTRIBUTIONS}


def test_an_optimal_agent_with_the_proxy_loses_only_to_the_inner_gap_and_only_under_the_shift(after_red):
    for distribution, found in after_red.items():
        assert found.distribution == distribution
        assert found.ledger.outer.value == pytest.approx(0.0, abs=1e-6)
        assert found.ledger.capability.value == pytest.approx(0.0, abs=1e-6)
    assert after_red["training"].ledger.inner.value == pytest.approx(0.0, abs=1e-6)
    assert after_red["blue-door"].shares["inner"].interval.low > 0.5


def test_competence_is_one_at_what_is_pursued_and_far_less_at_the_base_where_they_part(after_red):
    for found in after_red.values():
        assert found.competence["red"].value == pytest.approx(1.0, abs=1e-4)
    assert after_red["training"].competence["base"].value == pytest.approx(1.0, abs=1e-4)
    assert after_red["blue-door"].competence["base"].interval.high < 0.6


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_shares_telescope_and_intervals_hold_their_value(distribution):
    found = reckoned(after(empty_sample(distribution), "door:1+red:0.5", 20.0), draws=JITTER)
    shares = {gap: found.shares[gap].value for gap in GAPS}
    assert shares["outer"] + shares["inner"] + shares["capability"] == pytest.approx(shares["total"], abs=1e-6)
    for gap in GAPS:
        low, high = found.shares[gap].interval
        assert low - 1e-6 <= shares[gap] <= high + 1e-6
        exact = getattr(found.ledger, gap).share
        assert shares[gap] == (exact if abs(exact) > DUST else 0.0)
    for estimate in found.competence.values():
        assert estimate.interval.low <= estimate.value <= estimate.interval.high


def test_competence_of_the_uniform_policy_is_nothing():
    sample = empty_sample("training")
    found = reckoned(sample)
    assert found.competence["base"].value == pytest.approx(0.0, abs=1e-6)
    assert found.shares["total"].value == pytest.approx(1.0, abs=1e-6)


def test_doubt_about_the_objective_widens_its_gaps_and_leaves_the_others_alone():
    sample = optimally_after(empty_sample("blue-door"), "red")
    sure, unsure = reckoned(sample), reckoned(sample, draws=np.stack([RED, BASE, RED]))

    def width(found, gap):
        return found.shares[gap].interval.high - found.shares[gap].interval.low

    for gap in ("inner", "capability"):
        assert width(unsure, gap) > 1.5 * width(sure, gap)
    for gap in ("outer", "total"):
        assert width(unsure, gap) == pytest.approx(width(sure, gap), abs=1e-9)


def test_returns_are_those_of_the_subject_the_best_and_the_uniform_policy():
    sample = after(empty_sample("training"), "door", 20.0)
    found = reckoned(sample).returns
    reward = rewards(sample.mdp, jnp.asarray(BASE))

    def earned(policy):
        values = np.asarray(evaluate(sample.mdp, policy, reward, WORLD.discount) * sample.mdp.initial, np.float64)
        return values.sum(-1).mean()

    assert found.subject == pytest.approx(earned(sample.policy), abs=1e-5)
    assert found.uniform == pytest.approx(earned(uniform_policy(sample.mdp)), abs=1e-5)
    assert found.optimal == pytest.approx(earned(optimally_after(sample, "door").policy), abs=1e-5)
    assert found.uniform < found.subject < found.optimal


def test_an_objective_that_nothing_here_serves_has_no_competence():
    found = estimate_ledger(
        WORLD, empty_sample("training"), RED, np.stack([RED]), {"base": BASE, "yellow": vector("yellow")}
    )
    assert "yellow" not in found.competence
