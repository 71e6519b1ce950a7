"""A published result beside ours: the study of a reproduction is run, and compared with what was published.

OUT/study/                             the study, as `mesascope study` writes it
OUT/reproduction.json, report.html     theirs and ours side by side
"""

import re
from pathlib import Path
from typing import Literal

from mesascope.jobs import study
from mesascope.jobs.job import Done
from mesascope.jobs.listener import Listener
from mesascope.jobs.requests import Request as AbstractRequest
from mesascope.jobs.requests import command_line
from mesascope.jobs.results import publish
from mesascope.reports.html.reproduced import render_reproduction
from mesascope.store.fs import check_writable
from mesascope.studies.reproductions.compared import compared
from mesascope.studies.reproductions.published import REPRODUCTIONS, reproduction

REPRODUCTION, PAGE, FOLDER = "reproduction.json", "report.html", "study"


class Request(AbstractRequest):
    """What `mesascope reproduce` was asked for. Without a name: which there are."""

    kind: Literal["reproduce"] = "reproduce"
    name: str | None = None
    out: Path | None = None
    seeds: int | None = None
    workers: int | None = None


def run(request: Request, listener: Listener) -> Done:
    """Make what is missing of the study, then set it beside what was published; or list what can be reproduced."""
    if request.name is None:
        listed = [
            {"name": each.name, "question": each.question, "source": each.source} for each in REPRODUCTIONS.values()
        ]
        return Done({"kind": "reproductions", "reproductions": listed})
    published = reproduction(request.name)
    out = request.out or Path("reproductions") / published.name
    check_writable(out)
    text = published.file.read_text(encoding="utf-8")
    if request.seeds is not None:
        text = re.sub(r"(?m)^seeds = \d+$", f"seeds = {request.seeds}", text)
    asked = study.Request(file=Path(published.file.name), out=out / FOLDER, workers=request.workers, text=text)
    done = study.run(asked, listener)
    document = {**compared(published, done.document), "command": command_line()}
    return publish(document, out / REPRODUCTION, out / PAGE, render_reproduction)
