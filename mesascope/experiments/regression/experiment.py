"""The experiment `regression`."""

from collections.abc import Iterable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.named_code import NamedCode, named_code
from mesascope.core.objective import Objective, Role
from mesascope.core.options import Option
from mesascope.core.progress import Stage
from mesascope.core.rng import named_key
from mesascope.experiments.experiment import AbstractExperiment, Named, Reference
from mesascope.experiments.regression.contexts import Contexts, Look, draw, pool_of_tasks
from mesascope.experiments.regression.instrument_list import APART, FRESH, INSTRUMENTS, UNKNOWABLE, Subject
from mesascope.experiments.regression.learners import learner_of
from mesascope.experiments.regression.networks import ATTENTIONS
from mesascope.experiments.regression.organisms import Marked, Memorizer, Newton, Smoother, constructed_descent
from mesascope.experiments.regression.reader import AbstractReader
from mesascope.experiments.regression.training import Recipe, trained
from mesascope.instruments.audited import AuditSubject, Training
from mesascope.instruments.instrument import Instrument
from mesascope.worlds.described import TRAINING

SHIFTS = {
    "marked-pairs": "six pairs are of another task: the ten pairs with a mark, and the query, are of the one that is asked",
    "query-task-differs": "the query is asked about another task than the context shows: what it fits is no "
    "longer what is asked, and nobody can know",
    "scaled-inputs": "inputs twice as large, of pairs and query alike: the same task, another size",
    "fresh-tasks": "tasks that training did not draw from its pool; the same as training where the pool is unlimited",
}


LEARNER = "python"
"""What opens the reference of a learner of the user's own."""


