"""Links of the site: where a file of the repository stands in it, and what a link to it becomes."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
DOCS = "docs"
RENAMED = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "notebooks": "index.md",
}
"""Files and folders of the repository with a page under another name."""
SHOWN = {".py": "python", ".sh": "bash", ".toml": "toml", ".yml": "yaml", ".json": "json", ".ts": "ts", "": "text"}
"""Files that are shown as a page, by ending, with the language of their text. Others are copied."""
LARGEST = 100_000
"""Bytes up to which a file is shown."""

_LINK = re.compile(r"(!?\[[^\]]*(?:\[[^\]]*\][^\]]*)*\]\()([^)\s#]+)(#[^)\s]*)?(\))")
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)


def origin(page: str) -> PurePosixPath:
    """The file of the repository that a page of the site is of."""
    for file, name in RENAMED.items():
        if name == page and "." in file:
            return PurePosixPath(file)
    path = PurePosixPath(page)
    if path.parts[0] == "source":
        inner = path.relative_to("source")
        return inner.with_suffix("") if (ROOT / inner.with_suffix("")).is_file() else inner
    return PurePosixPath("notebooks", path.stem) if path.parts[0] == "notebooks" else DOCS / path


def place(file: PurePosixPath) -> str:
    """Where a file or a folder of the repository stands in the site.

    Example:
        >>> from pathlib import PurePosixPath
        >>> [place(PurePosixPath(path)) for path in ("README.md", "docs/errors.md", "notebooks/deception.ipynb")]
        ['index.md', 'errors.md', 'notebooks/deception.md']
        >>> place(PurePosixPath("examples/own_subject.py"))
        'source/examples/own_subject.py.md'
    """
    if str(file) in RENAMED:
        return RENAMED[str(file)]
    if file.suffix == ".ipynb":
        return str(file.with_suffix(".md"))
    if file.parts[0] == DOCS and (ROOT / file).is_file() and file.suffix not in (".py", ".toml"):
        return str(file.relative_to(DOCS))
    here = ROOT / file
    if here.is_dir():
        return str("source" / file / ("README.md" if (here / "README.md").exists() else "index.md"))
    shown = file.suffix in SHOWN and here.stat().st_size <= LARGEST
    return str("source" / file) + (".md" if shown else "")


def led(markdown: str, page: str, known: Collection[str]) -> str:
    """A page whose links to files of the repository lead to where they stand in the site; others stay as they are."""
    folder = PurePosixPath(page).parent

    def lead(match: re.Match[str]) -> str:
        target = _target(match[2], page)
        if target is None or (to := place(target)) not in known:
            return match[0]
        return f"{match[1]}{os.path.relpath(to, folder)}{match[3] or ''}{match[4]}"

    return _outside_fences(markdown, lambda text: _LINK.sub(lead, text))


def linked(pages: Mapping[str, str], known: Collection[str]) -> dict[str, tuple[Path, str | None]]:
    """What pages link to and the site does not have yet: by its place the file, and its page where it is shown as one."""
    found: dict[str, tuple[Path, str | None]] = {}
    texts = {**{path: (ROOT / DOCS / path).read_text("utf-8") for path in known if _is_page(path)}, **pages}
    queue = list(texts.items())
    while queue:
        page, text = queue.pop()
        for target in _targets(text, page):
            to = place(target)
            if to not in known and to not in pages and to not in found:
                shown = _shown(target) if to.endswith(".md") else None
                found[to] = (ROOT / target, shown)
                if shown is not None:
                    queue.append((to, shown))
    return found


def _is_page(path: str) -> bool:
    return path.endswith(".md") and (ROOT / DOCS / path).exists()


def _targets(text: str, page: str) -> Iterator[PurePosixPath]:
    for match in _LINK.finditer(_FENCE.sub("", text)):
        target = _target(match[2], page)
        if target is not None:
            yield target


def _target(link: str, page: str) -> PurePosixPath | None:
    """The file or folder of the repository that a link of a page names; None where it names none that is there."""
    if ":" in link or link.startswith("/"):
        return None
    path = os.path.normpath(origin(page).parent / link)
    return PurePosixPath(path) if not path.startswith("..") and (ROOT / path).exists() else None


def _shown(file: PurePosixPath) -> str:
    """A file or folder of the repository as a page."""
    here = ROOT / file
    if here.is_dir() and (here / "README.md").exists():
        return (here / "README.md").read_text("utf-8")
    if here.is_dir():
        names = sorted(path.name for path in here.iterdir() if path.name[0] not in "._")
        return f"# {file}\n\n" + "\n".join(f"- [{name}]({name})" for name in names) + "\n"
    text = here.read_text("utf-8")
    return text if file.suffix == ".md" else f"# {file}\n\n~~~{SHOWN[file.suffix]}\n{text.rstrip()}\n~~~\n"


def _outside_fences(markdown: str, change) -> str:
    parts, end = [], 0
    for fence in _FENCE.finditer(markdown):
        parts += [change(markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, change(markdown[end:])])
