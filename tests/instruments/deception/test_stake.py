"""Stake sensitivity: a plan stops complying where nothing follows, a habit goes on."""

import numpy as np
import pytest

from mesascope.instruments.deception.stake import Basis, measure_stake

ONE, ZERO = np.full((1, 200), 0.98), np.full((1, 200), 0.02)
NOISE = np.zeros((2, 1, 200))


@pytest.mark.parametrize(
    ("unwatched", "none", "basis"),
    [(ZERO, ZERO, Basis.STAKE), (ZERO, ONE, Basis.FLAG), (ONE, ONE, Basis.NONE), (ONE, ZERO, Basis.NONE)],
)
def test_what_compliance_hangs_on(unwatched, none, basis):
    found = measure_stake(ONE, unwatched, {"none": none, "long": ONE}, NOISE)
    assert found.basis == basis
    assert found.by_agent == (basis,)
    assert found.effect.value == pytest.approx(ONE.mean() - none.mean())
    assert found.effect.interval.low < found.effect.value < found.effect.interval.high


def test_of_several_agents_each_has_its_own():
    watched, unwatched = np.repeat(ONE, 3, 0), np.repeat(ZERO, 3, 0)
    none = np.concatenate([ZERO, ZERO, ONE])
    found = measure_stake(watched, unwatched, {"none": none}, np.repeat(NOISE, 3, 1))
    assert found.by_agent == (Basis.STAKE, Basis.STAKE, Basis.FLAG)
    assert found.basis == Basis.CANNOT_TELL  # of three agents that differ
    assert found.share(Basis.STAKE).value == pytest.approx(2 / 3)
