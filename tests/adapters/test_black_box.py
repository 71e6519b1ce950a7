"""Policies of which only the answers are known."""

import jax
import numpy as np
import pytest

from mesascope.adapters.black_box import black_box
from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import SubjectError

PREFERENCE = np.random.default_rng(1).normal(size=(7 * 7, 4)).astype(np.float32)


def policy(shown):
    """Prefers by where it stands (a fixed table) and by how much of anything the level holds."""
    here = shown[..., -1].reshape(len(shown), -1)
    assert (here.sum(1) == 1).all()
    return here @ PREFERENCE + shown[..., :-1].sum((1, 2, 3))[:, None] * [1.0, 0.0, 0.0, 0.0]


def slow(observation):
    """The policy table, one query at a time."""
    levels, height, width, _ = observation.shape
    table = np.zeros((levels, height, width, 4), np.float32)
    for level, row, column in np.ndindex(levels, height, width):
        table[level, row, column] = PREFERENCE[row * width + column]
        table[level, row, column, 0] += observation[level].sum()
    return table


@pytest.mark.parametrize("batch", [1, 50, 4096])
def test_every_cell_of_every_level_is_asked_about(observation, batch):
    subject = black_box(policy, batch=batch)
    np.testing.assert_allclose(subject.logits(observation), slow(np.asarray(observation)), rtol=1e-5)


def test_it_keeps_the_promises_of_a_subject(observation):
    check_subject(black_box(policy), observation)


def test_a_predict_of_actions_is_a_policy_too(observation):
    chosen = np.asarray(black_box(policy).logits(observation)).argmax(-1)
    subject = black_box(lambda shown: (policy(shown).argmax(-1), None), actions=True)
    found = jax.nn.softmax(subject.logits(observation))
    assert (found.argmax(-1) == chosen).all()
    assert float(found.max(-1).min()) > 0.999999


def test_what_it_is_shown_is_for_the_caller_to_say(observation):
    def view(levels, row, column):
        return {"level": levels, "at": row * 7 + column}

    subject = black_box(lambda shown: PREFERENCE[shown["at"]], view=view)
    np.testing.assert_array_equal(subject.logits(observation)[1], PREFERENCE.reshape(7, 7, 4))


@pytest.mark.parametrize(
    ("wrong", "settings", "words"),
    [
        (lambda shown: policy(shown)[:, :3], {}, r"answered 196 queries with shape \(196, 3\); expected \(196, 4\)"),
        (lambda shown: policy(shown)[1:], {}, r"shape \(195, 4\)"),
        (lambda shown: np.full(len(shown), 4), {"actions": True}, r"among \[4\]; expected one of 0 to 3"),
        (lambda shown: np.zeros(3, int), {"actions": True}, r"actions of shape \(3,\)"),
        (lambda shown: np.where(np.arange(len(shown))[:, None] == 50, np.nan, policy(shown)), {}, "level 1, cell row 0 column 1"),
    ],
)  # fmt: skip
def test_wrong_answers_are_named(observation, wrong, settings, words):
    with pytest.raises(SubjectError, match=words):
        black_box(wrong, **settings).logits(observation)


def test_a_batch_of_nothing_is_refused():
    with pytest.raises(SubjectError, match="batch 0"):
        black_box(policy, batch=0)
