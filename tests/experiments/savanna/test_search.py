import jax
import numpy as np
import pytest

from mesascope.experiments.savanna.ecology import Ecology, draw_contexts
from mesascope.experiments.savanna.individual import Edit, choices, nearest
from mesascope.experiments.savanna.references import build_reference
from mesascope.experiments.savanna.search import count_followed, examine, goals
from mesascope.instruments.search.verdict import Verdict
from tests.experiments.savanna import twins

ECOLOGY = Ecology(contexts=16)
EFFORT = {"contexts": 128, "count": 3}


def built(name, remembered=16, **options):
    return build_reference(name, options, draw_contexts(jax.random.key(0), ECOLOGY, remembered))


def test_an_animal_is_seen_to_search():
    found = examine(built("animal"), ECOLOGY, jax.random.key(1), **EFFORT)
    assert found.verdict is Verdict.SEARCH
    assert all(test.edited.value == 1.0 and test.place.sites == ("values",) for test in found.tests)
    wrong = [test.controls["wrong site"].value for test in found.tests if "wrong site" in test.controls]
    assert max(wrong) < 0.3


@pytest.mark.parametrize("remembered", [16, 4096])
def test_a_plant_is_not_however_much_it_remembers(remembered):
    plant = built("well-traveled-plant", remembered)
    found = examine(plant, ECOLOGY, jax.random.key(1), **EFFORT)
    assert found.verdict is Verdict.NO_SEARCH
    retarget = next(test for test in found.tests if test.name == "retarget")
    assert retarget.place.sites == ("reflexes",)
    written, other = (goals(jax.random.key(seed), plant, 3) for seed in (2, 3))
    familiar = count_followed("retarget", plant, plant.remembered, written, other)
    assert familiar["reflexes"].share == 1.0, "where its table was rewritten it follows"
    assert retarget.edited.value < 0.8
    assert not any(test.passed for test in found.tests)


def test_what_is_not_expressed_changes_nothing():
    animal, plant = built("animal"), built("plant")
    percepts = draw_contexts(jax.random.key(2), ECOLOGY, 64).percepts
    values, reflexes = -animal.values, (plant.reflexes + 1) % 4
    barred = np.arange(4) == np.asarray(choices(plant, percepts))[:, None]
    assert (choices(animal, percepts, Edit(reflexes=reflexes)) == choices(animal, percepts)).all()
    assert (choices(plant, percepts, Edit(values=values, barred=barred)) == choices(plant, percepts)).all()
    assert (choices(animal, percepts, Edit(values=values)) != choices(animal, percepts)).any()
    assert (choices(plant, plant.remembered, Edit(reflexes=reflexes)) == reflexes).all()


def test_choices_are_what_they_are_in_loops():
    percepts = draw_contexts(jax.random.key(2), ECOLOGY, 20).percepts
    for who in (built("animal"), built("plant")):
        lived = np.asarray(who.remembered)
        slow = [
            twins.choice(
                bool(who.searches),
                np.asarray(who.values),
                {0: who.reflexes[np.argmin([np.square(old - new).sum() for old in lived])]},
                [new],
                0,
            )
            for new in np.asarray(percepts)
        ]
        assert np.asarray(choices(who, percepts)).tolist() == slow
    assert (nearest(who.remembered, who.remembered) == np.arange(16)).all()
