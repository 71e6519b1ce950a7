"""Prioritized level replay: the exact policy gradient on levels that are kept for their regret."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.base_optimizers.descent import Count, Scalar, clipped_adam
from mesascope.base_optimizers.exact_policy_gradient import exact_return
from mesascope.base_optimizers.protocol import (
    AbstractBaseOptimizer,
    Metrics,
    TrainState,
    answers_at_once,
    apply_gradient,
    begin_state,
    training_levels,
)
from mesascope.core.errors import UsageError
from mesascope.core.mdp import rewards
from mesascope.core.regret import regret_of
from mesascope.core.subject import AbstractSubject, Observation, policy_table
from mesascope.learned.channels_first import answer
from mesascope.worlds.levels import AbstractLevels
from mesascope.worlds.world import AbstractWorld

EMPTY = -1.0
"""Regret of a place in the buffer that holds no level yet."""


class Buffer(eqx.Module):
    """Levels with the exact regret by the base objective that was last measured on them, and the update at which it was."""

    levels: AbstractLevels
    regret: Float[Array, " level"]
    measured: Int[Array, " level"]


def add(buffer: Buffer, levels: AbstractLevels, regret: Float[Array, " level"], now: Int[Array, ""]) -> Buffer:
    """The buffer after fresh levels have competed for its places: those of largest regret stay, older ones first at a tie."""
    fresh = Buffer(levels, regret, jnp.full(regret.shape, now, buffer.measured.dtype))
    both: Buffer = jax.tree.map(lambda old, new: jnp.concatenate([old, new]), buffer, fresh)
    order = jnp.argsort(-both.regret, stable=True)[: buffer.regret.shape[0]]
    return jax.tree.map(lambda column: column[order], both)


def priorities(buffer: Buffer, now: Int[Array, ""], temperature: float, stale: float) -> Float[Array, " level"]:
    """Probability of each level to be replayed (Jiang et al. 2021a, equations 2 to 4): by rank of regret, and a share by
    the time since it was measured. Empty places have none.
    """
    held = buffer.regret > EMPTY
    rank = 1.0 + jnp.argsort(jnp.argsort(-buffer.regret, stable=True), stable=True)
    by_rank = jax.nn.softmax(jnp.where(held, -jnp.log(rank) / temperature, -jnp.inf))
    age = jnp.where(held, now - buffer.measured, 0).astype(jnp.float32)
    by_age = jnp.where(age.sum() > 0, age / jnp.maximum(age.sum(), 1.0), by_rank)
    return (1.0 - stale) * by_rank + stale * by_age


def pick(key: PRNGKeyArray, probability: Float[Array, " level"], count: int) -> Int[Array, " pick"]:
    """`count` different levels, each next one in proportion to its probability among those left (Gumbel's trick)."""
    return jax.lax.top_k(jnp.log(probability) + jax.random.gumbel(key, probability.shape), count)[1]


class PrioritizedReplay(AbstractBaseOptimizer):
    """Ascends the exact return on levels of large regret.

    Every update draws fresh levels, measures their exact regret by the base objective, and keeps those of largest
    regret in a buffer. Then it takes one gradient step: on levels replayed from the buffer or, where it is not
    `robust`, in a share 1 - `replay` of updates, on the fresh ones (Jiang et al. 2021a, Prioritized level replay, arXiv
    2010.03934; 2021b, Replay-guided adversarial environment design, arXiv 2110.02439: the robust one is their PLR with
    gradients on replayed levels only). There a coin decides whether to draw or to replay; here both are done in every
    update, so that as many steps are taken as by the exact policy gradient with as many updates. The regret is exact and not
    estimated. A step costs one more answer to a batch. Levels that come round again (`batches`) are refused: each round
    would add copies of the same levels, until the buffer held little else.
    """

    updates: int = eqx.field(static=True, default=800)
    batch: int = eqx.field(static=True, default=32)
    batches: int = eqx.field(static=True, default=0)
    learning_rate: Scalar = 5e-3
    warmup: Count = 50
    floor: Scalar = 0.02
    clip: Scalar = 1.0
    capacity: int = eqx.field(static=True, default=256)
    robust: int = eqx.field(static=True, default=1)
    replay: float = eqx.field(static=True, default=0.5)
    temperature: float = eqx.field(static=True, default=0.3)
    stale: float = eqx.field(static=True, default=0.3)

    def __check_init__(self):
        if self.capacity < self.batch:
            raise UsageError(
                f"capacity {self.capacity}: expected at least as many levels as a batch has, which is {self.batch}"
            )
        if self.batches:
            raise UsageError(
                f"batches {self.batches}: prioritized-replay draws fresh levels at every update, since levels that come round "
                "again would fill its buffer with copies of themselves: leave 'batches' (in a study also 'tasks') at 0 and "
                "train no table"
            )

    def _transform(self) -> optax.GradientTransformation:
        return clipped_adam(self.updates, self.learning_rate, self.warmup, self.floor, self.clip)

    def init(self, key: PRNGKeyArray, world: AbstractWorld, subject: AbstractSubject) -> TrainState:
        """The state before the first update, its buffer empty."""
        state = begin_state(key, answers_at_once(subject, "prioritized-replay"), (), self._transform())
        shapes = jax.eval_shape(lambda: world.draw(key, self.capacity))
        levels = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        nothing = jnp.full(self.capacity, EMPTY), jnp.zeros(self.capacity, jnp.int32)
        return dataclasses.replace(state, buffer=Buffer(levels, *nothing))

    def update(self, state: TrainState, world: AbstractWorld) -> tuple[TrainState, Metrics]:
        """Measure fresh levels, keep the worst, and take one step on replayed (or on the fresh) ones."""
        weights = jnp.asarray(world.base_objective.vector(world.features))
        subject, now = answers_at_once(state.subject, "prioritized-replay"), state.updates

        def regret(levels: AbstractLevels) -> Float[Array, " level"]:
            policy = policy_table(answer(subject, world.observe(levels)))
            return regret_of(world.tables(levels), policy, weights, world.discount).regret

        fresh = training_levels(state.key(), world, self.batch, self.batches, now)
        buffer = add(state.buffer, fresh, regret(fresh), now)
        places = pick(state.update_key("replay"), priorities(buffer, now, self.temperature, self.stale), self.batch)
        replays = self._replays(state)
        kept = buffer.levels[places]
        levels = jax.tree.map(lambda old, new: jnp.where(replays, old, new), kept, fresh)
        mdp, observation = world.tables(levels), world.observe(levels)
        reward = rewards(mdp, weights)

        def loss(learned: tuple[AbstractSubject, tuple], observation: Observation):
            policy = policy_table(answer(learned[0], observation))
            found = exact_return(policy, mdp, reward, world.discount)
            return -found.surrogate, (found.mean_return, policy)

        learned = (state.subject, state.extra)
        (value, (mean_return, policy)), gradient = eqx.filter_value_and_grad(loss, has_aux=True)(learned, observation)
        measured = regret_of(mdp, policy, weights, world.discount).regret
        buffer = _measured_again(buffer, places, measured, now, replays)
        metrics = Metrics(value, mean_return, optax.tree.norm(gradient))
        stepped = apply_gradient(state, gradient, self._transform())
        return dataclasses.replace(stepped, buffer=buffer), metrics

    def _replays(self, state: TrainState) -> Bool[Array, ""]:
        """Whether the levels of this update are replayed ones."""
        if self.robust:
            return jnp.array(True)
        return jax.random.uniform(state.update_key("coin")) < self.replay


def _measured_again(
    buffer: Buffer,
    places: Int[Array, " pick"],
    regret: Float[Array, " pick"],
    now: Int[Array, ""],
    replays: Bool[Array, ""],
) -> Buffer:
    return dataclasses.replace(
        buffer,
        regret=buffer.regret.at[places].set(jnp.where(replays, regret, buffer.regret[places])),
        measured=buffer.measured.at[places].set(jnp.where(replays, now, buffer.measured[places])),
    )
