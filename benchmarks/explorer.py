"""From an edit of a level to its redrawn arrows, inside a page and through the explorer; and the first paint of a large report.

`PYTHONPATH=. python benchmarks/explorer.py`, with Chromium. Without one, what the page computes is timed by Node, and the
explorer by requests from here. Every edit walls up another free cell. *Processor* is what the page's thread computed meanwhile,
or for the explorer its process: on a busy machine it says more than the wall does.
"""

import argparse
import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from mesascope.auditing.portable import packed
from mesascope.core.jsonable import to_json
from mesascope.learned.registry import build
from mesascope.reports.html import render_report
from mesascope.store.results import write_json
from mesascope.worlds.grids.red_doors import RedDoors
from tests.reports import sample_audit
from tests.web.browser import CHROMIUM, Browser
from tests.web.node import NODE, ask

SIZES = {13: 0.1, 25: 0.3}
"""Sizes of levels with the seconds asked for, at the 95th percentile."""
LARGE, PAINTED = 5_000_000, 2.0
"""Bytes of a large report, and the seconds until something of it is seen."""
PATIENCE = 300.0
WARM = 5

EDIT = """(async (edit) => {
  const area = document.querySelector(".panel textarea");
  const arrows = () => document.querySelectorAll(".boards:not([hidden]) .ms-arrow").length;
  const frame = () => new Promise(requestAnimationFrame);
  window.level ??= area.value;
  const open = [...level.matchAll(/\\./g)].map((found) => found.index);
  const at = open[(edit * 7) % open.length];
  area.value = level.slice(0, at) + "#" + level.slice(at + 1);
  const begun = performance.now();
  area.dispatchEvent(new Event("input"));
  do await frame(); while (!arrows());
  return (performance.now() - begun) / 1000;
})"""
"""Walls up one free cell of the level that the page began with; the seconds until its arrows are there again."""


def audit_of(size: int, *, inside: bool):
    """An audit of the agent of a default audit, or of an organism, with one level of a size."""
    world = RedDoors(size=size)
    audit = sample_audit.sample_audit(0)
    text = jax.device_get(world.draw(0, 1)).text(0)
    shown = {"distribution": "training", "level": text, "policy": [], "path": [0], "caption": "drawn", "shared": True}
    audit["gallery"] = [shown]
    audit["world"]["knobs"] = to_json(dict(vars(world)))
    if inside:
        net = build("glance", {}, key=jax.random.key(0), inputs=len(world.channels))
        audit["portable"] = {"agent": packed(net), "world": to_json(world.painting), "kin": []}
    else:
        audit["subject"].update(kind="organism", ref="organism:planner", name="planner")
    return audit


class Timed(NamedTuple):
    """Seconds of each edit, by the wall and of the processor."""

    wall: list[float]
    processor: list[float]


def told(name: str, found: Timed, bar: float) -> None:
    """One row: median and 95th percentile of both, what was asked for, the load."""
    shown = [f"{1000 * t:.0f} ms" for times in found for t in (np.quantile(times, [0.5, 0.95]) if times else ())]
    cells = [
        name,
        *(shown if found.processor else [*shown, "", ""]),
        f"{1000 * bar:.0f} ms",
        f"{os.getloadavg()[0]:.1f}",
    ]
    print(f"| {' | '.join(cells)} |", flush=True)


def edits(browser, count: int, process: int | None = None) -> Timed:
    """Seconds of each edit, the first ones left out, which compile; of the processor those of a process, or of the page."""

    def processor() -> float:
        return of_page(browser) if process is None else of_process(process)

    browser.wait("document.querySelectorAll('.boards:not([hidden]) .ms-arrow').length", PATIENCE)
    found = Timed([], [])
    for edit in range(count + WARM):
        begun = processor()
        seconds = browser.run(f"{EDIT}({edit})")
        if edit >= WARM:
            found.wall.append(seconds)
            found.processor.append(processor() - begun)
    return found


def of_page(browser) -> float:
    """Seconds that the page's thread has computed."""
    found = browser.metrics()
    return found["ThreadTime"]


