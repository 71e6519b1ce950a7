"""Competence against thinking time: how well a subject does when it is stopped early, or let think on."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.competence import competence_scale
from mesascope.core.mdp import rewards
from mesascope.core.solver import evaluate
from mesascope.core.statistics import Estimate, statistic_of
from mesascope.core.subject import AbstractSubject, policy_table
from mesascope.instruments.card import Card
from mesascope.instruments.sample import Sample, first_levels
from mesascope.worlds.world import AbstractWorld

MULTIPLES = (1.25, 1.5, 2.0)
"""Thinking times beyond the subject's own, as multiples of it."""

CARD = Card(
    name="thinking time",
    measures="Competence at the base objective after fewer and more ticks than the subject was trained with.",
    estimator="Normalized competence on training levels at each number of ticks; percentile bootstrap over levels.",
    assumptions="The subject's readout may be asked at any tick.",
    controls="None: a description. A staged table reproduces any such curve, and so does a growing receptive field.",
    blind_spots=(
        "Rises with the receptive field alone, search or no search.",
        "A subject that settles early shows nothing; one whose readout is tied to the last tick looks worse than it "
        "is.",
    ),
    cost="a dozen runs of the subject",
    references=("Guez et al. 2019, arXiv 1901.03559; Schwarzschild et al. 2021; Bansal et al. 2022, arXiv 2202.05826",),
)


class Thought(NamedTuple):
    """Competence after some ticks."""

    ticks: int
    competence: Estimate


def thinking_times(ticks: int) -> tuple[int, ...]:
    """Powers of two up to the subject's own ticks, its own, and some beyond."""
    powers = {2**k for k in range(ticks.bit_length()) if 2**k < ticks}
    return tuple(sorted(powers | {ticks} | {int(ticks * m) for m in MULTIPLES}))


def measure_thinking_time(
    world: AbstractWorld, subject: AbstractSubject, sample: Sample, *, levels: int
) -> tuple[Thought, ...]:
    """Competence at the base objective, on the first `levels` levels, after each of `thinking_times`.

    Ticks beyond the layers of a feed-forward net change nothing. Describes the subject and decides nothing.
    """
    few = first_levels(sample, levels)
    mdp, observation = few.mdp, few.observation
    weights = jnp.asarray(world.base_objective.vector(world.features))
    times = np.array(thinking_times(subject.ticks))
    own, uniform, optimal = _returns(world, subject, mdp, observation, weights, jnp.asarray(times))
    found = []
    for index, ticks in enumerate(times):
        table = np.stack([np.asarray(own[index]), np.asarray(uniform), np.asarray(optimal)], 1)
        found.append(Thought(int(ticks), statistic_of(table, lambda m: (m[:, 0] - m[:, 1]) / (m[:, 2] - m[:, 1]))))
    return tuple(found)


@eqx.filter_jit
def _returns(world, subject: AbstractSubject, mdp, observation, weights, times: Int[Array, " time"]):
    """Returns per level after each number of ticks, and those of the uniform and an optimal policy."""
    scale = competence_scale(mdp, weights, world.discount)
    reward = rewards(mdp, weights)

    def after(ticks: Int[Array, ""]) -> Float[Array, " level"]:
        state = jax.lax.fori_loop(
            0, ticks, lambda t, state: subject.think(state, observation, t), subject.start(observation)
        )
        policy = policy_table(subject.act(state), mdp.states)
        return (evaluate(mdp, policy, reward, world.discount) * mdp.initial).sum(-1)

    return jax.lax.map(after, times), scale.uniform, scale.optimal
