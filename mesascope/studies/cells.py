"""From a study's file to its cells: every condition with every combination of the grid and every seed, all names checked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mesascope.base_optimizers.registry import build_base_optimizer
from mesascope.core.errors import UsageError, unknown
from mesascope.core.options import Config, read_options
from mesascope.core.rng import as_seed
from mesascope.instruments.behavior import NOTHING
from mesascope.organisms.registry import ORGANISMS, check_organism
from mesascope.store.checkpoint import fingerprint_of
from mesascope.studies.lines import ConditionError
from mesascope.studies.readouts import NET
from mesascope.studies.settings import combinations, named, settings_of
from mesascope.studies.spec import TABLES, Condition, Parts, Spec
from mesascope.studies.training import DEFAULT_ARCHITECTURE, DEFAULT_OPTIMIZER, Training, arrange
from mesascope.studies.treatment import OPTIONS
from mesascope.worlds.registry import make_world
from mesascope.worlds.world import TRAINING, AbstractWorld

VERSION = 1
"""Of the rows: raised when what they hold, or how it is measured, changes."""

DEFAULTS = {"world": "red-doors", "architecture": DEFAULT_ARCHITECTURE, "base_optimizer": DEFAULT_OPTIMIZER}
"""What a table is of that says no `name`."""

PARTS = TABLES

TASKS = "tasks"
"""In a base optimizer's table: how many different levels a training has, 0 for fresh ones at every update."""

AUDITED = ("quick", "full")
"""Depths at which a whole audit is made."""

WEIGHT = "weight"
"""Place of readouts of the behavioral objective."""

OWN = "organism:"

MOST_CONDITIONS, MOST_CELLS = 10_000, 100_000
"""Of one study."""


class EvaluationSpec(NamedTuple):
    """How each trained agent is looked at: the same for all cells of a study."""

    depth: str
    levels: int
    shifts: tuple[str, ...] | None

    def distributions(self, world: AbstractWorld) -> tuple[str, ...]:
        """Training, then the shifts that are run."""
        return (TRAINING, *(world.shifts if self.shifts is None else self.shifts))


class Cell(NamedTuple):
    """One training, one treatment of its agent, one look at it. `settings` is what the grid varies."""

    condition: str
    settings: dict[str, Any]
    seed: int
    training: Training
    agent: Config
    look: EvaluationSpec
    subject: str | None = None
    """What is looked at in place of a trained agent."""

    @property
    def spec(self) -> dict[str, Any]:
        """All that the result depends on."""
        about = self.training.document(self.seed)
        if self.subject is not None:
            about = {key: about[key] for key in ("world", "knobs", "seed", "packages")}
        return {"cell": [VERSION, about, self.agent, self.look, self.subject]}

    @property
    def fingerprint(self) -> str:
        """A hash of the spec."""
        return fingerprint_of(self.spec)


def cells_of(spec: Spec) -> list[Cell]:
    """All cells, condition by condition and seed by seed. `UsageError` for whatever does not fit, before any is run."""
    found = list(_cells(spec))
    names = list(dict.fromkeys(cell.condition for cell in found))
    if spec.reference is not None and spec.reference not in names:
        raise unknown("condition in 'reference'", spec.reference, names)
    together = [(cell.condition, cell.seed) for cell in found]
    if len(set(together)) < len(together):
        twice = next(name for name, seed in together if together.count((name, seed)) > 1)
        raise UsageError(f"the condition '{twice}' stands twice: give each a name of its own")
    return found


def _cells(spec: Spec) -> Iterator[Cell]:
    look = EvaluationSpec(spec.depth, spec.levels, None if spec.shifts is None else tuple(spec.shifts))
    check_size(spec)
    varied = settings_of(spec)
    for number, condition in enumerate(spec.condition or [Condition(name=ALONE)]):
        try:
            yield from _cells_of(spec, condition, varied, look)
        except UsageError as error:
            raise ConditionError(str(error), number) from error


def check_size(spec: Spec) -> None:
    """`UsageError` for more cells than a study may have, before any is made."""
    each, conditions = combinations(spec), spec.condition or [Condition(name=ALONE)]
    cells = each * sum(condition.seeds or spec.seeds for condition in conditions)
    if len(conditions) * each > MOST_CONDITIONS or cells > MOST_CELLS:
        raise UsageError(
            f"the 'grid' comes to {len(conditions) * each} conditions and {cells} cells: at most {MOST_CONDITIONS} and "
            f"{MOST_CELLS}; take values out, or make several studies"
        )


def _cells_of(
    spec: Spec, condition: Condition, varied: Sequence[Mapping[str, Any]], look: EvaluationSpec
) -> Iterator[Cell]:
    first = spec.first_seed if condition.first_seed is None else condition.first_seed
    seeds = range(first, first + (condition.seeds or spec.seeds))
    as_seed(seeds[-1])  # refuses seeds out of range
    same: dict[str, str] = {}
    for settings in map(dict, varied):
        parts = merged(merged(_plain(spec), _plain(condition)), named(settings))
        training, agent = resolve(parts)
        check_subject(condition, training.world)
        check_look(spec, training.world)
        check_recurrent(spec, condition, training)
        name = label(condition.name, settings)
        cells = [Cell(name, settings, seed, training, agent, look, condition.subject) for seed in seeds]
        if (fingerprint := cells[0].fingerprint) in same:
            raise UsageError(
                f"the grid's '{same[fingerprint]}' and '{name}' are the same training and treatment: leave one of them out"
            )
        same[fingerprint] = name
        yield from cells


