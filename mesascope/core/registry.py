"""One registry for every kind of thing that has a name: built-in ones and those that installed packages bring.

A package adds an entry by an entry point in the group of the kind, without touching Mesascope:

    [project.entry-points."mesascope.worlds"]
    two-rooms = "my_package.two_rooms:TwoRooms"

Entries are imported when they are first asked for, so that listing names is fast.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib import metadata
from typing import Generic, NamedTuple, TypeVar

from mesascope.core.errors import RegistryError, said, unknown

T = TypeVar("T")


class Source(NamedTuple):
    """Where an entry comes from: `module:attribute`, and the package that brings it ("" for built-in ones)."""

    target: str
    package: str = ""


class Registry(Mapping[str, T], Generic[T]):
    """Everything of one kind by name: a mapping that imports an entry when it is looked up.

    Args:
        kind: What an entry is, in the words of an error message, such as `world`.
        group: The entry-point group, such as `mesascope.worlds`.
        built_in: Each built-in entry, or the `module:attribute` where it is, in the order in which they are listed.
        check: Raises where an imported entry is none of the kind; called once for each.

    Raises:
        UsageError: On look-up by `find` of an unknown name; the message names the nearest one.
        RegistryError: On look-up of an entry that cannot be imported or is of another kind.

    Example:
        >>> numbers = Registry("number", "example.numbers", {"pi": "math:pi"})
        >>> list(numbers), round(numbers["pi"], 2)
        (['pi'], 3.14)
    """

    def __init__(
        self, kind: str, group: str, built_in: Mapping[str, str | T], check: Callable[[str, object], None] | None = None
    ):
        self.kind, self.group = kind, group
        self._built_in, self._check = dict(built_in), check
        self._loaded: dict[str, T] = {name: entry for name, entry in built_in.items() if not isinstance(entry, str)}

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Where each entry comes from: built-in ones first, then those of packages by name. No built-in can be replaced."""
        found = {name: Source(entry if isinstance(entry, str) else "") for name, entry in self._built_in.items()}
        for point in sorted(metadata.entry_points(group=self.group), key=lambda point: point.name):
            package = point.dist.name if point.dist is not None else "unknown"
            if point.name in self._built_in:
                raise RegistryError(
                    f"package '{package}' brings a {self.kind} called '{point.name}', which Mesascope has itself: "
                    "rename the entry point, or uninstall the package"
                )
            found[point.name] = Source(point.value, package)
        return found

    def find(self, name: str) -> T:
        """The entry of that name; `UsageError` naming the nearest one where there is none."""
        if name not in self.sources:
            raise unknown(self.kind, name, self.sources)
        return self[name]

    def __getitem__(self, name: str) -> T:
        if name not in self._loaded:
            self._loaded[name] = self._load(name, self.sources[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.sources)

    def __len__(self) -> int:
        return len(self.sources)

    def _load(self, name: str, source: Source) -> T:
        module, _, attribute = source.target.partition(":")
        try:
            found = getattr(importlib.import_module(module), attribute)
            if self._check is not None:
                self._check(name, found)
        except Exception as error:
            if not source.package:
                raise
            raise RegistryError(
                f"{self.kind} '{name}' of package '{source.package}' ({source.target}) cannot be used: {said(error)}; "
                "mend or uninstall the package"
            ) from error
        return found


def check_class(base: type, name: str, found: object) -> None:
    """Raise where `found` is no subclass of `base`, or calls itself other than `name` in its attribute `name`.

    Raises:
        TypeError: It is no subclass.
        ValueError: It goes by another name.
    """
    if not isinstance(found, type) or not issubclass(found, base):
        raise TypeError(f"expected a subclass of {base.__module__}.{base.__name__}, found {found!r}")
    own = getattr(found, "name", name)
    if own != name:
        raise ValueError(f"it calls itself '{own}': its attribute `name` and the entry point must have one name")


def check_instance(kind: type, name: str, found: object) -> None:
    """Raise `TypeError` where `found` is no `kind`."""
    if not isinstance(found, kind):
        raise TypeError(f"expected a {kind.__module__}.{kind.__name__}, found a {type(found).__name__}")
