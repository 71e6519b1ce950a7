"""Actors: learned algorithms as they meet the world step by step, with a memory and a critic beside them."""

import abc
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PyTree

from mesascope.base_optimizers.protocol import answers_at_once
from mesascope.core.subject import AbstractSubject, Observation
from mesascope.learned.channels_first import think
from mesascope.learned.recurrent import LocalRecurrentAgent


class Critic(eqx.Module):
    """A linear readout of values. It belongs to training and is not part of the learned algorithm."""

    weight: Float[Array, " channel"]
    bias: Float[Array, ""]

    def __call__(self, hidden: Float[Array, "*place channel"]) -> Float[Array, "*place"]:
        """The estimated return from here."""
        return hidden @ self.weight + self.bias


class PolicyOutput(NamedTuple):
    """What actors make of one step: preferences, estimated return, and the memory they go on with."""

    logits: Float[Array, "actor action"]
    value: Float[Array, " actor"]
    memory: Float[Array, "actor memory"]


class AbstractActor(eqx.Module):
    """Many actors at once, each somewhere in one of the prepared levels."""

    @abc.abstractmethod
    def prepare(self, observation: Observation) -> PyTree:
        """What acting in these levels needs; every leaf has the levels on its first axis."""

    @abc.abstractmethod
    def blank(self, actors: int) -> Float[Array, "actor memory"]:
        """The memory at the start of an episode."""

    @abc.abstractmethod
    def act(
        self,
        prepared: PyTree,
        level: Int[Array, " actor"],
        state: Int[Array, " actor"],
        memory: Float[Array, "actor memory"],
    ) -> PolicyOutput:
        """One step of every actor."""


class PlanOnceActor(AbstractActor):
    """Plans when it is shown the levels, and then looks up: its memory of a level is the plan, for all cells at once.

    The plan is made once for each level and not at each step, forward and in the gradient alike.
    """

    subject: AbstractSubject
    critic: Critic

    def prepare(self, observation: Observation) -> PyTree:
        """The plan: preferences and values in every cell."""
        final = think(self.subject, observation)
        hidden = jnp.concatenate([final[site.name] for site in self.subject.sites], -1)
        levels = observation.shape[0]
        preferences = self.subject.act(final)
        return preferences.reshape(levels, -1, preferences.shape[-1]), self.critic(hidden).reshape(levels, -1)

    def blank(self, actors: int) -> Float[Array, "actor memory"]:
        """Nothing beside the plan."""
        return jnp.zeros((actors, 0))

    def act(
        self,
        prepared: PyTree,
        level: Int[Array, " actor"],
        state: Int[Array, " actor"],
        memory: Float[Array, "actor memory"],
    ) -> PolicyOutput:
        """Look up."""
        logits, values = prepared
        return PolicyOutput(logits[level, state], values[level, state], memory)


class RecurrentActor(AbstractActor):
    """Sees a local view at each step and keeps a memory over the steps of an episode."""

    subject: LocalRecurrentAgent
    critic: Critic

    def prepare(self, observation: Observation) -> PyTree:
        """The view from every cell."""
        return self.subject.views(observation)

    def blank(self, actors: int) -> Float[Array, "actor memory"]:
        """All zeros."""
        return jnp.zeros((actors, self.subject.units))

    def act(
        self,
        prepared: PyTree,
        level: Int[Array, " actor"],
        state: Int[Array, " actor"],
        memory: Float[Array, "actor memory"],
    ) -> PolicyOutput:
        """Look, remember, prefer."""
        memory = self.subject.remember(prepared[level, state], memory)
        return PolicyOutput(self.subject.prefer(memory), self.critic(memory), memory)


def fresh_critic(subject: AbstractSubject) -> Critic:
    """A critic that values everything at zero, of the width its subject needs."""
    if isinstance(subject, LocalRecurrentAgent):
        return Critic(jnp.zeros(subject.units), jnp.zeros(()))
    answers_at_once(subject, "ppo")
    return Critic(jnp.zeros(sum(site.channels for site in subject.sites)), jnp.zeros(()))


def actor_of(subject: AbstractSubject, critic: Critic) -> AbstractActor:
    """The actor of a learned algorithm."""
    if isinstance(subject, LocalRecurrentAgent):
        return RecurrentActor(subject, critic)
    return PlanOnceActor(answers_at_once(subject, "ppo"), critic)
