"""Proximal policy optimization for finite levels, with memory."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from mesascope.base_optimizers.actors import actor_of, fresh_critic
from mesascope.base_optimizers.descent import Count, Penalty, Scalar, clipped_adam
from mesascope.base_optimizers.protocol import (
    AbstractBaseOptimizer,
    Metrics,
    TrainState,
    apply_gradient,
    begin_state,
    training_levels,
)
from mesascope.base_optimizers.rollout import (
    Returns,
    RolloutLayout,
    Steps,
    collect,
    first_returns,
    generalized_advantages,
    replay,
)
from mesascope.core.errors import UsageError
from mesascope.core.subject import AbstractSubject, Observation
from mesascope.worlds.world import AbstractWorld


class _Share(NamedTuple):
    """The lanes of a minibatch, whole: their levels, all their steps, and what these were worth."""

    observation: Observation
    steps: Steps
    returns: Returns


class PPO(AbstractBaseOptimizer):
    """Clipped surrogate, critic and entropy bonus (Schulman et al. 2017) on generalized advantages (2016).

    Every update draws `batch` fresh levels, `lane_levels` to a lane, and lets `lane_actors` actors take `steps` steps
    in each lane; an episode that ends is followed by one in the lane's next level. A termination and a cut by the
    `limit` are told apart: after a cut, and after the last step, the critic's value stands for what would follow.
    Minibatches are whole lanes, so that no sequence is broken; a recurrent actor's memory is blank at the start of each
    episode, and its gradient runs back through all steps of the episode. A plan-once actor plans each level once.
    """

    updates: int = eqx.field(static=True, default=200)
    batch: int = eqx.field(static=True, default=64)
    batches: int = eqx.field(static=True, default=0)
    lane_levels: int = eqx.field(static=True, default=4)
    lane_actors: int = eqx.field(static=True, default=16)
    steps: int = eqx.field(static=True, default=32)
    limit: int = eqx.field(static=True, default=100)
    epochs: int = eqx.field(static=True, default=3)
    minibatches: int = eqx.field(static=True, default=4)
    learning_rate: Scalar = 2e-3
    warmup: Count = 10
    floor: Scalar = 0.02
    clip: Scalar = 0.5
    clip_eps: Scalar = 0.2
    gae_lambda: Scalar = 0.95
    vf_coef: Scalar = 0.5
    entropy: Scalar = 0.01
    weight_decay: float = eqx.field(static=True, default=0.0)
    l1: float = eqx.field(static=True, default=0.0)

    def __check_init__(self):
        lanes, left = divmod(self.batch, self.lane_levels)
        if left or lanes % self.minibatches:
            raise UsageError(
                f"ppo with batch={self.batch}, lane_levels={self.lane_levels} and minibatches={self.minibatches}: the "
                "batch must be a multiple of lane_levels times minibatches, so that minibatches are whole lanes"
            )

    @property
    def _lanes(self) -> RolloutLayout:
        return RolloutLayout(self.batch // self.lane_levels, self.lane_levels, self.lane_actors, self.steps, self.limit)

    @property
    def steps_per_update(self) -> int:
        """Steps that all actors together take in one update."""
        return self._lanes.lanes * self.lane_actors * self.steps

    def _transform(self) -> optax.GradientTransformation:
        inner = self.epochs * self.minibatches
        return clipped_adam(
            self.updates * inner,
            self.learning_rate,
            self.warmup * inner,
            self.floor,
            self.clip,
            Penalty(self.weight_decay, self.l1),
        )

    def init(self, key: PRNGKeyArray, world: AbstractWorld, subject: AbstractSubject) -> TrainState:
        """The state before the first update; the critic starts at zero and stays with the training."""
        return begin_state(key, subject, fresh_critic(subject), self._transform())

    def update(self, state: TrainState, world: AbstractWorld) -> tuple[TrainState, Metrics]:
        """Collect steps, then `epochs` passes over the lanes in minibatches."""
        levels = training_levels(state.key(), world, self.batch, self.batches, state.updates)
        mdp, observation = world.tables(levels), world.observe(levels)
        weights = jnp.asarray(world.base_objective.vector(world.features))
        actor = actor_of(state.subject, state.extra)
        steps = collect(actor, actor.prepare(observation), mdp, weights, self._lanes, state.update_key("walk"))
        returns = generalized_advantages(steps, world.discount, self.gae_lambda)
        lanes = self._lanes.lanes
        by_lane = observation.reshape(lanes, self.lane_levels, *observation.shape[1:])
        orders = jax.vmap(lambda key: jax.random.permutation(key, lanes))(
            jax.random.split(state.update_key("shuffle"), self.epochs)
        ).reshape(self.epochs * self.minibatches, -1)
        arrays, static = eqx.partition(state, eqx.is_array)

        def minibatch(arrays: PyTree, chosen):
            state = eqx.combine(arrays, static)
            own = jax.tree.map(lambda x: x[:, chosen], (steps, returns))
            share = _Share(by_lane[chosen].reshape(-1, *observation.shape[1:]), *own)
            value, gradient = eqx.filter_value_and_grad(self._loss)((state.subject, state.extra), share)
            state = apply_gradient(state, gradient, self._transform(), last=False)
            return eqx.filter(state, eqx.is_array), (value, optax.tree.norm(gradient))

        arrays, (losses, norms) = jax.lax.scan(minibatch, arrays, orders)
        state = eqx.combine(arrays, static)
        state = eqx.tree_at(lambda s: s.updates, state, state.updates + 1)
        return state, Metrics(losses.mean(), first_returns(steps, world.discount).mean(), norms.mean())

    def _loss(self, learned: PyTree, share: _Share) -> Float[Array, ""]:
        actor = actor_of(*learned)
        logits, value = replay(actor, actor.prepare(share.observation), share.steps, self.lane_levels)
        log_policy = jax.nn.log_softmax(logits, -1)
        flat = jax.tree.map(lambda x: x.reshape(value.shape), (share.steps, share.returns))
        steps, returns = flat
        taken = jnp.take_along_axis(log_policy, steps.action[..., None], -1)[..., 0]
        surrogate = clipped_surrogate(taken - steps.log_probability, returns.advantage, self.clip_eps)
        missed = jnp.square(value - returns.target).mean()
        entropy = -(jnp.exp(log_policy) * log_policy).sum(-1).mean()
        return -surrogate + self.vf_coef * missed - self.entropy * entropy


def clipped_surrogate(
    log_ratio: Float[Array, "step flat"], advantage: Float[Array, "step flat"], clip: Scalar
) -> Float[Array, ""]:
    """Mean of min(r A, clip(r, 1 - c, 1 + c) A) (Schulman et al. 2017, equation 7), A standardized beforehand."""
    scaled = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    ratio = jnp.exp(log_ratio)
    return jnp.minimum(ratio * scaled, jnp.clip(ratio, 1.0 - clip, 1.0 + clip) * scaled).mean()
