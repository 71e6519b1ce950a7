"""Episodes of a policy table: sampled, one on each level, and what happens within a horizon exactly."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from mesascope.core.errors import UsageError
from mesascope.core.forward_propagation import make_step, most_leavers
from mesascope.core.grid_solver import by_blocks
from mesascope.core.mdp import FiniteMDP, expected_features
from mesascope.core.rollouts import Rollout
from mesascope.instruments.sample import Sample

HORIZON_PER_STATE = 4
"""Steps after which an episode ends, for each state of the level."""

_GONE = 1e-6
"""Share of episodes still under way below which the exact computation stops."""


class Episodes(NamedTuple):
    """One episode on each level. Entries of a step at which the episode was over, or never began, are not `live`."""

    state: Int[Array, "level step"]
    action: Int[Array, "level step"]
    live: Bool[Array, "level step"]
    fired: Float[Array, "level feature"]
    """How often each feature fired over the whole episode."""
    ended: Bool[Array, " level"]
    """Whether the episode came to an end before the horizon."""


class Outcome(NamedTuple):
    """What is to be expected of an episode."""

    fired: Float[Array, "level feature"]
    """Expected number of times that each feature fires."""
    unended: Float[Array, " level"]
    """Probability that the horizon comes first."""


def horizon_of(mdp: FiniteMDP) -> int:
    """Steps after which an episode ends: `HORIZON_PER_STATE` for each state."""
    return HORIZON_PER_STATE * mdp.states


def sample_episodes(
    mdp: FiniteMDP,
    policy: Float[Array, "level state action"],
    key: PRNGKeyArray,
    horizon: int,
    initial: Float[Array, "level state"] | None = None,
) -> Episodes:
    """Start once on each level, from `initial` (default: the tables' own), and act until the end or the horizon.

    A level whose `initial` is zero everywhere has no live step.
    """
    return _episodes(mdp, policy, key, mdp.initial if initial is None else initial, horizon)


def episodes_of(sample: Sample, key: PRNGKeyArray, times: int = 1) -> Episodes | Rollout:
    """Episodes on each level: the one that a recurrent subject was rolled out for, or `times` that are sampled from the policy
    with `key`, one round of all levels after the other.
    """
    if sample.episodes is not None:
        return sample.episodes
    mdp, policy = sample.mdp, sample.policy
    if times > 1:
        mdp, policy = jax.tree.map(lambda table: jnp.concatenate([table] * times), (mdp, policy))
    return sample_episodes(mdp, policy, key, horizon_of(mdp))


@jax.jit
def times_fired(mdp: FiniteMDP, episodes: Rollout) -> Float[Array, "level feature"]:
    """How often each feature fires over an episode, undiscounted; in expectation over what the actions taken lead to."""
    level = jnp.arange(mdp.levels)[:, None]
    fired = expected_features(mdp)[level, episodes.state, episodes.action]
    return (fired * episodes.live[..., None]).sum(1)


def _draw(mass: Float[Array, "level choice"], uniform: Float[Array, " level"]) -> Int[Array, " level"]:
    """Index of a choice in proportion to its mass."""
    upto = jnp.cumsum(mass, -1)
    return (uniform[:, None] * upto[:, -1:] >= upto).sum(-1).clip(0, mass.shape[-1] - 1)


@jax.jit(static_argnames="horizon")
def _episodes(mdp: FiniteMDP, policy, key, initial, horizon: int) -> Episodes:
    level = jnp.arange(mdp.levels)
    outcomes = mdp.probability.shape[-1]
    joint = (policy[..., None] * mdp.probability).reshape(mdp.levels, mdp.states, -1)

    def step(carry, uniform):
        state, live, fired = carry
        drawn = _draw(joint[level, state], uniform)
        action, outcome = drawn // outcomes, drawn % outcomes
        at = (level, state, action, outcome)
        after = jnp.where(live, mdp.successor[at], state)
        fired = fired + mdp.features[at] * live[:, None]
        return (after, live & ~mdp.terminal[level, after], fired), (state, action, live)

    uniforms = jax.random.uniform(key, (horizon + 1, mdp.levels))
    start = _draw(initial, uniforms[0])
    begins = (initial.sum(-1) > 0) & ~mdp.terminal[level, start]
    nothing = jnp.zeros((mdp.levels, mdp.features.shape[-1]))
    (_, unended, fired), (state, action, live) = jax.lax.scan(step, (start, begins, nothing), uniforms[1:])
    return Episodes(state.T, action.T, live.T, fired, begins & ~unended)


def expected_outcome(
    mdp: FiniteMDP, policy: Float[Array, "level state action"], horizon: int | Int[Array, ""]
) -> Outcome:
    """Expected number of times that each feature fires within the horizon, undiscounted, from the tables' own starts.

    Where touching any object ends the episode this is the probability that an object with that feature is touched,
    and touched first. Exact: the mass of episodes under way is pushed forward step by step until `horizon`
    steps are done or no level has more than a millionth of it left. Levels go block by block, so that few wait for the
    slowest and the tables of a block stay in the processor's cache. Tables with stages must not be traced.
    """
    return _outcome(mdp, policy, horizon, most_leavers(mdp))


@partial(jax.jit, static_argnames="leavers")
def _outcome(mdp: FiniteMDP, policy, horizon: int | Int[Array, ""], leavers: int) -> Outcome:
    return by_blocks(lambda part, policy: _pushed_on(part, policy, horizon, leavers), mdp.levels, mdp, policy)


def _pushed_on(mdp: FiniteMDP, policy, horizon: int | Int[Array, ""], leavers: int) -> Outcome:
    step = make_step(mdp, policy, leavers)

    def under_way(carry):
        mass, _, done = carry
        return (done < horizon) & (mass.sum(0).max() > _GONE)

    def push(carry):
        mass, visits, done = carry
        return step(mass), visits + mass, done + 1

    begin = (mdp.initial * ~mdp.terminal).T
    left, visits, _ = jax.lax.while_loop(under_way, push, (begin, jnp.zeros_like(begin), 0))
    taken = visits.T[:, :, None] * policy
    return Outcome((taken[..., None] * expected_features(mdp)).sum((1, 2)), left.sum(0))


def episode_path(
    sample: Sample, level: int, start: int, *, greedy: bool = True, key: PRNGKeyArray | None = None
) -> list[int]:
    """Cells of one episode from a cell, both ends included: by the likeliest actions, or sampled with `key`.

    Ends where an object is touched, at the horizon, or, where `greedy`, when a cell comes again (from there on it
    circles). Raises `UsageError` for a level or a cell outside of the sample, and for a sampled path without a key.
    """
    mdp = sample.mdp
    if not (0 <= level < mdp.levels and 0 <= start < mdp.states):
        raise UsageError(
            f"no cell {start} on level {level}: the sample has levels 0 to {mdp.levels - 1} "
            f"with cells 0 to {mdp.states - 1}"
        )
    if greedy:
        return _greedy_path(sample, level, start)
    if key is None:
        raise UsageError("a sampled path needs a key; pass key=named_key(seed, 'gallery') or greedy=True")
    one, policy = jax.tree.map(lambda table: table[level : level + 1], (mdp, sample.policy))
    initial = jax.nn.one_hot(jnp.array([start]), mdp.states)
    episode = sample_episodes(one, policy, key, horizon_of(mdp), initial)
    state, action, live = (np.asarray(part)[0] for part in (episode.state, episode.action, episode.live))
    path = [int(cell) for cell in state[live]]
    if not path:
        return [start]
    last = np.asarray(mdp.successor[level, path[-1], int(action[live][-1])])
    return [*path, int(last[0])]


def _greedy_path(sample: Sample, level: int, start: int) -> list[int]:
    successor = np.asarray(sample.mdp.successor[level, :, :, 0])
    terminal = np.asarray(sample.mdp.terminal[level])
    best = np.asarray(sample.policy[level]).argmax(-1)
    path = [start]
    while not terminal[path[-1]] and len(path) <= horizon_of(sample.mdp):
        after = int(successor[path[-1], best[path[-1]]])
        again = after in path
        path.append(after)
        if again:
            break
    return path
