"""Run the notebooks: `python docs/notebooks.py`, `python docs/notebooks.py --plain deception`.

With a kernel (`pip install ".[notebooks]"`) each notebook is written with its outputs below `build/notebooks`, as
`.ipynb` and as one HTML page. With `--plain` its cells run in this process, without a kernel and without writing anything: that
is what the tests do.
"""

import argparse
import ast
import re
import runpy
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from html import escape
from json import loads
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
BUILT = ROOT / "build" / "notebooks"
SECONDS = 600
"""Longest time that a cell may take with a kernel."""


def names() -> list[str]:
    """All notebooks, without ending."""
    return sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def read(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """A notebook as it lies in a folder."""
    return loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))


def text_of(cell: dict[str, Any]) -> str:
    """The source of a cell."""
    return "".join(cell["source"])


def script(notebook: dict[str, Any]) -> str:
    r"""The code cells of a notebook as one program, which gives what each cell shows to `display`.

    Example:
        >>> script({"cells": [{"cell_type": "code", "source": ["x = 1\n", "x"]}]})
        'x = 1\ndisplay(x)\n'
    """
    parts = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            code = ast.parse(text_of(cell))
            last = code.body[-1] if code.body else None
            if isinstance(last, ast.Expr) and not _prints(last):
                shown = ast.Call(ast.Name("display", ast.Load()), [last.value], [])
                code.body[-1] = ast.Expr(shown)
            parts.append(ast.unparse(ast.fix_missing_locations(code)))
    return "\n".join(parts) + "\n"


def _prints(statement: ast.Expr) -> bool:
    call = statement.value
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("print", "display")


def run_plainly(name: str) -> list[str]:
    """Run a notebook in this process, in an empty folder; what it shows, as HTML where there is some and as text otherwise."""
    shown: list[str] = []

    def display(thing: Any) -> None:
        as_html = getattr(thing, "_repr_html_", None)
        if thing is not None:
            shown.append(repr(thing) if as_html is None else as_html())

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name.replace('-', '_')}.py"
        path.write_text(script(read(name)), encoding="utf-8")
        runpy.run_path(str(path), init_globals={"display": display})
    return shown


def execute(name: str, out: Path) -> Path:
    """Run a notebook with a kernel, and write it with its outputs; the folder is made where it is not there."""
    import nbclient
    import nbformat

    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(ROOT)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # the time of day at which it ran
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


def page(path: Path) -> Path:
    """An executed notebook as one HTML page beside it, which loads nothing from elsewhere."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="classic", mathjax_url="", require_js_url="", jquery_url="")
    body, _ = exporter.from_filename(str(path))
    written = path.with_suffix(".html")
    written.write_text(_LOADING.sub("", body), encoding="utf-8")
    return written


_LOADING = re.compile(
    r"""<script src=""></script>|<script[^>]*>(?:(?!</script>).)*mermaid(?:(?!</script>).)*</script>""", re.DOTALL
)
"""What the exporter's pages load from elsewhere: formulas and diagrams, of which notebooks have none."""


def markdown(notebook: dict[str, Any]) -> str:
    """A notebook as a page of the site, with the outputs that it has."""
    return "\n\n".join(part for cell in notebook["cells"] for part in _parts(cell)) + "\n"


def _parts(cell: dict[str, Any]) -> Iterator[str]:
    if cell["cell_type"] == "markdown":
        yield text_of(cell)
        return
    yield f"```python\n{text_of(cell)}\n```"
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            yield f"```text\n{''.join(output['text'])}```"
        elif "text/html" in output.get("data", {}):
            # A blank line would end what Markdown takes for HTML.
            lines = [line for line in "".join(output["data"]["text/html"]).splitlines() if line.strip()]
            yield '<div class="ms-output">' + "&#10;".join(lines) + "</div>"
        elif "data" in output:
            yield f'<pre class="ms-output">{escape("".join(output["data"]["text/plain"]))}</pre>'


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(names())}; all unless given")
    parser.add_argument("--plain", action="store_true", help="without a kernel, in this process")
    parser.add_argument("--out", type=Path, default=BUILT)
    asked = parser.parse_args(arguments)
    if unknown := sorted({*asked.names} - {*names()}):
        sys.exit(f"no notebook '{unknown[0]}': expected some of {', '.join(names())}")
    for name in asked.names or names():
        begun, spent = time.monotonic(), time.process_time()
        if asked.plain:
            run_plainly(name)
            done = f"{time.process_time() - spent:.0f} s of processor time"
        else:
            done = f"written to {page(execute(name, asked.out))}"
        print(f"{name}: {time.monotonic() - begun:.0f} s, {done}", flush=True)


if __name__ == "__main__":
    main()
