"""Exact policy gradient: the gradient of the exact return, with no sampling of actions."""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from mesascope.base_optimizers.descent import Count, Penalty, Scalar, clipped_adam
from mesascope.base_optimizers.halting_distribution import HaltingDistribution, answers, fresh_pace, thinking_net
from mesascope.base_optimizers.protocol import (
    AbstractBaseOptimizer,
    Metrics,
    TrainState,
    answers_at_once,
    apply_gradient,
    begin_state,
    training_levels,
)
from mesascope.core.mdp import FiniteMDP, continuation, rewards
from mesascope.core.solver import solve_policy
from mesascope.core.subject import AbstractSubject, Observation, policy_table
from mesascope.learned.channels_first import answer
from mesascope.worlds.world import AbstractWorld


class ReturnAndSurrogate(eqx.Module):
    """The exact mean return, and the function whose gradient is that of the return."""

    mean_return: Float[Array, ""]
    surrogate: Float[Array, ""]


def exact_return(
    policy: Float[Array, "level state action"],
    mdp: FiniteMDP,
    reward: Float[Array, "level state action"],
    discount: float,
) -> ReturnAndSurrogate:
    """Mean return over levels and starts of a policy, with a surrogate of the same gradient.

    The policy gradient theorem (Sutton et al. 2000): dJ = sum_s d(s) sum_a A(s, a) dpi(a|s), with visits d and
    advantages A held fixed; both come from one factorization, and no derivative is taken through it. Subtracting
    V(s) from Q(s, a) changes nothing but rounding.
    """
    fixed = jax.lax.stop_gradient(policy)
    solved = solve_policy(mdp, fixed, reward, discount)
    action_values = reward + discount * continuation(mdp, solved.values)
    weight = solved.visits[..., None] * (action_values - solved.values[..., None])
    return ReturnAndSurrogate((solved.values * mdp.initial).sum(-1).mean(), (weight * policy).sum((1, 2)).mean())


class ExactPolicyGradient(AbstractBaseOptimizer):
    """Ascends J = mean over levels and starts of V^pi, exactly, on levels drawn fresh at every update.

    A plan-once subject answers for all states of a level in one pass, so that its return is a function of its weights
    that needs no sampling of actions; only the levels are sampled. `batches` above 0 goes round a fixed set instead.

    With a `tick_price` above 0 it ascends E[J(k) - price k] over a learned chance of answering after k ticks, the same for
    all levels, and hands over an agent that thinks for the most likely number (RLO section 2.2, time complexity).
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
    tick_price: float = eqx.field(static=True, default=0.0)

    def _transform(self) -> optax.GradientTransformation:
        return clipped_adam(
            self.updates, self.learning_rate, self.warmup, self.floor, self.clip, Penalty(self.weight_decay, self.l1)
        )

    def init(self, key: PRNGKeyArray, world: AbstractWorld, subject: AbstractSubject) -> TrainState:
        """The state before the first update."""
        pace = fresh_pace(subject) if self.tick_price > 0 else ()
        return begin_state(key, answers_at_once(subject, "exact-policy-gradient"), pace, self._transform())

    def subject(self, state: TrainState) -> AbstractSubject:
        """The learned algorithm; where ticks have a price, thinking for as long as it came to."""
        if isinstance(state.extra, HaltingDistribution):
            return thinking_net(state.subject).thinking_for(state.extra.most_likely())
        return state.subject

    def update(self, state: TrainState, world: AbstractWorld) -> tuple[TrainState, Metrics]:
        """One step along the exact gradient on one batch of levels."""
        levels = training_levels(state.key(), world, self.batch, self.batches, state.updates)
        mdp, observation = world.tables(levels), world.observe(levels)
        reward = rewards(mdp, jnp.asarray(world.base_objective.vector(world.features)))

        def loss(learned: tuple[AbstractSubject, HaltingDistribution | tuple], observation: Observation):
            if isinstance(learned[1], HaltingDistribution):
                return self._paced(learned[0], learned[1], mdp, observation, reward, world.discount)
            policy = policy_table(answer(learned[0], observation), mdp.states)
            found = exact_return(policy, mdp, reward, world.discount)
            return -found.surrogate, found.mean_return

        learned = (state.subject, state.extra)
        (value, mean_return), gradient = eqx.filter_value_and_grad(loss, has_aux=True)(learned, observation)
        metrics = Metrics(value, mean_return, optax.tree.norm(gradient))
        return apply_gradient(state, gradient, self._transform()), metrics

    def _paced(
        self,
        subject: AbstractSubject,
        pace: HaltingDistribution,
        mdp: FiniteMDP,
        observation: Observation,
        reward: Float[Array, "level state action"],
        discount: float,
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """The loss where ticks have a price, and the mean return that is expected over the chances of answering."""

        def one(logits: Float[Array, "level height width action"]) -> ReturnAndSurrogate:
            return exact_return(policy_table(logits, mdp.states), mdp, reward, discount)

        found = jax.lax.map(one, answers(subject, observation, pace.first))
        chances = pace.chances()
        worth = jax.lax.stop_gradient(found.mean_return) - self.tick_price * pace.ticks()
        acting = (jax.lax.stop_gradient(chances) * found.surrogate).sum()
        return -(acting + (chances * worth).sum()), (chances * found.mean_return).sum()
