"""Recurrent organisms keep their promises, act optimally, and are named and refused as they should be."""

import jax
import numpy as np
import pytest

from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.rollouts import draw_starts, rollout
from mesascope.core.solver import optimal_values
from mesascope.core.subject import ALWAYS
from mesascope.organisms.registry import ORGANISMS, build_organism, check_organism
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=5)
RECURRENT = [name for name, organism in ORGANISMS.items() if organism.recurrent]


@pytest.fixture(scope="module")
def levels():
    return WORLD.draw(named_key(0, "levels"), 8)


@pytest.mark.parametrize("name", RECURRENT)
def test_keeps_its_promises_and_has_its_organisms_label(name, levels):
    subject = build_organism(name, WORLD, [levels])
    check_subject(subject, WORLD.observe(levels))
    plain = name.removeprefix("walking-")
    assert ORGANISMS[name].searches == ORGANISMS[plain].searches
    assert subject.recurrent
    assert not ORGANISMS[plain].recurrent


@pytest.mark.parametrize("name", ["walking-planner", "walking-lookup", "walking-goal-register"])
def test_acts_optimally_once_it_has_thought(name, levels):
    subject = build_organism(f"{name},pace=3", WORLD, [levels])
    mdp = WORLD.tables(levels)
    start = draw_starts(mdp.initial, named_key(0, "start"))
    found = rollout(subject, WORLD.observe(levels), mdp, start, named_key(0, "walk"), WORLD.discount, 20, 6)
    weights = WORLD.base_objective.vector(WORLD.features)
    best = jax.device_get(optimal_values(mdp, weights, WORLD.discount).state)
    np.testing.assert_allclose(found.fired @ weights, best[np.arange(8), start], atol=1e-5)


def test_sees_the_level_as_long_as_it_is_told():
    assert build_organism("walking-planner", WORLD).sees_until == 1
    assert build_organism("walking-planner,sees=3", WORLD).sees_until == 3
    assert build_organism("walking-planner,sees=0,pace=2", WORLD).sees_until == ALWAYS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("walking-planer", "did you mean 'walking-planner'"),
        ("walking-planner,pase=2", "did you mean 'pace'"),
        ("walking-planner,pace=0", "whole number from 1"),
        ("walking-planner,sees=-1", "whole number from 0"),
        ("walking-planner,objective=rad", "did you mean 'red'"),
    ],
)
def test_says_what_is_wrong(text, message):
    with pytest.raises(UsageError, match=message):
        check_organism(text, WORLD)
