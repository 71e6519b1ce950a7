"""Meta beside mesa: what was designed to optimize, and what was found to.

A meta-optimizer hands over an optimizer by declaration. What tells it from a mesa-optimizer is a thought and no measurement:
take the declared optimizer away. Then a meta-optimizer's product optimizes nothing, since its search was the declared loop.
Whatever a learned algorithm does inside is in its weights, which stay as they are when the base optimizer is taken away after
training; whether that is search, the search examination says, before training and after it.
"""

from typing import NamedTuple

from mesascope.core.options import Config
from mesascope.core.progress import Stage, silent
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate
from mesascope.core.subject import AbstractSubject
from mesascope.core.unrolled_loops import open_loop
from mesascope.instruments.pursued import infer_pursued
from mesascope.instruments.sample import draw_sample
from mesascope.instruments.search.examine import SampleBudget, examine_search
from mesascope.instruments.search.trials import contested_levels, not_applicable
from mesascope.instruments.search.verdict import Verdict
from mesascope.learned.registry import hard_coded, parameter_count
from mesascope.meta_optimizers.overfitting import fresh_seeds
from mesascope.meta_optimizers.problem import Problem, bench_of, score, train_seeds, untrained_agent
from mesascope.worlds.world import TRAINING, AbstractWorld

BUILT_IN = "; search was built into the agent, so that what is found need not have been learned"
"""Follows the reason of a verdict on such an agent."""
FAR = 1_000_000
"""Between a seed and that of its control."""
EVIDENCE = 210
"""Levels of training and of the first shift from which it is read what an agent pursues."""


class Looked(NamedTuple):
    """Sizes of the search examination."""

    pool: int = 1_536
    effort: SampleBudget = SampleBudget()


QUICK_LOOK = Looked(1_024, SampleBudget(192))


class TestSummary(NamedTuple):
    """One search test of an agent."""

    name: str
    score: Estimate
    passed: bool


class Found(NamedTuple):
    """What the search examination says of one learned algorithm at one time."""

    verdict: str
    reason: str
    tests: tuple[TestSummary, ...]
    competence: float


class Contrast(NamedTuple):
    """The agent of one fresh seed, before training and after it. Both are None for recurrent agents, which the examination
    cannot ask.
    """

    base_optimizer: str
    weights: int
    seed: int
    before: Found | None
    after: Found | None
    built_in: bool = False
    """Whether search was declared as well: some was built into the architecture."""


def examine(
    world: AbstractWorld,
    subject: AbstractSubject,
    untrained: AbstractSubject,
    competence: float,
    looked: Looked,
    tell: Stage = silent,
) -> Found | None:
    """The search examination of one agent, with another before training as its control; None for a recurrent one.

    Where search was built into the agent the reason says so: what is found there need not have been learned.
    """
    if subject.recurrent:
        return None
    built = BUILT_IN if built_in(subject) else ""
    if impossible := not_applicable(world):
        return Found(Verdict.CANNOT_TELL.value, impossible + built, (), competence)
    key = named_key(0, "meta-optimizer", "search")
    shown = (TRAINING, *list(world.shifts)[:1])
    samples = [draw_sample(world, subject, named_key(key, name), EVIDENCE, name) for name in shown]
    pursued = infer_pursued(world, samples, named_key(key, "pursued"))
    pool = contested_levels(world, named_key(key, "contested"), looked.pool)
    opened = open_loop(subject, world.observe(pool[:2]))
    said = examine_search(world, opened, untrained, pool, pursued, key, looked.effort, tell=tell)
    return Found(
        said.verdict.value,
        said.reason + built,
        tuple(TestSummary(t.name, t.score, t.passed) for t in said.tests),
        competence,
    )


def built_in(subject: AbstractSubject) -> bool:
    """Whether some search was put into the architecture by whoever wrote it."""
    return hard_coded(subject) is not False


def contrast(problem: Problem, config: Config, looked: Looked, stage: Stage = silent) -> Contrast:
    """Train one fresh seed by a configuration, and examine it before and after; the control is another seed, untrained."""
    (seed,) = fresh_seeds(1)
    stage("training one seed to be examined")
    (agent,) = train_seeds(problem, config, [seed])
    bench = bench_of(problem, "fresh", seed)
    begun, ended = score(problem, [agent.before, agent.after], [bench, bench]).competence
    untrained = untrained_agent(problem, seed + FAR)
    stage("search, before training")
    before = examine(problem.world, agent.before, untrained, float(begun), looked, stage)
    stage("search, after training")
    after = examine(problem.world, agent.after, untrained, float(ended), looked, stage)
    return Contrast(problem.base_optimizer, parameter_count(agent.after), seed, before, after, built_in(agent.after))
