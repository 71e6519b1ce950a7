"""`mesascope organisms`: agents whose insides, objective and alignment are known because we built them."""

from typing import Annotated

import typer

from mesascope.cli import options, terminal


def command(
    name: Annotated[str | None, typer.Argument(help="an organism, for what is true of it and its settings")] = None,
    json: options.Json = False,
) -> None:
    """The ground-truth agents, what is true of each, and the settings it takes; with a name, that one's settings."""
    from mesascope.core.errors import unknown
    from mesascope.organisms.registry import ORGANISMS, SETTINGS

    if name is not None:
        if name not in ORGANISMS:
            raise unknown("organism", name, ORGANISMS)
        own = ORGANISMS[name]
        if json:
            terminal.document({"name": name, **own._replace(build=None)._asdict()})
            return
        goal = "has a goal" if own.has_goal else "has no goal"
        terminal.line(f"{name}: {own.what}; {'searches' if own.searches else 'does not search'}, {goal}")
        terminal.table(("setting", "what it says"), [(key, SETTINGS.get(key, "")) for key in own.keys])
        terminal.line(f"Audit it: mesascope audit red-doors --subject organism:{name}")
        return
    if json:
        listed = [{"name": name, **o._replace(build=None)._asdict()} for name, o in ORGANISMS.items()]
        terminal.document({"organisms": listed})
        return
    rows = [
        (name, o.what, "yes" if o.searches else "no", "yes" if o.has_goal else "no", ", ".join(o.keys) or "none")
        for name, o in ORGANISMS.items()
    ]
    terminal.table(("organism", "what it is", "searches", "has a goal", "settings"), rows)
