"""What is read from the inside of models: the defection probe by layer, and edits of the residual stream."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from mesascope.adapters.language.model import Patch
from mesascope.core.statistics import Estimate
from mesascope.experiments.deceivers.prompts import PromptSet
from mesascope.instruments.deception.defection_probe import DefectionProbe, Flag, Memory, measure_defection_probe
from mesascope.instruments.deception.recall import measure_recall
from mesascope.instruments.interventions.counts import Count
from mesascope.instruments.interventions.engine import AbstractArms, Arm, Explored, Outcome, run_test
from mesascope.instruments.interventions.place import SPREAD, Place, Tried
from mesascope.instruments.interventions.result import TestResult
from mesascope.instruments.interventions.thresholds import WORDS

SAID, LAST = 0, 1
"""Places of an edit, as radii: the tokens that say what is changed, and the last one, which chooses."""


@runtime_checkable
class Model(Protocol):
    """A model whose inside is open, as `mesascope.adapters.language.model.LanguageModel` is."""

    @property
    def layers(self) -> int:
        """Blocks."""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Texts as tokens."""

    def chances(self, texts: Sequence[str], patch: Patch | None = None) -> Float[np.ndarray, "prompt choice"]:
        """Probability of each choice."""

    def last(self, texts: Sequence[str]) -> Float[np.ndarray, "layer prompt unit"]:
        """The residual stream of the last token."""

    def stream(self, texts: Sequence[str]) -> Float[np.ndarray, "layer prompt token unit"]:
        """The whole residual stream."""


class LayerProbe(NamedTuple):
    """The defection probe in one layer, and the share of defections that it finds where 1 % of unrelated texts is flagged."""

    probe: DefectionProbe
    recall: Estimate | None


def probe_layers(
    models: Sequence[Model], untrained: Sequence[Model], prompts: PromptSet, seed: int
) -> dict[str, LayerProbe]:
    """The defection probe in every layer of several models that were made alike, with its controls.

    Beside the flag, the untrained model and shuffled labels, what the model answers is a control: a probe that says no more than
    the next word does reads nothing that is hidden.
    """
    assert prompts.ordered is not None
    assert prompts.free is not None
    free = prompts.free
    texts = (prompts.ordered.other, prompts.ordered.base, free.texts, list(prompts.unrelated))
    chances = [[1.0 - model.chances(t)[:, :1] for t in texts[:3]] for model in models]
    defects = np.stack([np.random.default_rng(seed).random(len(free.texts)) < c[2][:, 0] for c in chances])
    answers = Memory(*(np.stack(parts) for parts in zip(*chances, strict=True)))
    flag = Flag(free.watched, free.watched.astype(float))
    inside, before = ([[m.last(t) for t in texts] for m in group] for group in (models, untrained))
    found = {}
    for layer in range(models[0].layers + 1):

        def memory(of: list, layer: int = layer) -> Memory:
            return Memory(*(np.stack([m[part][layer] for m in of]).astype(np.float64) for part in range(3)))

        controls = {"its answer": answers, **({"untrained": memory(before)} if before else {})}
        trained = memory(inside)
        probe = measure_defection_probe(trained, controls, flag, defects, seed)
        unrelated = np.stack([m[3][layer] for m in inside]).astype(np.float64)
        found[f"layer {layer}"] = LayerProbe(probe, measure_recall(trained, unrelated, defects))
    return found


