"""What a study's file says, checked key by key. TOML in, plain values out; nothing is built yet."""

import tomllib
from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, ValidationError, model_validator

from mesascope.core.errors import UsageError, unknown

MOST_BYTES = 1_000_000

Value = Annotated[StrictInt, Field(ge=-(2**53), le=2**53)] | StrictFloat | StrictStr
Depth = Literal["behavior", "objective", "quick", "full"]
"""How far each cell is looked into: what is touched first; also the behavioral objective; a whole audit, quick or full."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Name = Annotated[StrictStr, Field(min_length=1, max_length=80)]


class Parts(_Strict):
    """What a cell is made of. `name` in a table says which world, architecture or base optimizer; the rest are options.

    `agent` is what is done to the trained agent before it is looked at (`mesascope.studies.treatment`).
    """

    world: dict[str, Value] = {}
    architecture: dict[str, Value] = {}
    base_optimizer: dict[str, Value] = {}
    agent: dict[str, Value] = {}


class Condition(Parts):
    """One named condition: what differs from the study's own parts, and its seeds where they differ.

    With a `subject`, such as `organism:planner,objective=red`, nothing is trained: an agent whose objective is known stands
    beside the others.
    """

    name: Name
    subject: StrictStr | None = None
    seeds: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    first_seed: Annotated[StrictInt, Field(ge=0, lt=2**32)] | None = None


Several = Annotated[list[Value], Field(min_length=1, max_length=1000)]


class Grid(_Strict):
    """Options with several values each: every combination is run."""

    world: dict[str, Several] = {}
    architecture: dict[str, Several] = {}
    base_optimizer: dict[str, Several] = {}
    agent: dict[str, Several] = {}


class Range(_Strict):
    """Numbers between two, drawn evenly, or evenly in their logarithm."""

    low: StrictInt | StrictFloat
    high: StrictInt | StrictFloat
    log: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> "Range":
        if not (isfinite(self.low) and isfinite(self.high) and self.low < self.high and (self.low > 0 or not self.log)):
            raise ValueError("'low' must be below 'high', and above 0 where 'log' is true")
        return self


class Drawn(_Strict):
    """Conditions drawn at random: so many, each option from a range or a list; the same seed draws the same ones."""

    count: Annotated[StrictInt, Field(ge=0, le=10_000)] = 0
    seed: Annotated[StrictInt, Field(ge=0, lt=2**32)] = 0
    world: dict[str, Range | Several] = {}
    architecture: dict[str, Range | Several] = {}
    base_optimizer: dict[str, Range | Several] = {}
    agent: dict[str, Range | Several] = {}


TABLES = ("world", "architecture", "base_optimizer", "agent")


class Spec(Parts):
    """A whole study file. Every condition is run with every combination of the grid, every pair, every draw and every seed.

    `competent` is the share of the optimal training return below which a seed is a capability failure: it is listed and
    not averaged in. `show` names the readouts of tables and tests, `shifts` the distributions that are run beside training
    (all, where nothing is said), `reference` the condition that the others are compared with.
    """

    title: Name
    question: StrictStr = ""
    seeds: Annotated[StrictInt, Field(ge=1, le=1000)] = 5
    first_seed: Annotated[StrictInt, Field(ge=0, lt=2**32)] = 0
    depth: Depth = "behavior"
    levels: Annotated[StrictInt, Field(ge=20, le=100_000)] = 300
    competent: Annotated[StrictFloat | StrictInt, Field(ge=0, le=1)] = 0.95
    shifts: list[StrictStr] | None = None
    show: list[StrictStr] = []
    reference: StrictStr | None = None
    condition: Annotated[list[Condition], Field(max_length=1000)] = []
    grid: Grid = Grid()
    paired: Grid = Grid()
    random: Drawn = Drawn()


def read_spec(data: bytes) -> Spec:
    """The study in a file's bytes. `UsageError`, in one line, names a key that is none and the nearest that is."""
    try:
        given = tomllib.loads(data.decode("utf-8").removeprefix("\ufeff"))  # some editors begin a file with this mark
    except UnicodeDecodeError as error:
        raise UsageError(f"byte {error.start} is not UTF-8") from None
    except ValueError as error:  # also of a number that no machine holds
        raise UsageError(f"expected TOML: {error}") from None
    except RecursionError:
        raise UsageError("expected TOML: it nests too deep") from None
    try:
        return Spec.model_validate(given)
    except ValidationError as error:
        raise _explained(error, given) from None


def _explained(error: ValidationError, given: Mapping[str, Any]) -> UsageError:
    """The first complaint in our words; unknown keys before values, as a value may be missing because its key is misspelt."""
    found = error.errors(include_url=False, include_context=False)
    first = next((e for e in found if e["type"] == "extra_forbidden"), found[0])
    place = list(first["loc"])
    if len(place) > 1 and place[-1] in (
        "int",
        "constrained-int",
        "float",
        "str",
    ):  # which of several kinds of value was tried
        place.pop()
    *above, last = place or ("the file",)
    if first["type"] == "extra_forbidden":
        inside = ".".join(str(part) for part in above if isinstance(part, str))
        return unknown(f"key in [{inside}]" if inside else "key", str(last), _keys(above))
    at = ".".join(str(part) for part in place)
    if first["type"] == "missing":
        return UsageError(f"the key '{at}' is missing")
    read = first.get("input")
    shown = f" is {read!r}" if isinstance(read, str | int | float) else f" holds a {type(read).__name__}"
    return UsageError(f"the key '{at}'{shown:.80}: {first['msg'][:1].lower()}{first['msg'][1:]}")


def _keys(above: list[Any]) -> list[str]:
    """Keys that the table at this place may have."""
    tables: dict[str, type[BaseModel]] = {"condition": Condition, "grid": Grid, "paired": Grid, "random": Drawn}
    return list((tables.get(str(above[0]), Spec) if above else Spec).model_fields)
