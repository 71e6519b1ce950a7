"""Episodes of many actors at once in finite levels, by table look-up, and what their returns say."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree

from mesascope.base_optimizers.actors import AbstractActor
from mesascope.base_optimizers.descent import Scalar
from mesascope.core.mdp import FiniteMDP
from mesascope.core.rollouts import NOWHERE, draw_starts, next_with_start


class RolloutLayout(NamedTuple):
    """How actors share levels: each lane has levels of its own, which its actors go round in."""

    lanes: int
    levels: int
    actors: int
    steps: int
    limit: int
    """Steps after which an unfinished episode is cut."""


class Steps(NamedTuple):
    """Every step of every actor, in order of time. An episode that ends is followed by the start of the next."""

    level: Int[Array, "step lane actor"]
    """Level within the lane."""
    state: Int[Array, "step lane actor"]
    action: Int[Array, "step lane actor"]
    log_probability: Float[Array, "step lane actor"]
    value: Float[Array, "step lane actor"]
    reward: Float[Array, "step lane actor"]
    """Reward by the base objective."""
    next_value: Float[Array, "step lane actor"]
    """Value of where the step led, before any new start: what a cut episode is credited with."""
    terminated: Bool[Array, "step lane actor"]
    """The episode ended in the level: nothing follows."""
    truncated: Bool[Array, "step lane actor"]
    """The episode was cut by the step limit: more would have followed."""


class Returns(NamedTuple):
    """Advantages, and the returns that the critic is drawn to."""

    advantage: Float[Array, "step lane actor"]
    target: Float[Array, "step lane actor"]


def flat_level(lanes: int, levels: int, level: Int[Array, "*batch lane actor"]) -> Int[Array, "*batch flat"]:
    """Index of a lane's level among all lanes' levels, actors of all lanes in one row."""
    first = jnp.arange(lanes, dtype=level.dtype)[:, None] * levels
    return (level + first).reshape(*level.shape[:-2], -1)


def collect(
    actor: AbstractActor,
    prepared: PyTree,
    mdp: FiniteMDP,
    weights: Float[Array, " feature"],
    shape: RolloutLayout,
    key: PRNGKeyArray,
) -> Steps:
    """Collect the steps of all actors. `mdp` and `prepared` hold `lanes * levels` levels, the levels of a lane side by side.

    All start at once with blank memories; an actor whose episode ends starts anew in the next level of its lane that has
    a start. In a lane without any, actors are `NOWHERE`: every step is an episode of its own that earns nothing.
    """
    actors = shape.lanes * shape.actors
    lane = jnp.arange(shape.lanes)[:, None]
    onward = next_with_start((mdp.initial > 0).any(-1).reshape(shape.lanes, shape.levels))
    lane_level = onward[lane, jnp.arange(shape.actors, dtype=jnp.int32) % shape.levels]

    def start(key: PRNGKeyArray, level: Int[Array, "lane actor"]) -> Int[Array, " flat"]:
        return draw_starts(mdp.initial[flat_level(shape.lanes, shape.levels, level)], key)

    def step(carry, key: PRNGKeyArray):
        level, state, memory, age = carry
        act_key, outcome_key, start_key = jax.random.split(key, 3)
        row = flat_level(shape.lanes, shape.levels, level)
        acted = actor.act(prepared, row, state, memory)
        action = jax.random.categorical(act_key, acted.logits, -1).astype(jnp.int32)
        chances = mdp.probability[row, state, action]
        outcome = jax.random.categorical(outcome_key, jnp.log(chances), -1)
        reached = mdp.successor[row, state, action, outcome]
        terminated = (state == NOWHERE) | mdp.terminal[row, reached]
        truncated = ~terminated & (age + 1 >= shape.limit)
        ended = terminated | truncated
        log_policy = jax.nn.log_softmax(acted.logits, -1)
        record = Steps(
            level,
            state,
            action,
            jnp.take_along_axis(log_policy, action[:, None], -1)[:, 0],
            acted.value,
            jnp.where(state == NOWHERE, 0.0, mdp.features[row, state, action, outcome] @ weights),
            actor.act(prepared, row, reached, acted.memory).value,
            terminated,
            truncated,
        )
        next_level = jnp.where(ended.reshape(level.shape), onward[lane, (level + 1) % shape.levels], level)
        next_state = jnp.where(ended, start(start_key, next_level), reached)
        next_memory = jnp.where(ended[:, None], actor.blank(actors), acted.memory)
        return (next_level, next_state, next_memory, jnp.where(ended, 0, age + 1)), record

    first_key, walk_key = jax.random.split(key)
    age = jnp.zeros(actors, jnp.int32)
    begin = (lane_level, start(first_key, lane_level), actor.blank(actors), age)
    _, steps = jax.lax.scan(step, begin, jax.random.split(walk_key, shape.steps))
    return jax.tree.map(lambda x: x.reshape(shape.steps, shape.lanes, shape.actors), steps)


def generalized_advantages(steps: Steps, discount: float, gae_lambda: Scalar) -> Returns:
    """Generalized advantage estimates (Schulman et al. 2016, equation 16), `gae_lambda` their lambda.

    d_t = r_t + g V(s_{t+1}) - V(s_t), with no V after a termination but with it after a cut, and after the last step;
    A_t = d_t + g lambda A_{t+1} within an episode. The target of the critic is A_t + V(s_t).
    """
    surprise = steps.reward + discount * jnp.where(steps.terminated, 0.0, steps.next_value) - steps.value
    goes_on = ~(steps.terminated | steps.truncated)

    def back(later: Float[Array, "lane actor"], now):
        surprise, goes_on = now
        advantage = surprise + discount * gae_lambda * jnp.where(goes_on, later, 0.0)
        return advantage, advantage

    _, advantage = jax.lax.scan(back, jnp.zeros_like(surprise[0]), (surprise, goes_on), reverse=True)
    return Returns(advantage, advantage + steps.value)


def first_returns(steps: Steps, discount: float) -> Float[Array, "lane actor"]:
    """Discounted return of each actor's first episode; one that was still under way is completed by the critic."""
    return generalized_advantages(steps, discount, 1.0).target[0]


def replay(
    actor: AbstractActor, prepared: PyTree, steps: Steps, levels: int
) -> tuple[Float[Array, "step flat action"], Float[Array, "step flat"]]:
    """Preferences and values that an actor has on recorded steps, its memory built up again from the first."""
    rows = flat_level(steps.level.shape[1], levels, steps.level)
    states, ended = (x.reshape(rows.shape) for x in (steps.state, steps.terminated | steps.truncated))
    blank = actor.blank(rows.shape[1])

    def step(memory, now):
        row, state, ended = now
        acted = actor.act(prepared, row, state, memory)
        return jnp.where(ended[:, None], blank, acted.memory), (acted.logits, acted.value)

    return jax.lax.scan(step, blank, (rows, states, ended))[1]


@eqx.filter_jit
def sampled_returns(
    actor: AbstractActor,
    observation: Float[Array, "level height width channel"],
    mdp: FiniteMDP,
    weights: Float[Array, " feature"],
    key: PRNGKeyArray,
    discount: float,
    steps: int = 200,
    actors: int = 8,
) -> Float[Array, "level actor"]:
    """Discounted returns of episodes of at most `steps` steps, for agents that have no policy table."""
    shape = RolloutLayout(mdp.levels, 1, actors, steps, steps)
    found = collect(actor, actor.prepare(observation), mdp, weights, shape, key)
    unfinished = found._replace(value=jnp.zeros_like(found.value), next_value=jnp.zeros_like(found.value))
    return first_returns(unfinished, discount)