ALONE = "all"
"""Name of the only condition of a study that names none."""


def label(name: str, settings: Mapping[str, Any]) -> str:
    """A condition's name with what the grid sets: `ppo, alpha 0.1`."""
    told = [
        f"{key.partition('.')[2] if not key.endswith('.name') else key.partition('.')[0]} {value}"
        for key, value in settings.items()
    ]
    return ", ".join(([] if name == ALONE and told else [name]) + [t.replace("_", " ") for t in told])


def merged(below: Mapping[str, Mapping[str, Any]], above: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """`above` laid over `below`, table by table. A table with another `name` takes the place of the one below, whose
    options would mean nothing to it.
    """
    found = {}
    for part in PARTS:
        old, new = dict(below.get(part, {})), dict(above.get(part, {}))
        before = old.get("name", DEFAULTS.get(part))
        kept = old if new.get("name", before) == before else {}
        found[part] = {**kept, **new}
    return found


def resolve(parts: Mapping[str, Mapping[str, Any]]) -> tuple[Training, Config]:
    """The training and the treatment that these tables ask for."""
    (world_name, knobs), (architecture, architecture_options), (optimizer, optimizer_options) = (
        _named(parts[part], default) for part, default in DEFAULTS.items()
    )
    world = make_world(world_name, **knobs)
    optimizer_options = with_tasks(optimizer, optimizer_options)
    training = arrange(world, architecture, architecture_options, optimizer, optimizer_options)
    return training, read_options("the agent", parts["agent"], OPTIONS)


def with_tasks(optimizer: str, options: dict[str, Any]) -> dict[str, Any]:
    """Options with `tasks` said as batches to go round. A batch larger than the tasks there are is cut to them."""
    if TASKS not in options:
        return options
    rest = {key: value for key, value in options.items() if key != TASKS}
    tasks = options[TASKS]
    if not isinstance(tasks, int) or tasks < 0:
        raise UsageError(
            f"option '{TASKS}' of base optimizer '{optimizer}' is {tasks!r}: it takes an integer from 0 on"
        )
    if "batches" in rest:
        raise UsageError(f"base optimizer '{optimizer}': '{TASKS}' and 'batches' say the same: leave one of them out")
    if tasks == 0:
        return rest
    batch = min(build_base_optimizer(optimizer, rest).batch, tasks)
    if tasks % batch:
        raise UsageError(
            f"option '{TASKS}' of base optimizer '{optimizer}' is {tasks}: expected a multiple of the batch, {batch}"
        )
    return {**rest, "batch": batch, "batches": tasks // batch}


def check_look(spec: Spec, world: AbstractWorld) -> None:
    """`UsageError` for a shift the world does not have or that no audit would read, or a readout that nothing gives."""
    if spec.shifts is not None and spec.depth in AUDITED:
        raise UsageError(
            f"'shifts' at depth '{spec.depth}': an audit runs all of the world's: leave 'shifts' out, or choose depth "
            "'behavior' or 'objective'"
        )
    for shift in spec.shifts or ():
        if shift not in world.shifts:
            raise unknown(f"shift of {world.name} in 'shifts'", shift, world.shifts)
    run = (TRAINING, *(world.shifts if spec.shifts is None else spec.shifts))
    valid = [f"{d}/{what}" for d in run for what in (*world.features, NOTHING, "competence", "share")]
    valid += [f"net/{what}" for what in NET]
    if spec.depth != "behavior":
        valid += [f"{WEIGHT}/{feature}" for feature in world.independent_features]
    for name in spec.show:
        if spec.depth == "behavior" and name.startswith(f"{WEIGHT}/"):
            raise UsageError(
                f"readout '{name}' in 'show': at depth 'behavior' no objective is inferred: choose depth 'objective'"
            )
        if name not in valid:
            raise unknown("readout in 'show'", name, valid)


def check_recurrent(spec: Spec, condition: Condition, training: Training) -> None:
    """`UsageError` for a weight of the behavioral objective where a condition's agents are recurrent: none is inferred of
    them.
    """
    if condition.subject is None:
        recurrent = training.recurrent
    else:
        recurrent = ORGANISMS[check_organism(condition.subject.removeprefix(OWN), training.world)].recurrent
    weights = [name for name in spec.show if name.startswith(f"{WEIGHT}/")]
    if recurrent and weights:
        raise UsageError(
            f"readout '{weights[0]}' in 'show': the agents of condition '{condition.name}' are recurrent, and no "
            "objective is inferred of those: leave it out"
        )


def check_subject(condition: Condition, world: AbstractWorld) -> None:
    """`UsageError` where a condition's subject is no organism of this package: a file does not say what code to run."""
    if condition.subject is None:
        return
    text = condition.subject.removeprefix(OWN)
    if text == condition.subject:
        raise UsageError(
            f"subject '{condition.subject}' of condition '{condition.name}': expected organism:NAME,key=value,..."
        )
    for part in PARTS[1:]:
        if getattr(condition, part):
            raise UsageError(
                f"condition '{condition.name}' has a subject, which is not trained: leave [{part}] out of it"
            )
    check_organism(text, world)


def _named(table: Mapping[str, Any], default: str) -> tuple[str, dict[str, Any]]:
    name = table.get("name", default)
    if not isinstance(name, str):
        raise UsageError(f"a 'name' is {name!r}: expected a text")
    return name, {key: value for key, value in table.items() if key != "name"}


def _plain(parts: Parts) -> dict[str, dict[str, Any]]:
    return {part: dict(getattr(parts, part)) for part in PARTS}
