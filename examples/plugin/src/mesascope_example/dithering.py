"""The instrument `dithering`: how often a subject goes back to where it just came from."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.mdp import FiniteMDP
from mesascope.core.solver import uniform_policy
from mesascope.core.statistics import mean_of
from mesascope.instruments.card import Card
from mesascope.instruments.context import AuditContext
from mesascope.instruments.instrument import Finding, Instrument
from mesascope.instruments.report_parts import ReportPart, Table, bars

CARD = Card(
    name="dithering",
    measures="How often the subject, two steps after a start, is back where it began. Behavior only.",
    estimator="The exact probability for the policy table, averaged over the starts of a level; bootstrap over levels.",
    assumptions="Levels are independent draws from their distribution.",
    controls="The uniform policy on the same levels.",
    blind_spots=("A subject that stands still does not dither, and neither does one that circles.",),
    cost="well under a second for 1,000 levels",
    references=("Pearson 1905, The problem of the random walk, Nature 72",),
)


@jax.jit
def returning(mdp: FiniteMDP, policy: Float[Array, "level state action"]) -> Float[Array, " level"]:
    """Probability of being back after two steps that both moved, averaged over starts; each step's likeliest outcome counts."""
    level = jnp.arange(mdp.levels)[:, None, None]
    here = jnp.arange(mdp.states)[None, :, None]
    after = mdp.successor[..., 0]
    back = (mdp.successor[level, after, :, 0] == here[..., None]) * policy[level, after]
    twice = (policy * back.sum(-1) * (after != here) * ~mdp.terminal[level, after]).sum(-1)
    return (twice * mdp.initial).sum(-1)


def run(context: AuditContext) -> Finding:
    """Measure every distribution."""
    found, chance = {}, {}
    for sample in context.samples:
        found[sample.distribution] = mean_of(np.asarray(returning(sample.mdp, sample.policy), np.float64))
        uniform = returning(sample.mdp, uniform_policy(sample.mdp))
        chance[sample.distribution] = mean_of(np.asarray(uniform, np.float64))
    training = found["training"]
    rows = tuple((name, found[name], chance[name]) for name in found)
    part = ReportPart(
        "Going back and forth",
        "Probability of being back after two steps.",
        bars("probability of being back", found, {"chance in training": chance["training"].value}),
        Table(("distribution", "subject", "uniform policy"), rows),
    )
    summary = f"In training it is back after two steps with probability {training.value:.2f}."
    return Finding(found, summary=summary, data={"back": found, "chance": chance}, parts=(part,))


def applies(world, audited) -> str | None:
    """Applies to subjects that have a policy table."""
    return "the subject has a memory, and so no policy table" if audited.recurrent else None


DITHERING = Instrument(CARD, run, applies=applies, policy_only=True)
