"""The experiment `two-by-two`."""

from collections.abc import Iterable
from typing import ClassVar

import equinox as eqx

from mesascope.core.objective import Objective
from mesascope.core.progress import Stage
from mesascope.experiments.experiment import AbstractExperiment
from mesascope.experiments.two_by_two.cases import CASES, FOUR_CASES, SHIFT, WORLD, reward_of, subject_of
from mesascope.experiments.two_by_two.trained_cells import TRAINED_CELLS
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.instrument import Instrument


class TwoByTwo(AbstractExperiment):
    """Outer good or bad times inner good or bad, in the mazes of `red-doors`: four ledgers, built and trained, side by side.

    **Description.** Wanted is the door. In training every door is red and nothing else is, so a reward for doors and one for red
    are alike, and so are agents after either. Under the shift the door is blue and a ball is red. In the fourth case a wrong
    reward and a wrong generalization cancel: the agent does what was wanted, and its total gap hides two that are open.
    **Subjects.** The organism `planner` with exact answers, after the door or after red; it is built and not trained, and its
    ledger is exact. Beside it, unless the audit is quick, small nets are trained for door or red, in mazes of 5 by 5.
    **Features.** Those of `red-doors`.
    **Return.** As in `red-doors`: discounted, 0.97 a step; J is the mean over levels.
    **Intended goal and base objective.** Wanted is `door`; trained for is `door` or `red`, as the case says (the card shows that
    of the default case).
    **Proxies.** `red`, for both the reward and the agent.

    **Configuration.**

    * `case`: which case is the subject: good-good, bad-good, good-bad or bad-bad (reward first, generalization second).
    * `levels`: levels of each distribution; 20 to 10,000.
    * `trained`: agents of each cell that are trained; 0 to 1,000.
    * `updates`: updates of each training; 1 to 10,000.
    * `apart`: share of training levels with a blue door and a red ball, where training tells door from red; 0 to 1.
    * `loud`: factor on the color channels of the observation where colors are loud, its inverse where they are faint; 1 to 100.

    **Version history.** 1: first. 2: the four cells are trained as well.
    """

    case: str = eqx.field(static=True, default="bad-bad")
    levels: int = eqx.field(static=True, default=512)
    trained: int = eqx.field(static=True, default=10)
    updates: int = eqx.field(static=True, default=150)
    apart: float = eqx.field(static=True, default=0.5)
    loud: float = eqx.field(static=True, default=4.0)
    name: ClassVar[str] = "two-by-two"
    features: ClassVar[tuple[str, ...]] = WORLD.features
    intended_goal: ClassVar[Objective] = WORLD.intended_goal
    base_objective: ClassVar[Objective] = reward_of(CASES["bad-bad"])
    shifts: ClassVar[dict[str, str]] = {SHIFT: WORLD.shifts[SHIFT]}
    ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "levels": (20, 10_000),
        "trained": (0, 1_000),
        "updates": (1, 10_000),
        "apart": (0.0, 1.0),
        "loud": (1.0, 100.0),
    }
    choices: ClassVar[dict[str, Iterable[str]]] = {"case": CASES}
    seeds: ClassVar[int] = 1
    instruments: ClassVar[tuple[Instrument, ...]] = (FOUR_CASES, TRAINED_CELLS)

    def make_subject(self, seed: int, quick: bool, stage: Stage, ref: str | None = None) -> AuditSubject:
        """The planner of the case."""
        if ref is not None:
            self.named(ref)  # there are none, and it says so
        return subject_of(self.case)
