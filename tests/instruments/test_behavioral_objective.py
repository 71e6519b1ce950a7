"""The behavioral objective as a whole, and the cards of the behavioral instruments."""

import pytest

from mesascope.core.rng import named_key
from mesascope.instruments.behavioral_objective import infer_behavioral_objective
from mesascope.instruments.registry import INSTRUMENTS
from tests.instruments.planted import DISTRIBUTIONS, WORLD, after, empty_sample

NAMES = ("behavior", "behavioral objective", "goal-directedness", "thinking time")


def inferred(plant):
    samples = [plant(empty_sample(d)) for d in DISTRIBUTIONS]
    return infer_behavioral_objective(WORLD, samples, named_key(0, "objective"), levels=192)


@pytest.mark.parametrize(("objective", "other"), [("door", "red"), ("red", "door")])
def test_what_is_pursued_weighs_most_and_training_alone_does_not_tell(objective, other):
    found = inferred(lambda s: after(s, objective))
    assert found.everywhere.top.name == objective
    assert set(found.identifiability.unidentified) == {"door", "red"}
    assert not found.identifiability.identified
    weights = found.weights.weights
    assert weights[objective].interval.low > 0.5
    assert weights[objective].interval.low > weights[other].interval.high
    assert found.training.levels == 64
    assert found.everywhere.levels == 192


def test_an_agent_at_random_has_no_objective():
    found = inferred(lambda s: s)
    assert found.everywhere.top.name == "nothing"
    assert not found.identifiability.identified


@pytest.mark.parametrize("name", NAMES)
def test_every_behavioral_instrument_has_a_card_that_claims_behavior_only(name):
    card = INSTRUMENTS[name].card
    assert len(card.blind_spots) >= 2
    assert card.references
    assert "mesa" not in card.measures
