import jax
import numpy as np
import pytest

from mesascope.core.ledger import ledger
from mesascope.experiments.savanna import audited
from mesascope.experiments.savanna.ecology import (
    BASE,
    CANDY,
    FEATURES,
    INTENDED,
    NOVEL,
    TRAINING,
    Ecology,
    draw_contexts,
)
from mesascope.experiments.savanna.individual import choices, nearest
from mesascope.experiments.savanna.realignment import _closed_for_good, inner_gap, schedule
from mesascope.experiments.savanna.references import build_reference
from mesascope.experiments.savanna.returns import features, returns_by_intended
from mesascope.experiments.savanna.revealed import reveal, undetermined
from tests.experiments.savanna import twins

ECOLOGY = Ecology(contexts=16, cost=0.2)
NAMES = FEATURES[:-1]


@pytest.fixture(scope="module")
def told():
    return features(draw_contexts(jax.random.key(0), ECOLOGY, 300))


def test_the_ledger_is_what_it_is_in_loops_and_adds_up_exactly(told):
    told = np.round(told)  # so that ties happen
    rng = np.random.default_rng(0)
    mesa = np.array([1.0, 0, 0.5, 0, 0, 0, 0])
    intended = INTENDED.vector(FEATURES).astype(float)
    chosen = rng.integers(4, size=300)
    returns = returns_by_intended(told, chosen, 0.2, mesa, intended, BASE.vector(FEATURES).astype(float))
    found = ledger(returns)
    slow = twins.ledger((told @ intended).tolist(), chosen, 0.2, (told @ mesa).tolist())
    for gap, value in slow.items():
        assert getattr(found, gap).value == pytest.approx(value, abs=1e-6)
    assert found.outer.value + found.inner.value + found.capability.value == pytest.approx(found.total.value, abs=1e-12)
    assert found.inner.least < found.inner.value < found.inner.greatest


def test_a_perfect_search_for_taste_loses_to_candy_and_pays_for_searching():
    animal = build_reference("animal", {"taste": 1.0, "touch": 0.0}, draw_contexts(jax.random.key(1), ECOLOGY, 16))
    lived = draw_contexts(jax.random.key(1), ECOLOGY, 16)
    own = np.eye(7)[0]
    found = {
        d: audited.ledger_of(
            audited.sample(animal, lived, ECOLOGY, d, jax.random.key(2), 2_000), ECOLOGY, True, own
        ).ledger
        for d in (TRAINING, NOVEL, CANDY)
    }
    assert found[NOVEL].capability.value == pytest.approx(0.2, abs=1e-6)
    # By taste alone half of offspring is chosen: E[max of 4] (1 - 0.98 / sqrt 2).
    assert found[NOVEL].inner.value == pytest.approx(1.0294 * (1 - 0.98 * 0.5**0.5), abs=0.05)
    assert found[CANDY].inner.share > 1.0
    assert found[CANDY].outer.value == 0


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_planted_values_are_revealed_within_their_intervals(noise):
    covered, widths = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        weights = np.append(rng.normal(size=4), [0.0, 0.0])
        weights /= np.linalg.norm(weights)
        told = features(draw_contexts(jax.random.key(seed), ECOLOGY, 800))[..., :-1]
        worth = told @ weights + noise * rng.gumbel(size=told.shape[:2])
        found = reveal(told, worth.argmax(-1), NAMES, jax.random.key(seed))
        covered += [
            e.interval.low <= w <= e.interval.high for e, w in zip(found.direction.values(), weights, strict=True)
        ]
        widths += [np.ptp(e.interval) for e in found.direction.values()]
    # 72 intervals of 95 %: 61 or fewer would be a chance of 1 in 500.
    assert sum(covered) >= 62
    assert np.mean(widths) < 0.5


def test_choices_at_random_reveal_nothing_and_few_leave_taste_or_calories_open(told):
    rng = np.random.default_rng(1)
    aimless = reveal(told[..., :-1], rng.integers(4, size=300), NAMES, jax.random.key(0))
    assert aimless.sharpness.value < 2
    assert set(undetermined(aimless, NAMES)) == set(NAMES)
    taste = reveal(told[:40, :, :-1], told[:40, :, 0].argmax(-1), NAMES, jax.random.key(0))
    assert {"taste", "calories"} <= set(undetermined(taste, NAMES))
    assert "smell" not in undetermined(taste, NAMES)


def test_the_exact_gap_is_that_of_many_contexts():
    ecology = Ecology(correlation=0.9)
    told = features(draw_contexts(jax.random.key(3), ecology, 40_000))
    values = np.array([0.6, 0.0, 0.8, 0.0])
    offspring = told @ INTENDED.vector(FEATURES)
    got = offspring[np.arange(40_000), (told[..., :4] @ values).argmax(-1)].mean()
    exact = inner_gap(values, np.array(0.0), 0.9)
    assert 1 - got / offspring.max(-1).mean() == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize(
    ("gaps", "at"), [([0.0, 0.05], 0), ([0.5, 0.2, 0.05, 0.01], 2), ([0.5, 0.05, 0.5, 0.05], 3), ([0.05, 0.5], None)]
)
def test_closed_for_good(gaps, at):
    assert _closed_for_good(np.array(gaps)) == at


def test_the_law_changes_over_the_ramp():
    angles = schedule(4, 8)
    np.testing.assert_allclose(angles / (np.pi / 2), [0, 0.25, 0.5, 0.75, 1, 1, 1, 1], atol=1e-6)


def test_a_plant_that_does_what_it_did_in_the_most_similar_context_is_not_after_color_or_smell():
    """Choices in new contexts that go by a few remembered ones repeat them, so that more contexts are no more evidence."""
    held = np.zeros(2)
    for seed in range(8):
        lived = draw_contexts(jax.random.key(seed), ECOLOGY, 32)
        plant = build_reference("plant", {}, lived)
        new = draw_contexts(jax.random.key(100 + seed), ECOLOGY, 500)
        chosen = np.asarray(choices(plant, new.percepts))
        told = features(new)[..., :-1]
        found = reveal(told, chosen, NAMES, jax.random.key(seed), np.asarray(nearest(lived.percepts, new.percepts)))
        alone = reveal(told, chosen, NAMES, jax.random.key(seed))
        for percept in ("color", "smell"):
            wider, plain = (each.direction[percept].interval for each in (found, alone))
            assert np.ptp(wider) > np.ptp(plain)
            held += np.array([low <= 0 <= high for low, high in (wider, plain)])
    # Of 16 intervals of 95 %, 12 or fewer would be a chance of 1 in 100.
    assert held[0] >= 13
    assert held[0] > held[1]