def of_process(process: int) -> float:
    """Seconds that a process has computed (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:13]) / os.sysconf("SC_CLK_TCK")


def in_page(folder: Path, count: int) -> None:
    """A report from disk."""
    for size, bar in SIZES.items():
        audit = audit_of(size, inside=True)
        if CHROMIUM is None:
            cases = [{"ask": "seconds", "text": audit["gallery"][0]["level"], "repeats": count + 5}]
            told(
                f"in Node, {size}x{size}",
                ask(audit["portable"]["world"], cases, audit["portable"]["agent"])[0][5:],
                bar,
            )
            continue
        path = folder / f"{size}.html"
        path.write_text(render_report([audit]), "utf-8")
        with Browser() as browser:
            browser.open(path)
            told(f"in the page, {size}x{size}", edits(browser, count), bar)


@contextlib.contextmanager
def exploring(folder: Path):
    """The link of an explorer that runs meanwhile, and its process."""
    command = [sys.executable, "-m", "mesascope", "explore", str(folder), "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1], process.pid
        finally:
            process.terminate()


def through_server(folder: Path, count: int) -> None:
    """The explorer, asked about an organism."""
    for size in SIZES:
        (folder / f"size-{size}").mkdir(parents=True)
        write_json(folder / f"size-{size}" / "audit.json", audit_of(size, inside=False))
    with exploring(folder) as (link, process):
        authority, token = re.match(r"http://([^/]+)/#token=(.*)", link).groups()
        for size, bar in SIZES.items():
            name = f"through the explorer, {size}x{size}"
            if CHROMIUM is None:
                told(f"{name}, without a page", Timed(requests(authority, token, folder, size, count), []), bar)
                continue
            with Browser() as browser:
                browser.visit(link)
                browser.wait("document.querySelectorAll('form a').length > 0")
                browser.visit(
                    browser.run(f"[...document.querySelectorAll('form a')].find(a => a.text.endsWith('{size}')).href")
                )
                told(name, edits(browser, count, process), bar)


def requests(authority: str, token: str, folder: Path, size: int, count: int):
    """Seconds of each question, asked from here."""
    from mesascope.explorer.folders import Folders

    audit = Folders([folder]).id_of((folder / f"size-{size}").resolve())
    text = audit_of(size, inside=False)["gallery"][0]["level"]
    body = json.dumps({"agent": audit, "levels": [text]})
    given = {"Content-Type": "application/json", "X-Mesascope-Token": token}
    connection, found = http.client.HTTPConnection(authority), []
    while len(found) < count:
        begun = time.perf_counter()
        connection.request("POST", "/answer", body, given)
        response = connection.getresponse()
        response.read()
        if response.status == 200:
            found.append(time.perf_counter() - begun)
        elif response.status != 503:
            raise SystemExit(f"status {response.status}")
    return found


def first_paint(folder: Path, repeats: int) -> None:
    """A report of many audits, until something of it is seen."""
    audits = [sample_audit.sample_audit(seed) for seed in range(3)]
    while len(text := render_report(audits)) < LARGE:
        audits += [sample_audit.sample_audit(len(audits) + seed) for seed in range(max(1, len(audits) // 2))]
    path = folder / "large.html"
    path.write_text(text, "utf-8")
    with Browser() as browser:
        found = []
        for _ in range(repeats):
            browser.open(path)
            paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"
            browser.wait(f"({paint}) > 0")
            found.append(browser.run(paint) / 1000)
    told(f"first paint of {len(text) / 1e6:.1f} MB", Timed(found, []), PAINTED)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=60, help="edits of each kind")
    count = parser.parse_args().repeats
    heads = (
        "from an edit to its redrawn arrows",
        "median",
        "95th percentile",
        "processor",
        "95th percentile",
        "asked for",
        "load",
    )
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        if CHROMIUM is not None or NODE is not None:
            in_page(folder, count)
        through_server(folder / "served", count)
        if CHROMIUM is not None:
            first_paint(folder, 5)


if __name__ == "__main__":
    main()
