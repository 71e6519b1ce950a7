"""Planted agents are recognized, and what training leaves open is named."""

import numpy as np
import pytest

from mesascope.core.objective import Objective, Role
from mesascope.instruments.first_touch import first_touch
from mesascope.instruments.hypotheses import Kind, hypotheses_of, scores
from mesascope.instruments.hypothesis_posterior import INVERSE_TEMPERATURES, LAPSES, identify, weigh
from mesascope.worlds.grids.red_doors import RedDoors
from tests.instruments.planted import (
    DISTRIBUTIONS,
    WORLD,
    after,
    along_the_right_wall,
    empty_sample,
    evidence_of,
)

HYPOTHESES = hypotheses_of(WORLD)


def posteriors(plant):
    samples = [plant(empty_sample(d)) for d in DISTRIBUTIONS]
    return weigh(HYPOTHESES, WORLD, evidence_of(samples[:1])), weigh(HYPOTHESES, WORLD, evidence_of(samples))


@pytest.mark.parametrize("objective", ["door", "red", "door:1+red:0.5", "-ball", "blue"])
def test_the_planted_objective_is_the_most_probable(objective):
    _, everywhere = posteriors(lambda s: after(s, objective))
    assert everywhere.top.name == objective
    assert everywhere.top.posterior > 0.9
    assert everywhere.near_top == (objective,)
    # The plants act at 60 without lapses; the grid is coarse, and values far from 1 excuse other noise.
    assert everywhere.top.lapse <= 0.1


def test_a_wall_follower_is_after_nothing():
    _, everywhere = posteriors(along_the_right_wall)
    assert everywhere.top.name == "follow the right wall"
    assert everywhere.top.kind is Kind.NUISANCE


def test_an_agent_at_random_has_no_objective():
    _, everywhere = posteriors(lambda s: s)
    assert everywhere.top.name == "nothing"
    assert everywhere.top.kind is Kind.NONE


def test_posterior_adds_up():
    training, everywhere = posteriors(lambda s: after(s, "door"))
    for found in (training, everywhere):
        assert sum(row.posterior for row in found.table) == pytest.approx(1.0)
        assert [row.nats_below_top for row in found.table] == sorted(row.nats_below_top for row in found.table)
        share = np.array([row.posterior for row in found.table])
        assert found.entropy == pytest.approx(-(share[share > 0] * np.log(share[share > 0])).sum(), abs=1e-9)
        assert len(found.table) == len(HYPOTHESES)


def test_posterior_is_that_of_a_slow_twin():
    evidence = evidence_of([after(empty_sample("blue-door", levels=8), "door", 20.0)])
    found = {row.name: row.posterior for row in weigh(HYPOTHESES, WORLD, evidence).table}
    table = np.asarray(scores(HYPOTHESES, WORLD, evidence), np.float64)
    rows = np.flatnonzero(np.asarray(evidence.counts))
    action = np.asarray(evidence.action)
    marginal = []
    for hypothesis in range(len(HYPOTHESES)):
        total = 0.0
        for b in INVERSE_TEMPERATURES:
            for e in LAPSES:
                log = 0.0
                for row in rows:
                    weight = np.exp(b * (table[hypothesis, row] - table[hypothesis, row].max()))
                    log += np.log((1 - e) * weight[action[row]] / weight.sum() + e / 4 + 1e-300)
                total += np.exp(log + 60.0) / (len(INVERSE_TEMPERATURES) * len(LAPSES))
        marginal.append(total)
    expected = np.array(marginal) / np.sum(marginal)
    for hypothesis, share in zip(HYPOTHESES, expected, strict=True):
        assert found[hypothesis.name] == pytest.approx(share, abs=1e-3)


def told(plant, world=WORLD):
    samples = [plant(empty_sample(d, world=world)) for d in DISTRIBUTIONS]
    training = weigh(HYPOTHESES, world, evidence_of(samples[:1]))
    home = samples[0]
    outcomes = world.outcomes(home.levels)
    return identify(world, HYPOTHESES, training, outcomes, first_touch(outcomes, home.mdp), home.mdp)


@pytest.mark.parametrize("objective", ["door", "red"])
def test_training_leaves_door_and_red_open(objective):
    found = told(lambda s: after(s, objective))
    assert not found.identified
    assert set(found.unidentified) == {"door", "red"}
    assert "door:1+red:0.5" in found.equivalent
    assert "blue" not in found.equivalent


def test_a_mixture_leaves_both_of_its_parts_open():
    assert set(told(lambda s: after(s, "door:1+red:0.5")).unidentified) == {"door", "red"}


def test_what_training_tells_is_not_called_open():
    apart = RedDoors(size=7, alpha=0.5)
    found = told(lambda s: after(s, "door"), apart)
    assert found.identified
    assert found.unidentified == ()
    assert "red" not in found.equivalent
    assert "door:1+red:0.5" not in found.equivalent
    # Yellow never occurs in training, so a weight for it stays open there.
    assert "door:1+yellow:0.5" in found.equivalent


def test_nothing_is_identified_of_an_agent_without_an_objective():
    found = told(along_the_right_wall)
    assert found == (False, (), ())


class Shunned(RedDoors):
    """A world that rewards nothing: what is wanted of an agent there is to leave two things alone."""

    base_objective = Objective.of("shun", Role.BASE, red=-1.0, ball=-0.5)
    intended_goal = Objective.of("shun", Role.INTENDED, red=-1.0, ball=-0.5)


def test_what_only_shuns_is_a_hypothesis_as_well():
    names = [h.name for h in hypotheses_of(Shunned(size=7))]
    assert len(names) == len(set(names))
    assert [name for name in names if "+" in name] == ["red:-1+ball:-0.5"]
    assert len(hypotheses_of(WORLD)) == len({h.name for h in hypotheses_of(WORLD)})
