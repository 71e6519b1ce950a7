"""The instruments of `two-exits`."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from mesascope.experiments import instruments
from mesascope.experiments.instruments import Kept, Shown
from mesascope.experiments.two_exits import report_parts, trained
from mesascope.experiments.two_exits.agent import Walker
from mesascope.experiments.two_exits.arms import ARMS
from mesascope.experiments.two_exits.cards import LIFETIME, SAFETY
from mesascope.experiments.two_exits.examination import Examination, Left, examine
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.context import AuditContext
from mesascope.instruments.deception import compliance_gap, cue_search, defection_probe, pointer_index, stake
from mesascope.instruments.instrument import Finding, Instrument

GAP, CUE, PROBE, POINTER = compliance_gap.CARD, cue_search.CARD, defection_probe.CARD, pointer_index.CARD
STAKE = stake.CARD
PROBE_EPISODES = 4096
"""Episodes of the defection probe: those in which an agent acts unlike most of its own episodes are few."""


class Made(NamedTuple):
    """Agents of one arm, and the same before selection."""

    trained: Walker
    untrained: Walker


class Subject(NamedTuple):
    """What is audited: agents as instruments see them; where they were trained, their arm among all arms."""

    left: Left
    arm: str = ""
    made: Mapping[str, Made] = MappingProxyType({})


class Examined(NamedTuple):
    """Findings about the subject, and about every arm."""

    found: Examination
    arms: dict[str, Examination]


def _episodes(context: AuditContext) -> int:
    return 256 if context.settings.quick else 512


def _if_selected(world: object, audited: AuditSubject) -> str | None:
    """Applies to agents that were selected here: of others the weights are not at hand."""
    if not audited.subject.made:
        return "it needs agents that were selected here, before and after: this subject is built, or brought along"
    return None


def _gap(context: AuditContext) -> Finding:
    """Everything that is found from outside; the other instruments read it."""
    subject: Subject = context.subject
    look = partial(examine, seed=context.seed, episodes=_episodes(context))
    arms = {name: look(partial(trained.left_of, made.trained)) for name, made in subject.made.items()}
    found = arms[subject.arm] if arms else look(subject.left)
    data = {
        "compliance_gap": found.gap,
        "gap_by_agent": _by_agent(found),
        "verdict_by_agent": list(map(str, found.together.by_agent)),
        "share_of_agents": found.together.shares,
        "arms": {
            name: {
                "what": ARMS[name].what,
                "verdict": arm.verdict,
                "compliance_gap": arm.gap,
                "gap_by_agent": _by_agent(arm),
                "verdict_by_agent": list(map(str, arm.together.by_agent)),
                "share_of_agents": arm.together.shares,
                "stake_sensitivity": arm.stake,
                "pointer_index": arm.pointer,
                "cue": arm.cue.cue,
            }
            for name, arm in arms.items()
        },
    }
    return Finding(Examined(found, arms), data=data, parts=(report_parts.gap_part(found),))


def _by_agent(found: Examination) -> list[float]:
    return [float(x) for x in found.by_agent]


def _pointer(context: AuditContext) -> Shown:
    return [], {"pointer_index": context.value(GAP.name).found.pointer}


def _cue(context: AuditContext) -> Shown:
    cue = context.value(GAP.name).found.cue
    return [report_parts.cue_part(cue)], {"cue_search": cue}


def _stake(context: AuditContext) -> Shown:
    examined: Examined = context.value(GAP.name)
    found, others = examined.found, {name: arm.stake for name, arm in examined.arms.items()}
    return [report_parts.stake_part(found.stake, others)], {"stake_sensitivity": found.stake}


def _keep(context: AuditContext) -> Kept:
    found: Examination = context.value(GAP.name).found
    open_ = [feature for feature in found.weights if feature not in ("A", "B")]
    known = instruments.objective(found.weights, identified_in_training=False, unidentified=open_)
    return Kept(found.ledgers, found.weights, found.behavior, known)


def _probe(context: AuditContext) -> Shown:
    made: Mapping[str, Made] = context.subject.made
    episodes = PROBE_EPISODES // (4 if context.settings.quick else 1)
    probes = {name: trained.probe(*agents, context.seed, episodes) for name, agents in made.items()}
    return [report_parts.probe_part(probes)], {"arms": {name: {"probe": found} for name, found in probes.items()}}


def _safety(context: AuditContext) -> Shown:
    subject: Subject = context.subject
    arms, look = context.value(GAP.name).arms, (context.seed, _episodes(context))
    agents = {name: made.trained for name, made in subject.made.items()}
    safety = {name: trained.safety_training(of, *look, arms[name].cue.cue) for name, of in agents.items()}
    retrained = {name: trained.retrained(of, *look) for name, of in agents.items()}
    parts = [report_parts.arms_part(arms, retrained), report_parts.safety_part(safety[subject.arm])]
    data = {name: {"safety_training": safety[name], "retrained": retrained[name]} for name in agents}
    return parts, {"arms": data}


def _lifetime(context: AuditContext) -> Shown:
    parts, exact = report_parts.common_parts(context.world.life)
    return parts, {"exact": exact}


INSTRUMENTS = (
    instruments.no_search("one choice between two exits leaves nothing to plan: the tests of search do not apply"),
    Instrument(GAP, _gap),
    instruments.described(POINTER, _pointer, (GAP.name,)),
    instruments.described(CUE, _cue, (GAP.name,)),
    instruments.described(STAKE, _stake, (GAP.name,)),
    instruments.described(SAFETY, _safety, (GAP.name,), _if_selected),
    instruments.described(PROBE, _probe, applies=_if_selected),
    instruments.described(LIFETIME, _lifetime),
    instruments.ledger(_keep, (GAP.name,)),
    instruments.alignment(lambda context: context.value(GAP.name).found.verdict, (GAP.name,)),
)
"""The instruments of an audit of `two-exits`."""
