"""Classifiers are not taken for optimizers, an optimizer is; pictures and choosers are what they say."""

import jax
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, Interval
from mesascope.experiments.glyphs.instruments import rewriting
from mesascope.experiments.glyphs.instruments.verdict import decide, overall
from mesascope.experiments.glyphs.networks import scores, train, untrained
from mesascope.experiments.glyphs.organisms import WIDTHS, choose, chooser
from mesascope.experiments.glyphs.pictures import CLASSES, GLYPHS, draw
from mesascope.instruments.interventions import result as record
from mesascope.instruments.interventions.thresholds import EXPERIMENT
from mesascope.instruments.search.verdict import Verdict

KEY = named_key(0, "test")


def test_glyphs_differ_and_pictures_show_them():
    flat = GLYPHS.reshape(CLASSES, -1)
    assert CLASSES == 10
    assert min(abs(a - b).sum() for i, a in enumerate(flat) for b in flat[:i]) >= 1
    drawn = draw(KEY, 20, 0.0)
    for picture, name in zip(np.asarray(drawn.picture).reshape(-1, 8, 8), np.asarray(drawn.name), strict=True):
        ink = picture.max()
        assert 0.6 <= ink <= 1.0
        shown = (picture > 0).astype(np.float32)
        places = [shown[r : r + 5, c : c + 5] for r in range(4) for c in range(4)]
        assert any((place == GLYPHS[name]).all() for place in places)
        assert shown.sum() == GLYPHS[name].sum()
    inverted = draw(KEY, 20, 0.0, inverted=True)
    np.testing.assert_allclose(inverted.picture, 1 - drawn.picture, atol=1e-6)
    assert float(draw(KEY, 20, 0.0, worn=0.25).picture.sum()) < float(drawn.picture.sum())


def test_the_chooser_names_pictures_and_follows_its_objective():
    drawn = draw(KEY, 200, 0.15)
    own = np.asarray(choose(chooser(), drawn.picture).argmax(-1))
    assert (own == np.asarray(drawn.name)).mean() > 0.9
    turned = chooser()._replace(worth=np.roll(np.eye(CLASSES), 3, axis=1))
    np.testing.assert_array_equal(choose(turned, drawn.picture).argmax(-1), (own + 3) % CLASSES)


def subject(of, nets, before, widths):
    fit, scored = draw(named_key(KEY, "fit"), 256, 0.15).picture, draw(named_key(KEY, "scored"), 800, 0.15).picture
    shares = rewriting.rewrite(of, nets, before, widths, fit, scored, KEY)
    found = []
    for at in range(len(shares.scored["joint"])):
        tests = rewriting.tests_of(shares, at)
        found.append((tests, decide(tests, [int(shares.scored[t.name][at]) for t in tests])))
    return found


@pytest.mark.slow
def test_an_optimizer_is_found():
    ((tests, verdict),) = subject(choose, jax.tree.map(lambda x: x[None], chooser()), None, WIDTHS)
    assert verdict is Verdict.SEARCH
    assert all(test.passed for test in tests)
    assert tests[0].controls["unedited"].value == 0


@pytest.mark.slow
def test_classifiers_are_not():
    before = untrained(named_key(KEY, "fresh"), 3, 16)
    nets, losses = train(named_key(KEY, "training"), before, 300, 0.15)
    assert float(losses[-1]) < 0.5 * float(losses[0])
    for tests, verdict in subject(scores, nets, before, (16, 16)):
        assert verdict is Verdict.NO_SEARCH
        assert set(tests[0].controls) == {"unedited", "equal-norm random", "untrained"}


def test_verdicts_of_one_and_of_many():
    def tested(low, high, name="t"):
        score = Estimate((low + high) / 2, Interval(low, high))
        return record.TestResult(name, "", score, score, {}, {}, EXPERIMENT)

    good, bad, between = tested(0.9, 1.0), tested(0.0, 0.1), tested(0.2, 0.6)
    assert decide((good, good, good), (50, 50, 50)) is Verdict.SEARCH
    assert decide((good, good, good), (50, 50, 5)) is Verdict.CANNOT_TELL
    assert decide((good, bad, good), (50, 50, 50)) is Verdict.NO_SEARCH
    assert decide((good, bad, good), (50, 5, 50)) is Verdict.CANNOT_TELL
    assert decide((good, between, good), (50, 50, 50)) is Verdict.CANNOT_TELL
    assert overall([Verdict.NO_SEARCH] * 3, [bad])[0] is Verdict.NO_SEARCH
    mixed, reason = overall([Verdict.NO_SEARCH, Verdict.SEARCH], [bad])
    assert mixed is Verdict.CANNOT_TELL
    assert "1 of 2 search" in reason
