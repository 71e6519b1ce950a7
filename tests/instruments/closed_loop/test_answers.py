"""Episodes that bound an agent with a memory start where heuristics are least certain: that tells heuristics from planning."""

import jax.numpy as jnp
import pytest

from mesascope.core.rng import named_key
from mesascope.instruments.closed_loop.answers import InEpisodes
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.search.certified import certify
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "heuristic"),
    [("walking-dead-ends", True), pytest.param("walking-planner", False, marks=pytest.mark.long)],
)
def test_starts_where_heuristics_are_least_certain_show_nothing_of_an_agent_that_follows_one(text, heuristic):
    subject = build_organism(text, WORLD, [WORLD.draw(named_key(0), 4)])
    weights = jnp.asarray(WORLD.base_objective.vector(WORLD.features), jnp.float32)
    place = Place(tuple(site.name for site in subject.sites), 1, 1, True)
    found = certify(WORLD, subject, place, weights, named_key(0, "bound"), most=1024, asks=InEpisodes(4))
    assert found.heuristic is heuristic
    assert (found.beyond_heuristics < 0.1) is heuristic
    assert (found.unedited.value < 0.2) is heuristic
