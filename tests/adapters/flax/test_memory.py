"""Modules of flax with a carry: asked step by step with the memory that they have by then."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.adapters.flax.loader import load_reference
from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.subject import View
from mesascope.worlds.grids.red_doors import RedDoors

pytest.importorskip("flax", reason="flax is not installed: tests/QUARANTINES.md")
nets = pytest.importorskip("tests.adapters.flax.nets")

WORLD = RedDoors(size=5)
NAMES = ("right", "up", "down", "left")
ORDER = [NAMES.index(name) for name in WORLD.actions]
CELL = (jnp.zeros((1, 5)), jnp.zeros((1, 5)))


@pytest.fixture(scope="module")
def shown():
    """What two actors see in three steps: `(step, actor, ...)`, of the view `full`."""
    full = WORLD.observe(WORLD.draw(0, 2), "full")
    return [full[:, state] for state in (0, 4, 7)]


def walked(subject, shown):
    """The logits of each step, from a blank memory."""
    state, found = subject.start(shown[0][..., :-1]), []
    for seen in shown:
        view = View(seen[..., :-1], seen[..., -1:], jnp.ones(len(seen), bool))
        state = subject.think(state, view if subject.view == "full" else seen, jnp.asarray(0))
        found.append(subject.act(state))
    return np.stack(found)


def loaded(path, module, **options):
    agent = load_reference(f"flax:{path}", actions=NAMES, module=module, recurrent=True, **options)
    return agent.subject(WORLD)


def test_flaxs_own_order_of_carry_and_input(saved, shown):
    variables, path = saved(nets.Recurrent(), CELL[0].shape, (1, 3, 3, 8), carry=CELL)
    subject = loaded(path, nets.Recurrent)
    assert (subject.recurrent, [site.channels for site in subject.sites]) == (True, [5, 5, 4])
    carry, expected = (jnp.zeros((2, 5)), jnp.zeros((2, 5))), []
    for seen in shown:
        carry, logits = nets.Recurrent().apply(variables, carry, seen)
        expected.append(logits[:, np.array(ORDER)])
    np.testing.assert_allclose(walked(subject, shown), np.stack(expected), atol=1e-5)
    check_subject(subject, WORLD.observe(WORLD.draw(0, 2), "full"), all_states=False)


def test_the_other_order_and_a_beginning_of_the_owners(saved, shown):
    variables, path = saved(nets.Reversed(), (1, 3, 3, 8), (1, 5))
    subject = loaded(path, nets.Reversed, initial=nets.blank, output=0)
    carry, expected = jnp.ones((2, 5)), []
    for seen in shown:
        logits, _, carry = nets.Reversed().apply(variables, seen, carry)
        expected.append(logits[:, np.array(ORDER)])
    np.testing.assert_allclose(walked(subject, shown), np.stack(expected), atol=1e-5)


def test_a_module_of_sequences_is_called_by_a_function(saved, shown):
    module, starts = nets.Episodes(), jnp.zeros((1, 1), bool)
    variables, path = saved(module, (1, 5), carry=jnp.zeros((1, 5)), x=(jnp.zeros((1, 1, 3, 3, 8)), starts))
    subject = loaded(path, nets.Episodes, call=nets.one_step, initial=nets.zeros)
    whole = (jnp.stack(shown), jnp.zeros((3, 2), bool))
    expected = module.apply(variables, jnp.zeros((2, 5)), whole)[1].logits[..., np.array(ORDER)]
    np.testing.assert_allclose(walked(subject, shown), expected, atol=1e-5)


@pytest.mark.long
def test_another_view_is_shown_by_its_name(saved):
    variables, path = saved(nets.Reversed(), (1, 5, 5, 7), (1, 5))
    subject = loaded(path, nets.Reversed, initial=nets.blank, output=0, view="egocentric-5")
    seen = WORLD.observe(WORLD.draw(0, 2), "egocentric-5")[:, 4]
    expected = nets.Reversed().apply(variables, seen, jnp.ones((2, 5)))[0][:, np.array(ORDER)]
    np.testing.assert_allclose(walked(subject, [seen])[0], expected, atol=1e-5)


def test_what_cannot_be_told_has_to_be_said(saved):
    _, path = saved(nets.Reversed(), (1, 3, 3, 8), (1, 5))
    with pytest.raises(UsageError, match=r"Reversed has no initialize_carry; write initial=MODULE:FUNCTION"):
        loaded(path, nets.Reversed, output=0)
    with pytest.raises(UsageError, match="write output=N"):
        loaded(path, nets.Reversed, initial=nets.blank)
    with pytest.raises(UsageError, match="expected arrays with one axis that counts the actors"):
        loaded(path, nets.Reversed, initial=lambda actors: jnp.zeros(5), output=0)
    with pytest.raises(UsageError, match="view 'map' does not show where the agent is"):
        loaded(path, nets.Reversed, initial=nets.blank, output=0, view="map")
    _, path = saved(nets.Either(), (1, 3, 3, 8), (1, 3, 3, 8))
    with pytest.raises(
        UsageError, match=r"write carry=first for \(carry, x\), as flax's cells are called, or carry=last"
    ):
        loaded(path, nets.Either, initial=lambda actors: jnp.zeros((actors, 3, 3, 8)))


def test_an_answer_without_a_carry_is_refused(saved):
    _, path = saved(nets.MLP(), (1, 3, 3, 8))
    with pytest.raises(SubjectError, match="expected a carry of the shapes that it began with"):
        loaded(path, nets.MLP, call=lambda module, x, carry: module(x), initial=nets.blank)
