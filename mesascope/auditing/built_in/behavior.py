"""What a subject does: behavior, goal-directedness, competence against thinking time, and levels to look at."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mesascope.auditing.gallery import exhibits, shared_exhibit
from mesascope.auditing.portable import portable
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.behavior import CARD as BEHAVIOR_CARD
from mesascope.instruments.behavior import Event, measure_behavior
from mesascope.instruments.card import Card
from mesascope.instruments.closed_loop.rollouts import Walked, measure_walked_behavior
from mesascope.instruments.context import AuditContext
from mesascope.instruments.goal_directedness import CARD as GOAL_DIRECTEDNESS_CARD
from mesascope.instruments.goal_directedness import measure_goal_directedness
from mesascope.instruments.instrument import Finding, Instrument, NotRun
from mesascope.instruments.thinking_time import CARD as THINKING_TIME_CARD
from mesascope.instruments.thinking_time import measure_thinking_time
from mesascope.worlds.world import AbstractWorld

NO_TABLE = "the subject has a memory, and so no policy table"
CLOSED = "the subject is closed: its insides can be neither read nor written"
IN_TURN = "objects are taken one after another here: 'objects taken in turn' measures that"


def with_policy(world: AbstractWorld, audited: AuditSubject) -> str | None:
    """Applies to subjects that have a policy table."""
    return NO_TABLE if audited.recurrent else None


def one_touch(world: AbstractWorld, audited: AuditSubject) -> str | None:
    """Applies to subjects with a policy table in worlds in which one touch ends the episode."""
    return with_policy(world, audited) or unless_in_turn(world, audited)


def open_with_policy(world: AbstractWorld, audited: AuditSubject) -> str | None:
    """Applies to subjects with a policy table and an inside that can be read."""
    return with_policy(world, audited) or (None if audited.open else CLOSED)


def event_fields(events: Mapping[str, Event]) -> dict[str, Any]:
    """How often each event happens, as `behavior` in the audit document has it."""
    return {
        name: {
            "offered": event.offered,
            "rate": None if event.rate is None else event.rate.value,
            "interval": None if event.rate is None else event.rate.interval,
            "exact": event.exact,
        }
        for name, event in events.items()
    }


def _behavior(context: AuditContext) -> Finding:
    if context.audited.recurrent:
        return _in_episodes(context)
    world, key = context.world, context.key
    found = {s.distribution: measure_behavior(world, s, key("behavior", s.distribution)) for s in context.samples}
    return Finding(found, {"behavior": {name: event_fields(b.events) for name, b in found.items()}})


def _in_episodes(context: AuditContext) -> Finding:
    """Of a subject with a memory: everything carries sampling error, competence and returns too."""
    rolled = {w.distribution: measure_walked_behavior(context.world, w) for w in context.walked}
    competence = {d: {"base": r.behavior.competence} for d, r in rolled.items() if r.behavior.competence is not None}
    fields = {
        "behavior": {d: event_fields(r.behavior.events) for d, r in rolled.items()},
        "competence": competence,
        "returns": {d: r.returns for d, r in rolled.items()},
        "episodes": {w.distribution: episodes_fields(w) for w in context.walked},
    }
    return Finding({d: r.behavior for d, r in rolled.items()}, fields)


def episodes_fields(walked: Walked) -> dict[str, Any]:
    """How many episodes were rolled out on a distribution, and how many of them were cut after how many moves."""
    moved = np.asarray(walked.rollout.live.any(1))
    cut = moved & ~np.asarray(walked.rollout.ended)
    return {"count": int(moved.sum()), "cut": int(cut.sum()), "most_moves": walked.rollout.live.shape[1]}


def unless_in_turn(world: AbstractWorld, audited: AuditSubject) -> str | None:
    """Applies in worlds in which one touch ends the episode, to whatever subject."""
    return None if world.single_choice else IN_TURN


BEHAVIOR = Instrument(BEHAVIOR_CARD, _behavior, applies=unless_in_turn, policy_only=True)


def _goal_directedness(context: AuditContext) -> Finding | NotRun:
    few, world = context.samples[:2], context.world
    if any(sample.mdp.levels < 2 for sample in few):
        return NotRun("it chooses on half of the levels and scores on the other half, and there is one level")
    found = {s.distribution: measure_goal_directedness(world, s, levels=context.settings.directed) for s in few}
    fields = {name: {"meg": d.meg, "by_feature": d.by_feature, "signs": d.signs} for name, d in found.items()}
    return Finding(found, {"goal_directedness": fields})


GOAL_DIRECTEDNESS = Instrument(GOAL_DIRECTEDNESS_CARD, _goal_directedness, applies=with_policy, policy_only=True)


def _thinking_time(context: AuditContext) -> Finding:
    found = measure_thinking_time(context.world, context.subject, context.samples[0], levels=context.settings.thought)
    return Finding(found, {"thinking_time": found})


THINKING_TIME = Instrument(
    THINKING_TIME_CARD, _thinking_time, after=("behavioral objective",), applies=open_with_policy
)

EXAMPLE_LEVELS_CARD = Card(
    name="example levels",
    measures=(
        "Levels that the report shows, each with the subject's policy in every state and one greedy episode; of small networks "
        "also the weights, with which the report answers on levels that are drawn in it."
    ),
    estimator=(
        "Of every distribution the first two levels drawn, and the two on which the subject loses most by the intended goal; "
        "the episode begins where most is at stake. In training and under the first shift also a level that is the same for "
        "every agent, with a start that depends on the level alone."
    ),
    assumptions="None.",
    controls="None: pictures, which decide nothing.",
    blind_spots=("The levels of largest loss are not typical, and the first two are only two.",),
    cost="a second for 1,000 levels",
    references=(),
)


def _example_levels(context: AuditContext) -> Finding:
    world, subject = context.world, context.audited.subject
    found = [exhibit for sample in context.samples for exhibit in exhibits(world, sample)]
    both = (shared_exhibit(world, subject, sample) for sample in context.samples[:2])
    found += [exhibit for exhibit in both if exhibit is not None]
    carried = portable(world, subject, context.samples)
    return Finding(found, {"gallery": found, **({} if carried is None else {"portable": carried})})


EXAMPLE_LEVELS = Instrument(EXAMPLE_LEVELS_CARD, _example_levels, applies=with_policy)
