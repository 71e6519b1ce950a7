"""Where a subject over tokens may be edited: right after its tokens have begun to read each other, however late that is."""

import jax.numpy as jnp
import pytest

from mesascope.core.rng import named_key
from mesascope.instruments.search.places import admit, candidates, record_donors
from mesascope.instruments.search.trials import JOINT, contested_levels, draw_trials
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors()


@pytest.fixture(scope="module")
def trials():
    weights, key = jnp.asarray(WORLD.base_objective.vector(WORLD.features)), named_key(0, "places")
    pool = contested_levels(WORLD, named_key(key, "pool"), 160)
    return draw_trials(WORLD, key, pool, 32, weights)[JOINT]


@pytest.mark.slow
@pytest.mark.parametrize(("design", "late"), [("flood", False), ("late-flood", True)])
def test_what_begins_late_is_edited_right_after_it_began(design, late, trials):
    subject = build_organism(f"token-searcher,design={design}", WORLD, [trials.base])
    usual = {place.first for place in candidates(subject)}
    admitted, refused = admit(WORLD, subject, trials, record_donors(WORLD, subject, trials))
    begins = min(place.first for place, _, _ in admitted)
    assert (begins not in usual) is late
    assert refused > 0, "until tokens read each other, an edit is one of the input"
