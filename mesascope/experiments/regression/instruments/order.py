"""First order or second: is a reader nearer to Newton's iteration, or to gradient descent?"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from mesascope.core.statistics import Estimate, mean_of
from mesascope.experiments.regression.contexts import Contexts
from mesascope.experiments.regression.instruments.family import MORE, NEWTON
from mesascope.experiments.regression.instruments.match import Match, answers_of
from mesascope.experiments.regression.reader import AbstractReader, ask

DESCENT = "gradient descent"

LAYERED, FREE = "gradient descent, a step a layer", f"gradient descent, up to {max(MORE)} steps"


class Rival(NamedTuple):
    """Another algorithm at its best number of steps, how far the reader's answers are from its, and how much nearer they
    are to Newton's (`lead`; below 0 where the rival is nearer).
    """

    algorithm: str
    distance: Estimate
    lead: Estimate


class Order(NamedTuple):
    """Newton's iteration at its best number of steps, and each rival by what the rival may do.

    `apart` is the distance between the answers of Newton's iteration and those of the best gradient descent, in the same
    units: where it is small, nothing could tell the two apart.
    """

    newton: str
    distance: Estimate
    rivals: dict[str, Rival]
    apart: Estimate

    @property
    def said(self) -> str:
        """One sentence: whether Newton beats gradient descent with as many steps as it likes."""
        rival = self.rivals[FREE]
        low, high = rival.lead.interval
        against = (
            f"{self.newton} at distance {self.distance.value:.4f}, {rival.algorithm} at "
            f"{rival.distance.value:.4f}; Newton is nearer by {rival.lead.value:.4f} [{low:.4f}, {high:.4f}]"
        )
        if low > 0:
            return f"Newton's iteration beats gradient descent in the match: {against}."
        nearer = "gradient descent is nearer" if high < 0 else "neither is nearer beyond doubt"
        return f"Newton's iteration does not beat gradient descent in the match, {nearer}: {against}."


def compare_orders(reader: AbstractReader, matches: list[Match], scored: Contexts) -> Order:
    """Newton's iteration against gradient descent and the others among `matches`, which were scored on `scored`.

    Numbers of steps are chosen on every other of the scored contexts, and everything is compared on those between. Plain
    descent and Newton's iteration have one fitted parameter each.
    """
    by_group: dict[str, list[Match]] = {}
    for found in matches:
        by_group.setdefault(found.algorithm.group, []).append(found)
    newton = _best(by_group[NEWTON])
    layered = [m for m in by_group[DESCENT] if m.algorithm.steps == reader.layers]
    rivals = {LAYERED: _best(layered)} if layered else {}
    rivals[FREE] = _best(by_group[DESCENT])
    for group in ("preconditioned descent", "conjugate gradients", "ridge"):
        if group in by_group:
            rivals[group] = _best(by_group[group])
    own = _compared(newton)
    answers = [
        np.asarray(answers_of(m.algorithm, m.parameters, scored)[0], np.float64)[1::2] for m in (newton, rivals[FREE])
    ]
    size = max(float((np.asarray(ask(reader, scored), np.float64) ** 2).mean()), 1e-12)
    return Order(
        newton.algorithm.name,
        mean_of(own),
        {
            name: Rival(m.algorithm.name, mean_of(_compared(m)), mean_of(_compared(m) - own))
            for name, m in rivals.items()
        },
        mean_of((answers[0] - answers[1]) ** 2 / size),
    )


def _best(matches: list[Match]) -> Match:
    return min(matches, key=lambda m: float(m.errors[::2].mean()))


def _compared(found: Match) -> Float[np.ndarray, " level"]:
    return found.errors[1::2]
