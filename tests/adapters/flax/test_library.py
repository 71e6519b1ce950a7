"""What flax 0.12.8 and orbax-checkpoint 0.12.8 really do, where the adapters depend on it: another version that differs fails."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

serialization = pytest.importorskip("flax.serialization", reason="flax is not installed: tests/QUARANTINES.md")
ocp = pytest.importorskip("orbax.checkpoint", reason="orbax is not installed: tests/QUARANTINES.md")

TEMPLATE = {"params": {"a": {"kernel": np.zeros((4, 3), np.float32)}}}


def restored(tree):
    return serialization.from_bytes(TEMPLATE, serialization.to_bytes(tree))


def test_from_bytes_takes_another_shape_and_another_type():
    """flax 0.12.8: what is in the bytes comes back, whatever the template has; the adapter compares with `module.init`."""
    found = restored({"params": {"a": {"kernel": np.ones((7, 5, 2), np.int8)}}})["params"]["a"]["kernel"]
    assert (found.shape, found.dtype) == ((7, 5, 2), np.int8)


def test_from_bytes_drops_layers_that_the_template_does_not_have():
    """flax 0.12.8: nothing is said of them, at any depth; an empty template gives an empty tree."""
    more = {"params": {"a": {"kernel": np.ones((4, 3), np.float32), "bias": np.ones(3)}, "b": {"kernel": np.ones(2)}}}
    assert jax.tree.structure(restored(more)) == jax.tree.structure(TEMPLATE)
    assert serialization.from_bytes({}, serialization.to_bytes(more)) == {}


def test_from_bytes_refuses_a_layer_that_is_missing():
    """flax 0.12.8: the other way round it raises."""
    with pytest.raises(ValueError, match="do not match"):
        restored({"params": {}})


def test_lists_and_tuples_become_dicts_by_number_in_msgpack():
    """flax 0.12.8: so a chain of optax comes back as a dict of '0' and '1'."""
    found = serialization.msgpack_restore(serialization.to_bytes(([1, 2], (3,))))
    assert found == {"0": {"0": 1, "1": 2}, "1": {"0": 3}}


class Pair(NamedTuple):
    """A state of an optimizer."""

    mu: object
    nothing: object


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("facts")
    tree = {"pair": Pair(np.ones(2, np.float32), None), "tuple": (np.ones(1), 2), "one": np.float32(2.5)}
    with ocp.StandardCheckpointer() as saver:
        saver.save(place / "standard", tree)
    with ocp.PyTreeCheckpointer() as saver:
        saver.save(place / "pytree", tree)
    return place


def test_without_a_template_orbax_gives_lists_and_dicts(folder):
    """orbax 0.12.8: tuples come back as lists, named tuples as dicts, None as None; the adapter numbers them as flax does."""
    with ocp.StandardCheckpointer() as reader:
        found = reader.restore(folder / "standard")
    assert type(found["tuple"]) is list
    assert type(found["pair"]) is dict
    assert found["pair"]["nothing"] is None


def test_a_scalar_of_numpy_depends_on_who_saved_it(folder):
    """orbax 0.12.8: float32 from `StandardCheckpointer` is an array, from `PyTreeCheckpointer` a number of Python."""
    with ocp.PyTreeCheckpointer() as reader:
        standard, pytree = (reader.restore(folder / name)["one"] for name in ("standard", "pytree"))
    assert (np.asarray(standard).dtype, type(pytree)) == (np.float32, float)


def test_a_template_of_another_type_casts_and_one_of_another_shape_raises(folder):
    """orbax 0.12.8: 2.5 becomes 2 where the template says int32; the adapter takes no template."""
    with ocp.StandardCheckpointer() as saver:
        saver.save(folder / "numbers", {"w": jnp.full(3, 2.5)})
        saver.wait_until_finished()
        cast = saver.restore(folder / "numbers", {"w": jax.ShapeDtypeStruct((3,), jnp.int32)})
        assert cast["w"].tolist() == [2, 2, 2]
        with pytest.raises(ValueError, match="not compatible with the stored shape"):
            saver.restore(folder / "numbers", {"w": jax.ShapeDtypeStruct((2,), jnp.float32)})


def test_a_relative_path_is_refused(folder, monkeypatch):
    """orbax 0.12.8: the adapter makes paths absolute."""
    monkeypatch.chdir(folder)
    with ocp.StandardCheckpointer() as reader, pytest.raises(ValueError, match="should be absolute"):
        reader.restore("standard")


def test_a_cell_is_called_with_its_carry_first_and_makes_as_many_units_as_it_has():
    """flax 0.12.8: `cell(carry, x)` gives `(carry, y)`; `features` only says how `initialize_carry` begins, so that arguments in
    the wrong order make a cell of another size, without a word. The adapter tries both orders against the file.
    """
    linen = pytest.importorskip("flax.linen")
    carry, x = jnp.zeros((2, 3)), jnp.ones((2, 5))
    shapes = [
        jax.eval_shape(linen.GRUCell(3).init, jax.random.key(0), *given)["params"]["in"]["kernel"].shape
        for given in ((carry, x), (x, carry))
    ]
    assert shapes == [(5, 3), (3, 5)]
