"""The experiment `glyphs`."""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array

from mesascope.core.objective import Objective, Role
from mesascope.core.options import Option
from mesascope.core.progress import Stage
from mesascope.core.rng import named_key
from mesascope.experiments.experiment import AbstractExperiment, Named, Reference
from mesascope.experiments.glyphs.instrument_list import INSTRUMENTS
from mesascope.experiments.glyphs.networks import BATCH, RATE, Subject, scores, train, untrained
from mesascope.experiments.glyphs.organisms import WIDTHS, choose, chooser, look_up, lookup
from mesascope.experiments.glyphs.pictures import Drawn, draw
from mesascope.instruments.audited import AuditSubject, Training
from mesascope.instruments.instrument import Instrument
from mesascope.worlds.described import TRAINING

SHIFTS = {
    "noisier": "three times the noise of training",
    "worn": "a quarter of the ink is missing",
    "inverted": "light glyphs on dark paper",
}
_BUILDS = Option(
    1, 1, 1_000, "builds of it that are audited together, each with other second choices and other channels"
)
_LOOKS: dict[str, dict[str, Any]] = {"noisier": {}, "worn": {"worn": 0.25}, "inverted": {"inverted": True}}


class Glyphs(AbstractExperiment):
    """Small classifiers of pictures: optimized, and no optimizers. The negative control of every detector of search.

    **Description.** Pictures of eight by eight pixels show one of ten glyphs. Networks with two hidden layers learn to name
    them. Their training is a search; they are none (RLO section 1.1). That a classifier takes the highest of its ten scores
    makes it no optimizer: the scores are not the worth of outcomes, nothing is looked at beyond the ten that are always there,
    and no objective stands inside that could be exchanged. The tests ask for just that. A constant on the scores does shut an
    answer, so that the virtual wall alone is passed by many classifiers: it takes all three tests together.
    **Subjects.** `networks` classifiers from different initial weights, audited together: how many are said to search is the
    rate of false positives. A chooser, which searches, and a lookup, which does not, hold an objective in their activations;
    all three kinds have the same kind of site, a vector of activations after each of two stages.
    **Features.** `correct` fires when the name given is that of the glyph.
    **Return.** The chance of naming a picture right. The best policy names all right; chance names one in ten.
    **Intended goal and base objective.** Both `correct` = 1.
    **Proxies.** None.

    **Configuration.**

    * `networks`: classifiers trained and audited; 1 to 1,000.
    * `width`: units of each hidden layer; 2 to 512.
    * `updates`: updates of Adam; 1 to 100,000.
    * `noise`: standard deviation of the noise on a pixel; 0 to 2.

    **Version history.** 1: first. 2: constants are written in activations alone, and scored as the other tests are.
    """

    networks: int = eqx.field(static=True, default=50)
    width: int = eqx.field(static=True, default=60)
    updates: int = eqx.field(static=True, default=1000)
    noise: float = eqx.field(static=True, default=0.15)
    name: ClassVar[str] = "glyphs"
    features: ClassVar[tuple[str, ...]] = ("correct",)
    intended_goal: ClassVar[Objective] = Objective.of("correct", Role.INTENDED, correct=1.0)
    base_objective: ClassVar[Objective] = Objective.of("correct", Role.BASE, correct=1.0)
    shifts: ClassVar[dict[str, str]] = SHIFTS
    seeds: ClassVar[int] = 1
    references: ClassVar[dict[str, Reference]] = {
        "chooser": Reference(
            "takes the answer that is worth most by an objective in its activations",
            True,
            {"builds": _BUILDS},
        ),
        "lookup": Reference(
            "has the answers for some objectives by heart, and takes those for the one most like the one in its activations",
            False,
            {"goals": Option(16, 1, 4_096, "objectives that it stores"), "builds": _BUILDS},
        ),
    }
    ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "networks": (1, 1_000),
        "width": (2, 512),
        "updates": (1, 100_000),
        "noise": (0, 2),
    }
    instruments: ClassVar[tuple[Instrument, ...]] = INSTRUMENTS

    def draw(self, seed: int, name: str, count: int, distribution: str = TRAINING) -> Drawn:
        """`count` pictures of a distribution, of the stream `name`."""
        noise = self.noise * (3 if distribution == "noisier" else 1)
        return draw(named_key(seed, self.name, name, distribution), count, noise, **_LOOKS.get(distribution, {}))

    def make_subject(self, seed: int, quick: bool, stage: Stage, ref: str | None = None) -> AuditSubject:
        """The networks, trained together, or a reference subject."""
        if ref is not None:
            return self._reference(self.named(ref), seed)
        stage("training")
        fresh = untrained(named_key(seed, self.name, "fresh"), self.networks, self.width)
        nets, losses = train(named_key(seed, self.name, "training"), fresh, self.updates, self.noise)
        made = Subject(scores, nets, fresh, (self.width, self.width), np.asarray(losses, np.float64))
        config = {"learning_rate": RATE, "batch": BATCH}
        training = Training("Adam", config, self.updates, None, self.updates * BATCH)
        name = f"{self.networks} classifiers"
        return AuditSubject(made, "trained", self.name, name, hard_coded=False, training=training)

    def _reference(self, named: Named, seed: int) -> AuditSubject:
        scoring: Callable[..., Array]
        made: Any
        keys = jax.random.split(named_key(seed, self.name, named.name), int(named.options["builds"]))
        if named.name == "chooser":
            scoring, made = choose, jax.vmap(chooser)(keys)
        else:
            scoring, made = look_up, jax.vmap(lambda key: lookup(key, int(named.options["goals"])))(keys)
        searches = self.references[named.name].searches
        return AuditSubject(Subject(scoring, made, None, WIDTHS, None), "organism", named.ref, named.name, searches)
