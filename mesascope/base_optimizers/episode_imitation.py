"""Imitation of an optimal policy along the learner's own episodes: for recurrent subjects."""

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from mesascope.base_optimizers.descent import Count, Penalty, Scalar, clipped_adam
from mesascope.base_optimizers.protocol import (
    AbstractBaseOptimizer,
    Metrics,
    TrainState,
    apply_gradient,
    begin_state,
    training_levels,
)
from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.rollouts import draw_starts, next_with_start, view_of
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from mesascope.core.subject import AbstractSubject, Observation
from mesascope.worlds.world import AbstractWorld


class Lesson(NamedTuple):
    """What one update learns from: levels, their optimal actions, and how long the episodes in them are."""

    observation: Observation
    mdp: FiniteMDP
    optimal: Bool[Array, "level state action"]
    reward: Float[Array, "level state action"]
    discount: float
    steps: int
    limit: int


class EpisodeLoss(NamedTuple):
    """The loss, and the return of the first episode of each actor, cut where the steps of the update end."""

    loss: Float[Array, ""]
    mean_return: Float[Array, ""]


def episode_loss(subject: AbstractSubject, lesson: Lesson, key: PRNGKeyArray) -> EpisodeLoss:
    """Cross-entropy to the uniform policy over the optimal set in every cell visited, in nats a step.

    One actor on each level, which acts by the learner's own policy. An episode that ends, or has lasted `limit` steps,
    is followed by one from another start of the same level, with a blank state. The gradient runs back through all steps
    of an episode; actions are not differentiated. A level without a start is left out: another of the batch takes its place.
    """
    lesson = only_with_starts(lesson)
    levels = lesson.mdp.levels
    row = jnp.arange(levels)
    blank = subject.start(lesson.observation)
    tick = jax.checkpoint(lambda state, view, t: subject.think(state, view, t))

    def step(carry, key: PRNGKeyArray):
        state, cell, age, first, worth = carry
        view = view_of(subject, lesson.observation, cell, age)
        state = jax.lax.scan(lambda s, t: (tick(s, view, t), None), state, jnp.arange(subject.ticks))[0]
        log_policy = jax.nn.log_softmax(subject.act(state), -1)
        missed = -(uniform_over(lesson.optimal[row, cell]) * log_policy).sum(-1)
        act_key, outcome_key, start_key = jax.random.split(key, 3)
        action = jax.random.categorical(act_key, jax.lax.stop_gradient(log_policy), -1)
        odds = jnp.log(lesson.mdp.probability[row, cell, action])
        reached = lesson.mdp.successor[row, cell, action, jax.random.categorical(outcome_key, odds, -1)]
        worth = worth + first * lesson.reward[row, cell, action] * lesson.discount**age
        ended = lesson.mdp.terminal[row, reached] | (age + 1 >= lesson.limit)
        cell = jnp.where(ended, draw_starts(lesson.mdp.initial, start_key), reached)
        state = {site: jnp.where(ended[:, None, None, None], blank[site], state[site]) for site in state}
        return (state, cell, jnp.where(ended, 0, age + 1), first & ~ended, worth), missed.mean()

    first_key, walk_key = jax.random.split(key)
    start = draw_starts(lesson.mdp.initial, first_key)
    begin = (blank, start, jnp.zeros(levels, jnp.int32), jnp.ones(levels, bool), jnp.zeros(levels))
    (*_, worth), missed = jax.lax.scan(step, begin, jax.random.split(walk_key, lesson.steps))
    return EpisodeLoss(missed.mean(), worth.mean())


def only_with_starts(lesson: Lesson) -> Lesson:
    """The lesson with the next level that has a start in the place of each that has none."""
    has = (lesson.mdp.initial > 0).any(-1)
    onward = next_with_start(has[None])[0]
    arrays = (lesson.observation, lesson.mdp, lesson.optimal, lesson.reward)
    observation, mdp, optimal, reward = jax.tree.map(lambda table: table[onward], arrays)
    # Where no level has a start actors are `NOWHERE`, and every step is an episode of its own.
    mdp = dataclasses.replace(mdp, terminal=mdp.terminal | ~has.any())
    return lesson._replace(observation=observation, mdp=mdp, optimal=optimal, reward=reward)


class EpisodeImitation(AbstractBaseOptimizer):
    """Learns to act as an optimal policy does wherever it comes to by its own actions.

    The learner acts and an exact solver says in every cell it visits which actions are optimal (as in DAgger, Ross et
    al. 2011, but with fresh levels and episodes at every update and nothing kept). Backpropagation runs through time.
    """

    updates: int = eqx.field(static=True, default=800)
    batch: int = eqx.field(static=True, default=32)
    batches: int = eqx.field(static=True, default=0)
    steps: int = eqx.field(static=True, default=20)
    limit: int = eqx.field(static=True, default=60)
    learning_rate: Scalar = 5e-3
    warmup: Count = 50
    floor: Scalar = 0.02
    clip: Scalar = 1.0
    weight_decay: float = eqx.field(static=True, default=0.0)
    l1: float = eqx.field(static=True, default=0.0)

    def _transform(self) -> optax.GradientTransformation:
        return clipped_adam(
            self.updates, self.learning_rate, self.warmup, self.floor, self.clip, Penalty(self.weight_decay, self.l1)
        )

    def init(self, key: PRNGKeyArray, world: AbstractWorld, subject: AbstractSubject) -> TrainState:
        """The state before the first update. `UsageError` for a subject that is not recurrent."""
        if not subject.recurrent:
            raise UsageError(
                f"walked-imitation trains recurrent agents, and a {type(subject).__name__} answers a whole "
                "level at once: use 'imitation', or an architecture such as 'conv-lstm'"
            )
        return begin_state(key, subject, (), self._transform())

    def update(self, state: TrainState, world: AbstractWorld) -> tuple[TrainState, Metrics]:
        """One step along the gradient of the cross-entropy on one batch of levels."""
        levels = training_levels(state.key(), world, self.batch, self.batches, state.updates)
        mdp = world.tables(levels)
        weights = jnp.asarray(world.base_objective.vector(world.features))
        optimal = optimal_actions(optimal_values(mdp, weights, world.discount).action)
        lesson = Lesson(
            world.observe(levels), mdp, optimal, rewards(mdp, weights), world.discount, self.steps, self.limit
        )

        def loss(learned: PyTree) -> tuple[Float[Array, ""], Float[Array, ""]]:
            found = episode_loss(learned[0], lesson, state.update_key("walk"))
            return found.loss, found.mean_return

        (value, mean), gradient = eqx.filter_value_and_grad(loss, has_aux=True)((state.subject, state.extra))
        return apply_gradient(state, gradient, self._transform()), Metrics(value, mean, optax.tree.norm(gradient))
