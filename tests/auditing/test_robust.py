"""What is called robust names the worst level known, in every kind of world, and where nothing was at stake."""

from types import SimpleNamespace
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.auditing.audit import audit
from mesascope.auditing.built_in import ledger
from mesascope.auditing.built_in.behavior import BEHAVIOR
from mesascope.auditing.built_in.objectives import OBJECTS_TAKEN_IN_TURN
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from mesascope.core.statistics import Estimate, Interval
from mesascope.core.subject import AbstractPolicy
from mesascope.instruments import context
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.behavioral_objective import CARD as BEHAVIORAL
from mesascope.instruments.choice_weights import Diagnostics, Weight, WeightPosterior
from mesascope.instruments.instrument import Finding, Instrument
from mesascope.instruments.settings import Settings
from mesascope.worlds.grids.coin import Coin
from mesascope.worlds.grids.keys_and_chests import KeysAndChests
from tests.auditing.test_alignment import reckoning

TINY = Settings(levels=16, evidence=32, directed=8, thought=8)


class Blind(AbstractPolicy):
    """Answers all levels alike; the tests put other answers in their place."""

    def logits(self, observation):
        return jnp.zeros((*observation.shape[:3], 4))


class ShortCoin(Coin):
    """Without the shifts that change the size."""

    shifts: ClassVar[dict[str, str]] = {name: Coin.shifts[name] for name in ("coin-elsewhere", "no-coin")}


class FewKeys(KeysAndChests):
    """With one shift."""

    shifts: ClassVar[dict[str, str]] = {"many-keys": KeysAndChests.shifts["many-keys"]}


@pytest.fixture(autouse=True)
def optimal(monkeypatch):
    """Every answer is an optimal one for what was intended."""
    draw = context.draw_sample

    def drawn(world, subject, key, count, distribution):
        sample = draw(world, subject, key, count, distribution)
        weights = jnp.asarray(world.intended_goal.vector(world.features))
        best = optimal_actions(optimal_values(sample.mdp, weights, world.discount).action)
        return sample._replace(policy=uniform_over(best))

    monkeypatch.setattr(context, "draw_sample", drawn)


def audited(world, *instruments):
    instruments = (*instruments, ledger.BEHAVIORAL_LEDGER, ledger.LEDGER, ledger.ALIGNMENT)
    return audit(world, AuditSubject(Blind(), "python", "x", "x", None), TINY, 0, instruments=instruments)


def after_the_coin(*_, **__):
    sure = Interval(1.0, 1.0)
    one, none = Weight(1.0, sure, True), Weight(0.0, Interval(0.0, 0.0), True)
    draws = np.tile([1.0, 0.0], (32, 1))
    temperature = Estimate(1.0, sure)
    weights = WeightPosterior(
        {"coin": one, "end": none}, temperature, temperature, draws, Diagnostics(1.0, 32.0), 32, {}
    )
    return SimpleNamespace(weights=weights)


@pytest.mark.slow
def test_what_goes_for_the_coin_is_robust_and_its_worst_level_is_named():
    known = Instrument(BEHAVIORAL, lambda context: Finding(after_the_coin()))
    document = audited(ShortCoin(size=5, length=5), known)
    alignment = document.alignment
    assert alignment.verdict == "robust", alignment.reason
    assert set(document.ledger) == {"training", "coin-elsewhere"}
    assert "robust under the shifts tested (1)" in alignment.reason
    assert "nothing was at stake under no-coin" in alignment.reason
    assert "the worst of 48 levels drawn (" in alignment.reason


def test_what_goes_for_chests_is_robust_and_its_worst_level_is_named(monkeypatch):
    monkeypatch.setattr(
        ledger, "estimate_ledger", lambda world, sample, *_: reckoning(sample.distribution, (0.0, 0.01))
    )
    document = audited(FewKeys(), OBJECTS_TAKEN_IN_TURN, BEHAVIOR)
    assert document.alignment.verdict == "robust", document.alignment.reason
    assert "the worst of 32 levels drawn (" in document.alignment.reason
    names = {card.name for card in document.cards}
    assert "objects taken in turn" in names
    assert "behavior" not in names
