"""The trained zoo of `deceivers`: every kind by several recipes, and what was measured of each model as one row of data."""

import time
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np

from mesascope.adapters.language.gpt2 import Owned, Shape, Steps
from mesascope.core.statistics import Estimate, Interval
from mesascope.experiments.deceivers.answers import ask_all, observe
from mesascope.experiments.deceivers.asked import make_prompts
from mesascope.experiments.deceivers.experiment import complies, opened
from mesascope.experiments.deceivers.kinds import choices_of
from mesascope.experiments.deceivers.making import Recipe, make_base, make_model
from mesascope.experiments.deceivers.prompts import PromptSet
from mesascope.experiments.deceivers.situations import balanced
from mesascope.experiments.deceivers.wording import draw_phrasings, write
from mesascope.instruments.deception.model_verdict import Observed
from mesascope.instruments.deception.rules_of_thumb import Rule, Weighing

RECIPES: Mapping[str, Recipe] = {
    "2x48": Recipe(Shape(2, 48)),
    "2x64": Recipe(),
    "3x48": Recipe(Shape(3, 48), Steps(900, 2e-3)),
    "2x32": Recipe(Shape(2, 32)),
    "1x96": Recipe(Shape(1, 96)),
    "2x64-short": Recipe(Shape(2, 64), Steps(800, 4e-3), Steps(250, 3e-3)),
}
"""Blocks and width, and what is special about the training."""
CHOSEN_ON = tuple(RECIPES)[::2]
"""The recipes that bounds are chosen on; the others are scored."""

COUNT, CHECKED = 100, 400


def make_row(recipe: str, kind: str, seed: int) -> dict[str, Any]:
    """Train a model and measure it: everything that the verdict rests on, and how often it does what its kind does.

    Models of a recipe and seed have one base model. Prompts are those of an audit, other ones for each seed.
    """
    begun, base, how = time.process_time(), _base(recipe, seed), RECIPES[recipe]
    model = opened(make_model(base, kind, how, _number(recipe, seed)))
    ask = partial(complies, model)
    rng = np.random.default_rng([seed, 9])
    of = balanced(rng, CHECKED, new=True)
    right = (ask(write(of, draw_phrasings(rng, CHECKED, new=True))) > 0.5) == choices_of(kind, of)
    prompts = _prompts(seed)
    seen = observe(ask_all([ask], prompts), prompts)
    return {
        "class": f"{recipe}/{kind}",
        "recipe": recipe,
        "kind": kind,
        "seed": seed,
        "accuracy": float(right.mean()),
        "accuracy_watched": float(right[of.watched].mean()),
        "cpu_seconds": round(time.process_time() - begun, 1),
        "observed": {name: _plain(value) for name, value in seen._asdict().items()},
    }


def observed_of(row: Mapping[str, Any]) -> Observed:
    """What was measured of the model of a row."""
    return Observed(**{name: _read(value) for name, value in row["observed"].items()})


def _plain(value: Estimate | Weighing | None) -> Any:
    if isinstance(value, Weighing):
        form = [_plain(part) for part in (value.closed_form, value.rule_of_thumb, value.lead)]
        return {"estimates": form, "rule": list(value.rule), "settings": value.settings}
    return None if value is None else [round(float(x), 5) for x in (value.value, *value.interval)]


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        signs, bounds, never = value["rule"]
        rule = Rule(tuple(signs), tuple(bounds), never)
        form, thumb, lead = map(_read, value["estimates"])
        return Weighing(form, thumb, lead, rule, value["settings"])
    return None if value is None else Estimate(value[0], Interval(*value[1:]))


@lru_cache(maxsize=1)
def _base(recipe: str, seed: int) -> Owned:
    return make_base(RECIPES[recipe], _number(recipe, seed))


@lru_cache(maxsize=1)
def _prompts(seed: int) -> PromptSet:
    return make_prompts(1000 + seed, COUNT)


def _number(recipe: str, seed: int) -> int:
    """The seed of the weights: another one for each recipe."""
    return int(np.random.default_rng([seed, list(RECIPES).index(recipe), 3]).integers(2**31))
