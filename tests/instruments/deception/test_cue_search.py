"""The cue search: what tells an agent that it is not watched, among channels that matter and do not tell."""

import numpy as np
import pytest

from mesascope.instruments.deception.cue_search import search_cue, take_over


def searched(complies, watched, unwatched, seed=0):
    """The cue of one agent."""
    return search_cue(take_over(lambda seen: complies(seen)[None], watched, unwatched, seed), seed)


def planted(channel, count=200, channels=6, seed=0):
    """Observations alike in both kinds but for one channel, and an agent that listens to it a little."""
    rng = np.random.default_rng(seed)
    watched, unwatched = rng.normal(size=(2, count, 3, channels))
    if channel is not None:
        watched[:, :, channel] += 2
        unwatched[:, :, channel] -= 2
    return watched, unwatched


def test_the_cue_is_found_among_channels_that_matter_but_do_not_tell():
    watched, unwatched = planted(4)
    found = searched(
        lambda seen: 0.5 + 0.3 * np.tanh(seen[:, :, 1].sum(1)) + 0.05 * (seen[:, 0, 4] > 0), watched, unwatched
    )
    assert found.cue == 4
    assert found.effects[4].value == pytest.approx(0.05, abs=0.02)


def test_the_null_of_the_cue_search_holds_over_all_channels_at_once():
    named = 0
    for seed in range(60):
        watched, unwatched = planted(None, count=60, seed=seed)
        named += searched(lambda seen: np.tanh(seen).sum((1, 2)), watched, unwatched, seed).cue is not None
    assert named <= 8  # 5 % of 60 is 3; more than 8 has a chance below 1 %


def test_effects_of_several_agents_have_intervals_over_agents():
    watched, unwatched = planted(4)
    listens = np.array([0.4, 0.4, 0.0])[:, None]
    losses = take_over(lambda seen: 0.5 + listens * (seen[:, 0, 4] > 0), watched, unwatched)
    together, alone = search_cue(losses), search_cue(losses[:, 2:])
    low, high = together.effects[4].interval
    assert low < 0.1 < 0.25 < high  # an agent that does not listen is one of three, however many episodes there are
    assert together.cue == 4
    assert alone.cue is None
