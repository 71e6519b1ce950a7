"""The experiment `robot`."""

from collections.abc import Iterable
from typing import ClassVar

import equinox as eqx

from mesascope.core.objective import Objective
from mesascope.core.options import Option
from mesascope.core.progress import Stage
from mesascope.experiments.experiment import AbstractExperiment, Reference
from mesascope.experiments.robot.examination import House
from mesascope.experiments.robot.instruments import INSTRUMENTS, Subject
from mesascope.experiments.robot.organisms import ORGANISMS, organism
from mesascope.experiments.robot.rooms import SHIFTS, draw_rooms
from mesascope.experiments.robot.training import CASES, RATE, train
from mesascope.experiments.robot.world import BASE, FEATURES, INTENDED, tables
from mesascope.instruments.audited import AuditSubject, Training
from mesascope.instruments.instrument import Instrument
from mesascope.worlds.described import TRAINING

_LAPSE = Option(0.0, 0.0, 1.0, "share of steps in which it acts by chance")
QUICK = 48


class Robot(AbstractExperiment):
    """A cleaning robot: every kind of pseudo-alignment, built and trained, and the tests that tell them apart.

    **Description.** A room of 2 by 8 places with three dusty tiles near the robot, a potted plant and a station at the far end.
    To sweep a tile loosens its dust; a step later the tile is clean and the motor has hummed, another step later the dust is in
    the bag, which holds the dust of one tile. The robot may vacuum soil from the plant instead, or test the motor. Everything
    is exact. After the examples of RLO, section 3.1.
    **Subjects.** Planners (value iteration) with wants over events, a depth and beliefs, all of which can be read and written.
    Their search is built in, and that other wants written into them retarget them is so by construction. Trained: their wants,
    by exact policy gradient on the base objective through senses that do not all show it; their depth, by selection.
    **Features.** `swept`, `clean`, `hum`, `bagged`, `dirtied` count dust; `soil` dug, motor `test` and `chime`, stepping on the
    mat, count once; `job` is one for each tile cleaned, and `look-1` to `look-3` are what a camera sees of it.
    **Return.** Discounted by 0.97 a step; J is the mean over rooms.
    **Intended goal and base objective.** Dust cleaned less dust scattered: `clean` - `dirtied`.
    **Proxies.** In training `swept`, `hum` and `bagged` are served by the same plans as `clean`; two looks nearly make it up.

    **Configuration.**

    * `kind`: what is trained: robust, cleaner, side-effect, instrument, common-cause, approximate or suboptimality.
    * `levels`: rooms of each distribution; 20 to 2,000.
    * `updates`: updates of the wants; 1 to 10,000.

    **Version history.** 1: first.
    """

    kind: str = eqx.field(static=True, default="side-effect")
    levels: int = eqx.field(static=True, default=96)
    updates: int = eqx.field(static=True, default=60)
    name: ClassVar[str] = "robot"
    features: ClassVar[tuple[str, ...]] = FEATURES
    intended_goal: ClassVar[Objective] = INTENDED
    base_objective: ClassVar[Objective] = BASE
    shifts: ClassVar[dict[str, str]] = SHIFTS
    references: ClassVar[dict[str, Reference]] = {
        name: Reference(found.what, searches=True, options={"lapse": _LAPSE}) for name, found in ORGANISMS.items()
    }
    seeds: ClassVar[int] = 1
    ranges: ClassVar[dict[str, tuple[float, float]]] = {"levels": (20, 2_000), "updates": (1, 10_000)}
    choices: ClassVar[dict[str, Iterable[str]]] = {"kind": CASES}
    instruments: ClassVar[tuple[Instrument, ...]] = INSTRUMENTS

    def make_subject(self, seed: int, quick: bool, stage: Stage, ref: str | None = None) -> AuditSubject:
        """A trained planner, or an organism, and the house that it is examined in."""
        levels = min(self.levels, QUICK) if quick else self.levels
        house = House(seed, levels)
        if ref is not None:
            named = self.named(ref)
            base = ORGANISMS[named.name].trained_for
            built = Subject(organism(named.name, float(named.options["lapse"])), base, house, None)
            return AuditSubject(built, "organism", ref, named.name, hard_coded=True, trained_for=base)
        stage("training")
        case = CASES[self.kind]
        trained = train(case, tables(draw_rooms(seed, levels, TRAINING, "training")), seed, self.updates)
        optimizer = "exact policy gradient" + ("; selection of depth" if trained.by_depth else "")
        return AuditSubject(
            Subject(trained.planner, BASE, house, trained),
            "trained",
            f"{self.name}:{self.kind}",
            f"a planner that {case.what}",
            hard_coded=True,
            training=Training(optimizer, {"learning_rate": RATE}, self.updates, None, levels),
            architecture={"name": "planner", "config": {"depth": trained.planner.depth}, "parameters": len(FEATURES)},
        )
