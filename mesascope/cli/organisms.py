"""`mesascope organisms`: agents whose insides, objective and alignment are known because we built them."""

from mesascope.cli import options, terminal


def command(json: options.Json = False) -> None:
    """The ground-truth agents, what is true of each, and the settings it takes."""
    from mesascope.organisms.registry import ORGANISMS

    if json:
        listed = [{"name": name, **o._replace(build=None)._asdict()} for name, o in ORGANISMS.items()]
        terminal.document({"organisms": listed})
        return
    rows = [
        (name, o.what, "yes" if o.searches else "no", "yes" if o.has_goal else "no", ", ".join(o.keys) or "none")
        for name, o in ORGANISMS.items()
    ]
    terminal.table(("organism", "what it is", "searches", "has a goal", "settings"), rows)
