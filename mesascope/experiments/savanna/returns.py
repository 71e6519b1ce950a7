"""Returns of choices by any objective, and the ledger over contexts: exact, a context being a level of one step."""

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.core.ledger import ReturnsByU
from mesascope.experiments.savanna.ecology import FEATURES, Contexts

_TIED = 1e-6


def features(contexts: Contexts) -> Float[np.ndarray, "context option feature"]:
    """Percepts and outcomes of every option, in the order of `FEATURES`; no option has effort of itself."""
    told = np.concatenate([contexts.percepts, contexts.outcomes], -1).astype(np.float64)
    return np.concatenate([told, np.zeros((*told.shape[:2], 1))], -1)


def optimal(worth: Float[np.ndarray, "context option"]) -> Bool[np.ndarray, "context option"]:
    """The best options of each context, ties included."""
    return worth >= worth.max(-1, keepdims=True) - _TIED


def returns_by_intended(
    told: Float[np.ndarray, "context option feature"],
    chosen: Int[np.ndarray, " context"],
    spent: float,
    mesa: Float[np.ndarray, " feature"],
    intended: Float[np.ndarray, " feature"],
    base: Float[np.ndarray, " feature"],
) -> ReturnsByU:
    """Per context, what the policies of the ledger earn by the intended goal. The best policies spend no effort; the
    subject spends `spent` in each context.
    """
    worth = told @ intended

    def over(allowed: Bool[np.ndarray, "context option"]) -> tuple[np.ndarray, np.ndarray]:
        mean = (worth * allowed).sum(-1) / allowed.sum(-1)
        low, high = np.where(allowed, worth, np.inf).min(-1), np.where(allowed, worth, -np.inf).max(-1)
        return mean, np.stack([low, high])

    by_base, base_range = over(optimal(told @ base))
    by_mesa, mesa_range = over(optimal(told @ mesa))
    own = worth[np.arange(len(worth)), chosen] + spent * intended[FEATURES.index("effort")]
    return ReturnsByU(worth.max(-1), by_base, base_range, by_mesa, mesa_range, own, worth.mean(-1))
