"""The experiment `savanna`."""

import dataclasses
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from mesascope.auditing.alignment import judge
from mesascope.auditing.built_in.objectives import disagree
from mesascope.auditing.stage_timer import StageTimer
from mesascope.core.objective import Objective
from mesascope.core.rng import named_key
from mesascope.experiments import document
from mesascope.experiments.experiment import AbstractExperiment, Named, Reference, Stage
from mesascope.experiments.savanna import ecology as world
from mesascope.experiments.savanna.audited import (
    agreement,
    behavior_of,
    genome_weights,
    ledger_of,
    sample,
    spread,
)
from mesascope.experiments.savanna.cards import CARDS
from mesascope.experiments.savanna.ecology import FEATURES, Contexts, Ecology, draw_contexts
from mesascope.experiments.savanna.genomes import Genomes, fitness
from mesascope.experiments.savanna.individual import Individual, individual
from mesascope.experiments.savanna.references import REFERENCES, build_reference
from mesascope.experiments.savanna.report_parts import of_evolution, studies
from mesascope.experiments.savanna.revealed import reveal, undetermined
from mesascope.experiments.savanna.search import EXPLANATION, examine
from mesascope.experiments.savanna.selection import Evolved, evolve, select
from mesascope.instruments.search.verdict import Verdict
from mesascope.worlds.described import TRAINING

_CHOOSABLE = FEATURES[:-1]
"""Features that options differ in: all but effort."""


class _Audited(NamedTuple):
    """An individual, the contexts it lives in, its descendant after a slow change, and where it came from."""

    who: Individual
    lived: Contexts
    descendant: Individual | None
    kin: Genomes | None
    evolved: Evolved | None
    named: Named | None


