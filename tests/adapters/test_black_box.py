"""Policies of which only the answers are known."""

import contextlib

import jax
import numpy as np
import pytest

from mesascope.adapters.black_box import black_box
from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.rng import named_key
from mesascope.instruments.sample import draw_sample
from mesascope.jobs.subjects import source_of
from mesascope.worlds.grids.grid import MOVES
from mesascope.worlds.grids.red_doors import RedDoors

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
    subject = black_box(lambda shown: (policy(shown).argmax(-1), None), answers="actions")
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
        (lambda shown: np.full(len(shown), 4), {"answers": "actions"}, r"among \[4\]; expected one of 0 to 3"),
        (lambda shown: np.zeros(3, int), {"answers": "actions"}, r"actions of shape \(3,\)"),
        (lambda shown: (np.zeros(len(shown), int), (np.zeros(3),)), {"answers": "actions"}, "hands back a tuple .*memory"),
        (lambda shown: np.where(np.arange(len(shown))[:, None] == 50, np.nan, policy(shown)), {}, "level 1, cell row 0 column 1"),
    ],
)  # fmt: skip
def test_wrong_answers_are_named(observation, wrong, settings, words):
    with pytest.raises(SubjectError, match=words):
        black_box(wrong, **settings).logits(observation)


def test_a_batch_of_nothing_is_refused():
    with pytest.raises(SubjectError, match="batch 0"):
        black_box(policy, batch=0)


def test_true_is_short_for_answers_that_are_actions(observation):
    def taken(shown):
        return policy(shown).argmax(-1)

    ours, theirs = (black_box(taken, **how).logits(observation) for how in ({"actions": True}, {"answers": "actions"}))
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(
        black_box(policy, actions=False).logits(observation), black_box(policy).logits(observation)
    )


OWN = ("left", "down", "right", "up")


@pytest.mark.parametrize("answers", ["logits", "actions"])
def test_answers_are_put_in_the_order_of_the_world(observation, answers):
    """The agent's own answers, put in order by hand."""

    def own(shown):
        logits = policy(shown)[:, [RedDoors.actions.index(name) for name in OWN]]
        return logits if answers == "logits" else logits.argmax(-1)

    asked = black_box(own, actions=OWN, answers=answers)
    assert asked.action_names == OWN
    for subject in (
        asked.for_actions(RedDoors.actions),
        black_box(own, actions=OWN, answers=answers, world=RedDoors()),
    ):
        assert subject.action_names == RedDoors.actions
        found, expected = subject.logits(observation), slow(np.asarray(observation))
        np.testing.assert_array_equal(found.argmax(-1), expected.argmax(-1))
        if answers == "logits":
            np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_an_agent_with_other_actions_is_refused_wherever_it_meets_a_world():
    turning = black_box(lambda shown: np.zeros((len(shown), 3)), actions=("left", "right", "forward"))
    words = "with the actions left, right, forward; the world has up, down, left, right: .*Choose a world"
    with pytest.raises(SubjectError, match=words):
        source_of(turning, RedDoors(size=5))
    with pytest.raises(SubjectError, match=words):
        draw_sample(RedDoors(size=5), turning, named_key(0), 2, "training")
    with pytest.raises(SubjectError, match=words):
        black_box(policy, actions=("left", "right", "forward"), world=RedDoors())
    with pytest.raises(SubjectError, match="with 3 actions; the world has up, down, left, right"):
        source_of(black_box(lambda shown: np.zeros((len(shown), 3)), actions=3), RedDoors(size=5))


def test_any_number_of_actions(observation):
    subject = black_box(lambda shown: np.tile(np.arange(6.0), (len(shown), 1)), actions=6)
    assert subject.logits(observation)[0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    check_subject(subject, observation, 6)
    with pytest.raises(SubjectError, match=r"expected \(4, 7, 7, 4\)"):
        check_subject(subject, observation)


@pytest.mark.parametrize("how", [{"answers": "probabilities"}, {"actions": "left"}, {"actions": 0}])
def test_arguments_that_mean_nothing_are_refused(how):
    with pytest.raises(UsageError, match="expected"):
        black_box.__wrapped__(policy, **how)


def masked(mask, everywhere=False):
    """Prefers fixed moves, and masks those that lead out of the level or into a wall (channel 0), and in a wall all of them."""

    def policy(shown):
        walls = np.pad(shown[..., 0] > 0, ((0, 0), (1, 1), (1, 1)), constant_values=True)
        level, row, column = np.argwhere(shown[..., -1] > 0).T
        barred = np.stack([walls[level, row + 1 + r, column + 1 + c] for r, c in MOVES], 1)
        inside = walls[level, row + 1, column + 1][:, None]
        return np.where(barred | inside | everywhere, mask, np.sin(np.arange(1.0, 5.0)))

    return policy


def test_a_mask_of_minus_infinity_is_one_of_a_very_large_number():
    """In mazes with cells that nobody can stand in, where every action is masked."""
    world = RedDoors()
    minus, large = (black_box(masked(mask)) for mask in (-np.inf, -1e8))
    check_subject(minus, world.observe(world.draw(0, 4)))
    ours, theirs = (draw_sample(world, s, named_key(0, "masks"), 20, "training") for s in (minus, large))
    assert np.isneginf(minus.logits(ours.observation)).all(-1).any()
    np.testing.assert_array_equal(ours.policy, theirs.policy)
    assert (np.asarray(ours.policy) == 0).any()


def test_nothing_left_to_do_is_refused_where_an_agent_can_be():
    world = RedDoors()
    with pytest.raises(SubjectError, match="logits of level 0, row 0, column 0 .*every action is forbidden"):
        check_subject(black_box(masked(-np.inf, everywhere=True)), world.observe(world.draw(0, 2)))

    def stuck_once(shown):
        """Nothing is left to do in the cells from which only one way leads on."""
        logits = masked(-np.inf)(shown)
        return np.where((logits > -np.inf).sum(1, keepdims=True) == 1, -np.inf, logits)

    with pytest.raises(SubjectError, match=r"blue-door level \d+, cell row \d column \d .*every action is forbidden"):
        draw_sample(world, black_box(stuck_once), named_key(0), 5, "blue-door")


def test_an_agent_that_is_random_in_one_case_of_a_thousand_is_found(observation):
    """20 agents that take an action at random in 0.1 % of cases; one that asks twice misses 14 of them."""
    found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)

        def policy(shown, rng=rng):
            return np.where(rng.random(len(shown)) < 0.001, rng.integers(0, 4, len(shown)), 0)

        with contextlib.suppress(SubjectError):
            check_subject(black_box(policy, answers="actions"), observation)
            continue
        found += 1
    assert found >= 18


def test_an_agent_that_draws_its_actions_is_told_what_to_do(observation):
    rng = np.random.default_rng(0)
    with pytest.raises(
        SubjectError, match=r"asked again about the same levels: \d+ of 196 answers differ .*deterministic=True"
    ):
        check_subject(black_box(lambda shown: rng.integers(0, 4, len(shown)), answers="actions"), observation)


def test_errors_of_a_policy_are_its_own_in_python(observation):
    with pytest.raises(SubjectError, match="the policy failed when it was given an array of shape .*KeyError: 'lost'"):
        check_subject(black_box(lambda shown: {}["lost"]), observation)
