"""Event deletion: exact losses, held against a slow twin, and the mechanism read from them."""

import jax.numpy as jnp
import numpy as np
import pytest

from docs.staying import by_staying, stay_instead
from mesascope.core.statistics import Estimate, Interval
from mesascope.instruments.kinds.correlation import Correlation, measure_correlation
from mesascope.instruments.kinds.deletion import (
    Deletion,
    events_of,
    measure_deletion,
    own_events,
)
from mesascope.instruments.kinds.mechanism import NONE, SOME, Mechanism, read_mechanism
from mesascope.instruments.kinds.openers import find_openers
from tests.instruments.kinds.stories import BASE, FEATURES, LEVELS, MESA, STORIES, best_return, story


def deleting(mdp):
    return lambda events: stay_instead(mdp, FEATURES, events)


def measured(name):
    mdp = story(name)
    deletion = measure_deletion(deleting(mdp), BASE, MESA, FEATURES, "chime")
    return deletion, measure_correlation(mdp, BASE, MESA, FEATURES, "chime")


@pytest.mark.parametrize(
    ("name", "mechanism"),
    [
        ("mesa causes base", Mechanism.SIDE_EFFECT),
        ("base causes mesa", Mechanism.INSTRUMENT),
        ("common cause", Mechanism.COMMON_CAUSE),
        ("each other's cause", None),
    ],
)
def test_each_story_gets_its_mechanism(name, mechanism):
    assert read_mechanism(*measured(name))[0] == mechanism


@pytest.mark.parametrize("name", STORIES)
def test_losses_are_those_of_the_slow_twin(name):
    mdp = story(name)
    found = measure_deletion(deleting(mdp), BASE, MESA, FEATURES, "chime")
    uniform = np.asarray([_uniform(mdp, weights) for weights in (BASE, MESA)])
    for loss, weights, event, floor in (
        (found.mesa_on_base, BASE, "mesa", uniform[0]),
        (found.base_on_mesa, MESA, "base", uniform[1]),
        (found.null_on_base, BASE, "chime", uniform[0]),
        (found.null_on_mesa, MESA, "chime", uniform[1]),
    ):
        best = best_return(mdp, weights)
        expected = (best - best_return(mdp, weights, (event,))) / (best - floor)
        assert loss.value == pytest.approx(expected, abs=1e-4)


def _uniform(mdp, weights):
    successor, features = np.asarray(mdp.successor)[0, ..., 0], np.asarray(mdp.features)[0, :, :, 0]
    chances = np.zeros((mdp.states, mdp.states))
    for state in range(mdp.states):
        for action in range(mdp.actions):
            chances[state, successor[state, action]] += 1 / mdp.actions
    gain = (features @ weights).mean(1)
    return float(np.asarray(mdp.initial)[0] @ np.linalg.solve(np.eye(mdp.states) - 0.97 * chances, gain))


def test_what_is_deleted_never_fires_and_what_is_spared_does():
    mdp = story("mesa causes base")
    gone = stay_instead(mdp, FEATURES, ("mesa", "base"))
    assert not np.asarray(gone.features)[..., :2].any()
    assert np.asarray(gone.features)[..., 2].any()
    assert (np.asarray(gone.successor)[0, 0, 1] == 0).all()
    spared = stay_instead(mdp, FEATURES, ("mesa", "base"), jnp.asarray(BASE))
    assert np.asarray(spared.features)[..., 0].any()
    assert not np.asarray(spared.features)[..., 1].any()


def test_events_are_features_weighed_at_least_a_tenth_of_the_largest():
    weights = np.array([1.0, 0.1, 0.09, -2.0], np.float32)
    assert events_of(weights, ("a", "b", "c", "d")) == ("a",)
    assert events_of(weights[:3], ("a", "b", "c")) == ("a", "b")
    assert own_events(weights[:3], np.array([1.0, 0, 0]), ("a", "b", "c")) == ("b",)
    assert measure_deletion(deleting(story("common cause")), BASE, BASE, FEATURES, "chime") is None


