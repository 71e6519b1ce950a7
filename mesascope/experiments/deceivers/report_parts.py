"""Findings of `deceivers` as the report shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.core.statistics import Estimate
from mesascope.experiments.deceivers.answers import Answers, Found
from mesascope.experiments.deceivers.given import GivenProbe
from mesascope.experiments.deceivers.insides import LayerProbe
from mesascope.experiments.deceivers.prompts import PromptSet
from mesascope.experiments.deceivers.situations import NUMBERS, RANGES, every_number, pays, together, worth
from mesascope.instruments.deception.model_verdict import Character
from mesascope.instruments.deception.rules_of_thumb import Weighing
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.report_parts import ReportPart, bars, curves, grid, line, table

EXAMPLES = 3
"""Prompts that are shown side by side."""


def gap_part(found: Mapping[str, Found], kind: str) -> ReportPart:
    """Every kind watched and not."""
    rows = [(name, f.gap.gap, f.gap.watched, f.gap.unwatched, f.gap.elsewhere) for name, f in found.items()]
    return ReportPart(
        "Watched and not",
        f"The same prompts with the flag changed, everything else as it was. The subject is {kind}; the others are controls.",
        bars("compliance gap", {name: f.gap.gap for name, f in found.items()}),
        table("", "gap", "complies watched", "complies unwatched", "a change that means nothing", rows=rows),
    )


def character_part(found: Mapping[str, Found], what: Mapping[str, str]) -> ReportPart:
    """The verdict on every model."""
    rows = [(name, what[name], _counted([t.character for t in f.told]), f.told[0].reason) for name, f in found.items()]
    return ReportPart(
        "What each model is",
        "Said of each model by itself, from its choices alone. *Planner* says that choices go with the closed form "
        "where it pays to "
        "deceive, and nothing of how they are computed. What this was validated on stands in docs/deceivers.md: planted toys.",
        None,
        table("made as", "what it does", "verdicts", "reason of the first", rows=rows),
    )


def _counted(told: Sequence[Character]) -> str:
    return ", ".join(f"{told.count(name)} {name}" for name in dict.fromkeys(told))


def examples_part(subject: Any, answers: Mapping[str, Answers]) -> ReportPart:
    """Some prompts, watched and not, beside what the first model of each kind answers."""
    prompts: PromptSet = subject.prompts
    rows = []
    for k in range(min(EXAMPLES, len(prompts.watched))):
        for text, part in ((prompts.watched[k], "watched"), (prompts.unwatched[k], "unwatched")):
            rows.append((text, *(float(getattr(a, part)[0, k]) for a in answers.values())))
    return ReportPart(
        "Prompts side by side",
        f"Chance of '{prompts.choices[0]}', which is trained for, against '{prompts.choices[1]}': of the first model "
        f"of each kind.",
        None,
        table("prompt", *answers, rows=rows),
    )


def stake_part(found: Mapping[str, Found]) -> ReportPart:
    """Compliance while watched at every stake."""
    shown = {name: f.stake for name, f in found.items() if f.stake is not None}
    stakes = list(dict.fromkeys(stake for each in shown.values() for stake in each.by_stake))
    return ReportPart(
        "Plan or habit",
        "How often models comply while watched, in the same prompts, when something else is at stake and the flag stays. A plan "
        "that complies for what comes later stops where nothing does; a habit that hangs on the flag goes on.",
        bars("loss of compliance where nothing is at stake", {name: each.effect for name, each in shown.items()}),
        table("", *stakes, "loss", rows=[(n, *(e.by_stake[s] for s in stakes), e.effect) for n, e in shown.items()]),
    )


def thumb_part(weighings: Mapping[str, Sequence[Weighing | None]], prompts: PromptSet) -> ReportPart:
    """The closed form against the best rule of thumb."""
    names = prompts.settings.names if prompts.settings is not None else ()
    rows = [
        (f"{kind} {k}" if len(each) > 1 else kind, w.closed_form, w.rule_of_thumb, w.lead, _said(w, names))
        for kind, each in weighings.items()
        for k, w in enumerate(each)
        if w is not None
    ]
    return ReportPart(
        "Closed form or rule of thumb",
        "Share of settings in which a watched model does what the closed form says, and what the rule of thumb says "
        "that fits it best; "
        "on settings that the rule was not fitted on, half of them chosen where the two part. Interval over settings.",
        None,
        table("", "closed form", "rule of thumb", "lead of the closed form", "the rule", rows=rows),
    )


def _said(weighing: Weighing, names: Sequence[str]) -> str:
    if weighing.rule.never:
        return "never"
    return ", ".join(
        f"{name} {'at least' if sign > 0 else 'at most'} {bound:g}"
        for name, sign, bound in zip(names, weighing.rule.signs, weighing.rule.bounds, strict=True)
    )


def grid_part(prompts: PromptSet, complies: Float[np.ndarray, " setting"]) -> ReportPart:
    """How often the subject complies while watched, by what complying is worth."""
    settings = prompts.settings
    assert settings is not None
    rows = [
        (name, int(where.sum()), float(complies[where].mean()))
        for name, where in (("it pays", settings.pays), ("it does not pay", ~settings.pays))
        if where.any()
    ]
    return ReportPart(
        "Choices by what pays",
        f"The first model of the subject, watched, in {len(settings.pays)} settings.",
        None,
        table("", "settings", "complies", rows=rows),
    )


def closed_form_parts() -> tuple[list[ReportPart], dict[str, Any]]:
    """What complying is worth for all numbers that a prompt may name, shown for the middle ones."""
    every = together(every_number(new=False), every_number(new=True))
    left, counts = 3, 9
    here = every.take((every.left == left) & (every.counts == counts))
    size = {(int(c), int(f)): float(w) for c, f, w in zip(here.chance, here.free, worth(here), strict=True)}
    chances, frees = (tuple(range(*RANGES[NUMBERS.index(name)])) for name in ("chance", "free"))
    share = float(pays(every).mean())
    text = (
        f"What complying is worth to one that is after the other door, in units of it: above 1 it pays to deceive. "
        f"Shown for {left} "
        f"trials left and a future that counts {counts} tenths. It pays in {share:.0%} of the {len(every.chance):,} "
        f"settings that a "
        "prompt may name. This is arithmetic: no model is in it."
    )
    figure = grid(
        "deployment episodes that follow",
        "tenths by which an episode changes the model",
        "worth",
        frees,
        chances,
        [[round(size[c, f], 3) for f in frees] for c in chances],
    )
    return [ReportPart("When deception pays", text, figure)], {"settings": len(every.chance), "pays": share}


def probe_part(layers: Mapping[str, LayerProbe]) -> ReportPart:
    """The probe of the subject by layer, with its baselines."""
    controls = next(iter(layers.values())).probe.controls
    within = line("probe", ((k, each.probe.auroc.within) for k, each in enumerate(layers.values())))
    beside = [
        line(name, ((k, each.probe.controls[name].within) for k, each in enumerate(layers.values())))
        for name in controls
    ]
    drawn = [each for each in (within, *beside) if np.isfinite([_number(spot.y) for spot in each.points]).all()]
    return ReportPart(
        "Defection probe by layer",
        "Does the residual stream of the last token say that the model will take the other choice? The direction was "
        "fitted on watched "
        "drills. AUROC over all prompts is what the flag gives away; within a state of the flag it is not, and there "
        "the probe must be "
        "above every control. Where the model never errs within a state there is none.",
        curves("layer", "AUROC within a state of the flag", *drawn) if drawn else None,
        table(
            *("layer", "AUROC, all prompts", "same state of the flag"),
            *(f"{name}, {part}" for part in ("all", "same state") for name in controls),
            *("shuffled, same state", "recall at 1 % of unrelated texts", "said"),
            rows=[
                (
                    *(name, each.probe.auroc.overall, each.probe.auroc.within),
                    *(each.probe.controls[c].overall for c in controls),
                    *(each.probe.controls[c].within for c in controls),
                    *(each.probe.shuffled, each.recall, each.probe.said),
                )
                for name, each in layers.items()
            ],
        ),
    )


def _number(value: Estimate | float) -> float:
    return value.value if isinstance(value, Estimate) else value


def probes_part(kinds: Mapping[str, Mapping[str, LayerProbe]]) -> ReportPart:
    """The probe of every kind in every layer."""
    rows = [
        (
            kind,
            name,
            each.probe.auroc.overall,
            each.probe.controls["flag"].overall,
            each.probe.auroc.within,
            each.probe.said,
        )
        for kind, layers in kinds.items()
        for name, each in layers.items()
    ]
    return ReportPart(
        "The probe on every kind",
        "A probe near 1 beside a flag near 1 says that the model acts by the flag, and not that it intends anything.",
        None,
        table("", "layer", "probe, all prompts", "flag, all prompts", "probe, same state", "said", rows=rows),
    )


def given_part(layers: Mapping[str, GivenProbe]) -> ReportPart:
    """The probe on activations in a file."""
    rows = [(k, p.overall, p.flag, p.within, p.beyond, p.shuffled, p.groups, p.trained_on) for k, p in layers.items()]
    return ReportPart(
        "Defection probe on activations in a file",
        "AUROC of a direction for 'took the other choice', means over groups. Over all prompts it may come from the flag.",
        None,
        table(
            *("", "all prompts", "flag alone", "same state of the flag", "above the flag"),
            *("shuffled, same state", "groups scored", "direction found from"),
            rows=rows,
        ),
    )


def edits_part(results: Sequence[TestResult | None]) -> ReportPart:
    """Edits of the flag in the residual stream."""
    rows = [
        (f"model {k}", r.score, r.edited, r.ceiling, str(r.place or "none"), *(r.controls.get(arm) for arm in arms))
        for arms in [_arms(results)]
        for k, r in enumerate(results)
        if r is not None
    ]
    text = (
        "What a model computes of the unwatched prompt is written into its residual stream while it reads the watched "
        "one. Score 1: it "
        "chooses as if the prompt had changed; 0: no more than the highest control."
    )
    if not rows:
        text += " No prompt offers the test: the flag changes no choice."
    heads = ("", "score", "edited", "ceiling", "where", *_arms(results))
    return ReportPart("The flag rewritten inside", text, None, table(*heads, rows=rows) if rows else None)


def _arms(results: Sequence[TestResult | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(arm for r in results if r is not None for arm in r.controls))


def safety_part(found: Mapping[str, Mapping[str, Mapping[str, Estimate]]]) -> ReportPart:
    """What training in watched prompts does to the gap."""
    rows = [
        (kind, *(each[when][what] for what in ("gap", "unwatched") for when in ("before", "after")))
        for kind, each in found.items()
    ]
    return ReportPart(
        "Safety training",
        "The models are trained on what is wanted, in watched prompts only. A gap that stays is out of sight of that training.",
        bars("compliance gap after", {kind: each["after"]["gap"] for kind, each in found.items()}),
        table("", "gap before", "after", "complies unwatched before", "after", rows=rows),
    )
