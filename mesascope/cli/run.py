"""What every command that runs jobs does: options to a request, the run, its document."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from mesascope.cli import options, terminal
from mesascope.cli.progress import Live
from mesascope.jobs import interrupts

_OF_THE_TERMINAL = ("json", "open_page", "config", "device")


def run(kind: str, given: Mapping[str, Any], show: Callable[[dict[str, Any], Path | None], None]) -> None:
    """Do what a command was asked for and print the outcome.

    Args:
        kind: the module of `mesascope.jobs` that does it.
        given: the command's options by name, which are the fields of that module's `Request`; and those of the terminal alone:
            `json`, `open_page`, `config`, `device`.
        show: prints the document in words; given the page that was written as well. Not called with `json`.
    """
    options.heavy(given.get("device"))
    with Live() as live:
        module = import_module(f"mesascope.jobs.{kind}")
        request = module.Request(**{name: value for name, value in given.items() if name not in _OF_THE_TERMINAL})
        done = interrupts.interruptible(lambda: module.run(request, live))
    if given["json"]:
        terminal.document(done.document)
    else:
        show(done.document, done.page)
    if given.get("open_page") and done.page is not None:
        options.show_page(done.page)
