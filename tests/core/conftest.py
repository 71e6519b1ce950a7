"""Small levels that several files look at."""

import jax.numpy as jnp
import pytest

from mesascope.core.mdp import FiniteMDP


@pytest.fixture
def tiny() -> FiniteMDP:
    """A corridor of three states, the last of them an end; actions left and right; one feature at the end."""
    successor = jnp.array([[[0, 1], [0, 2], [2, 2]]], jnp.int32)[..., None]
    return FiniteMDP(
        successor=successor,
        probability=jnp.ones((1, 3, 2, 1)),
        features=jnp.zeros((1, 3, 2, 1, 1)).at[0, 1, 1, 0, 0].set(1.0),
        terminal=jnp.array([[False, False, True]]),
        initial=jnp.array([[1.0, 0.0, 0.0]]),
    )
