"""The command `mesascope`: a file for each subcommand, and one place that turns errors into a line and an exit code."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import TyperException

from mesascope.cli import (
    audit,
    calibrate,
    cite,
    compare,
    doctor,
    emergence,
    explore,
    export,
    instruments,
    listing,
    organisms,
    report,
    reproduce,
    study,
    terminal,
    train,
    tune,
    worker,
    worlds,
)
from mesascope.core.errors import MesascopeError, UsageError, as_subject_error, unknown
from mesascope.jobs import interrupts

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def _say_version(wanted: bool) -> bool:
    if wanted:
        from mesascope import __version__

        terminal.line(f"mesascope {__version__}")
        raise typer.Exit
    return wanted


app = typer.Typer(
    name="mesascope",
    help="Says for a trained agent whether it searches inside, what it is after, and where that came apart from what "
    "was wanted.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="print the version and leave")
    ] = False,
) -> None:
    pass


# Each of these modules imports what is heavy inside its command only: `mesascope --help` must not wait for JAX.
for _module in (
    audit, train, tune, study, calibrate, emergence, reproduce, report, compare, export, explore, cite, worlds, organisms,
    instruments, doctor
):  # fmt: skip
    app.command(_module.__name__.rpartition(".")[2])(_module.command)
app.command("list")(listing.command)
app.command("worker", hidden=True)(worker.command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the command line; always leaves through `SystemExit`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a letter is no reason to fail
    given = list(sys.argv[1:] if arguments is None else arguments)
    interrupts.listen(lambda: _interrupted(given))
    interrupts.leave(run(given))


def run(arguments: list[str]) -> int:
    """Run one command and say what went wrong, if anything did, in one line; the exit code is returned.

    With `--json` among the arguments a failure is also a JSON document on standard output.
    """
    try:
        return _run(arguments)
    except BrokenPipeError:
        # The reader went away, as `| head` does. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(arguments: list[str]) -> int:
    try:
        _check_command(arguments)
        result = app(arguments or ["--help"], prog_name="mesascope", standalone_mode=False)
        sys.stdout.flush()
    except MesascopeError as error:
        if os.environ.get("MESASCOPE_DEBUG") and error.__cause__ is not None:
            raise
        return _failure(arguments, error.code, str(error), error.exit_code)
    except TyperException as error:
        return _failure(arguments, "usage", str(_as_usage(error)), 2)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted(arguments)
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("MESASCOPE_DEBUG"):
            raise
        theirs = as_subject_error(error)
        if theirs is not None:
            return _failure(arguments, theirs.code, str(theirs), theirs.exit_code)
        text = f"{type(error).__name__}: {error}; this is a fault of mesascope; MESASCOPE_DEBUG=1 shows where"
        return _failure(arguments, "internal", text, 1)
    if result == INTERRUPTED:
        return _interrupted(arguments)
    return result if isinstance(result, int) else 0


def _check_command(arguments: Sequence[str]) -> None:
    """Raise `UsageError` when the first word is no command."""
    commands = [command.name for command in app.registered_commands if command.name]
    if arguments and not arguments[0].startswith("-") and arguments[0] not in commands:
        raise unknown("command", arguments[0], commands)


def _as_usage(error: TyperException) -> UsageError:
    """The library's complaint in our words, where it is about an unknown option, else as it is."""
    option, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if type(error).__name__ == "NoSuchOption" and context is not None:
        valid = (name for parameter in context.command.params for name in parameter.opts if name.startswith("-"))
        return unknown("option", str(option), (*valid, "--help"))
    return UsageError(error.format_message())


def _interrupted(arguments: Sequence[str]) -> int:
    text = "interrupted; what was done is saved, and the same command goes on from there"
    return _failure(arguments, "interrupted", text, interrupts.exit_code())


def _failure(arguments: Sequence[str], code: str, message: str, exit_code: int) -> int:
    terminal.note("mesascope: " + " ".join(message.split()))
    if "--json" in arguments:
        terminal.document({"error": {"code": code, "message": message, "exit_code": exit_code}})
    return exit_code
