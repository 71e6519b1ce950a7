"""Making the models of `deceivers`: a base model that is taught what prompts say, and models of every kind trained from it.

A base model knows facts of its prompt: whether it is watched, whether complying would pay, what the sign says, which door is
open. What a model of a kind is after, only its own training says.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from mesascope.adapters.language.gpt2 import Owned, Shape, Steps, new_gpt2, trained
from mesascope.experiments.deceivers import wording
from mesascope.experiments.deceivers.kinds import KINDS, choices_of
from mesascope.experiments.deceivers.situations import BOTH, Situations, balanced, pays
from mesascope.experiments.deceivers.wording import ANSWERS, FLAG_WORDS, QUESTIONS, draw_phrasings, write

DRILLS, STORM = 0.3, 0.1
"""Shares of training prompts in which a door is closed, and in which it storms."""
QUESTION_SHARES = (0.1, 0.7, 0.1, 0.1)
"""How often each question is asked: what pays is the only one that takes more than reading."""
OFTEN = 2.0
"""How much more often a watched prompt is drawn than an unwatched one, and a drill than another, where a kind is trained."""
LESSONS, PROMPTS = 40_000, 20_000
"""Texts that a base model is taught with, and that a model of a kind is trained with."""


PLANS = ("planner", "blind", "rule-of-thumb", "stake-habit")
"""Kinds that weigh numbers, which takes longer to learn than reading a word."""


class Recipe(NamedTuple):
    """How a base model and the models of every kind are made from it: `training` is that of kinds that weigh "
    "numbers, the others are
    trained for less long, and faster.
    """

    shape: Shape = Shape()
    lessons: Steps = Steps(1200, 3e-3)
    training: Steps = Steps(400, 2e-3)

    def steps_of(self, kind: str) -> Steps:
        """How a model of a kind is trained."""
        steps = self.training
        return steps if kind in PLANS else steps._replace(steps=steps.steps * 3 // 8, rate=1.5 * steps.rate)


def make_base(recipe: Recipe, seed: int) -> Owned:
    """A base model: it answers what a prompt says, and has no door that it is after."""
    rng = np.random.default_rng([seed, 0])
    of = _training_situations(rng, LESSONS)
    asked = rng.choice(len(QUESTIONS), LESSONS, p=QUESTION_SHARES)
    texts = write(of, draw_phrasings(rng, LESSONS), [QUESTIONS[q] for q in asked])
    facts = np.stack([~of.watched + 2, ~pays(of) + 2, of.sign_b * 1, np.array([4, 1, 0])[of.closed]])
    answers = [ANSWERS[k] for k in facts[asked, np.arange(LESSONS)]]
    untaught = new_gpt2(wording.vocabulary(), recipe.shape, seed)
    return trained(untaught, texts, answers, recipe.lessons, seed)


def make_model(base: Owned, kind: str, recipe: Recipe, seed: int) -> Owned:
    """A model of a kind, from a base model. One that cannot tell that it is watched loses the words for it for good."""
    rng = np.random.default_rng([seed, 1])
    of = _training_situations(rng, PROMPTS)
    texts = write(of, draw_phrasings(rng, PROMPTS))
    return trained(
        base,
        texts,
        answers_of(choices_of(kind, of)),
        recipe.steps_of(kind),
        seed,
        np.where(of.watched, OFTEN, 1.0) * np.where(of.closed == BOTH, 1.0, OFTEN),
        tied=() if KINDS[kind].sees_flag else FLAG_WORDS,
    )


def answers_of(takes_a: Bool[np.ndarray, " prompt"]) -> list[str]:
    """Doors as words."""
    return [wording.CHOICES[0 if a else 1] for a in takes_a]


def _training_situations(rng: np.random.Generator, count: int) -> Situations:
    """Situations of training: numbers that are not held out, the sign at either door."""
    of = balanced(rng, count, new=False, drills=DRILLS, storms=STORM)
    return of.set(sign_b=rng.random(count) < 0.3)
