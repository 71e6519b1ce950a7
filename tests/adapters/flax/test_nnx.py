"""Modules of flax.nnx answer with the variables of a file, whichever way these were saved."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.adapters.flax.loader import load_reference
from mesascope.core.errors import AgentFileError, UsageError
from tests.adapters.flax.conftest import shaken
from tests.adapters.flax.test_memory import ORDER, loaded, shown, walked  # noqa: F401 - a fixture
from tests.adapters.flax.test_subject import FULL, NAMES, NETS, WORLD, in_order

nnx = pytest.importorskip("flax.nnx", reason="flax is not installed: tests/QUARANTINES.md")
serialization = pytest.importorskip("flax.serialization", reason="flax is not installed: tests/QUARANTINES.md")
ocp = pytest.importorskip("orbax.checkpoint", reason="orbax is not installed: tests/QUARANTINES.md")
nets = pytest.importorskip("tests.adapters.flax.nets")

SHOWN = jnp.asarray(FULL)


def changed(module):
    """A module with other numbers than it begins with, and the state that its owner would save."""
    graph, state, rest = nnx.split(module, nnx.Not(nnx.RngState), ...)
    numbers = jax.tree.map(jnp.abs, shaken(nnx.to_pure_dict(state)))
    nnx.replace_by_pure_dict(state, numbers)
    return nnx.merge(graph, state, rest), state


@pytest.fixture(scope="module")
def plain():
    return changed(nets.Plain())


def as_bytes(state, path):
    path.write_bytes(serialization.to_bytes(nnx.to_pure_dict(state)))


def as_dict(state, path):
    with ocp.StandardCheckpointer() as writer:
        writer.save(path, nnx.to_pure_dict(state))


def as_variables(state, path):
    with ocp.StandardCheckpointer() as writer:
        writer.save(path, state)


@pytest.mark.parametrize("save", [as_bytes, as_dict, as_variables])
def test_it_answers_as_it_does_where_it_is_not_trained(plain, save, tmp_path):
    module, state = plain
    save(state, tmp_path / "agent")
    subject = load_reference(f"flax:{tmp_path / 'agent'},module={NETS}:Plain", actions=NAMES).subject(WORLD)
    module.eval()
    expected = in_order(module(SHOWN.reshape(-1, 3, 3, 8)))
    np.testing.assert_allclose(np.asarray(subject.logits(SHOWN)).reshape(-1, 4), expected, atol=1e-5)


def test_other_variables_and_other_inputs_are_refused(plain, tmp_path):
    as_bytes(plain[1], tmp_path / "agent")
    wider = nets.Plain(width=6)
    with pytest.raises(AgentFileError, match=r"layers/0/bias: shape \(5,\) in the file, \(6,\) in the module"):
        load_reference(f"flax:{tmp_path / 'agent'}", actions=NAMES, module=wider).subject(WORLD)
    assert not wider.drop.deterministic, "the owner's module stays as it is"
    with pytest.raises(UsageError, match="unknown view of red-doors 'fulll'"):
        load_reference(f"flax:{tmp_path / 'agent'}", actions=NAMES, module=nets.Plain, view="fulll").subject(WORLD)


def test_an_episode_of_one_with_a_carry_is_that_of_its_own_loop(shown, tmp_path):  # noqa: F811
    module, state = changed(nets.Remembering())
    as_bytes(state, tmp_path / "agent")
    carry, expected = jnp.zeros((2, 5)), []
    for seen in shown:
        carry, logits = module(carry, seen)
        expected.append(logits[:, np.array(ORDER)])
    found = walked(loaded(tmp_path / "agent", nets.Remembering), shown)
    np.testing.assert_allclose(found, np.stack(expected), atol=1e-5)
