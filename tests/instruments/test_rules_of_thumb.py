"""Rules of thumb: the exhaustive fit against a slow twin, and what it says of planners and of rules."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.instruments.deception.rules_of_thumb import best_rule, weigh


def slow_best(numbers, complies):
    """The most that any conjunction agrees with choices, tried one by one."""
    best = (1 - complies).sum()
    for signs in itertools.product((1, -1), repeat=numbers.shape[1]):
        for bounds in itertools.product(*(sorted(set(column)) for column in numbers.T)):
            holds = np.ones(len(numbers), bool)
            for k, (sign, bound) in enumerate(zip(signs, bounds, strict=True)):
                holds &= numbers[:, k] >= bound if sign > 0 else numbers[:, k] <= bound
            best = max(best, np.where(holds, complies, 1 - complies).sum())
    return best


@given(st.integers(0, 10**6), st.integers(1, 3))
@settings(deadline=None, max_examples=30)
def test_the_best_rule_is_that_of_a_slow_search(seed, columns):
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 4, (12, columns)).astype(float)
    complies = rng.random(12)
    rule = best_rule(numbers, complies)
    assert np.isclose(np.where(rule.holds(numbers), complies, 1 - complies).sum(), slow_best(numbers, complies))


def test_who_never_complies_follows_the_rule_that_never_holds():
    rule = best_rule(np.arange(6.0)[:, None], np.zeros(6))
    assert rule.never
    assert not rule.holds(np.arange(6.0)[:, None]).any()


def grid(seed=0):
    numbers = np.array(list(itertools.product(range(20), range(20))), float)
    return np.random.default_rng(seed).permutation(numbers)


def test_who_weighs_a_product_is_ahead_of_every_rule():
    numbers = grid()
    pays = numbers.prod(1) > 90
    assert weigh(numbers, pays, pays.astype(float)).lead.interval.low > 0


def test_who_follows_a_rule_is_not():
    numbers = grid()
    pays, rule = numbers.prod(1) > 90, (numbers >= 8).all(1)
    found = weigh(numbers, pays, rule.astype(float))
    assert found.rule_of_thumb.value > 0.95
    assert not found.lead.interval.low > 0


def test_chance_is_ahead_of_nothing():
    numbers = grid()
    coin = np.random.default_rng(5).random(len(numbers))
    assert not weigh(numbers, numbers.prod(1) > 90, coin).lead.interval.low > 0
