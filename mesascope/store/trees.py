"""Pytrees as named arrays and back."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.store.tensors import Signature


def arrays_of(tree: Any) -> dict[str, np.ndarray]:
    """The arrays of a tree on the host, named by their paths (`network/out/bias`); random keys as their data."""
    return {name: np.asarray(jax.device_get(_data(leaf))) for name, leaf in _named(tree) if _is_array(leaf)}


def signature_of(tree: Any) -> Signature:
    """Type and shape of each array of a tree, which may consist of shapes alone (`jax.eval_shape`)."""
    found = {}
    for name, leaf in _named(tree):
        if _is_array(leaf):
            shape = jax.eval_shape(jax.random.key_data, leaf) if _is_key(leaf) else leaf
            found[name] = (str(np.dtype(shape.dtype)), tuple(shape.shape))
    return dict(sorted(found.items()))


def filled(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A tree with its arrays replaced by those of their names; everything else of it is kept."""
    named = _named(tree)
    leaves = [_like(leaf, arrays[name]) if _is_array(leaf) else leaf for name, leaf in named]
    return jax.tree.unflatten(jax.tree.structure(tree), leaves)


def bare_numbers(tree: Any) -> list[str]:
    """Names of Python numbers among the leaves: they are not arrays, so they are not saved."""
    return [name for name, leaf in _named(tree) if isinstance(leaf, int | float | complex | np.generic)]


def _named(tree: Any) -> list[tuple[str, Any]]:
    paths = jax.tree_util.tree_flatten_with_path(tree)[0]
    named = [(jax.tree_util.keystr(path, simple=True, separator="/") or "value", leaf) for path, leaf in paths]
    if len({name for name, _ in named}) < len(named):
        raise ValueError("two arrays of one tree have the same name")
    return named


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray | jax.ShapeDtypeStruct)


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _data(leaf: Any) -> Any:
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _like(leaf: Any, array: np.ndarray) -> Any:
    if isinstance(leaf, np.ndarray):
        return array
    if _is_key(leaf):
        return jax.random.wrap_key_data(jnp.asarray(array), impl=jax.random.key_impl(leaf))
    return jnp.asarray(array)