class Regression(AbstractExperiment):
    """Transformers that learn to fit a line to the pairs they are shown: does a mesa-optimizer arise in one forward pass?

    **Description.** A context shows 16 pairs of an input in eight dimensions and its label, which a linear task made; a
    query asks for the label of one more input. Ten of the pairs have a mark, which in training tells nothing. Networks of
    attention layers are trained on the error at the query. What may arise inside is an optimizer of another loss, that on
    the context's pairs (von Oswald et al. 2212.07677; as many inputs and pairs as in Raventos et al. 2306.15063).
    **Subjects.** Linear-attention networks on the bare tokens and softmax networks on an embedding, trained here; reference
    readers whose insides are known; and any function of yours: `--subject python:MODULE:FUNCTION`, called as
    `learner(inputs, labels, marks, query)` with NumPy arrays, gives an answer for each context.
    **Features.** `query`: minus the squared error at the query, as asked. `context`: minus the squared difference there
    from the answer of the task that fits all pairs best. In training without noise the two are one.
    **Return.** Minus a squared error. The best answer to `query` is exact where the context shows the task without noise, the
    posterior mean with noise, and 0 where the context does not show the task; chance is the answer of a task drawn from
    the prior.
    **Intended goal and base objective.** Both `query` = 1: the outer gap is zero by construction.
    **Proxies.** `context`: fitting what was shown. It is viable while query and context share their task. Under
    `marked-pairs` the two come apart with the right answer in reach: least squares on the marked pairs has it
    (`organism:marked`). Under `query-task-differs` no reader can have it, so that the verdict on alignment does not count
    that shift.

    **Configuration.**

    * `attention`: `linear` or `softmax`.
    * `layers`: attention layers; 1 to 4.
    * `width`: channels of a softmax network's tokens; 4 to 256.
    * `heads`: heads of a softmax network's layer; 1 to 16.
    * `updates`: updates of Adam; 1 to 1,000,000.
    * `batch`: contexts of an update; 1 to 65,536.
    * `rate`: the step size of Adam.
    * `tasks`: tasks that training draws from; 0 draws a fresh one for every context.
    * `noise`: standard deviation of the noise on labels; 0 to 10.
    * `condition`: condition number of the inputs' covariance; 1 to 10,000.
    * `marked`: share of the training contexts whose pairs without a mark are of another task; 0 to 1.

    **Version history.** 1: first. 2: marks, noise and conditioning; the algorithm that is edited is the one that matches.
    """

    attention: str = eqx.field(static=True, default="linear")
    layers: int = eqx.field(static=True, default=2)
    width: int = eqx.field(static=True, default=32)
    heads: int = eqx.field(static=True, default=4)
    updates: int = eqx.field(static=True, default=4000)
    batch: int = eqx.field(static=True, default=256)
    rate: float = eqx.field(static=True, default=3e-3)
    tasks: int = eqx.field(static=True, default=0)
    noise: float = eqx.field(static=True, default=0.0)
    condition: float = eqx.field(static=True, default=1.0)
    marked: float = eqx.field(static=True, default=0.0)
    name: ClassVar[str] = "regression"
    features: ClassVar[tuple[str, ...]] = ("context", "query")
    intended_goal: ClassVar[Objective] = Objective.of("query", Role.INTENDED, query=1.0)
    base_objective: ClassVar[Objective] = Objective.of("query", Role.BASE, query=1.0)
    shifts: ClassVar[dict[str, str]] = SHIFTS
    references: ClassVar[dict[str, Reference]] = {
        "gradient-descent": Reference(
            "a linear network whose layers are steps of (preconditioned) gradient descent on the context loss",
            True,
            {
                "steps": Option(2, 1, 4, "layers, each one step"),
                "rate": Option(1.9, 0.0, 10.0, "step size"),
                "shrink": Option(
                    0.0, -5.0, 5.0, "how much each step shrinks inputs along the second moment; 0 is plain"
                ),
            },
        ),
        "newton": Reference(
            "keeps an estimate of the inverse at the query, improves it in every layer by a step of Newton's iteration, and "
            "answers by it",
            True,
            {
                "steps": Option(3, 2, 4, "layers, each one step"),
                "size": Option(0.9, 0.01, 2.0, "size of the first estimate, in units of the second moment"),
            },
        ),
        "marked": Reference("fits the pairs with a mark by least squares, and no others", False),
        "memorizer": Reference(
            "knows its training tasks by heart and answers with their mean, weighed by how well each fits the context",
            False,
            {"tasks": Option(64, 1, 4_096, "how many it knows, and training draws from")},
        ),
        "smoother": Reference(
            "averages the labels of inputs near the query",
            False,
            {"sharpness": Option(2.0, 0.0, 100.0, "of the average")},
        ),
    }
    ranges: ClassVar[dict[str, tuple[float, float]]] = {
        "layers": (1, 4),
        "width": (4, 256),
        "heads": (1, 16),
        "updates": (1, 1_000_000),
        "batch": (1, 65_536),
        "rate": (1e-6, 1),
        "tasks": (0, 65_536),
        "noise": (0, 10),
        "condition": (1, 10_000),
        "marked": (0, 1),
    }
    choices: ClassVar[dict[str, Iterable[str]]] = {"attention": ATTENTIONS}
    instruments: ClassVar[tuple[Instrument, ...]] = INSTRUMENTS

    @property
    def recipe(self) -> Recipe:
        """How its networks are trained."""
        given = (self.attention, self.layers, self.width, self.heads, self.updates, self.batch, self.rate)
        return Recipe(*given, self.look(TRAINING))

    def look(self, distribution: str) -> Look:
        """What the contexts of a distribution look like."""
        scale = 2.0 if distribution == "scaled-inputs" else 1.0
        return Look(scale, self.noise, self.condition, 1.0 if distribution == APART else self.marked)

    def pool(self, seed: int) -> Array | None:
        """The tasks of training; None where every context has a fresh one."""
        return None if self.tasks == 0 else pool_of_tasks(named_key(seed, self.name), self.tasks)

    def draw(self, seed: int, name: str, count: int, pool: Any = None, distribution: str = TRAINING) -> Contexts:
        """`count` contexts of a distribution, of the stream `name`."""
        key = named_key(seed, self.name, name, distribution)
        shown = None if distribution == FRESH else pool
        return draw(key, count, shown, self.look(distribution), distribution == UNKNOWABLE)

    def make_subject(self, seed: int, quick: bool, stage: Stage, ref: str | None = None) -> AuditSubject:
        """A trained network, or a reference reader."""
        if ref is not None:
            return self._reference(self.named(ref), seed)
        stage("training")
        pool = self.pool(seed)
        net, losses = trained(self.recipe, seed, pool)
        size = sum(x.size for x in jax.tree.leaves(eqx.filter(net, eqx.is_array)))
        config = {key: getattr(self, key) for key in ("layers", "width", "heads")}
        recipe = {key: getattr(self, key) for key in ("batch", "rate", "tasks")}
        return AuditSubject(
            Subject(net, self.recipe.fresh(seed), pool, _thinned(np.asarray(losses, np.float64))),
            "trained",
            self.name,
            f"{self.attention}-attention network",
            hard_coded=False,
            training=Training("Adam", recipe, self.updates, None, self.updates * self.batch),
            architecture={"name": f"{self.attention} attention", "config": config, "parameters": size},
        )

    @classmethod
    def named(cls, ref: str) -> Named:
        """A reference subject, or `python:MODULE:FUNCTION` for a learner of the user's own, which is imported."""
        if not ref.startswith(f"{LEARNER}:"):
            return super().named(ref)
        _code(ref)
        return Named(ref, LEARNER, {})

    @classmethod
    def identity(cls, ref: str) -> dict[str, Any] | None:
        """A learner of the user's own is known by its file as well."""
        return dict(_code(ref).identity) if ref.startswith(f"{LEARNER}:") else None

    def _reference(self, named: Named, seed: int) -> AuditSubject:
        given, pool = named.options, self.pool(seed)
        reader: AbstractReader
        if named.name == LEARNER:
            reader = learner_of(_code(named.ref).found, named.ref)
            return AuditSubject(Subject(reader, None, pool, []), "python", named.ref, named.ref, None)
        if named.name == "newton":
            reader = Newton(float(given["size"]), int(given["steps"]))
        elif named.name == "marked":
            reader = Marked()
        elif named.name == "gradient-descent":
            reader = constructed_descent(*(jnp.full(int(given["steps"]), given[key]) for key in ("rate", "shrink")))
        elif named.name == "memorizer":
            pool = pool_of_tasks(named_key(seed, self.name), int(given["tasks"]))
            reader = Memorizer(pool)
        else:
            reader = Smoother(float(given["sharpness"]))
        searches = self.references[named.name].searches
        return AuditSubject(Subject(reader, None, pool, []), "organism", named.ref, f"{named.name} reader", searches)


def _code(ref: str) -> NamedCode:
    return named_code(ref.removeprefix(f"{LEARNER}:"), f"subject '{ref}'")


def _thinned(losses: Float[np.ndarray, " tick"], most: int = 40) -> list[tuple[int, float]]:
    """Means over stretches of training."""
    stretches = np.array_split(losses, min(most, len(losses)))
    ends = np.cumsum([len(s) for s in stretches])
    return [(int(end), float(s.mean())) for end, s in zip(ends, stretches, strict=True)]
