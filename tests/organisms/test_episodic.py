"""Recurrent organisms keep their promises, act optimally, and are named and refused as they should be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.rollouts import draw_starts, rollout, think_ticks, view_of
from mesascope.core.solver import optimal_values
from mesascope.core.subject import ALWAYS
from mesascope.organisms.registry import ORGANISMS, build_organism, check_organism
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=5)
RECURRENT = [name for name, organism in ORGANISMS.items() if organism.recurrent]
QUICK = ("walking-planner", "walking-lookup", "walking-goal-register", "walking-compass")
"""Of the others each brings programs of its own to compile."""


@pytest.fixture(scope="module")
def levels():
    return WORLD.draw(named_key(0, "levels"), 8)


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=(pytest.mark.long, pytest.mark.slow)) for name in RECURRENT],
)
def test_keeps_its_promises_and_has_its_organisms_label(name, levels):
    subject = build_organism(name, WORLD, [levels])
    check_subject(subject, WORLD.observe(levels))
    plain = name.removeprefix("walking-")
    assert subject.recurrent
    if name != plain:
        assert ORGANISMS[name].searches == ORGANISMS[plain].searches
        assert not ORGANISMS[plain].recurrent


def long(text):
    return pytest.param(text, marks=(pytest.mark.long, pytest.mark.slow))


@pytest.mark.parametrize(
    "name",
    [
        "walking-planner",
        "walking-lookup",
        "walking-goal-register",
        "walking-planner,walks=queues,ticks=16",
        long("walking-planner,walks=follows,ticks=16,code=mixed"),
        long("walking-planner,walks=replans,ticks=16"),
        long("walking-lookup,walks=queues,ticks=4"),
        long("walking-doubling,walks=replans,ticks=9"),
        long("walking-horizon-planner,walks=replans,ticks=16"),
    ],
)
def test_acts_optimally_once_it_has_thought(name, levels):
    # As many ticks a step as it takes for what is kept from step to step to be ready in time.
    pace = "" if "replans" in name else ",pace=3"
    subject = build_organism(f"{name}{pace}", WORLD, [levels])
    mdp = WORLD.tables(levels)
    start = draw_starts(mdp.initial, named_key(0, "start"))
    found = rollout(subject, WORLD.observe(levels), mdp, start, named_key(0, "walk"), WORLD.discount, 20, 6)
    weights = WORLD.base_objective.vector(WORLD.features)
    best = jax.device_get(optimal_values(mdp, weights, WORLD.discount).state)
    np.testing.assert_allclose(found.fired @ weights, best[np.arange(8), start], atol=1e-5)


def states(subject, levels, steps):
    """The state after each of some steps in one place."""
    seen, cell = WORLD.observe(levels), jnp.full(len(levels), 4)
    state, found = subject.start(seen), []
    for step in range(steps):
        state = think_ticks(subject, state, view_of(subject, seen, cell, jnp.array(step)))
        found.append(state)
    return found


def test_one_that_follows_or_queues_keeps_its_plan_and_nothing_that_it_was_made_from(levels):
    for walks, kept in (("follows", {"kept plan"}), ("queues", {"queue"})):
        subject = build_organism(f"walking-planner,walks={walks},ticks=9,pace=4", WORLD, [levels])
        during, after = (states(subject, levels, 4)[step] for step in (0, 3))
        held = {name for name, value in after.items() if np.abs(value).max() > 0} - {"here", "count"}
        assert held == kept
        assert np.abs(during["walls"]).max() > 0
        assert not any(np.abs(during[name]).max() > 0 for name in kept)


def test_one_that_replans_undoes_what_is_written_into_its_plan_and_keeps_what_is_written_into_its_memory(levels):
    subject = build_organism("walking-planner,walks=replans,ticks=9", WORLD, [levels])
    first, second = states(subject, levels, 2)
    seen, cell = WORLD.observe(levels), jnp.full(len(levels), 4)
    view = view_of(subject, seen, cell, jnp.array(1))
    again = think_ticks(subject, {**first, "value": first["value"] + 5.0}, view)
    np.testing.assert_array_equal(again["value"], second["value"])
    elsewhere = think_ticks(subject, {**first, "remembered": first["remembered"][::-1]}, view)
    np.testing.assert_array_equal(elsewhere["remembered"], seen[::-1])
    np.testing.assert_allclose(elsewhere["value"], second["value"][::-1], rtol=1e-6)


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
        ("walking-planner,walks=queue", "did you mean 'queues'"),
        ("walking-flood,walks=spread", "unknown walks 'spread'"),
        ("walking-planner,ticks=40", "give pace, ticks at each step, and no ticks"),
        ("walking-planner,walks=replans,pace=3", "takes all its ticks at each step"),
    ],
)
def test_says_what_is_wrong(text, message):
    with pytest.raises(UsageError, match=message):
        check_organism(text, WORLD)
