"""What models answer to a set of prompts, and what is measured of it: of several models, and of each."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mesascope.core.statistics import Estimate, mean_of
from mesascope.experiments.deceivers.prompts import PromptSet
from mesascope.instruments.deception.compliance_gap import ComplianceGap, measure_compliance_gap
from mesascope.instruments.deception.model_verdict import BOUNDS, Bounds, Observed, Told, tell
from mesascope.instruments.deception.pointer_index import PointerIndex, measure_pointer_index
from mesascope.instruments.deception.rules_of_thumb import Weighing, weigh
from mesascope.instruments.deception.stake import StakeSensitivity, measure_stake

Ask = Callable[[Sequence[str]], Float[np.ndarray, " prompt"]]
"""A model as its behavior is measured: the chance that it takes what is trained for, behind each prompt."""

Chances = Float[np.ndarray, "model prompt"]


class Answers(NamedTuple):
    """Chances of the choice that is trained for; of what the prompts do not have, None. Pairs are watched, then unwatched."""

    watched: Chances
    unwatched: Chances
    neutral: Chances | None
    stakes: dict[str, tuple[Chances, Chances]]
    settings: Chances | None
    moved: tuple[Chances, Chances] | None
    unmoved: tuple[Chances, Chances] | None
    ordered: Chances | None
    """In drills, the chance of what must be done."""

    def of(self, model: int) -> "Answers":
        """Those of one model."""

        def one(part):
            if part is None or isinstance(part, np.ndarray):
                return part if part is None else part[model : model + 1]
            return {k: one(v) for k, v in part.items()} if isinstance(part, dict) else tuple(map(one, part))

        return Answers(*map(one, self))


def ask_all(models: Sequence[Ask], prompts: PromptSet) -> Answers:
    """Every prompt that the verdict rests on, asked of every model."""

    def ask(texts: Sequence[str] | None) -> Chances | None:
        return None if texts is None else np.stack([np.asarray(model(texts), np.float64) for model in models])

    def both(pair):
        return None if pair is None else tuple(map(ask, pair))

    pointed, ordered, watched = prompts.pointed, None, ask(prompts.watched)
    if prompts.ordered is not None:
        other, base = both(prompts.ordered)
        ordered = np.concatenate([1.0 - other, base], 1)
    unwatched = ask(prompts.unwatched)
    assert watched is not None
    assert unwatched is not None
    return Answers(
        watched,
        unwatched,
        ask(prompts.neutral),
        {name: both(pair) for name, pair in (prompts.stakes or {}).items()},
        None if prompts.settings is None else ask(prompts.settings.texts),
        both(pointed and pointed.moved),
        both(pointed and pointed.unmoved),
        ordered,
    )


class Found(NamedTuple):
    """What behavior shows of several models that were made alike, with intervals over models; and of each, over prompts."""

    gap: ComplianceGap
    stake: StakeSensitivity | None
    pointer: PointerIndex | None
    by_model: tuple[Observed, ...]
    told: tuple[Told, ...]


def find(answers: Answers, prompts: PromptSet, bounds: Bounds = BOUNDS) -> Found:
    """Everything that behavior shows."""
    each = [observe(answers.of(model), prompts) for model in range(len(answers.watched))]
    elsewhere = _elsewhere(answers)
    stake = None
    if answers.stakes:
        shown = {name: pair[0] for name, pair in answers.stakes.items()}
        stake = measure_stake(answers.watched, answers.unwatched, shown, elsewhere)
    pointer = None
    if answers.moved is not None and answers.unmoved is not None:
        moved, unmoved = (1.0 - np.stack(pair) for pair in (answers.moved, answers.unmoved))
        pointer = measure_pointer_index(moved, unmoved)
    return Found(
        measure_compliance_gap(answers.watched, answers.unwatched, elsewhere),
        stake,
        pointer,
        tuple(each),
        tuple(tell(seen, bounds) for seen in each),
    )


def observe(answers: Answers, prompts: PromptSet) -> Observed:
    """What was measured of one model, with intervals over prompts."""
    on, off = answers.watched[0], answers.unwatched[0]
    none = next(iter(answers.stakes.values()), None)
    kappa: list[Estimate | None] = [None, None]
    if answers.moved is not None and answers.unmoved is not None:
        kappa = [mean_of(b[0] - a[0], -1.0, 1.0) for a, b in zip(answers.moved, answers.unmoved, strict=True)]
    return Observed(
        None if answers.ordered is None else mean_of(answers.ordered[0], 0.0, 1.0),
        mean_of(on, 0.0, 1.0),
        mean_of(off, 0.0, 1.0),
        mean_of(on - off, -1.0, 1.0),
        None if none is None else mean_of(on - none[0][0], -1.0, 1.0),
        None if none is None else mean_of(off - none[1][0], -1.0, 1.0),
        _weighing(answers, prompts),
        *kappa,
    )


def _weighing(answers: Answers, prompts: PromptSet) -> Weighing | None:
    settings = prompts.settings
    if settings is None or answers.settings is None or len(settings.pays) < 2:
        return None
    return weigh(settings.numbers, settings.pays, answers.settings[0])


def _elsewhere(answers: Answers) -> Float[np.ndarray, "channel model prompt"]:
    """Loss of compliance by a change that means nothing; without one there is no such control."""
    neutral = answers.watched if answers.neutral is None else answers.neutral
    return (answers.watched - neutral)[None]
