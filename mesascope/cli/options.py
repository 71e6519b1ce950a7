"""Options that several commands share."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from mesascope.core.errors import UsageError, unknown

Json = Annotated[bool, typer.Option("--json", help="print a JSON document, and nothing else, on standard output")]
Open = Annotated[bool, typer.Option("--open", help="open the page in the browser when it is written")]
World = Annotated[str, typer.Argument(help="a world or an experiment, as `mesascope worlds` lists them")]
TrainedWorld = Annotated[
    str, typer.Argument(help="a world, as `mesascope worlds` lists them; experiments train their own agents")
]
Architecture = Annotated[str | None, typer.Option(help="what to train [default: glance]")]
BaseOptimizer = Annotated[
    str | None,
    typer.Option(help="what to train it with, or FILE.json of `mesascope tune` [default: exact-policy-gradient]"),
]
Device = Annotated[
    str | None,
    typer.Option(
        help="what to compute on: cpu, gpu, or cuda:N for one of several [default: a GPU where JAX finds one]"
    ),
]
Updates = Annotated[int | None, typer.Option(min=1, help="updates of the base optimizer")]
Config = Annotated[
    Path | None,
    typer.Option(
        is_eager=True,
        callback=lambda ctx, value: read_file(ctx, value),
        help="a TOML file of these options by name, keys of the world below [set]; what is typed goes before",
    ),
]
Knobs = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        callback=lambda ctx, value: with_file(ctx, value),
        help="a config key of the world, KEY=VALUE; repeatable",
    ),
]


def heavy(device: str | None = None) -> None:
    """To be called before a command imports JAX: compiled programs are kept from run to run, and a GPU computes as finely as
    a processor. `UsageError` where the environment sets JAX to give other results, and for a device that is not there.
    """
    from mesascope.cli.compiled import keep_compiled
    from mesascope.cli.device import take_device
    from mesascope.cli.precision import ask_for_single_precision
    from mesascope.core.jax_settings import check_jax_settings

    check_jax_settings(os.environ)
    keep_compiled()
    ask_for_single_precision()
    if device is not None:
        take_device(device)


_SET = "mesascope.set"


def read_file(context: Any, path: Path | None) -> Path | None:
    """Options that a TOML file gives become the defaults of a command.

    Args:
        context: The command that is being read.
        path: The file; None where none was named.

    Returns:
        The path.

    Raises:
        UsageError: The file cannot be read, is no TOML, or names an option that the command does not have.
    """
    if path is None:
        return None
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"--config {path}: cannot be read ({error.strerror or error})") from None
    except ValueError as error:
        raise UsageError(f"--config {path}: expected TOML, found {error}") from None
    knobs = found.pop("set", {})
    if not isinstance(knobs, dict):
        raise UsageError(f"--config {path}: expected a table [set] of the world's keys, found {knobs!r}")
    known = {p.name for p in context.command.params if p.name} - {"config", "knobs", "json", "help"}
    given = {name.replace("-", "_"): value for name, value in found.items()}
    for name in given:
        if name not in known:
            raise unknown(f"option in {path}", name, known)
    context.default_map = {**(context.default_map or {}), **given}
    context.meta[_SET] = [f"{key}={value}" for key, value in knobs.items()]
    return path


def with_file(context: Any, typed: list[str] | None) -> list[str] | None:
    """The keys of the world that were typed, after those of the file that were not."""
    names = {setting.partition("=")[0].strip() for setting in typed or ()}
    kept = [s for s in context.meta.get(_SET, ()) if s.partition("=")[0].strip() not in names]
    return [*kept, *(typed or ())] or None


def show_page(path: Path) -> None:
    """Open a page in the reader's browser; where there is none, nothing happens but a line that says so."""
    _show(path.resolve().as_uri(), str(path))


def show_link(link: str) -> None:
    """Open a link in the reader's browser, as `show_page` opens a file."""
    _show(link, "the link above")


def _show(link: str, name: str) -> None:
    import webbrowser

    from mesascope.cli import terminal

    if not webbrowser.open(link):
        terminal.note(f"no browser was found: open {name} by hand")
