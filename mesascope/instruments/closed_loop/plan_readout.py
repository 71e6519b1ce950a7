"""Is the rest of the episode written in the state? A linear probe for the action by which each cell will be left."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.rng import named_key
from mesascope.core.rollouts import Rollout, think_ticks, view_of
from mesascope.core.statistics import Estimate, statistic_of
from mesascope.core.subject import AbstractSubject, Observation
from mesascope.instruments.closed_loop.rollouts import draw_walked, prepare, rolled_out
from mesascope.learned.reflex import window
from mesascope.worlds.world import AbstractWorld

PROBED_AFTER = 1
"""Move before which the state is read: the second, so that the subject has thought and most of the way is to come."""

_UPDATES, _STEP, _SHRINK = 300, 0.05, 1e-3
_CELLS = 1.0 / 3
"""Weight of *never* against an action in the loss: most cells are never left."""


class Read(NamedTuple):
    """Macro F1 of a probe on levels it was not fitted on, that of each control, and how far it is ahead of each, paired by
    level.

    The probe sees one cell's state. `input window` is a probe of what is shown around the cell, with at least as many
    numbers; `untrained` reads the untrained network's state on the same walks; `shuffled` is fitted on labels that were
    dealt anew among the cells of each level (for `direction`: of all levels).
    """

    f1: Estimate
    controls: dict[str, Estimate]
    ahead: dict[str, Estimate]


class PlanReadout(NamedTuple):
    """`plan`: over the actions and *never* on all cells, so whether a cell will be left at all and by which action.
    `direction`: over the actions, on cells that will be left alone.
    """

    plan: Read
    direction: Read
    channels: int
    levels: int


def read_plans(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject | None,
    key: PRNGKeyArray,
    count: int,
) -> PlanReadout | None:
    """Fit on the first half of `count` levels, score on the second; None where the state is no map over cells.

    A cell's label is the action by which it is left first, in the rest of the episode. Cells in which nobody can act, or in which
    the subject stands, are left out, and levels whose episode is over.
    """
    grounds = prepare(world, draw_walked(world, key, count), key)
    walked = rolled_out(world, subject, grounds, named_key(key, "walk"))
    actions = len(world.actions)
    labels, counted = (jnp.asarray(part) for part in future_actions(walked, grounds.mdp.states, actions, PROBED_AFTER))
    counted &= world.active(grounds.levels)
    path = walked.state[:, : PROBED_AFTER + 1].T
    maps = _maps(subject, grounds.observation, path)
    if maps is None:
        return None
    here = jax.nn.one_hot(walked.state[:, PROBED_AFTER], grounds.mdp.states).reshape(*maps.shape[:3], 1)
    shown = jnp.concatenate([grounds.observation, here], -1)
    radius = next(r for r in range(1, 10) if shown.shape[-1] * (2 * r + 1) ** 2 >= min(maps.shape[-1], 2000))
    features = {"state": maps, "input window": window(shown, radius)}
    if untrained is not None and (other := _maps(untrained, grounds.observation, path)) is not None:
        features["untrained"] = other
    flat = {name: found.reshape(count, -1, found.shape[-1]) for name, found in features.items()}
    noise = jax.random.uniform(named_key(key, "shuffled"), counted.shape)
    left = counted & (labels < actions)
    return PlanReadout(
        _read(flat, actions, labels, counted, deal(labels, counted, noise)),
        # A way has few cells and often one direction: within a level there would be little to deal.
        _read(
            flat, actions, labels, left, deal(*(t.reshape(1, -1) for t in (labels, left, noise))).reshape(labels.shape)
        ),
        int(maps.shape[-1]),
        int(counted[count // 2 :].any(-1).sum()),
    )


def _read(
    features: dict[str, Float[Array, "level state _"]],
    actions: int,
    labels: Int[Array, "level state"],
    counted: Bool[Array, "level state"],
    dealt: Int[Array, "level state"],
) -> Read:
    half = len(labels) // 2
    tables = {
        name: np.asarray(_confusion(found, actions, labels, labels, counted, half), np.float64)
        for name, found in features.items()
    }
    tables["shuffled"] = np.asarray(_confusion(features["state"], actions, dealt, labels, counted, half), np.float64)
    own = tables.pop("state")
    return Read(
        statistic_of(own, macro_f1),
        {name: statistic_of(table, macro_f1) for name, table in tables.items()},
        {
            name: statistic_of(np.stack([own, table], 1), lambda m: macro_f1(m[:, 0]) - macro_f1(m[:, 1]))
            for name, table in tables.items()
        },
    )


def future_actions(
    walked: Rollout, states: int, actions: int, now: int
) -> tuple[Int[np.ndarray, "level state"], Bool[np.ndarray, "level state"]]:
    """The class of each cell, seen from before move `now`: an action, or their number for *never*. And which cells count: all but
    where the subject then stands, on levels whose episode is under way.
    """
    cell, action, live = (np.asarray(jax.device_get(part)) for part in (walked.state, walked.action, walked.live))
    labels = np.full((len(cell), states), actions, np.int32)
    row = np.arange(len(cell))
    for step in reversed(
        range(now, cell.shape[1])
    ):  # backward, so that the first time a cell is left has the last word
        on = live[:, step]
        labels[row[on], cell[on, step]] = action[on, step]
    counted = np.repeat(live[:, now : now + 1], states, 1)
    counted[row, cell[:, now]] = False
    return labels, counted


@eqx.filter_jit
def _maps(
    subject: AbstractSubject, observation: Observation, path: Int[Array, "step level"]
) -> Float[Array, "level height width state_channel"] | None:
    """All maps of the state after the ticks of the last step of a given path."""
    names = [site.name for site in subject.sites]

    def step(state, now):
        cell, age = now
        return think_ticks(subject, state, view_of(subject, observation, cell, age)), None

    state = jax.lax.scan(step, subject.start(observation), (path, jnp.arange(len(path))))[0]
    maps = [state[name] for name in names if state[name].shape[1:3] == observation.shape[1:3]]
    return jnp.concatenate(maps, -1) if maps else None


def deal(
    labels: Int[Array, "level state"], counted: Bool[Array, "level state"], noise: Float[Array, "level state"]
) -> Int[Array, "level state"]:
    """Labels dealt anew among the counted cells of each level."""
    cells = jnp.argsort(jnp.where(counted, jnp.arange(labels.shape[1]), labels.shape[1]), 1)
    order = jnp.argsort(jnp.where(counted, noise, 2.0), 1)
    dealt = jnp.take_along_axis(labels, order, 1)
    return labels.at[jnp.arange(len(labels))[:, None], cells].set(dealt)


@eqx.filter_jit
def _confusion(
    features: Float[Array, "level state channel"],
    actions: int,
    taught: Int[Array, "level state"],
    labels: Int[Array, "level state"],
    counted: Bool[Array, "level state"],
    half: int,
) -> Float[Array, "held_out true found"]:
    """Confusion counts on the second half of the levels of a linear probe fitted on the first, standardized."""
    weight = counted[:half] * jnp.where(taught[:half] == actions, _CELLS, 1.0)
    total = jnp.maximum(weight.sum(), 1e-9)
    mean = (features[:half] * weight[..., None]).sum((0, 1)) / total
    spread = jnp.sqrt((jnp.square(features[:half] - mean) * weight[..., None]).sum((0, 1)) / total)
    scaled = (features - mean) / jnp.maximum(spread, 1e-3)
    transform, classes = optax.adam(_STEP), actions + 1

    def loss(probe):
        logits = scaled[:half] @ probe[0] + probe[1]
        missed = optax.softmax_cross_entropy_with_integer_labels(logits, taught[:half])
        return (missed * weight).sum() / total + _SHRINK * jnp.square(probe[0]).sum()

    def update(_, carry):
        probe, state = carry
        steps, state = transform.update(jax.grad(loss)(probe), state)
        return optax.apply_updates(probe, steps), state

    probe = (jnp.zeros((features.shape[-1], classes)), jnp.zeros(classes))
    probe, _ = jax.lax.fori_loop(0, _UPDATES, update, (probe, transform.init(probe)))
    found = (scaled[half:] @ probe[0] + probe[1]).argmax(-1)
    true = jax.nn.one_hot(labels[half:], classes) * counted[half:, :, None]
    return jnp.einsum("lst,lsf->ltf", true, jax.nn.one_hot(found, classes))


def macro_f1(confusion: Float[np.ndarray, "resample true found"]) -> Float[np.ndarray, " resample"]:
    """Mean over classes of 2 TP / (2 TP + FP + FN); a class that is nowhere, neither true nor found, is left out."""
    hit = np.diagonal(confusion, axis1=1, axis2=2)
    both = confusion.sum(1) + confusion.sum(2)
    each = 2 * hit / np.maximum(both, 1e-12)
    return each.sum(-1) / np.maximum((both > 0).sum(-1), 1)
