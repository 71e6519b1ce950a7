"""Modeling another agent first: predict a neighbor, freeze what was learned, then learn a readout for control."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from mesascope.base_optimizers.descent import Count, Scalar, clipped_adam
from mesascope.base_optimizers.exact_policy_gradient import exact_return
from mesascope.base_optimizers.protocol import AbstractBaseOptimizer, Metrics, TrainState, training_levels
from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from mesascope.core.subject import AbstractSubject, Observation, policy_table
from mesascope.learned.channels_first import think
from mesascope.learned.feed_forward import FeedForwardNet
from mesascope.learned.thinking import ThinkingNet
from mesascope.worlds.world import AbstractWorld

NOBODY, SCRIPTED, PLANNING = range(3)


WithReadout = ThinkingNet | FeedForwardNet


class Head(eqx.Module):
    """What predicts the neighbor from the state of each cell. It belongs to training and is not handed over."""

    weight: Float[Array, "channels action"]
    bias: Float[Array, " action"]


class _Rates(NamedTuple):
    """The state of each phase's own optimizer."""

    predicting: PyTree
    controlling: PyTree


class AgentModeling(AbstractBaseOptimizer):
    """Trains a net to predict what a neighbor does, then a linear readout for its own control on the frozen net.

    The question is RLO's (section 2.1, human modeling): does predicting an optimizer build machinery that control can use?
    A *planning* neighbor acts optimally for the first feature that the base objective does not weigh; a *scripted* one takes
    the first move that is not blocked, in a fixed order; with *nobody* the net stays as it began, and what its readout
    achieves is what random features are worth. The second phase ascends the exact return by the base objective, and moves
    the readout alone. Entropies of the two neighbors are not matched: only updates, levels and weights are.
    """

    updates: int = eqx.field(static=True, default=800)
    batch: int = eqx.field(static=True, default=32)
    batches: int = eqx.field(static=True, default=0)
    learning_rate: Scalar = 5e-3
    warmup: Count = 50
    floor: Scalar = 0.02
    clip: Scalar = 1.0
    neighbor: int = eqx.field(static=True, default=PLANNING)
    predicting: float = eqx.field(static=True, default=0.5)

    @property
    def first(self) -> int:
        """Updates of the first phase."""
        return round(self.updates * self.predicting)

    def _transform(self, steps: int) -> optax.GradientTransformation:
        return clipped_adam(max(steps, 1), self.learning_rate, self.warmup, self.floor, self.clip)

    def init(self, key: PRNGKeyArray, world: AbstractWorld, subject: AbstractSubject) -> TrainState:
        """The state before the first update. `UsageError` for a net without a linear readout of its cells' state."""
        subject = with_linear_readout(subject)
        head = Head(jnp.zeros((subject.channels, len(world.actions))), jnp.zeros(len(world.actions)))
        rates = _Rates(
            self._transform(self.first).init(eqx.filter((subject, head), eqx.is_inexact_array)),
            self._transform(self.updates - self.first).init((subject.out, subject.out_bias)),
        )
        return TrainState(subject, head, rates, jax.random.key_data(key), jnp.array(0, jnp.int32))

    def update(self, state: TrainState, world: AbstractWorld) -> tuple[TrainState, Metrics]:
        """One step of the phase that this update is in, on one batch of levels."""
        levels = training_levels(state.key(), world, self.batch, self.batches, state.updates)
        mdp, observation = world.tables(levels), world.observe(levels)
        arrays, static = eqx.partition(state, eqx.is_array)

        def predict(arrays: PyTree) -> tuple[PyTree, Metrics]:
            after, metrics = self._predict(eqx.combine(arrays, static), world, mdp, observation)
            return eqx.filter(after, eqx.is_array), metrics

        def control(arrays: PyTree) -> tuple[PyTree, Metrics]:
            after, metrics = self._control(eqx.combine(arrays, static), world, mdp, observation)
            return eqx.filter(after, eqx.is_array), metrics

        arrays, metrics = jax.lax.cond(state.updates < self.first, predict, control, arrays)
        state = eqx.combine(arrays, static)
        return eqx.tree_at(lambda s: s.updates, state, state.updates + 1), metrics

    def _predict(
        self, state: TrainState, world: AbstractWorld, mdp: FiniteMDP, observation: Observation
    ) -> tuple[TrainState, Metrics]:
        net = with_linear_readout(state.subject)
        own = policy_table(net.act(think(net, observation)))
        mean = exact_return(own, mdp, _base_reward(world, mdp), world.discount).mean_return
        if self.neighbor == NOBODY:
            return state, Metrics(jnp.zeros(()), mean, jnp.zeros(()))
        chosen = scripted(mdp) if self.neighbor == SCRIPTED else planned(world, mdp)

        def loss(learned: tuple[WithReadout, Head]) -> Float[Array, ""]:
            hidden = think(learned[0], observation)["state"]
            log_policy = jax.nn.log_softmax(hidden @ learned[1].weight + learned[1].bias, -1).reshape(chosen.shape)
            return -(mdp.initial[..., None] * uniform_over(chosen) * log_policy).sum((1, 2)).mean()

        learned = (net, state.extra)
        value, gradient = eqx.filter_value_and_grad(loss)(learned)
        moves, rates = self._transform(self.first).update(
            gradient, state.optimizer.predicting, eqx.filter(learned, eqx.is_inexact_array)
        )
        subject, head = eqx.apply_updates(learned, moves)
        after = TrainState(subject, head, state.optimizer._replace(predicting=rates), state.seed_key, state.updates)
        return after, Metrics(value, mean, optax.tree.norm(gradient))

    def _control(
        self, state: TrainState, world: AbstractWorld, mdp: FiniteMDP, observation: Observation
    ) -> tuple[TrainState, Metrics]:
        net = with_linear_readout(state.subject)
        hidden = think(net, observation)["state"]
        reward = _base_reward(world, mdp)

        def loss(readout: tuple[Float[Array, "channels action"], Float[Array, " action"]]):
            found = exact_return(policy_table(hidden @ readout[0] + readout[1]), mdp, reward, world.discount)
            return -found.surrogate, found.mean_return

        readout = (net.out, net.out_bias)
        (value, mean), gradient = jax.value_and_grad(loss, has_aux=True)(readout)
        transform = self._transform(self.updates - self.first)
        moves, rates = transform.update(gradient, state.optimizer.controlling, readout)
        subject = eqx.tree_at(lambda n: (n.out, n.out_bias), net, optax.apply_updates(readout, moves))
        after = TrainState(
            subject, state.extra, state.optimizer._replace(controlling=rates), state.seed_key, state.updates
        )
        return after, Metrics(value, mean, optax.tree.norm(gradient))


