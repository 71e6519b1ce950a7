"""Errors that say what was read, what was expected and what to type next."""

import difflib
from collections.abc import Iterable


class MesascopeError(Exception):
    """Base of every error a person can cause. `exit_code` is what the command line leaves with."""

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


def unknown(kind: str, name: str, valid: Iterable[str]) -> UsageError:
    """One line naming the unknown thing and the nearest valid name."""
    names = sorted(valid)
    folded = {n.casefold(): n for n in reversed(names)}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.4)
    if near:
        hint = f"did you mean '{folded[near[0]]}'?"
    else:
        hint = f"valid names: {', '.join(names)}" if names else "there are none to choose from"
    return UsageError(f"unknown {kind} '{name}': {hint}")
