"""The laboratory `glyphs`."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import numpy as np

from mesascope.audit.alignment import judge
from mesascope.audit.watch import Watch
from mesascope.core.errors import UsageError
from mesascope.core.objective import Objective, Role
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, Interval, bootstrap_mean
from mesascope.laboratories import document
from mesascope.laboratories.glyphs.networks import BATCH, RATE, scores, train, untrained
from mesascope.laboratories.glyphs.pictures import CLASSES, Drawn, draw
from mesascope.laboratories.laboratory import AbstractLaboratory, Stage
from mesascope.laboratories.parts import Line, Part, Spot, curves
from mesascope.laboratories.reckoning import Candidate, exact_returns, reckon
from mesascope.worlds.described import TRAINING

SHIFTS = {
    "noisier": "three times the noise of training",
    "worn": "a quarter of the ink is missing",
    "inverted": "light glyphs on dark paper",
}
_LOOKS: dict[str, dict[str, Any]] = {"noisier": {}, "worn": {"worn": 0.25}, "inverted": {"inverted": True}}

ONE = Estimate(1.0, Interval(1.0, 1.0))


class Glyphs(AbstractLaboratory):
    """Small classifiers of pictures: optimized, and no optimizers. The negative control of every detector of search.

    **Description.** Pictures of eight by eight pixels show one of ten glyphs. Networks with two hidden layers learn to name
    them. Their training is a search; they are not (RLO section 1.1).
    **Subjects.** `networks` classifiers from different initial weights, audited together.
    **Features.** `correct` fires when the name given is that of the glyph.
    **Return.** The chance of naming a picture right. The best policy names all right; chance names one in ten.
    **Intended goal and base objective.** Both `correct` = 1.
    **Proxies.** None.

    **Knobs.**

    * `networks`: classifiers trained and audited; 1 to 1,000.
    * `width`: units of each hidden layer; 2 to 512.
    * `updates`: updates of Adam; 1 to 100,000.
    * `noise`: standard deviation of the noise on a pixel; 0 to 2.

    **Version history.** 1: first.
    """

    networks: int = eqx.field(static=True, default=50)
    width: int = eqx.field(static=True, default=32)
    updates: int = eqx.field(static=True, default=1000)
    noise: float = eqx.field(static=True, default=0.15)
    name: ClassVar[str] = "glyphs"
    features: ClassVar[tuple[str, ...]] = ("correct",)
    intended_goal: ClassVar[Objective] = Objective.of("correct", Role.INTENDED, correct=1.0)
    base_objective: ClassVar[Objective] = Objective.of("correct", Role.BASE, correct=1.0)
    shifts: ClassVar[dict[str, str]] = SHIFTS
    seeds: ClassVar[int] = 1

    def __check_init__(self):
        for knob, least, most in (("networks", 1, 1_000), ("width", 2, 512), ("updates", 1, 100_000), ("noise", 0, 2)):
            if not least <= getattr(self, knob) <= most:
                raise UsageError(f"{knob} {getattr(self, knob)}: expected a number from {least} to {most:,}")

    def draw(self, seed: int, name: str, count: int, distribution: str = TRAINING) -> Drawn:
        """`count` pictures of a distribution, of the stream `name`."""
        noise = self.noise * (3 if distribution == "noisier" else 1)
        return draw(named_key(seed, self.name, name, distribution), count, noise, **_LOOKS.get(distribution, {}))

    def audit(self, seed: int, quick: bool, stage: Stage, subject_ref: str | None = None) -> dict[str, Any]:
        """Trains the networks and audits them together."""
        watch = Watch(stage)
        if subject_ref is not None:
            self.named(subject_ref)
        watch("training")
        nets = untrained(named_key(seed, self.name, "fresh"), self.networks, self.width)
        nets, losses = train(named_key(seed, self.name, "training"), nets, self.updates, self.noise)
        every = max(self.updates // 20, 1)
        training = {
            "base_optimizer": "Adam",
            "config": {"learning_rate": RATE, "batch": BATCH},
            "updates": self.updates,
            "seconds": None,
            "levels_seen": self.updates * BATCH,
            "curve": [],
        }
        loss = Line(
            "cross-entropy", tuple(Spot(i, float(x)) for i, x in enumerate(np.asarray(losses)) if i % every == 0)
        )
        watch("ledger")
        reckonings, behavior = [], {}
        for distribution in (TRAINING, *self.shifts):
            shown = self.draw(seed, "audit", 500 if quick else 2_000, distribution)
            answers = np.asarray(jax.vmap(scores, (0, None))(nets, shown.picture).argmax(-1))
            right = (answers == np.asarray(shown.name)).mean(0)
            one, chance = np.ones_like(right), np.full_like(right, 1 / CLASSES)
            reckonings.append(
                reckon(
                    distribution, exact_returns(one, one, one, right, chance), {"base": Candidate(right, one, chance)}
                )
            )
            behavior[distribution] = {"correct": bootstrap_mean(right)}
        weights = {"correct": ONE}
        return document.compose(
            self,
            seed,
            subject=document.subject("trained", self.name, f"{self.networks} classifiers", training=training),
            search=document.search("cannot-tell", "not looked for", False),
            behavioral_objective=document.objective(weights, identified_in_training=True, unidentified=[]),
            reckonings=reckonings,
            behavior=behavior,
            alignment=judge(reckonings, weights, self.base_objective.vector(self.features), self.features, False),
            parts=[Part("Training", "Mean cross-entropy of all networks.", curves("updates", "cross-entropy", loss))],
            seconds=watch.spent(),
        )
