"""Imitation of an optimal policy of the base objective."""

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
    answers_at_once,
    apply_gradient,
    begin_state,
    training_levels,
)
from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.solver import evaluate, optimal_actions, optimal_values, uniform_over
from mesascope.core.subject import AbstractSubject, Observation, policy_table
from mesascope.learned.channels_first import answer
from mesascope.worlds.world import AbstractWorld


def imitation_loss(
    logits: Float[Array, "level height width action"],
    optimal: Bool[Array, "level state action"],
    weight: Float[Array, "level state"],
) -> Float[Array, ""]:
    """Cross-entropy to the uniform policy over the optimal set, in nats; `weight` sums to 1 in each level."""
    log_policy = jax.nn.log_softmax(logits, -1).reshape(optimal.shape)
    return -(weight * (uniform_over(optimal) * log_policy).sum(-1)).sum(-1).mean()


class Imitation(AbstractBaseOptimizer):
    """Learns to answer as an optimal policy of the base objective does, over the states a level may start in.

    The demonstrator is the uniform policy over the optimal set, from the exact solver: ties teach nothing but ties.
    Every start state weighs the same, whatever the learner would visit: supervised learning, not behavior under its own
    distribution.
    """

    updates: int = eqx.field(static=True, default=800)
    batch: int = eqx.field(static=True, default=32)
    batches: int = eqx.field(static=True, default=0)
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
        """The state before the first update."""
        return begin_state(key, answers_at_once(subject, "imitation"), (), self._transform())

    def demonstrated(
        self, world: AbstractWorld, mdp: FiniteMDP, observation: Observation
    ) -> Bool[Array, "level state action"]:
        """The actions that are imitated in each state, one at least: those that are optimal for the base objective."""
        weights = jnp.asarray(world.base_objective.vector(world.features))
        return optimal_actions(optimal_values(mdp, weights, world.discount).action)

    def update(self, state: TrainState, world: AbstractWorld) -> tuple[TrainState, Metrics]:
        """One step along the gradient of the cross-entropy on one batch of levels."""
        levels = training_levels(state.key(), world, self.batch, self.batches, state.updates)
        mdp, observation = world.tables(levels), world.observe(levels)
        weights = jnp.asarray(world.base_objective.vector(world.features))
        optimal = self.demonstrated(world, mdp, observation)

        def loss(learned: PyTree) -> tuple[Float[Array, ""], Float[Array, "level height width action"]]:
            logits = answer(learned[0], observation)
            return imitation_loss(logits, optimal, mdp.initial), logits

        (value, logits), gradient = eqx.filter_value_and_grad(loss, has_aux=True)((state.subject, state.extra))
        values = evaluate(mdp, policy_table(logits), rewards(mdp, weights), world.discount)
        metrics = Metrics(value, (values * mdp.initial).sum(-1).mean(), optax.tree.norm(gradient))
        return apply_gradient(state, gradient, self._transform()), metrics
