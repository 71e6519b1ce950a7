"""An evolution strategy: a population of networks in one pass, selected by their exact return; no gradient is taken."""

from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from mesascope.base_optimizers.descent import Count, Scalar, clipped_adam
from mesascope.base_optimizers.protocol import (
    AbstractBaseOptimizer,
    Metrics,
    TrainState,
    answers_at_once,
    training_levels,
)
from mesascope.core.errors import UsageError
from mesascope.core.mdp import FiniteMDP, rewards
from mesascope.core.solver import evaluate
from mesascope.core.subject import AbstractSubject, Observation, policy_table
from mesascope.learned.channels_first import answer
from mesascope.worlds.world import AbstractWorld

if TYPE_CHECKING:
    from evosax.algorithms import Open_ES


class Evolution(AbstractBaseOptimizer):
    """Selects weights by the base objective's exact return on a few levels, and by nothing else.

    The strategy is that of Salimans et al. (2017, 1703.03864), as evosax implements it: mirrored normal steps of size
    `spread` around the mean weights, fitness as centered ranks over the population, and Adam on the mean. Fitness needs no
    sampling of actions: only levels and steps are random. What is handed over is the mean. The spread falls to a fifth
    over the training, as a cosine.
    """

    updates: int = eqx.field(static=True, default=2_000)
    batch: int = eqx.field(static=True, default=16)
    batches: int = eqx.field(static=True, default=0)
    learning_rate: Scalar = 0.02
    warmup: Count = 10
    floor: Scalar = 0.1
    population: int = eqx.field(static=True, default=64)
    spread: Scalar = 0.1

    def __check_init__(self):
        if self.population % 2:
            raise UsageError(f"population {self.population} of evolution: steps are mirrored, so it must be even")

    def _strategy(self, weights: PyTree) -> "Open_ES":
        # Loading it takes seconds, and most commands never evolve anything.
        try:
            from evosax.algorithms import Open_ES
        except ModuleNotFoundError as error:
            raise UsageError(
                "base optimizer 'evolution' needs the package evosax, which is not installed: pip install 'mesascope[evolution]'"
            ) from error

        return Open_ES(
            population_size=self.population,
            solution=weights,
            optimizer=clipped_adam(self.updates, self.learning_rate, self.warmup, self.floor, jnp.inf),
            std_schedule=optax.cosine_decay_schedule(self.spread, max(self.updates, 1), 0.2),
        )

    def init(self, key: PRNGKeyArray, world: AbstractWorld, subject: AbstractSubject) -> TrainState:
        """The state before the first update."""
        weights = eqx.filter(answers_at_once(subject, "evolution"), eqx.is_inexact_array)
        strategy = self._strategy(weights)
        # Plain arrays of fixed types: what evosax leaves as Python numbers would come back from a file as something else.
        start = strategy.init(jax.random.key(0), weights, strategy.default_params)
        carried = jax.tree.map(lambda x: jnp.asarray(x, jnp.asarray(x).dtype), start)
        return TrainState(subject, (), carried, jax.random.key_data(key), jnp.array(0, jnp.int32))

    def update(self, state: TrainState, world: AbstractWorld) -> tuple[TrainState, Metrics]:
        """One generation on one batch of levels."""
        levels = training_levels(state.key(), world, self.batch, self.batches, state.updates)
        mdp, observation = world.tables(levels), world.observe(levels)
        reward = rewards(mdp, jnp.asarray(world.base_objective.vector(world.features)))
        mean, rest = eqx.partition(state.subject, eqx.is_inexact_array)
        strategy = self._strategy(mean)
        params = strategy.default_params
        population, asked = strategy.ask(state.update_key("steps"), state.optimizer, params)

        def fitness(weights: PyTree) -> Float[Array, ""]:
            return exact_fitness(eqx.combine(weights, rest), observation, mdp, reward, world.discount)

        earned = jax.vmap(fitness)(population)
        told, _ = strategy.tell(state.update_key("told"), population, -earned, asked, params)
        told = jax.tree.map(lambda new, old: new.astype(old.dtype), told, state.optimizer)
        moved = strategy.get_mean(told)
        begun = fitness(mean)
        step = optax.tree.norm(jax.tree.map(jnp.subtract, moved, mean))
        subject = eqx.combine(moved, rest)
        return TrainState(subject, (), told, state.seed_key, state.updates + 1), Metrics(-begun, begun, step)


def exact_fitness(
    subject: AbstractSubject,
    observation: Observation,
    mdp: FiniteMDP,
    reward: Float[Array, "level state action"],
    discount: float,
) -> Float[Array, ""]:
    """Mean return over levels and starts, without sampling."""
    policy = policy_table(answer(answers_at_once(subject, "evolution"), observation), mdp.states)
    return (evaluate(mdp, policy, reward, discount) * mdp.initial).sum(-1).mean()
