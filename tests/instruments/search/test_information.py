"""Information of answers against plain counting, and on subjects that know everything, something and nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.statistics import mean_of
from mesascope.instruments.search.certified import shown_per_level
from mesascope.instruments.search.information import LAPSE, Answers, _left_out, _mixed, bits_per_level


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_each_answer_is_predicted_from_all_others_of_its_context(pairs):
    context, answer = (np.array(column) for column in zip(*pairs, strict=True))
    prior = np.full((len(pairs), 4), 0.25)
    found = _left_out(context, answer, prior, 2.0)
    for i, (c, _) in enumerate(pairs):
        others = [a for j, (d, a) in enumerate(pairs) if j != i and d == c]
        expected = [(others.count(a) + 0.5) / (len(others) + 2.0) for a in range(4)]
        np.testing.assert_allclose(found[i], expected)
    np.testing.assert_allclose(found.sum(1), 1.0)


@given(st.floats(0, 2), st.floats(0, 2))
def test_mixtures_are_distributions(a, b):
    rng = np.random.default_rng(0)
    q, p = (np.log2(rng.dirichlet(np.ones(4), 50)) for _ in range(2))
    np.testing.assert_allclose(np.exp2(_mixed(q, p, a, b)).sum(1), 1.0)
    np.testing.assert_allclose(_mixed(q, p, 1.0, 0.0), q, atol=1e-9)


def answers(knows, levels=200, cells=12, seed=0):
    """Random answers without any context; the subject knows a share of them and is uniform on the others."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, (levels, cells))
    known = rng.random((levels, cells)) < knows
    policy = np.where(known[..., None], np.eye(4)[truth], 0.25)
    nothing = np.zeros((levels, cells), int)
    unknown, silent = np.full(policy.shape, -np.log(4.0)), np.zeros((levels, cells, 1), bool)
    return [Answers(policy, truth, nothing, nothing, np.ones((levels, cells), bool), unknown, silent)]


@pytest.mark.parametrize(("knows", "low", "high"), [(1.0, 23.0, 24.1), (0.5, 11.0, 13.0), (0.0, -0.1, 0.1)])
def test_bits_are_two_for_each_answer_that_is_known_and_no_context_gives_away(knows, low, high):
    assert LAPSE < 0.05
    assert low < bits_per_level(answers(knows)).mean() < high


def test_what_the_surroundings_give_away_counts_for_nothing():
    block = answers(1.0)[0]
    told = block._replace(coarse=block.answer, fine=block.answer)
    assert abs(bits_per_level([told]).mean()) < 0.2


def test_cells_that_do_not_count_give_nothing_and_levels_keep_their_place():
    block = answers(1.0)[0]
    half = np.zeros_like(block.counts)
    half[::2] = True
    found = bits_per_level([block._replace(counts=half)])
    assert (found[1::2] == 0).all()
    assert (found[::2] > 20).all()


def test_groups_of_levels_say_as_much_as_single_ones():
    """Resampled are as many groups as a block has levels: the same mean, and an interval as wide as from all levels."""
    blocks = [answers(0.5, seed=seed)[0] for seed in range(12)]
    whole, grouped = mean_of(bits_per_level(blocks)), shown_per_level(blocks)
    assert grouped.value == pytest.approx(whole.value, rel=1e-9)
    width = [found.interval.high - found.interval.low for found in (whole, grouped)]
    assert width[1] == pytest.approx(width[0], rel=0.2)
    (alone,) = {shown_per_level(blocks[:1]), mean_of(bits_per_level(blocks[:1]))}
    assert alone.interval.high - alone.interval.low > 2 * width[1]