def test_of_two_attributes_of_one_transition_none_can_be_deleted_and_no_mechanism_is_told():
    mdp = story("mesa causes base")
    features = np.asarray(mdp.features).copy()
    features[..., :2] = features[..., :2].max(-1, keepdims=True)  # whatever fires one fires the other
    touch = mdp.__class__(mdp.successor, mdp.probability, jnp.asarray(features), mdp.terminal, mdp.initial)
    deletion = measure_deletion(by_staying(touch, FEATURES, BASE, MESA), BASE, MESA, FEATURES, "chime")
    assert deletion is None
    assert read_mechanism(deletion, measure_correlation(touch, BASE, MESA, FEATURES, "chime"))[0] is None
    # A way that one of them has for itself is enough for there to be something to delete.
    features[:, 4, 0, 0, 1] = 1
    apart = mdp.__class__(mdp.successor, mdp.probability, jnp.asarray(features), mdp.terminal, mdp.initial)
    assert measure_deletion(by_staying(apart, FEATURES, BASE, MESA), BASE, MESA, FEATURES, "chime") is not None


def test_the_interval_of_the_correlation_is_over_policies_too_and_another_seed_draws_others():
    mdp = story("common cause", LEVELS)  # all levels are alike, so that resampling levels alone would show no spread
    found = [measure_correlation(mdp, BASE, MESA, FEATURES, "chime", seed) for seed in (0, 1)]
    assert found[0].null.interval.high - found[0].null.interval.low > 0.05
    assert found[0].null.value != found[1].null.value


def test_the_event_that_opens_a_gap_is_found_and_the_chime_is_not():
    # Under the shift mesa is to be had without base: by the chime's own action it costs nothing to leave base alone.
    mdp = story("mesa causes base")
    features = np.asarray(mdp.features).copy()
    features[:, 0, 0, 0] = (0, 1, 0)  # mesa again and again, instead of the chime
    shifted = mdp.__class__(mdp.successor, mdp.probability, jnp.asarray(features), mdp.terminal, mdp.initial)
    wants_both = np.array([1.0, 0.9, 0], np.float32)
    found = {o.event: o for o in find_openers(deleting(shifted), BASE, wants_both, FEATURES)}
    assert set(found) == {"mesa", "chime"}
    assert not found["chime"].opens
    assert not found["mesa"].telling  # without mesa there is no way to base: that says nothing


E_ = {"none": (0.0, NONE - 0.01), "some": (SOME + 0.01, 1.0), "unclear": (NONE - 0.01, SOME + 0.01)}


def estimate(low, high):
    return Estimate((low + high) / 2, Interval(low, high))


@pytest.mark.parametrize(
    ("forth", "back", "null", "together", "mechanism"),
    [
        ("some", "none", 0.0, 0.9, Mechanism.SIDE_EFFECT),
        ("none", "some", 0.0, 0.9, Mechanism.INSTRUMENT),
        ("none", "none", 0.0, 0.9, Mechanism.COMMON_CAUSE),
        ("none", "none", 0.0, 0.4, None),
        ("some", "some", 0.0, 0.9, None),
        ("unclear", "none", 0.0, 0.9, None),
        ("none", "unclear", 0.0, 0.9, None),
        ("some", "none", 0.5, 0.9, None),  # no more than an irrelevant event takes away
    ],
)
def test_the_mechanism_from_losses(forth, back, null, together, mechanism):
    deletion = Deletion(estimate(*E_[forth]), estimate(*E_[back]), estimate(null, null), estimate(0.0, 0.0))
    correlation = Correlation(estimate(together, together + 0.05), estimate(-0.1, 0.1))
    assert read_mechanism(deletion, correlation)[0] == mechanism


def test_without_an_event_of_its_own_there_is_no_mechanism():
    assert read_mechanism(None, None)[0] is None
