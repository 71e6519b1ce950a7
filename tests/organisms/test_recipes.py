"""Random builds: recipes that differ, and everything that hides an organism leaving its answers alone."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mesascope.organisms.binary import PLACES, from_bits, to_bits
from mesascope.organisms.disguise import CODES, Disguise, disguised
from mesascope.organisms.padding import padded
from mesascope.organisms.recipe import COMPOSITIONS
from mesascope.organisms.recipes import RECIPES
from mesascope.organisms.registry import build_organism, check_organism
from mesascope.organisms.rule_twins import RULES, as_policy, optimal_sets
from mesascope.organisms.scheduled import SCHEDULES, scheduled
from mesascope.worlds.grids.red_doors import RedDoors
from tests.organisms.patching import answer, draw

WORLD = RedDoors(size=7)
LEVELS = draw(WORLD, "recipes", 8)
SEEN = WORLD.observe(LEVELS)


@pytest.mark.parametrize("name", RECIPES)
def test_every_seed_gives_another_build_that_can_be_built(name):
    recipes = [RECIPES[name](seed) for seed in range(2 * COMPOSITIONS[name])]
    assert len({recipe.text for recipe in recipes}) == len(recipes)
    for recipe in recipes:
        assert check_organism(recipe.text, WORLD) == recipe.text.partition(",")[0]
        assert recipe.text.startswith(recipe.composition)
    assert recipes == [RECIPES[name](seed) for seed in range(len(recipes))]


@pytest.mark.parametrize("name", RECIPES)
def test_seeds_of_one_composition_share_it_and_another_thousand_has_its_own(name):
    composed = [RECIPES[name](seed).composition for seed in range(2 * COMPOSITIONS[name])]
    assert composed[: COMPOSITIONS[name]] == composed[COMPOSITIONS[name] :]
    assert len(set(composed)) > 0.9 * COMPOSITIONS[name]
    others = {RECIPES[name](1_000 + seed).composition for seed in range(COMPOSITIONS[name])}
    assert len(others - set(composed)) > 0.5 * COMPOSITIONS[name]


@pytest.mark.long
def test_builds_of_one_composition_run_the_same_program():
    stored = [LEVELS, draw(WORLD, "recipes, too", 8)]
    one, other = (
        build_organism(f"random-nonsearcher,seed={seed}", WORLD, stored)
        for seed in (0, COMPOSITIONS["random-nonsearcher"])
    )
    shapes = [jax.tree.map(lambda x: x.shape, eqx.filter(subject, eqx.is_array)) for subject in (one, other)]
    assert jax.tree.structure(one) == jax.tree.structure(other)
    assert jax.tree.leaves(shapes[0], is_leaf=lambda x: isinstance(x, tuple)) == jax.tree.leaves(
        shapes[1], is_leaf=lambda x: isinstance(x, tuple)
    )


@given(arrays(np.float32, (3, 2), elements=st.floats(-4, 3.9375, width=32)))
def test_numbers_survive_being_written_in_binary(numbers):
    bits = to_bits(jnp.asarray(numbers))
    assert bits.shape == (3, 2 * PLACES)
    assert set(np.unique(bits)) <= {-1.0, 1.0}
    assert np.abs(np.asarray(from_bits(bits)) - numbers).max() <= 2.0**-14 + 1e-6


@pytest.mark.parametrize(
    ("code", "width"), [*((code, 0) for code in CODES if code != "plain"), ("plain", 24), ("mixed", 24), ("spread", 24)]
)
def test_a_code_gives_back_what_was_written(code, width):
    inner = build_organism("compass", WORLD)
    hidden = disguised(inner, code, 3, len(WORLD.channels), np.random.default_rng(0), width)
    assert isinstance(hidden, Disguise)
    assert not width or hidden.sites[0].channels == width
    state = {
        s.name: jnp.round(jax.random.normal(jax.random.key(1), (2, 3, 3, s.channels)), 2) for s in hidden.inner.sites
    }
    if code == "binary":
        state = {name: jnp.sign(value) for name, value in state.items()}
    noise = jax.random.normal(jax.random.key(2), (2, 3, 3, 3))
    for tick in (0, hidden.ticks):
        coded = hidden.encoded(state, noise, jnp.array(tick))
        assert coded["state"].shape[-1] == hidden.sites[0].channels
        back, heard = hidden.decoded(coded, jnp.array(tick))
        for name, value in state.items():
            np.testing.assert_allclose(back[name], value, atol=1e-5)
        np.testing.assert_allclose(heard, noise, atol=1e-4)


@pytest.mark.parametrize("span", [0, 30])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_reads_in_time_and_ends_where_the_organism_does(schedule, span):
    inner = build_organism("late-planner,ticks=20", WORLD)
    for seed in range(8):
        outer = scheduled(inner, schedule, np.random.default_rng(seed), span)
        if schedule == "steady" and not span:
            assert outer is inner
            continue
        assert not span or outer.ticks == span
        done = np.asarray(outer.done)
        assert (np.diff(done) >= 0).all()
        assert (done[0], done[-1]) == (0, inner.ticks)
        assert done[outer.reads_until] == inner.reads_until
        assert done[outer.reads_until - 1] == inner.reads_until - 1


@pytest.mark.long
@pytest.mark.parametrize(
    "hidden",
    ["schedule=bursts", "computes=readout", "code=warped,noise=2", "schedule=pauses,code=binary", "code=spread"],
)
def test_what_hides_an_organism_leaves_its_answers_alone(hidden):
    want = answer(build_organism("detour-compass,objective=door", WORLD), SEEN)
    np.testing.assert_array_equal(answer(build_organism(f"detour-compass,objective=door,{hidden}", WORLD), SEEN), want)


def test_tables_filled_up_to_common_sizes_answer_as_before():
    table = build_organism("lookup,rows=700", WORLD, [LEVELS])
    filled = padded(table)
    assert table.tables[0].actions.shape[0] == 700
    assert filled.tables[0].actions.shape[0] == len(filled.tables[0].index.first) == 1_024
    other = WORLD.observe(draw(WORLD, "unknown", 8))
    for seen in (SEEN, other):
        np.testing.assert_array_equal(answer(filled, seen), answer(table, seen))


@pytest.mark.parametrize("name", RULES)
def test_rules_answer_as_their_twins_in_plain_numpy(name):
    from mesascope.calibration.truth import level_maps

    weights = np.asarray(WORLD.base_objective.vector(WORLD.features))
    text = f"{name},ticks=40" if name == "dead-ends" else name
    policy = jax.nn.softmax(answer(build_organism(text, WORLD), SEEN), -1)
    maps = level_maps(LEVELS, WORLD, weights)
    _, acts = optimal_sets(*maps, WORLD.discount)
    np.testing.assert_allclose(policy[acts], as_policy(RULES[name](*maps))[acts], atol=1e-3)


def test_optimal_sets_are_those_of_the_solver():
    from mesascope.calibration.truth import level_maps
    from mesascope.core.solver import optimal_actions, optimal_values

    weights = WORLD.base_objective.vector(WORLD.features)
    optimal, acts = optimal_sets(*level_maps(LEVELS, WORLD, np.asarray(weights)), WORLD.discount)
    solved = optimal_actions(optimal_values(WORLD.tables(LEVELS), jnp.asarray(weights), WORLD.discount).action)
    assert (optimal == np.asarray(solved).reshape(optimal.shape))[acts].all()


def test_a_switch_answers_as_one_of_its_parts_in_every_cell():
    parts = [answer(build_organism(name, WORLD), SEEN) for name in ("compass", "wall-follower")]
    for how in ("cell", "walls", "near", "fallback"):
        got = answer(build_organism(f"switch,first=compass,second=wall-follower,how={how}", WORLD), SEEN)
        assert np.any([(got == part).all(-1) for part in parts], axis=0).all(), how
    mixed = answer(build_organism("switch,first=compass,second=wall-follower,how=cell", WORLD), SEEN)
    assert not any((mixed == part).all() for part in parts)
