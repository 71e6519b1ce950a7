"""The search battery finds the same in a PyTorch subject as in its twin in JAX. Left out without PyTorch."""

import jax.numpy as jnp
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")

from examples.torch_twin import torch_twin
from mesascope.adapters.torch_modules import torch_subject
from mesascope.base_optimizers.imitation import Imitation
from mesascope.base_optimizers.training import advance, begin
from mesascope.core.rng import named_key
from mesascope.instruments.search.battery import run_test
from mesascope.instruments.search.trials import contested_levels, draw_trials
from mesascope.worlds.grids.red_doors import RedDoors

TOLERANCE = 1e-3


@pytest.mark.long
def test_a_subject_and_its_twin_get_the_same_findings():
    world, optimizer = RedDoors(), Imitation(updates=150)
    start = begin(optimizer, world, "glance", {"channels": 12, "ticks": 12}, seed=0)
    net = optimizer.subject(advance(optimizer, world, start, jnp.array(150, jnp.int32))[0])
    twin = torch_subject(torch_twin(net), sites={"state": "cell"})
    pool = contested_levels(world, named_key(3, "contested"), 256)
    weights = jnp.asarray(world.base_objective.vector(world.features))
    trials = draw_trials(world, named_key(3, "trials"), pool, 48, weights)["retarget"]
    ours, theirs = (run_test(world, "retarget", trials, s, None, named_key(3, "arms")) for s in (net, twin))
    assert ours.edited.value > ours.controls["unedited"].value + 0.05, "too little was learned to compare anything"
    assert [place for place, *_ in ours.tried] == [place for place, *_ in theirs.tried]
    assert [t[1] for t in ours.tried] == pytest.approx([t[1] for t in theirs.tried], abs=TOLERANCE)
    assert ours.place == theirs.place
    assert (ours.levels, ours.occasions) == (theirs.levels, theirs.occasions)
    assert ours.edited.value == pytest.approx(theirs.edited.value, abs=TOLERANCE)
    assert ours.ceiling.value == pytest.approx(theirs.ceiling.value, abs=TOLERANCE)
    assert ours.spread == pytest.approx(theirs.spread, abs=TOLERANCE)
    for arm, estimate in ours.controls.items():
        assert estimate.value == pytest.approx(theirs.controls[arm].value, abs=TOLERANCE)
