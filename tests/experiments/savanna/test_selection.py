import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.experiments.savanna import selection
from mesascope.experiments.savanna.ecology import Ecology, draw_contexts
from mesascope.experiments.savanna.genomes import fitness, found
from mesascope.experiments.savanna.phases import run_phases
from mesascope.experiments.savanna.selection import breed, evolve
from tests.experiments.savanna import twins

SMALL = Ecology(contexts=6, individuals=300, generations=12)
STILL = Ecology(contexts=6, individuals=300, reflex_mutation=0.0, value_mutation=0.0, kind_mutation=0.0)


@pytest.fixture(scope="module")
def people():
    return found(jax.random.key(1), SMALL, 0.5)


def test_fitness_is_what_it_is_in_loops(people):
    contexts = draw_contexts(jax.random.key(2), SMALL, 6)
    met = jnp.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0])
    exact = np.asarray(fitness(people, contexts, 0.3, met))
    percepts, outcomes = np.asarray(contexts.percepts, float)[:4], np.asarray(contexts.outcomes, float)[:4]
    slow = [twins.fitness(*(np.asarray(g) for g in one), percepts, outcomes, 0.3) for one in zip(*people, strict=True)]
    np.testing.assert_allclose(exact, slow, atol=1e-5)
    assert np.asarray(people.searches).mean() == 0.5


def test_without_mutation_children_are_copies_and_the_fit_have_more(people):
    fit = jnp.arange(300.0)
    children = breed(jax.random.key(3), people, fit, STILL)
    parents = [
        int(np.flatnonzero((np.abs(people.values - v) < 1e-5).all(-1) & (people.reflexes == r).all(-1))[0])
        for v, r in zip(children.values, children.reflexes, strict=True)
    ]
    # The largest of three ranks drawn from 0 to 299 is 224 on average.
    assert 210 < np.mean(parents) < 238
    assert (children.searches == people.searches[np.array(parents)]).all()


def test_mutations_come_at_their_rates(people):
    ecology = Ecology(contexts=6, individuals=300, tournament=1, reflex_mutation=0.2, kind_mutation=0.1)
    alike = jax.tree.map(lambda x: jnp.broadcast_to(x[:1], x.shape), people)
    children = [breed(jax.random.key(k), alike, jnp.zeros(300), ecology) for k in range(8)]
    changed = np.mean([np.asarray(c.reflexes != alike.reflexes).mean() for c in children])
    turned = np.mean([np.asarray(c.searches != alike.searches).mean() for c in children])
    assert changed == pytest.approx(0.2 * 3 / 4, abs=0.01)
    assert turned == pytest.approx(0.1, abs=0.02)
    fresh = np.concatenate([np.asarray(c.reflexes[c.reflexes != alike.reflexes]) for c in children])
    assert set(fresh) == {0, 1, 2, 3}
    assert np.allclose(np.linalg.norm(children[0].values, axis=-1), 1, atol=1e-5)


def test_the_ends_of_chance_are_finite():
    """A uniform number of 1 or 0 would be an infinite normal, and the lineage lost: it did happen."""
    ends = selection._between(jnp.array([0, 2**32 - 1], jnp.uint32))
    assert np.isfinite(jax.scipy.special.ndtri(ends)).all()


def test_an_evolution_is_a_function_of_its_key_alone_or_beside_others():
    run = jax.jit(evolve, static_argnums=1)
    alone, again = run(jax.random.key(0), SMALL), run(jax.random.key(0), SMALL)
    assert jax.tree.all(jax.tree.map(lambda a, b: (a == b).all(), alone, again))
    other = run(jax.random.key(1), SMALL)
    assert (alone.genomes.reflexes != other.genomes.reflexes).any()
    assert alone.record.fitness[-1] > alone.record.fitness[0] + 0.2
    assert alone.record.animals.shape == (13,)


@pytest.mark.slow
def test_few_contexts_grow_plants_and_many_grow_animals():
    phases = run_phases(Ecology(individuals=150, generations=120), 0, contexts=(2, 64), costs=(0.15,), seeds=6)
    few, many = phases.grid
    assert few.share.interval.high < 0.05
    assert many.share.interval.low > 0.95
    assert many.agreement > 0.9
    unrelated = phases.unrelated[-1]
    assert unrelated.share.interval.high < 0.05, "with nothing to value, search only costs"
    assert unrelated.agreement < 0.5
    assert phases.invaded[0].share.interval.high < 0.05
