"""Errors that say what was read, what was expected and what to type next."""

import contextlib
import difflib
import re
from collections.abc import Iterable, Iterator


class MesascopeError(Exception):
    """Base of every error a person can cause. `exit_code` is what the command line leaves with.

    Example:
        >>> import mesascope as ms
        >>> try:
        ...     ms.worlds.red_doors(size=4)
        ... except ms.MesascopeError as error:
        ...     print(error)
        size 4: a maze has a size from 5 to 25, border included
    """

    code = "error"
    exit_code = 1


class UsageError(MesascopeError):
    """An unknown name, option or malformed request."""

    code = "usage"
    exit_code = 2


class LevelFormatError(MesascopeError):
    """Level text that does not parse; names line and column (both counted from 1)."""

    code = "level-format"
    exit_code = 2


class AgentFileError(MesascopeError):
    """A saved learned algorithm that is corrupt, truncated, mismatched or swapped. Nothing is loaded."""

    code = "agent-file"
    exit_code = 3


class DivergedError(AgentFileError):
    """Weights that are not finite: the training diverged. They are neither saved nor loaded unless that is asked for."""

    code = "diverged"


class CheckpointError(AgentFileError):
    """A saved state of training that is of another run, or corrupt."""

    code = "checkpoint"


class StorageError(MesascopeError):
    """A path that cannot be written: permission, missing folder, full disk."""

    code = "storage"
    exit_code = 4


class SubjectError(MesascopeError):
    """A subject that answered with the wrong shape or with values that are not finite."""

    code = "subject"
    exit_code = 5


class EditError(MesascopeError):
    """An intervention that names a site that does not exist, does not fit it, or changed nothing."""

    code = "edit"
    exit_code = 5


class RegistryError(MesascopeError):
    """An entry that an installed package brings and that cannot be used."""

    code = "registry"
    exit_code = 2


def error_of(code: str) -> type[MesascopeError]:
    """The kind of error that has a code; `MesascopeError` itself where none has."""
    kinds = [MesascopeError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return next((kind for kind in kinds if kind.code == code), MesascopeError)


_NEAR = 0.5
"""Likeness from which on a name is taken for a misspelled one: `retrun` for `return`, and not `purple` for `red`."""


def unknown(kind: str, name: str, valid: Iterable[str]) -> UsageError:
    """One line naming the unknown thing and the nearest valid name; all of them where none is near."""
    names = sorted(valid)
    folded = {n.casefold(): n for n in reversed(names)}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=_NEAR)
    if near:
        hint = f"did you mean '{folded[near[0]]}'?"
    else:
        hint = f"valid names: {', '.join(names)}" if names else "there are none to choose from"
    return UsageError(f"unknown {kind} '{name}': {hint}")


_IN_PYTHON = "CpuCallback error"
"""Begins what JAX says of an exception in Python code that a compiled program called."""


def said(error: BaseException) -> str:
    """An exception in one line: its type and the first line of what it says.

    Of one raised by Python code that a compiled program called, this is that code's own, and not the traceback that JAX
    wraps it in.
    """
    text = str(error).strip()
    inner = _raised_inside(text)
    return ": ".join(inner) if inner else f"{type(error).__name__}: {text.partition(chr(10))[0]}"


def as_subject_error(error: BaseException) -> SubjectError | None:
    """The `SubjectError` that Python code in a compiled program raised, where `error` is what became of it."""
    inner = _raised_inside(str(error))
    return SubjectError(inner[1]) if inner and inner[0] == SubjectError.__name__ else None


@contextlib.contextmanager
def subject_errors() -> Iterator[None]:
    """While open (a decorator as well), a `SubjectError` out of a compiled program is raised as itself, and not as JAX's own."""
    try:
        yield
    except Exception as error:
        theirs = as_subject_error(error)
        if theirs is None:
            raise
        raise theirs from error


def _raised_inside(text: str) -> tuple[str, str] | None:
    """Type and message at the end of a traceback that JAX hands on as text."""
    if _IN_PYTHON not in text.partition("\n")[0]:
        return None
    after_frames = text.rpartition("\n  File ")[2].splitlines()[1:]
    found = next((m for line in after_frames if (m := re.match(r"(?:[\w.]+\.)?(\w+)(?:: (.*))?$", line))), None)
    return (found[1], found[2] or "") if found else None
