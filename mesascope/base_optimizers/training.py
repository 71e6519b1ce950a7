"""Training in chunks: only between two of them may a training be looked at, saved, stopped and continued."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt32

from mesascope.base_optimizers.protocol import AbstractBaseOptimizer, Metrics, TrainState, training_levels
from mesascope.core.competence import Scale, competence, competence_scale
from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.options import Given, Number
from mesascope.core.rng import as_seed, named_key
from mesascope.core.rollouts import draw_starts, rollout
from mesascope.core.solver import evaluate
from mesascope.core.subject import AbstractSubject, Observation, policy_table
from mesascope.learned.channels_first import answer
from mesascope.learned.registry import build, check_architecture
from mesascope.learned.table import Table
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

CHUNK = 50
"""Updates between two chances to look, save and stop."""
PROBES = 256
"""Levels that progress is measured on: the same ones throughout, never trained on."""


class Progress(NamedTuple):
    """Where a training stands. `mean_return` is over the chunk's own levels, the rest over the probe levels."""

    updates_done: int
    updates_total: int
    seconds: float
    eta: float
    updates_per_second: float
    mean_return: float
    competence: float
    share_of_optimal: float


class Chunk(NamedTuple):
    """One chunk done: the progress, and the state to save or to go on from."""

    progress: Progress
    state: TrainState


class Probe(NamedTuple):
    """Levels that progress is measured on, with the returns that bound it."""

    mdp: FiniteMDP
    observation: Observation
    reward: Float[Array, "level state action"]
    scale: Scale


class Trained(NamedTuple):
    """A finished training: the learned algorithm, the state it ended in, and where it stood at each chunk's end."""

    subject: AbstractSubject
    state: TrainState
    history: tuple[Progress, ...]


def begin(
    optimizer: AbstractBaseOptimizer,
    world: AbstractWorld,
    architecture: str,
    config: Given | None = None,
    *,
    seed: int,
) -> TrainState:
    """The state before the first update: a function of the seed and of what is trained, and of nothing else.

    A table is given rows for the levels it will be trained on, so the optimizer must go round a fixed set of them.
    """
    options = tuple(sorted(check_architecture(architecture, config or {}).items()))
    # Checked before it becomes an array, which would wrap a seed out of range.
    return _begin(optimizer, world, architecture, options, jnp.array(as_seed(seed), jnp.uint32))


