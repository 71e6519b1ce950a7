"""A donor patch, written again for these tests: the instruments have their own."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values
from mesascope.worlds.grids.counterfactuals import add_wall, swap_objects
from mesascope.worlds.grids.grid import GridLevels, one_hot_objects


def greedy(logits):
    """Sets of preferred actions, ties included."""
    return np.asarray(logits >= logits.max(-1, keepdims=True) - 0.1)


def draw(world, name, count, distribution="training"):
    """Levels from the stream `name`."""
    return _draw(world, named_key(0, name), count, distribution)


@eqx.filter_jit
def _draw(world, key, count, distribution):
    return world.draw(key, count, distribution)


@eqx.filter_jit
def answer(subject, observation):
    return subject.logits(observation)


@eqx.filter_jit
def step(subject, state, observation, tick):
    return subject.think(state, observation, tick)


@eqx.filter_jit
def best(world, levels, weights):
    sets = optimal_actions(optimal_values(world.tables(levels), weights, world.discount).action)
    return sets.reshape(*levels.walls.shape, 4)


@eqx.filter_jit
def answers_at_every_tick(subject, observation):
    """Logits after each tick."""

    def tick(state, t):
        state = subject.think(state, observation, t)
        return state, subject.act(state)

    return jax.lax.scan(tick, subject.start(observation), jnp.arange(subject.ticks))[1]


@eqx.filter_jit
def patched(subject, observation, donor_observation, patch, first, last):
    """Logits when the states after `first` to `last` ticks take the donor's values inside the patch."""

    def tick(carry, t):
        state, donor = carry
        state, donor = subject.think(state, observation, t), subject.think(donor, donor_observation, t)
        on = (patch & (first <= t + 1) & (t + 1 <= last))[..., None]
        state = {site: jnp.where(on, donor[site], values) for site, values in state.items()}
        return (state, donor), None

    start = (subject.start(observation), subject.start(donor_observation))
    return subject.act(jax.lax.scan(tick, start, jnp.arange(subject.ticks))[0][0])


WALLS_TRIED = 12


class Trial(NamedTuple):
    """A change of levels: donors, the cells that change, and where optimal actions before and after are disjoint."""

    donor: GridLevels
    cells: np.ndarray
    optimal: np.ndarray
    apart: np.ndarray


def trials(world, levels, weights, seed=0):
    """Retarget (the first two objects traded), a wall in the one of a few random cells that matters most, and both."""
    taken = np.asarray(levels.walls | one_hot_objects(levels).any(1)).reshape(levels.count, -1)
    noise = np.where(taken, -1.0, np.random.default_rng(seed).random(taken.shape))
    walls = jnp.asarray(np.argsort(-noise, 1)[:, :WALLS_TRIED].T, jnp.int32)
    made = [_made_by(world, levels, weights, wall, taken) for wall in walls]
    contested = np.stack([np.minimum(one["wall"].apart.sum((1, 2)), one["joint"].apart.sum((1, 2))) for one in made])
    best_wall = jnp.take_along_axis(walls, jnp.asarray(contested.argmax(0))[None], 0)[0]
    return _made_by(world, levels, weights, best_wall, taken)


def _made_by(world, levels, weights, wall, taken):
    traded = swap_objects(levels, 0, 1)
    donors = {"retarget": traded, "wall": add_wall(levels, wall), "joint": add_wall(traded, wall)}
    optimal = {name: np.asarray(best(world, donor, weights)) for name, donor in donors.items()}
    optimal["base"] = np.asarray(best(world, levels, weights))
    objects = levels.cell[:, :2]
    cells = {"retarget": objects, "wall": wall[:, None], "joint": jnp.concatenate([objects, wall[:, None]], 1)}
    stale = {"retarget": ["base"], "wall": ["base"], "joint": ["base", "retarget", "wall"]}
    free = ~taken.reshape(levels.walls.shape)
    return {
        name: Trial(
            donors[name],
            np.asarray(cells[name]),
            optimal[name],
            free & np.logical_and.reduce([~(optimal[name] & optimal[old]).any(-1) for old in stale[name]]),
        )
        for name in donors
    }


def squares(cells, shape, radius):
    """Cells within `radius` rows and columns of any given cell of their level."""
    row, column = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    near = np.maximum(abs(row - (cells // shape[1])[..., None]), abs(column - (cells % shape[1])[..., None])) <= radius
    return near.any(1).reshape(-1, *shape)


def followed(world, subject, levels, trial, radius, first, last):
    """Share of contested cells outside the patch whose preferred actions are all optimal on the donor; their number."""
    patch = squares(trial.cells, levels.interior, radius)
    logits = patched(
        subject,
        world.observe(levels),
        world.observe(trial.donor),
        jnp.asarray(patch),
        jnp.array(first),
        jnp.array(last),
    )
    cells = trial.apart & ~patch
    right = ~(greedy(logits) & ~trial.optimal).any(-1)
    return right[cells].mean(), cells.sum()
