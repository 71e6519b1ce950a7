"""Running, recording and editing open subjects, against a plain loop."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.editing import Edit, run
from mesascope.core.errors import EditError
from mesascope.core.rng import named_key
from mesascope.learned.thinking import ThinkingNet
from mesascope.worlds.grids.red_doors import RedDoors

TICKS = 4


@pytest.fixture(scope="module")
def net():
    return ThinkingNet(named_key(0, "net"), inputs=7, channels=3, ticks=TICKS, reads_until=2)


@pytest.fixture(scope="module")
def observation():
    world = RedDoors(size=7)
    return world.observe(world.draw(named_key(0, "levels"), 3))


def states_by_loop(net, observation, edit=None):
    """States 0 to T by stepping, with one write or addition applied by hand."""
    state = net.start(observation)
    seen = []
    for t in range(net.ticks + 1):
        if t:
            state = net.think(state, observation, jnp.array(t - 1))
        if edit is not None and int(edit.first) <= t <= int(edit.last):
            value = np.asarray(edit.value[t] if edit.value.ndim == 5 else edit.value)
            old = np.asarray(state["state"])
            new = old + value if edit.add else value
            state = {"state": jnp.asarray(np.where(np.asarray(edit.where)[..., None], new, old))}
        seen.append(np.asarray(state["state"]))
    return np.stack(seen), np.asarray(net.act(state))


def test_an_unedited_run_is_the_subjects_own_answer_and_its_states_are_recorded(net, observation):
    result = run(net, observation, record=("state",))
    states, logits = states_by_loop(net, observation)
    np.testing.assert_allclose(result.recording["state"], states, atol=1e-5)
    np.testing.assert_allclose(result.logits, logits, atol=1e-5)
    np.testing.assert_allclose(result.logits, net.logits(observation), atol=1e-5)


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize(("first", "last"), [(0, 0), (2, 2), (1, 3), (TICKS, TICKS)])
@pytest.mark.parametrize("per_state", [False, True])
def test_edits_apply_to_the_states_they_name(net, observation, add, first, last, per_state):
    rng = np.random.default_rng(1)
    shape = (*observation.shape[:3], 3)
    value = rng.normal(size=(TICKS + 1, *shape) if per_state else shape).astype(np.float32)
    where = rng.random(shape[:3]) < 0.3
    edit = Edit("state", jnp.asarray(where), jnp.asarray(value), first, last, add)
    result = run(net, observation, (edit,), ("state",))
    states, logits = states_by_loop(net, observation, edit)
    np.testing.assert_allclose(result.recording["state"], states, atol=1e-5)
    np.testing.assert_allclose(result.logits, logits, atol=1e-5)
    assert (np.asarray(result.change) > 0).all()


def test_writing_a_donors_whole_state_gives_the_donors_answer(net, observation):
    donor_observation = observation[::-1]
    donor = run(net, donor_observation, record=("state",))
    everywhere = jnp.ones(observation.shape[:3], bool)
    edit = Edit("state", everywhere, donor.recording["state"], 2, 2)
    np.testing.assert_allclose(run(net, observation, (edit,)).logits, donor.logits, atol=1e-5)


def test_an_edit_that_changes_nothing_is_an_error(net, observation):
    own = run(net, observation, record=("state",)).recording["state"]
    same = Edit("state", jnp.ones(observation.shape[:3], bool), own, 1, 1)
    with pytest.raises(EditError, match="changed nothing"):
        run(net, observation, (same,))


def test_edits_that_do_not_fit_are_errors_that_name_what_does_not(net, observation):
    where = jnp.ones(observation.shape[:3], bool)
    value = jnp.ones((*observation.shape[:3], 3))
    with pytest.raises(EditError, match=r"unknown site 'stat'.*did you mean 'state'"):
        run(net, observation, (Edit("stat", where, value, 1, 1),))
    with pytest.raises(EditError, match="shape"):
        run(net, observation, (Edit("state", where, value[..., :2], 1, 1),))
    with pytest.raises(EditError, match="states 1 to 9"):
        run(net, observation, (Edit("state", where, value, 1, 9),))
    with pytest.raises(EditError, match="brings 2 states"):
        run(net, observation, (Edit("state", where, jnp.stack([value, value]), 1, 1),))
    with pytest.raises(EditError, match="unknown site 'memory'"):
        run(net, observation, record=("memory",))