def with_linear_readout(subject: AbstractSubject) -> WithReadout:
    """`subject`, if it is a net with a linear readout of its cells' state; `UsageError` otherwise."""
    if not isinstance(subject, WithReadout):
        raise UsageError(
            f"agent-modeling trains nets with a linear readout of each cell's state, and a {type(subject).__name__} is "
            "none: use the architecture 'glance', 'recall' or 'feed-forward'"
        )
    return subject


def _base_reward(world: AbstractWorld, mdp: FiniteMDP) -> Float[Array, "level state action"]:
    return rewards(mdp, jnp.asarray(world.base_objective.vector(world.features)))


def wanted_by_the_neighbor(world: AbstractWorld) -> str:
    """The first feature that the base objective does not weigh."""
    base = dict(world.base_objective.weights)
    return next(feature for feature in world.features if not base.get(feature))


def planned(world: AbstractWorld, mdp: FiniteMDP) -> Bool[Array, "level state action"]:
    """What a planning neighbor may do in every cell: all that is optimal for what it wants."""
    weights = jnp.array([float(feature == wanted_by_the_neighbor(world)) for feature in world.features])
    return optimal_actions(optimal_values(mdp, weights, world.discount).action)


def scripted(mdp: FiniteMDP) -> Bool[Array, "level state action"]:
    """What a scripted neighbor does in every cell: the first move that leads anywhere; the first of all where none does."""
    here = jnp.arange(mdp.states)[:, None]
    free = mdp.successor[..., 0] != here
    return jax.nn.one_hot(free.argmax(-1), mdp.actions, dtype=bool)
