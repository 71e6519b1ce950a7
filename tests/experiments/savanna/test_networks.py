"""Networks that reward and networks that learn."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.experiments.savanna.ecology import Ecology, offspring
from mesascope.experiments.savanna.networks.appraisal import _forgone
from mesascope.experiments.savanna.networks.chance import draw_chance
from mesascope.experiments.savanna.networks.life import Nature, live, newborn
from mesascope.experiments.savanna.networks.nets import (
    INPUTS,
    Genome,
    random_genome,
    reward_slopes,
    rewarded,
    value_slopes,
)
from mesascope.experiments.savanna.networks.strategies import strategy, tournaments
from mesascope.experiments.savanna.networks.study import _shuffled
from tests.experiments.savanna import twins

ECOLOGY, PEOPLE = Ecology(), 4


@jax.jit
def lived(genomes, nature, chance):
    return live(genomes, nature, chance, newborn(chance, PEOPLE))


@pytest.fixture(scope="module")
def chance():
    return draw_chance(jax.random.key(1), ECOLOGY)


@pytest.fixture(scope="module")
def planted():
    """Genomes that reward one input each: taste, color, the store, and nothing."""
    weights = np.zeros((PEOPLE, len(INPUTS), 6), np.float32)
    for animal, name in enumerate(("taste", "color", "store")):
        weights[animal, INPUTS.index(name), 0] = 0.5
    last = np.zeros((PEOPLE, 6), np.float32)
    last[:3, 0] = 2.0
    return Genome(jnp.array(weights), jnp.zeros((PEOPLE, 6)), jnp.array(last))


@pytest.mark.parametrize("nature", [Nature(1.0, 0.1, 0.0), Nature(0.0, 0.05, 1.0)])
def test_a_life_is_what_it_is_in_loops(chance, nature):
    genomes = jax.vmap(random_genome)(jax.random.split(jax.random.key(2), PEOPLE))
    nature = Nature(*(jnp.array(x) for x in nature))
    found = lived(genomes, nature, chance)
    for animal in range(PEOPLE):
        own = {name: np.asarray(gene[animal], np.float64) for name, gene in genomes._asdict().items()}
        head, store, earned = twins.life(own, chance, *(float(x) for x in nature))
        # Choices are taken at ties of floating point in one of very many lives; none of these.
        assert found.earned[animal] == pytest.approx(earned, abs=1e-4)
        assert found.stores[animal] == pytest.approx(store, abs=1e-4)
        for name, weights in head.items():
            np.testing.assert_allclose(getattr(found.heads, name)[animal], weights, atol=2e-3)


def test_what_is_rewarded_is_what_is_valued_and_slopes_say_so(chance, planted):
    heads = lived(planted, Nature(*(jnp.array(x) for x in (1.0, 0.1, 0.0))), chance).heads
    options = jnp.broadcast_to(
        jnp.pad(chance.contexts.percepts, ((0, 0), (0, 0), (0, 1))), (PEOPLE, 100, 4, len(INPUTS))
    )
    spread = jax.tree.map(lambda x: x[:, None, None], heads)
    slopes = np.asarray(value_slopes(spread, options).mean((1, 2)))[:, :4]
    directions = slopes[:3] / np.linalg.norm(slopes[:3], axis=1, keepdims=True)
    assert directions[0, 0] > 0.85
    assert directions[1, 2] > 0.85
    # The store is not perceived before the choice: taste foretells it.
    assert directions[2, 0] > 0.6
    assert np.abs(slopes[3]).max() < 1e-6, "no reward, no values"


def test_slopes_are_derivatives():
    genome = random_genome(jax.random.key(3))
    meal = jnp.array([0.3, -1.0, 0.5, 2.0, -0.7])
    np.testing.assert_allclose(reward_slopes(genome, meal), jax.grad(rewarded, argnums=1)(genome, meal), rtol=1e-4)


def test_a_law_that_turns_moves_outcomes_and_nothing_else():
    turned = [draw_chance(jax.random.key(seed), ECOLOGY, 1.0) for seed in range(8)]
    still = [draw_chance(jax.random.key(seed), ECOLOGY) for seed in range(8)]
    moved = []
    for one, other in zip(turned, still, strict=True):
        assert (one.contexts.percepts == other.contexts.percepts).all()
        assert (one.luck == other.luck).all()
        taste, color = (
            float(jnp.corrcoef(one.contexts.percepts[..., i].ravel(), one.contexts.outcomes[..., 0].ravel())[0, 1])
            for i in (0, 2)
        )
        assert sorted((round(abs(taste), 1), round(abs(color), 1)))[1] == 1.0
        moved.append(color > taste)
    assert 0 < sum(moved) < 8


def test_what_is_forgone(chance):
    worth = offspring(chance.contexts.outcomes)[None]
    same, against = _forgone(worth, worth), _forgone(worth, -worth)
    assert same[0] == pytest.approx(0.0, abs=1e-6)
    assert against[0] == pytest.approx(2.0, abs=0.2), "as far below chance as the best is above"


def test_shuffled_genomes_hold_the_same_weights_elsewhere():
    genomes = jax.tree.map(
        lambda x: x[None, None], jax.vmap(random_genome)(jax.random.split(jax.random.key(4), PEOPLE))
    )
    mixed = _shuffled(jax.random.key(5), genomes)
    flat = [np.concatenate([np.asarray(x).reshape(PEOPLE, -1) for x in found], 1) for found in (genomes, mixed)]
    np.testing.assert_array_equal(np.sort(flat[0], 1), np.sort(flat[1], 1))
    assert (flat[0] != flat[1]).mean() > 0.8


def climbed(rule, generations=40):
    """Mean of what is to be raised, in the first and in the last generation: nearness to a target in a few genes."""

    def height(genomes):
        return -jnp.square(genomes.last - 1.0).sum(-1)

    def step(state, key):
        asked, told = jax.random.split(key)
        genomes = rule.ask(asked, state)
        return rule.tell(told, state, genomes, height(genomes)), height(genomes).mean()

    keys = jax.random.split(jax.random.key(6), generations)
    _, heights = jax.jit(lambda: jax.lax.scan(step, rule.begin(jax.random.key(7)), keys))()
    return float(heights[0]), float(heights[-1])


@pytest.mark.parametrize("make", [strategy, tournaments])
def test_each_strategy_raises_fitness(make):
    first, last = climbed(make(24))
    assert last > 0.5 * first > first


def test_without_evosax_tournaments_take_over_and_say_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "evosax.algorithms", None)
    found = strategy.__wrapped__(8)
    assert "evosax is not installed" in found.name
    assert "pip install 'mesascope[evolution]'" in found.name
    assert strategy(24).name == "SNES of evosax"
