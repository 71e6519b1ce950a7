"""Variables of small modules, saved by flax and orbax."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest


def shaken(variables):
    """Variables with larger numbers, so that logits differ."""
    return jax.tree.map(
        lambda x: jnp.asarray(np.random.default_rng(x.size).normal(size=x.shape), jnp.float32), variables
    )


@pytest.fixture
def saved(tmp_path):
    """Initializes a module for inputs of given shapes, and saves it as msgpack bytes; gives the variables and the file."""
    serialization = pytest.importorskip("flax.serialization", reason="flax is not installed: tests/QUARANTINES.md")

    def save(module, *shapes, wrap=lambda variables: variables, carry=None, **options):
        inputs = [jnp.zeros(shape) for shape in shapes]
        inputs[:1] = inputs[:1] if carry is None else [carry]
        variables = shaken(module.init(jax.random.key(0), *inputs, **options))
        path = tmp_path / f"{type(module).__name__}.msgpack"
        path.write_bytes(serialization.to_bytes(wrap(variables)))
        return variables, path

    return save
