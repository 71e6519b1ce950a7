"""MaskablePPO of sb3-contrib 2.9.2: which actions it may take in each state has to be said."""

import numpy as np
import pytest

from mesascope.adapters.sb3.agent import load_sb3
from mesascope.core.errors import SubjectError

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
pytest.importorskip("sb3_contrib", reason="sb3-contrib is not installed: tests/QUARANTINES.md")


def allowed(observations):
    """Two of three actions, by the sign of the first number."""
    return np.where(observations[:, :1] > 0, [True, True, False], [False, True, True])


@pytest.fixture
def observations():
    return np.random.default_rng(2).uniform(-1, 1, (8, 5)).astype(np.float32)


def test_probabilities_are_those_of_its_own_policy_under_its_masks(trained, observations):
    model, path = trained("masked")
    found = load_sb3(path, masks=allowed).logits(observations)
    with torch.no_grad():
        own = model.policy.get_distribution(torch.from_numpy(observations), action_masks=allowed(observations))
        expected = own.distribution.probs.numpy()
    odds = np.exp(found - found.max(1, keepdims=True))
    np.testing.assert_allclose(odds / odds.sum(1, keepdims=True), expected, atol=1e-5)
    assert (odds.astype(np.float32)[~allowed(observations)] < 1e-30).all()
    assert np.isfinite(found).all()


def test_a_deterministic_agent_takes_the_most_probable_action_that_is_allowed(trained, observations):
    model, path = trained("masked")
    found = load_sb3(path, masks=allowed, deterministic=True).logits(observations)
    own, _ = model.predict(observations, action_masks=allowed(observations), deterministic=True)
    np.testing.assert_array_equal(found.argmax(1), own)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (None, "expected a function that gives them"),
        (lambda observations: np.ones((len(observations), 2)), r"masks have shape \(8, 2\); expected \(8, 3\)"),
        (lambda observations: np.full((len(observations), 3), 0.5), "of True and False"),
        (lambda observations: np.arange(8)[:, None] < [5, 5, 5], "mask of observation 5 allows no action"),
    ],
)
def test_masks_that_are_missing_or_say_nothing_are_refused(trained, observations, masks, message):
    with pytest.raises(SubjectError, match=message):
        load_sb3(trained("masked").path, masks=masks).logits(observations)
