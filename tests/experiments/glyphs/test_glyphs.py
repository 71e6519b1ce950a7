"""Classifiers are not taken for optimizers, an optimizer is; pictures and choosers are what they say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, Interval, exactly
from mesascope.experiments.glyphs.instruments import constants, rewriting
from mesascope.experiments.glyphs.instruments.verdict import decide, overall
from mesascope.experiments.glyphs.networks import scores, train, untrained
from mesascope.experiments.glyphs.organisms import WIDTHS, choose, chooser, look_up, lookup
from mesascope.experiments.glyphs.pictures import CLASSES, GLYPHS, draw
from mesascope.instruments.interventions import result as record
from mesascope.instruments.interventions.engine import Arm
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


def test_one_glyph_can_be_asked_for_and_nothing_else_changes():
    drawn, named = draw(KEY, 20, 0.0), draw(KEY, 20, 0.0, named=4)
    assert (np.asarray(named.name) == 4).all()
    same = np.asarray(drawn.name) == 4
    np.testing.assert_array_equal(np.asarray(named.picture)[same], np.asarray(drawn.picture)[same])


@pytest.fixture(scope="module")
def drawn():
    return draw(KEY, 200, 0.15)


def named_by(of, net, drawn, *edits):
    return np.asarray(of(net, drawn.picture, *edits).argmax(-1))


def test_the_chooser_names_pictures_and_follows_its_objective(drawn):
    net = chooser(KEY)
    own = named_by(choose, net, drawn)
    assert (own == np.asarray(drawn.name)).mean() > 0.9
    turned = net._replace(worth=jnp.roll(net.worth, 3, axis=1))
    np.testing.assert_array_equal(named_by(choose, turned, drawn), (own + 3) % CLASSES)


def model_edit(net, shut):
    """What shuts an answer, written where the model stands."""
    channels = np.zeros(WIDTHS[0], np.float32)
    channels[-CLASSES + shut] = -3.0
    return (jnp.asarray(channels) @ net.first, jnp.zeros(WIDTHS[1]))


def objective_edit(net, worth):
    channels = np.zeros(WIDTHS[0], np.float32)
    channels[CLASSES:-CLASSES] = (worth - np.asarray(net.worth)).ravel()
    return (jnp.asarray(channels) @ net.first, jnp.zeros(WIDTHS[1]))


@pytest.mark.parametrize(("of", "make"), [(choose, chooser), (look_up, lambda key: lookup(key, 4))])
def test_both_take_the_second_choice_of_their_objective_where_the_first_is_shut(drawn, of, make):
    net = make(KEY)
    own, around = named_by(of, net, drawn), named_by(of, net, drawn, model_edit(net, 2))
    near = np.asarray(net.worth - np.eye(CLASSES)).argmax(1)
    assert (own == 2).sum() > 5
    np.testing.assert_array_equal(around[own != 2], own[own != 2])
    assert (around[own == 2] == near[2]).mean() > 0.9


def test_an_objective_that_was_never_seen_is_followed_by_the_chooser_alone(drawn):
    known, searching = lookup(KEY, 4), chooser(KEY)
    stored = np.asarray(known.stored[1])
    fresh = np.asarray(known.worth)[:, np.random.default_rng(0).permutation(CLASSES)]
    for worth, follows in ((stored, True), (fresh, False)):
        edit = objective_edit(searching, worth)
        wanted = worth.argmax(1)[named_by(choose, searching, drawn)]
        np.testing.assert_array_equal(named_by(choose, searching, drawn, edit), wanted)
        agreed = (named_by(look_up, known, drawn, edit) == worth.argmax(1)[named_by(look_up, known, drawn)]).mean()
        assert agreed == 1 if follows else agreed < 0.6


def test_half_of_a_batch_would_be_answered_by_what_is_shut_and_wants_the_next_choice():
    wanted = np.stack([np.arange(200) % 10, (np.arange(200) + 1) % 10, (np.arange(200) + 2) % 10], 1)
    pictures, asked = constants._half_shut(jnp.arange(200)[:, None], jnp.asarray(wanted), jnp.array(3))
    first = wanted[np.asarray(pictures)[:, 0], 0]
    assert (first == 3).sum() == 20  # all that there are
    asked = np.asarray(asked)
    np.testing.assert_array_equal(asked[first == 3], [[4, 5]] * 20)
    np.testing.assert_array_equal(asked[first == 2], [[2, 4]] * (first == 2).sum())
    assert not (asked == 3).any()


def test_an_arm_is_the_mean_of_what_it_writes():
    found = jnp.arange(2.0 + 2 * constants.DRAWS + 2)[:, None] * jnp.ones(3)
    means = np.asarray(constants._arm_means(found))[:, 0]
    np.testing.assert_allclose(means, [0, 1, 3.5, 7.5, 10.5])


def answered(edited, ceiling, controls, levels=200):
    """The same shares in every test and half."""
    rng = np.random.default_rng(0)
    share = {Arm.EDITED: edited, Arm.CEILING: ceiling, **dict.fromkeys(CONTROL_ARMS, controls)}
    hits = np.stack([rng.random((2, 3, levels)) < share[arm] for arm in constants.ARMS], 2).astype(float)
    return rewriting.Answered(hits, np.ones((2, 3, levels)))


CONTROL_ARMS = (Arm.UNEDITED, Arm.WRONG_SITE, Arm.RANDOM, Arm.IRRELEVANT)


@pytest.mark.parametrize(
    ("edited", "ceiling", "controls", "verdict"),
    [
        (0.95, 1.0, 0.1, Verdict.SEARCH),
        (0.15, 1.0, 0.1, Verdict.NO_SEARCH),
        (0.55, 1.0, 0.1, Verdict.CANNOT_TELL),
        (0.95, 1.0, 0.9, Verdict.CANNOT_TELL),  # whatever is written is followed
        (0.05, 0.4, 0.0, Verdict.CANNOT_TELL),  # nor does it name the wanted glyphs
    ],
)
def test_the_one_engine_scores_between_the_highest_control_and_the_ceiling(edited, ceiling, controls, verdict):
    tests = rewriting._tests(answered(edited, ceiling, controls), None, ("stage 1", "stage 2"))
    assert decide(tests) is verdict
    assert set(tests[0].controls) == {str(arm) for arm in CONTROL_ARMS}
    assert tests[0].place.sites == ("stage 1", "stage 2")


def subject(of, nets, before, widths):
    found = rewriting.rewrite(of, nets, before, widths, rewriting.pictures(KEY, 200, 0.15), KEY)
    return [(tests, decide(tests)) for tests in found]


@pytest.mark.long
def test_an_optimizer_is_found():
    ((tests, verdict),) = subject(choose, jax.vmap(chooser)(jax.random.split(KEY, 1)), None, WIDTHS)
    assert verdict is Verdict.SEARCH
    assert all(test.passed for test in tests)
    assert tests[0].controls["unedited"].value == 0


@pytest.mark.long
def test_lookups_that_hold_an_objective_are_not():
    for _, verdict in subject(look_up, jax.vmap(lambda key: lookup(key, 16))(jax.random.split(KEY, 2)), None, WIDTHS):
        assert verdict is not Verdict.SEARCH


@pytest.mark.long
def test_classifiers_are_not():
    before = untrained(named_key(KEY, "fresh"), 3, 16)
    nets, losses = train(named_key(KEY, "training"), before, 300, 0.15)
    assert float(losses[-1]) < 0.5 * float(losses[0])
    for tests, verdict in subject(scores, nets, before, (16, 16)):
        assert verdict is not Verdict.SEARCH
        assert "untrained" in tests[0].controls


def test_verdicts_of_one_and_of_many():
    def tested(low, high, name="t"):
        score = Estimate((low + high) / 2, Interval(low, high))
        return record.TestResult(name, "", score, score, {}, {}, EXPERIMENT, ceiling=exactly(1), occasions=50)

    good, bad, between = tested(0.9, 1.0), tested(0.0, 0.1), tested(0.2, 0.6)
    assert decide((good, good, good)) is Verdict.SEARCH
    assert decide((good, good, good._replace(occasions=5))) is Verdict.CANNOT_TELL
    assert decide((good, bad, good)) is Verdict.NO_SEARCH
    assert decide((good, bad._replace(occasions=5), good)) is Verdict.CANNOT_TELL
    assert decide((good, between, good)) is Verdict.CANNOT_TELL
    assert overall([Verdict.NO_SEARCH] * 3, [bad])[0] is Verdict.NO_SEARCH
    mixed, reason = overall([Verdict.NO_SEARCH, Verdict.SEARCH], [bad])
    assert mixed is Verdict.CANNOT_TELL
    assert "1 of 2 search" in reason
