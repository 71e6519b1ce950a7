"""The experiment `savanna`."""

import dataclasses
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from mesascope.core.objective import Objective
from mesascope.core.progress import Stage
from mesascope.core.rng import named_key
from mesascope.experiments.experiment import AbstractExperiment, Named, Reference
from mesascope.experiments.savanna import ecology as world
from mesascope.experiments.savanna.audited import Subject
from mesascope.experiments.savanna.ecology import FEATURES, Ecology, draw_contexts
from mesascope.experiments.savanna.genomes import fitness
from mesascope.experiments.savanna.individual import Individual, individual
from mesascope.experiments.savanna.instruments import INSTRUMENTS
from mesascope.experiments.savanna.references import REFERENCES, build_reference
from mesascope.experiments.savanna.selection import Evolved, evolve, select
from mesascope.instruments.audited import AuditSubject, Training
from mesascope.instruments.instrument import Instrument


class Savanna(AbstractExperiment):
    """Plants and animals under selection: evolution as the base optimizer, and when it makes searchers.

    **Description.** A life is a number of contexts, each an arrangement of options to choose one from. A plant has a reflex
    for every context. An animal has values over what it perceives, and searches the options for the one it values most, at
    a price. Every genome carries both sets of genes and a switch, and selection keeps what leaves more offspring. It is
    RLO's own example of a base optimizer that produced another one (section 1).
    **Subjects.** The fittest individual of the last generation of one evolution that begins with plants alone. Search is a gene
    that we offer, an argmax over the options: that it is turned on, and what the values are, is selection's doing. So the search
    is selected and not invented, and no animal is called a mesa-optimizer.
    **Features.** An option is perceived by `taste`, `touch`, `color` and `smell`, and yields `calories` and `births`, which
    nobody perceives. `effort` is `cost` for every choice that was searched for. Percepts and yields are standard normal.
    **Return.** The mean over contexts, exact for the contexts of a life. The best policy of an objective takes its best
    option in every context, without effort.
    **Intended goal and base objective.** Both are expected offspring: calories and births over the square root of two, less
    effort.
    **Proxies.** Taste goes with calories, touch with births, at `correlation`. Animals can value nothing else that helps.
    **Configuration.**

    * `contexts`: contexts of a life.
    * `options`: options of a context.
    * `cost`: price of search in a context, in standard deviations of offspring.
    * `correlation`: of taste with calories, and of touch with births.
    * `individuals`: in a generation.
    * `generations`: of one evolution.
    * `tournament`: individuals drawn for each place in the next generation, of which the fittest is the parent.
    * `reflex_mutation`: probability that a copied reflex is redrawn.
    * `value_mutation`: standard deviation of a copied value, before values are scaled to length 1.
    * `kind_mutation`: probability that a plant's offspring is an animal, or an animal's a plant.
    * `founding_animals`: share of animals in the first generation.
    * `novelty`: probability that a context is replaced by a new one between generations.

    **Version history.** 1: first. 2: an evolved animal's search counts as built in.
    """

    contexts: int = eqx.field(static=True, default=Ecology.contexts)
    options: int = eqx.field(static=True, default=Ecology.options)
    cost: float = eqx.field(static=True, default=Ecology.cost)
    correlation: float = eqx.field(static=True, default=Ecology.correlation)
    individuals: int = eqx.field(static=True, default=Ecology.individuals)
    generations: int = eqx.field(static=True, default=Ecology.generations)
    tournament: int = eqx.field(static=True, default=Ecology.tournament)
    reflex_mutation: float = eqx.field(static=True, default=Ecology.reflex_mutation)
    value_mutation: float = eqx.field(static=True, default=Ecology.value_mutation)
    kind_mutation: float = eqx.field(static=True, default=Ecology.kind_mutation)
    founding_animals: float = eqx.field(static=True, default=Ecology.founding_animals)
    novelty: float = eqx.field(static=True, default=Ecology.novelty)
    name: ClassVar[str] = "savanna"
    features: ClassVar[tuple[str, ...]] = FEATURES
    intended_goal: ClassVar[Objective] = world.INTENDED
    base_objective: ClassVar[Objective] = world.BASE
    shifts: ClassVar[dict[str, str]] = world.SHIFTS
    references: ClassVar[dict[str, Reference]] = REFERENCES
    seeds: ClassVar[int] = 1
    extras: ClassVar[tuple[str, ...]] = ("evosax",)
    instruments: ClassVar[tuple[Instrument, ...]] = INSTRUMENTS

    def __check_init__(self):
        _ = self.ecology

    @property
    def ecology(self) -> Ecology:
        """The configuration, as the science takes them; `UsageError` for one out of range."""
        return Ecology(**vars(self))

    def make_subject(self, seed: int, quick: bool, stage: Stage, ref: str | None = None) -> AuditSubject:
        """The fittest individual of an evolution, or a reference."""
        ecology, key = self.ecology, named_key(seed, "savanna")
        if ref is not None:
            named = self.named(ref)
            built = _built(key, ecology, named)
            return AuditSubject(built, "organism", ref, named.name, hard_coded=bool(built.who.searches))
        stage("training")
        subject = _evolved(key, ecology)
        fitnesses = np.asarray(subject.record.fitness)
        curve = tuple((i, float(x)) for i, x in enumerate(fitnesses) if i % 10 == 0)
        config = dataclasses.asdict(ecology)
        training = Training("selection", config, self.generations, None, self.contexts, curve)
        name = f"fittest {'animal' if subject.who.searches else 'plant'}"
        # The argmax over options is ours: selection turns it on and says what it is for.
        return AuditSubject(
            subject, "trained", self.name, name, hard_coded=bool(subject.who.searches), training=training
        )


def _evolved(key: jax.Array, ecology: Ecology) -> Subject:
    """The fittest of the last generation, and the fittest after a change of the law that took as long again."""
    evolved, later = _lineage(key, ecology)
    return Subject(_fittest(evolved, ecology), evolved.contexts, _fittest(later, ecology), evolved)


@jax.jit(static_argnames=("ecology",))
def _lineage(key: jax.Array, ecology: Ecology) -> tuple[Evolved, Evolved]:
    evolved = evolve(named_key(key, "evolution"), ecology)
    slowly = jnp.minimum(jnp.arange(2 * ecology.generations) / ecology.generations, 1.0) * world.CHANGED
    return evolved, select(named_key(key, "slow change"), evolved.genomes, evolved.contexts, ecology, slowly)


def _fittest(evolved: Evolved, ecology: Ecology) -> Individual:
    met = jnp.ones(ecology.contexts)
    return individual(
        evolved.genomes, int(fitness(evolved.genomes, evolved.contexts, ecology.cost, met).argmax()), evolved.contexts
    )


def _built(key: jax.Array, ecology: Ecology, named: Named) -> Subject:
    count = int(named.options.get("remembered", ecology.contexts))
    lived = draw_contexts(named_key(key, "evolution", "contexts"), ecology, count)
    return Subject(build_reference(named.name, named.options, lived), lived, None, None)
