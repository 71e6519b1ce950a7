"""Pages of the site that are made: of the public names, the findings, the README and the notebooks."""

import ast
import json
import re
from pathlib import Path

from site_links import ROOT

import mesascope
import notebooks

API = {
    "worlds": ("Worlds and levels", ("worlds", "GridLevels", "RedDoors", "Objective", "Role", "make_stepper", "named_key",
                                     "save_picture", "walk_at_random", "experiment")),
    "agents": ("Agents", ("train", "load_agent", "build_organism", "load_learned_algorithm", "save_learned_algorithm",
                          "torch_subject", "torch_steps", "jax_subject", "jax_steps", "numpy_steps", "black_box", "path_subject",
                          "table_subject")),
    "audits": ("Audits", ("audit", "AuditResult", "AuditDocument", "MesascopeError")),
    "inside": ("Inside an agent", ("look_inside", "Inside", "Edited", "draw_counterfactuals")),
    "extending": ("Extending", ("Instrument", "Finding", "Card", "check_instrument")),
}  # fmt: skip
"""For each page of the reference its title and the public names that stand on it."""

WORLD = (
    "draw",
    "read_levels",
    "observe",
    "tables",
    "optimal_values",
    "picture",
    "active",
    "views",
    "with_view",
    "sample",
)
"""What every world has, in the order in which the reference shows it."""


def made() -> dict[str, str]:
    """Every page that is made, by its place in the site."""
    return {
        **{f"api/{name}.md": api_page(name) for name in API},
        **{f"notebooks/{name}.md": notebook_page(name) for name in notebooks.names()},
        "findings.md": findings_page(),
        "index.md": (ROOT / "README.md").read_text("utf-8"),
        "changelog.md": (ROOT / "CHANGELOG.md").read_text("utf-8"),
        "contributing.md": (ROOT / "CONTRIBUTING.md").read_text("utf-8"),
    }


def undocumented() -> list[str]:
    """Public names that stand on no page of the reference, or have no docstring."""
    placed = {name for _, names in API.values() for name in names}
    public = {name for name in mesascope.__all__ if name != "__version__"}
    homes = {**mesascope._HOMES, **{name: f"mesascope.{name}" for name in mesascope._MODULES}}
    return sorted((public - placed) | {name for name in public & placed if not _said(name, homes[name])})


def _said(name: str, home: str) -> bool:
    path = ROOT / home.replace(".", "/")
    tree = ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8"))
    if home.endswith(f".{name}") and path.is_dir():
        return bool(ast.get_docstring(tree))
    found = [n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef) and n.name == name]
    return any(ast.get_docstring(node) for node in found)


def api_page(name: str) -> str:
    """A page of the reference: directives from which mkdocstrings makes it."""
    title, names = API[name]
    parts = [f"# {title}", "After this page you know what each public name takes, gives back and raises."]
    for public in names:
        home = mesascope._HOMES.get(public)
        if home is None:
            parts.append(_directive(f"mesascope.{public}", members=False))
            parts += [
                _directive(path, heading=made, toc_label=made, members=False) for made, path in _constructors(public)
            ]
            parts.append(_directive("mesascope.worlds.world.AbstractWorld", members=list(WORLD)))
        elif f"::: {home}.{public}\n" not in "\n".join(parts):
            parts.append(_directive(f"{home}.{public}"))
    return "\n\n".join(parts) + "\n"


def _constructors(module: str) -> list[tuple[str, str]]:
    """What a public module makes: its name there, and where it is written."""
    here = getattr(mesascope, module)
    found = [(name, here.__getattr__(name)) for name in here.__all__]
    return [(f"{module}.{name}", f"{made.__module__}.{made.__name__}") for name, made in found]


def _directive(path: str, **options: object) -> str:
    return f"::: {path}\n    options: {json.dumps(options)}\n"


def findings_page() -> str:
    """What was found out about libraries, from the head of each script that shows it."""
    parts = [
        "# Findings",
        "After this page you know what surprised us in the libraries that Mesascope depends on, and can see each for yourself. "
        "Every script installs the versions it names into a folder of its own, shows what it says, and ends with 0 where that is "
        "still so and with 1 where it has changed.",
    ]
    for script in sorted((ROOT / "findings").glob("*.sh")):
        head = [line.removeprefix("#").removeprefix(" ") for line in script.read_text("utf-8").splitlines()[1:]]
        said = "\n".join(head[: head.index("set -euo pipefail")]).split("\n\n")
        statement, seen = said[0].replace("\n", " "), [part for part in said if part.startswith("Seen")]
        shown = re.sub(r"(?m)^ {4}", "", "\n".join(seen[0].splitlines()[1:])) if seen else ""
        parts.append(f"## {script.stem.replace('-', ' ')}\n\n{statement}\n\n```text\n{shown}\n```\n\n"
                     f"[findings/{script.name}](../findings/{script.name})")  # fmt: skip
    return "\n\n".join(parts) + "\n"


def notebook_page(name: str) -> str:
    """A notebook: with its outputs where `python docs/notebooks.py` has made them from the notebook as it is now."""
    source, built = notebooks.read(name), notebooks.BUILT / f"{name}.ipynb"
    if built.exists():
        ran = json.loads(Path(built).read_text("utf-8"))
        if [c["source"] for c in ran["cells"]] == [c["source"] for c in source["cells"]]:
            return notebooks.markdown(ran)
    return notebooks.markdown(source)
