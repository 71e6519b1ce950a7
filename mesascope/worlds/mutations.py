"""Mutations: small changes of a level that leave it one of its family, for searches over levels."""

import abc
from typing import Any, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, PRNGKeyArray

from mesascope.worlds.levels import AbstractLevels

Levels = TypeVar("Levels", bound=AbstractLevels)


class AbstractMutations(eqx.Module, Generic[Levels]):
    """How levels of a world can be changed a little."""

    @abc.abstractmethod
    def varying(self, levels: Levels) -> Any:
        """What differs among many drawn levels, as arrays: `propose` changes nothing that is the same in all of them."""

    @abc.abstractmethod
    def propose(self, key: PRNGKeyArray, levels: Levels, varying: Any) -> Levels:
        """One change of each level that leaves it legal; a level for which none is found stays as it is."""


def select_levels(which: Bool[Array, " level"], first: Levels, second: Levels) -> Levels:
    """The first batch's level where `which`, the second's elsewhere."""
    return jax.tree.map(lambda a, b: jnp.where(which.reshape(-1, *[1] * (a.ndim - 1)), a, b), first, second)
