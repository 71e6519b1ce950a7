"""Subjects as somebody's own code could be, good and bad, for `--subject python:tests.cli.own_subjects:...`."""

import jax.numpy as jnp
import numpy as np

from mesascope.adapters.black_box import black_box
from mesascope.adapters.jax_functions import jax_steps
from mesascope.core.subject import AbstractPolicy, Site


class Still(AbstractPolicy):
    """Answers as it should."""

    def logits(self, observation):
        return jnp.zeros((*observation.shape[:3], 4))


class Undefined(AbstractPolicy):
    """NaN in one cell of one level."""

    def logits(self, observation):
        return jnp.zeros((*observation.shape[:3], 4)).at[2, 1, 0].set(jnp.nan)


class Late(AbstractPolicy):
    """NaN only in a batch larger than the one that is tried first."""

    def logits(self, observation):
        return jnp.full((*observation.shape[:3], 4), jnp.nan if observation.shape[0] > 4 else 0.0)


class Wide(AbstractPolicy):
    """One action too many."""

    def logits(self, observation):
        return jnp.zeros((*observation.shape[:3], 5))


class Broken(AbstractPolicy):
    """Raises."""

    def logits(self, observation):
        raise KeyError("lost")


class Plain(AbstractPolicy):
    """NumPy where JAX has to be."""

    def logits(self, observation):
        return np.zeros((*np.asarray(observation).shape[:3], 4))


def boxed():
    """A black box that does not answer where it stands in a corner."""

    def policy(shown):
        corner = shown[:, 0, 0, -1:] > 0
        return np.where(corner, np.nan, np.zeros((len(shown), 4)))

    return black_box(policy)


def opened(gain=1.0):
    """Open, and as good as nothing."""
    return jax_steps(
        start=lambda gain, *shape: {"state": jnp.zeros((*shape, 4))},
        think=lambda gain, state, seen, tick: {"state": state["state"] + gain},
        act=lambda gain, state: state["state"],
        sites=(Site("state", 4, "a count"),),
        ticks=2,
        reads_until=0,
        params=jnp.float32(gain),
    )


def opened_untrained():
    return opened(0.5)


still = still_untrained = Still()


def fails():
    raise ValueError("no weights here")


nothing = None
