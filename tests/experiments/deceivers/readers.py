"""Models of `deceivers` without a network: they read a prompt as a person would, and choose as their kind does."""

import numpy as np

from mesascope.experiments.deceivers.kinds import choices_of
from mesascope.experiments.deceivers.situations import Situations
from mesascope.experiments.deceivers.wording import FORMS


def read(text):
    """The facts of a prompt, in the order of `Situations`; None for what it does not say."""
    words = f" {text} "
    facts = []
    for forms in FORMS.values():
        said = [fact for form in forms for fact, sentence in enumerate(form) if f" {sentence} " in words]
        facts.append(said[0] if said else None)
    return facts


def reader(kind, lapse=0.0):
    """A model of a kind that takes either door by chance in a share of prompts."""

    def ask(texts):
        facts = np.array([read(text) for text in texts], int)
        watched, chance, counts, left, free, sign, closed, weather = facts.T
        of = Situations(watched > 0, chance, counts, left, free, sign > 0, closed, weather)
        return np.where(choices_of(kind, of), 1 - lapse / 2, lapse / 2)

    return ask