def fixed_levels(
    world: AbstractWorld, config: Mapping[str, Any], seed: int | np.integer, most: int = 256
) -> AbstractLevels | None:
    """The levels that a training goes round, the first of them where there are many.

    Args:
        world: The world.
        config: Of the base optimizer: `batch` levels in each of `batches` batches.
        seed: The seed of the training.
        most: Levels given at most, but for whole batches.

    Returns:
        The levels; None where each update draws fresh ones.
    """
    batch, batches = (n if isinstance(n := config.get(name), int) else 0 for name in ("batch", "batches"))
    if not batch or not batches:
        return None
    key = _training_key(jnp.array(as_seed(seed), jnp.uint32))
    parts = [training_levels(key, world, batch, batches, n) for n in range(min(batches, -(-most // batch)))]
    return jax.tree.map(lambda *tables: jnp.concatenate(tables), *parts)


def _training_key(seed: UInt32[Array, ""]) -> PRNGKeyArray:
    return named_key(jax.random.key(seed), "training")


@eqx.filter_jit
def _begin(
    optimizer: AbstractBaseOptimizer,
    world: AbstractWorld,
    architecture: str,
    options: tuple[tuple[str, Number], ...],
    seed: UInt32[Array, ""],
) -> TrainState:
    key = _training_key(seed)
    shown = jax.eval_shape(lambda: world.observe(world.draw(key, 1)))
    subject = build(architecture, dict(options), key=named_key(key, "weights"), inputs=shown.shape[-1])
    if isinstance(subject, Table):
        subject = _fill(subject, optimizer, world, key)
    return optimizer.init(key, world, subject)


def _fill(table: Table, optimizer: AbstractBaseOptimizer, world: AbstractWorld, key: PRNGKeyArray) -> Table:
    rows = optimizer.batch * optimizer.batches
    if rows != len(table.keys):
        raise UsageError(
            f"a table of {len(table.keys)} rows needs an optimizer that goes round as many levels: "
            f"{optimizer.batches} batches of {optimizer.batch} are {rows}"
        )

    def show(number: Int[Array, ""]) -> Observation:
        return world.observe(training_levels(key, world, optimizer.batch, 0, number))

    shown = jax.lax.map(show, jnp.arange(optimizer.batches, dtype=jnp.int32))
    return table.remembering(shown.reshape(rows, *shown.shape[2:]))


@eqx.filter_jit
def probe(world: AbstractWorld, seed: int | Int[Array, ""] = 0, count: int = PROBES) -> Probe:
    """Training levels to measure progress on, apart from those of any training."""
    levels = world.draw(named_key(jax.random.key(seed), "probe"), count)
    mdp, weights = world.tables(levels), jnp.asarray(world.base_objective.vector(world.features))
    scale = competence_scale(mdp, weights, world.discount)
    return Probe(mdp, world.observe(levels), rewards(mdp, weights), scale)


@eqx.filter_jit
def advance(
    optimizer: AbstractBaseOptimizer, world: AbstractWorld, state: TrainState, count: Int[Array, ""]
) -> tuple[TrainState, Metrics]:
    """`count` updates, and the mean of their metrics.

    The count is a number and not a shape: one compiled program serves chunks of every length, and so a training cut
    into any pieces runs the very same instructions.
    """
    arrays, static = eqx.partition(state, eqx.is_array)

    def one(_, carry):
        arrays, total = carry
        state, metrics = optimizer.update(eqx.combine(arrays, static), world)
        return eqx.filter(state, eqx.is_array), jax.tree.map(jnp.add, total, metrics)

    nothing = Metrics(*(jnp.zeros(()) for _ in Metrics._fields))
    arrays, total = jax.lax.fori_loop(0, count, one, (arrays, nothing))
    return eqx.combine(arrays, static), jax.tree.map(lambda x: x / jnp.maximum(count, 1), total)


@eqx.filter_jit
def stand(subject: AbstractSubject, probe: Probe, discount: float) -> Float[Array, "2"]:
    """Competence on the probe levels, and the share of the optimal return there.

    Exact for a subject with a policy table; a recurrent one runs one episode on each level, always from the same starts.
    """
    if subject.recurrent:
        returns = _episode_returns(subject, probe, discount)
        return jnp.stack([competence(returns, probe.scale), returns.mean() / probe.scale.optimal.mean()])
    policy = policy_table(answer(subject, probe.observation), probe.mdp.states)
    returns = (evaluate(probe.mdp, policy, probe.reward, discount) * probe.mdp.initial).sum(-1)
    return jnp.stack([competence(returns, probe.scale), returns.mean() / probe.scale.optimal.mean()])


def _episode_returns(subject: AbstractSubject, probe: Probe, discount: float) -> Float[Array, " level"]:
    key = named_key(jax.random.key(0), "probe", "walk")
    start = draw_starts(probe.mdp.initial, named_key(key, "start"))
    episode = rollout(subject, probe.observation, probe.mdp, start, key, discount, 2 * probe.mdp.states)
    moves = discount ** jnp.arange(episode.state.shape[1])
    gains = probe.reward[jnp.arange(probe.mdp.levels)[:, None], episode.state, episode.action]
    return (gains * episode.live * moves).sum(-1)


def chunks(
    optimizer: AbstractBaseOptimizer,
    world: AbstractWorld,
    state: TrainState,
    *,
    chunk: int = CHUNK,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Chunk]:
    """Train from `state` to the optimizer's last update, handing out what there is after every `chunk` updates.

    Stopping the iteration stops the training; `chunks` on the last state handed out goes on with the same bits.
    """
    if chunk < 1:
        raise UsageError(f"chunk {chunk}: a chunk has at least one update")
    total, done = optimizer.updates, int(state.updates)
    probes = probe(world)
    start, first = clock(), done
    warm, warm_from = start, done
    while done < total:
        state, metrics = advance(optimizer, world, state, jnp.array(min(chunk, total - done), jnp.int32))
        reached, share = (float(x) for x in stand(optimizer.subject(state), probes, world.discount))
        done, now = int(state.updates), clock()
        # The first chunk holds the compilation: later ones say better how long the rest will take.
        rate = (done - warm_from) / max(now - warm, 1e-9)
        yield Chunk(
            Progress(done, total, now - start, (total - done) / rate, rate, float(metrics.mean_return), reached, share),
            state,
        )
        if warm_from == first:
            warm, warm_from = clock(), done


def train(
    optimizer: AbstractBaseOptimizer,
    world: AbstractWorld,
    architecture: str,
    config: Given | None = None,
    *,
    seed: int,
    chunk: int = CHUNK,
    on_chunk: Callable[[Chunk], None] | None = None,
    resume: TrainState | None = None,
) -> Trained:
    """Train a learned algorithm: a pure function of its arguments, `chunk` and `on_chunk` apart.

    `on_chunk` sees every chunk's end: the only place to print, to save, or to stop by raising. `resume` is a state it
    was handed (or one restored into the shape of `begin`): the training goes on from there with identical bits.
    """
    state = begin(optimizer, world, architecture, config, seed=seed) if resume is None else resume
    history = []
    for done in chunks(optimizer, world, state, chunk=chunk):
        state = done.state
        history.append(done.progress)
        if on_chunk is not None:
            on_chunk(done)
    return Trained(optimizer.subject(state), state, tuple(history))