class Savanna(AbstractExperiment):
    """Plants and animals under selection: evolution as the base optimizer, and when it makes searchers.

    **Description.** A life is a number of contexts, each an arrangement of options to choose one from. A plant has a reflex
    for every context. An animal has values over what it perceives, and searches the options for the one it values most, at
    a price. Every genome carries both sets of genes and a switch, and selection keeps what leaves more offspring. It is
    RLO's own example of a base optimizer that produced another one (section 1).
    **Subjects.** The fittest individual of the last generation of one evolution that begins with plants alone. The gene for
    search is offered by us; that it is turned on, and what the values are, is selection's doing.
    **Features.** An option is perceived by `taste`, `touch`, `color` and `smell`, and yields `calories` and `births`, which
    nobody perceives. `effort` is 1 for every choice that was searched for. Percepts and yields are standard normal.
    **Return.** The mean over contexts, exact for the contexts of a life. The best policy of an objective takes its best
    option in every context, without effort.
    **Intended goal and base objective.** Both are expected offspring: calories and births over the square root of two, less
    `cost` times effort.
    **Proxies.** Taste goes with calories, touch with births, at `correlation`. Animals can value nothing else that helps.
    **Knobs.**

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

    **Version history.** 1: first.
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

    def __check_init__(self):
        _ = self.ecology

    @property
    def ecology(self) -> Ecology:
        """The knobs, as the science takes them; `UsageError` for one out of range."""
        return Ecology(**vars(self))

    def audit(self, seed: int, quick: bool, stage: Stage, subject_ref: str | None = None) -> dict[str, Any]:
        """Evolves (unless given a reference subject), audits one individual, and runs the studies of the page."""
        watch, ecology = StageTimer(stage), self.ecology
        key = named_key(seed, "savanna")
        named = None if subject_ref is None else self.named(subject_ref)
        watch("evolution" if named is None else "asking the subject")
        audited = _evolved(key, ecology) if named is None else _built(key, ecology, named)
        who, searches = audited.who, bool(audited.who.searches)
        count = 500 if quick else 2_000
        samples = {
            d: sample(who, audited.lived, ecology, d, named_key(key, "audit"), count)
            for d in (TRAINING, *world.SHIFTS)
            if d != world.SLOW
        }
        watch("search: retarget, barred option, both")
        found = examine(who, ecology, named_key(key, "search"))
        watch("objectives")
        novel, lived = samples[world.NOVEL], samples[TRAINING]
        outside = reveal(novel.told[..., :-1], novel.chosen, _CHOOSABLE, named_key(key, "revealed"))
        at_home = reveal(lived.told[..., :-1], lived.chosen, _CHOOSABLE, named_key(key, "revealed", TRAINING))
        open_ = undetermined(at_home, _CHOOSABLE)
        confirmed = found.verdict is Verdict.SEARCH
        weights = genome_weights(who, audited.kin) if confirmed else outside.direction
        watch("ledger")
        ledgers = [ledger_of(s, ecology, searches, spread(weights)) for s in samples.values()]
        base = world.BASE.vector(FEATURES)
        alignment = judge(ledgers, weights, base, FEATURES, confirmed)
        behavior = {d: behavior_of(s) for d, s in samples.items()}
        if audited.descendant is not None:
            heir = audited.descendant
            later = sample(heir, audited.lived, ecology, world.SLOW, named_key(key, "audit"), count)
            own = spread(genome_weights(heir, None)) if heir.searches else spread(outside.direction)
            ledgers.append(ledger_of(later, ecology, bool(heir.searches), own))
            behavior[world.SLOW] = behavior_of(later)
        parts, findings = ([], {}) if named is not None else studies(ecology, seed, quick, watch)
        if audited.evolved is not None:
            parts.insert(0, of_evolution(audited.evolved.record))
        inside = {} if not confirmed else weights
        doubts = disagree(inside, outside.direction)
        mesa = document.objective(
            weights,
            site="values",
            confirmed_by_intervention=confirmed,
            agrees_with_behavioral=not doubts,
            disagreements=doubts,
            agreement=agreement(spread(weights), outside.draws),
        )
        return document.compose(
            self,
            seed,
            subject=_subject(self, audited),
            search=document.search(
                found.verdict, found.reason, named is not None and searches, found.tests, EXPLANATION
            ),
            behavioral_objective=document.objective(
                outside.direction,
                identified_in_training=not open_,
                unidentified=list(open_),
                inverse_temperature=outside.sharpness,
                choices=outside.choices,
                choices_predicted=outside.agreement,
            ),
            mesa_objective=mesa if confirmed else None,
            ledgers=ledgers,
            behavior=behavior,
            alignment=alignment,
            cards=CARDS,
            parts=parts,
            findings=findings,
            seconds=watch.spent(),
        )


def _evolved(key: jax.Array, ecology: Ecology) -> _Audited:
    """The fittest of the last generation, and the fittest after a change of the law that took as long again."""
    evolved, later = _lineage(key, ecology)
    return _Audited(
        _fittest(evolved, ecology), evolved.contexts, _fittest(later, ecology), evolved.genomes, evolved, None
    )


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


def _built(key: jax.Array, ecology: Ecology, named: Named) -> _Audited:
    count = int(named.options.get("remembered", ecology.contexts))
    lived = draw_contexts(named_key(key, "evolution", "contexts"), ecology, count)
    return _Audited(build_reference(named.name, named.options, lived), lived, None, None, None, named)


def _subject(experiment: Savanna, audited: _Audited) -> dict[str, Any]:
    kind = "animal" if audited.who.searches else "plant"
    if audited.named is not None:
        return document.subject("organism", audited.named.ref, audited.named.name)
    record = audited.evolved.record if audited.evolved is not None else None
    training = {
        "base_optimizer": "selection",
        "config": dataclasses.asdict(experiment.ecology),
        "updates": experiment.generations,
        "seconds": None,
        "levels_seen": experiment.contexts,
        "curve": []
        if record is None
        else [[i, float(x)] for i, x in enumerate(np.asarray(record.fitness)) if i % 10 == 0],
    }
    return document.subject("trained", experiment.name, f"fittest {kind}", training=training)
