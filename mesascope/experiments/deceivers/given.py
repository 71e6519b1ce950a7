"""The defection probe on activations in a file: of each group by itself, with the flag and shuffled labels beside it."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from mesascope.adapters.language.activations import Activations
from mesascope.core.statistics import UNKNOWN, Estimate, mean_over_seeds
from mesascope.instruments.deception.auroc import Auroc, auroc_by_flag
from mesascope.instruments.deception.defection_probe import SHUFFLES, direction, range_of

Told = Float[np.ndarray, " prompt"]


class GivenProbe(NamedTuple):
    """AUROC of a direction in one layer, means over groups.

    Attributes:
        overall: Over all prompts of a group.
        within: Over pairs in the same state of the flag.
        flag: Of the flag alone, over all prompts.
        beyond: By how much the AUROC within a state is above that of the flag, paired by group.
        shuffled: The mean AUROC within a state of directions from shuffled labels, with the range of 95 % of them.
        groups: How many groups have one within a state.
        trained_on: What the direction was found from.
    """

    overall: Estimate
    within: Estimate
    flag: Estimate
    beyond: Estimate
    shuffled: Estimate
    groups: int
    trained_on: str


def probe_given(found: Activations, seed: int) -> dict[str, GivenProbe]:
    """The probe in every layer.

    With contrasts the direction is found from them, and never sees what the model did; without, from the labels of
    every second group,
    and the others are scored.
    """
    return {f"layer {k}": _in_layer(found, k, seed) for k in range(len(found.activations))}


def _in_layer(found: Activations, layer: int, seed: int) -> GivenProbe:
    values, every = found.activations[layer], np.unique(found.group)
    if found.other is not None and found.base is not None:
        plus, minus, scored, on = found.other[layer], found.base[layer], every, "contrasts"
    else:
        taught = np.isin(found.group, every[::2])
        plus, minus = values[taught & found.labels], values[taught & ~found.labels]
        scored, on = every[1::2], "labels of other groups"
    rng = np.random.default_rng(seed)
    both = np.concatenate([plus, minus])

    def by_group(score: Told) -> list[Auroc]:
        return [_auroc(score, found, found.group == group) for group in scored]

    def shuffled() -> float:
        order = rng.permutation(len(both))
        way = direction(both[order[: len(plus)]], both[order[len(plus) :]])
        return _mean([each.within for each in by_group(values @ way)])

    probe = by_group(values @ direction(plus, minus)) if len(plus) and len(minus) else []
    flag = by_group(-1.0 * found.flag)
    within = _finite([each.within for each in probe])
    ahead = _finite([one.within - other.within for one, other in zip(probe, flag, strict=False)])
    return GivenProbe(
        mean_over_seeds(_finite([each.overall for each in probe]), 0.0, 1.0),
        mean_over_seeds(within, 0.0, 1.0),
        mean_over_seeds(_finite([each.overall for each in flag]), 0.0, 1.0),
        mean_over_seeds(ahead, -1.0, 1.0),
        range_of(np.array([shuffled() for _ in range(SHUFFLES)])) if len(within) else UNKNOWN,
        len(within),
        on,
    )


def _auroc(score: Told, found: Activations, where: Bool[np.ndarray, " prompt"]) -> Auroc:
    return auroc_by_flag(score[where], found.labels[where], found.flag[where])


def _finite(values: list[float]) -> Float[np.ndarray, " group"]:
    return np.array([value for value in values if np.isfinite(value)])


def _mean(values: list[float]) -> float:
    told = _finite(values)
    return float(told.mean()) if len(told) else 0.5