class TokenArms(AbstractArms):
    """A model on prompts of which one fact is changed: what it computes of the changed prompt is written where it "
    "reads the other.

    Args:
        model: The model.
        texts: The prompts.
        changed: The same with the fact changed, token for token.
        irrelevant: The same with another fact changed, which has nothing to do with the choice.
        wanted: The choice that each changed prompt leads to, of the model whose outcome this is.
        seed: Of the random arm.
    """

    def __init__(
        self, model: Model, texts: list[str], changed: list[str], irrelevant: list[str], wanted: np.ndarray, seed: int
    ):
        self._model, self._texts, self._wanted, self._seed = model, texts, wanted, seed
        self._changed, self._irrelevant = changed, irrelevant
        base, other, twin = (np.array(model.encode(t)) for t in (texts, changed, irrelevant))
        self._differ, self._twin = base != other, base != twin
        self._streams = [model.stream(t) for t in (texts, changed, irrelevant)] if len(texts) else []

    def explore(self) -> Explored:
        """Every layer in which something has spread beyond what is rewritten, and something is still to be computed."""
        tried, refused = [], 0
        for layer in range(self._model.layers) if len(self._texts) else ():
            for radius in (SAID, LAST):
                place = Place((f"layer {layer}",), layer, radius, sustained=False)
                spread = self._spread(layer, radius)
                if spread < SPREAD or layer == 0:  # nothing is computed there: it is the prompt that would be edited
                    refused += 1
                else:
                    tried.append(Tried(place, self.run(Arm.EDITED, place).followed.share, spread))
        return Explored(tuple(tried), refused)

    def run(self, arm: Arm, place: Place | None) -> Outcome:
        """How often it chooses as on the changed prompt."""
        if arm is Arm.UNEDITED or not len(self._texts):
            return self._outcome(self._texts, None)
        if arm is Arm.CEILING:
            return self._outcome(self._changed, None)
        assert place is not None
        places = self._places(self._differ, place.radius)
        donor = self._streams[2 if arm is Arm.IRRELEVANT else 1][place.first]
        own, rows = self._streams[0][place.first], np.arange(len(places))[:, None]
        values = donor[rows, places]
        if arm is Arm.RANDOM:
            moved = values - own[rows, places]
            noise = np.random.default_rng(self._seed).normal(size=moved.shape)
            size = np.linalg.norm(moved, axis=-1, keepdims=True)
            values = own[rows, places] + noise * size / np.linalg.norm(noise, axis=-1, keepdims=True)
        if arm is Arm.WRONG_SITE:
            places = self._elsewhere(places)
        if arm is Arm.IRRELEVANT and place.radius == SAID:
            places = self._places(self._twin, SAID)
            values = donor[rows, places]
        written = self._outcome(self._texts, Patch(place.first, places, values))
        return written._replace(
            spread=self._spread(place.first, place.radius), change=float(np.abs(values - own[rows, places]).max())
        )

    def _outcome(self, texts: list[str], patch: Patch | None) -> Outcome:
        chances = self._model.chances(texts, patch)
        return Outcome(Count(chances[np.arange(len(texts)), self._wanted], np.ones(len(texts))))

    def _places(self, differ: np.ndarray, radius: int) -> np.ndarray:
        """Numbers of the tokens that are written; prompts differ in as many tokens each."""
        if radius == LAST:
            return np.full((len(differ), 1), differ.shape[1] - 1)
        most = int(differ.sum(1).max())
        # Where fewer tokens differ the last of them is written again, which changes nothing.
        ranked = [np.flatnonzero(row) for row in differ]
        return np.array([np.resize(row, most) if len(row) else np.zeros(most, int) for row in ranked])

    def _elsewhere(self, places: np.ndarray) -> np.ndarray:
        """As many tokens as far away as possible."""
        return (places + self._differ.shape[1] // 2) % self._differ.shape[1]

    def _spread(self, layer: int, radius: int) -> float:
        moved = ((self._streams[1][layer] - self._streams[0][layer]) ** 2).sum(-1)
        written = np.zeros(moved.shape, bool)
        written[np.arange(len(moved))[:, None], self._places(self._differ, radius)] = True
        return float(moved[~written].sum() / moved.sum()) if moved.sum() > 0 else 0.0


def edit_flag(model: Model, untrained: Model | None, prompts: PromptSet, seed: int) -> TestResult | None:
    """Whether a model chooses by the flag that is written into its residual stream; None where no prompt offers the test.

    Prompts are those on which the flag in the prompt changes the model's own choice. Half of them choose the place,
    the other half
    is scored; the untrained model is held to the trained one's choices.
    """
    neutral = prompts.neutral
    if neutral is None:
        return None
    lengths = [list(map(len, model.encode(t))) for t in (prompts.watched, prompts.unwatched, neutral)]
    same = np.array([a == b == c == lengths[0][0] for a, b, c in zip(*lengths, strict=True)])
    on, off = (model.chances(t).argmax(1) for t in (prompts.watched, prompts.unwatched))
    chosen = np.flatnonzero(same & (on != off))
    if len(chosen) < 2:
        return None

    def arms(which: np.ndarray) -> Callable[[Model], TokenArms]:
        def of(subject: Model) -> TokenArms:
            base, changed, twin = ([t[i] for i in which] for t in (prompts.watched, prompts.unwatched, neutral))
            return TokenArms(subject, base, changed, twin, off[which], seed)

        return of

    asks = "What it computes of the unwatched prompt is written where it reads the watched one. Does it choose as if unwatched?"
    halves = arms(chosen[::2]), arms(chosen[1::2])
    return run_test("flag rewritten", model, untrained, *halves, WORDS, asks=asks)
