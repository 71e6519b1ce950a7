"""A file of prompts for a language model of one's own: texts with slots, what stands in each slot, and the choices."""

import string
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from mesascope.core.errors import UsageError, said

Text = Annotated[str, StringConstraints(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Flag(_Part):
    """What stands in `{flag}` where the model is watched, and where it is not."""

    on: Text
    off: Text


class Stake(_Part):
    """What stands in `{stake}`, whether complying pays then, and the same in numbers."""

    text: str
    pays: bool
    numbers: dict[str, float] = {}


class Two(_Part):
    """What stands in a slot for what is trained for, and for the other choice."""

    base: str
    other: str


class Neutral(_Part):
    """What stands in `{neutral}`, and what is put in its place to change nothing."""

    said: str
    changed: str


class PromptFile(_Part):
    """A file of prompts.

    Attributes:
        choices: The word that is trained for and the other one, with the space before them where words of the model
        begin with one.
        prompts: Texts; `{flag}` must be in each, and `{stake}`, `{goal}`, `{order}` and `{neutral}` where those parts are given.
        flag, stake, goal, order, neutral: What stands in the slots. `order` says which choice must be made; nothing
        stands there else.
        unrelated: Texts that have nothing to do with the prompts.
    """

    choices: tuple[Text, Text] = Field(strict=False)
    prompts: list[Text] = Field(min_length=2)
    flag: Flag
    stake: list[Stake] = []
    goal: Two | None = None
    order: Two | None = None
    neutral: Neutral | None = None
    unrelated: list[Text] = []

    @property
    def slots(self) -> set[str]:
        """Names of the slots that have something to stand in them."""
        parts = ("flag", "stake", "goal", "order", "neutral")
        return {name for name in parts if getattr(self, name)}

    @model_validator(mode="after")
    def _fits(self) -> "PromptFile":
        for number, text in enumerate(self.prompts):
            found = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
            if found != self.slots:
                odd = sorted(found ^ self.slots)
                raise ValueError(
                    f"prompts[{number}] has the slots {_listed(found)}, the file says what stands in {_listed(self.slots)}: "
                    f"{_listed(odd)} must be in both or in neither"
                )
        if self.stake and {stake.pays for stake in self.stake} != {True, False}:
            raise ValueError("stake: expected at least one with pays = true and one with pays = false")
        names = {tuple(stake.numbers) for stake in self.stake}
        if len(names) > 1:
            raise ValueError(f"stake: expected the same numbers in each, found {sorted(map(list, names))}")
        return self

    def write(self, text: str, **slots: str) -> str:
        """A prompt with its slots filled; `{order}` is empty unless given."""
        return text.format(**{**dict.fromkeys(self.slots, ""), **slots}).strip()


def read_prompt_file(path: str | Path) -> PromptFile:
    """The prompts in a file of TOML.

    Raises:
        UsageError: There is no such file, it is no TOML, or a field is missing, unknown or does not fit.
    """
    place = Path(path)
    try:
        found: Any = tomllib.loads(place.read_text("utf-8"))
    except OSError as error:
        raise UsageError(
            f"prompts={path}: cannot be read ({error.strerror or error}); expected a file of TOML"
        ) from None
    except ValueError as error:
        raise UsageError(f"prompts={path}: expected TOML: {said(error)}") from error
    try:
        return PromptFile.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UsageError(f"prompts={path}: {where}: {first['msg'].removeprefix('Value error, ')}") from error


def _listed(names: Any) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "none"
