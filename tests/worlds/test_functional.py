"""Worlds as pure functions: each step of many agents against the tables of the world, for several views and movements."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.worlds.grids.functional import functional_env
from mesascope.worlds.grids.stepping import as_channels, begin, look, make_stepper
from mesascope.worlds.registry import make_world

AGENTS, STEPS, LIMIT, LEVELS = 60, 80, 30, 5
CASES = {
    "turning": ("red-doors", "egocentric-5", {"size": 5, "movement": "turn"}),
    "stages": ("keys-and-chests", "full", {"keys": 1, "chests": 1}),
    "partial": ("keys-and-chests-partial", "egocentric-5", {"keys": 1, "chests": 1}),
}


@functools.cache
def walked(case):
    name, view, config = CASES[case]
    world = make_world(name, **config)
    levels = world.draw(3, LEVELS)
    env = functional_env(world, levels, limit=LIMIT, view=view)

    def walk(key):
        first, state = env.reset(key)

        def one(state, number):
            key_of = jax.random.fold_in(key, number)
            action = jax.random.randint(key_of, (), 0, len(world.actions))
            seen, after, reward, done, info = env.step(key_of, state, action)
            return after, (state, action, seen, after, reward, done, info)

        return first, state, jax.lax.scan(one, state, jnp.arange(STEPS))[1]

    keys = jax.random.split(jax.random.key(1), AGENTS)
    return world, levels, env, jax.tree.map(np.asarray, jax.jit(jax.vmap(walk))(keys))


@pytest.mark.parametrize("case", CASES)
def test_every_step_is_that_of_the_tables(case):
    world, levels, env, (first, begun, (state, action, seen, after, reward, done, info)) = walked(case)
    mdp = world.tables(levels)
    successor, terminal = np.asarray(mdp.successor)[..., 0], np.asarray(mdp.terminal)
    features, initial = np.asarray(mdp.features)[..., 0, :], np.asarray(mdp.initial)
    goal = world.features.index("door" if case == "turning" else "chest")
    every = jnp.broadcast_to(jnp.arange(mdp.states), (LEVELS, mdp.states))
    views = np.asarray(world.observe(levels, env.view, every))
    level, here = np.divmod(state.at, mdp.states)
    reached = successor[level, here, action]
    ended = terminal[level, reached]
    cut = ~ended & (state.age + 1 >= LIMIT)
    np.testing.assert_array_equal(info["terminated"], ended)
    np.testing.assert_array_equal(info["truncated"], cut)
    np.testing.assert_array_equal(done, ended | cut)
    np.testing.assert_array_equal(info["level"], level)
    np.testing.assert_array_equal(info["features"], features[level, here, action])
    np.testing.assert_array_equal(reward, features[level, here, action][..., goal])
    next_level, now = np.divmod(after.at, mdp.states)
    np.testing.assert_array_equal(next_level, np.where(done, (level + 1) % LEVELS, level))
    assert (initial[next_level, now][done] > 0).all()
    np.testing.assert_array_equal(now[~done], reached[~done])
    np.testing.assert_array_equal(after.age, np.where(done, 0, state.age + 1))
    np.testing.assert_array_equal(seen, views[next_level, now])
    np.testing.assert_array_equal(first, views[np.divmod(begun.at, mdp.states)])
    assert (initial[np.divmod(begun.at, mdp.states)] > 0).all()
    assert len(set((begun.at // mdp.states).tolist())) == LEVELS
    assert ended.any()
    assert cut.any()


@pytest.mark.parametrize("case", CASES)
def test_walkers_see_the_map_of_their_stage_and_heading(case):
    world, levels, _, _ = walked(case)
    stepper = make_stepper(world, levels, named_key(4), LIMIT)
    walkers = begin(stepper, named_key(6), 30)
    late = walkers._replace(at=(walkers.at + 25 * jnp.arange(30)) % (LEVELS * stepper.states))
    channels = len(world.views["map"].channels)
    seen = np.asarray(as_channels(look(stepper, late), channels))
    assert look(stepper, late).dtype == (jnp.uint8 if channels < 8 else jnp.uint16)
    level, state = np.divmod(np.asarray(late.at), stepper.states)
    maps = np.asarray(world.observe(levels, "map", jnp.asarray(np.tile(np.arange(stepper.states), (LEVELS, 1)))))
    expected = maps[level, state] != 0
    np.testing.assert_array_equal(seen[..., :channels].reshape(expected.shape), expected)
    cells = expected.shape[1] * expected.shape[2]
    np.testing.assert_array_equal(seen[..., channels].argmax(-1), state % cells)
    assert (seen[..., channels].sum(-1) == 1).all()


def test_a_view_that_is_none_is_refused():
    world = make_world("coin", size=5, length=5)
    with pytest.raises(UsageError, match="unknown view of coin 'ful': did you mean 'full'"):
        functional_env(world, world.draw(0, 1), view="ful")
