"""A report in a real browser: it opens from disk with the network cut, is edited by pointer and keys, and asks for nothing."""

import json
import re
import time

import pytest

from mesascope.reports.html import render_report
from tests.house.tree import ROOT
from tests.reports import sample_audit
from tests.reports.pages import Page
from tests.web.browser import CHROMIUM, Browser
from tests.web.documents import carrying

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: reports are not opened in a browser")

CELL = """((board, row, column) => {
  const svg = document.querySelectorAll(".boards:not([hidden]) .board svg")[board];
  const box = svg.getBoundingClientRect(), scale = box.width / svg.viewBox.baseVal.width;
  return [box.left + (3 + 24 * (column + 0.5)) * scale, box.top + (3 + 24 * (row + 0.5)) * scale];
})"""
ARROWS = """[...document.querySelectorAll(".boards:not([hidden]) .board")].map(
  board => [...board.querySelectorAll(".ms-arrow")].map(arrow => arrow.getAttribute("d")).join())"""
TEXT = "document.querySelector('.panel textarea').value"
FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def documents():
    return carrying(sample_audit.three_seeds())


@pytest.fixture(scope="module")
def browser():
    with Browser() as found:
        found.cut_network()
        yield found


@pytest.fixture
def page(browser, documents, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(render_report(documents), "utf-8")
    browser.requests.clear()
    browser.errors.clear()
    browser.resize(1200, 1100)
    browser.open(path)
    browser.run("document.querySelector('#bench').scrollIntoView({behavior: 'instant'})")
    yield browser
    assert browser.errors == []
    assert [url for url in browser.requests if not url.startswith(path.as_uri())] == []


def cell(page, board, row, column):
    return page.run(f"{CELL}({board}, {row}, {column})")


def place_of(page, letter):
    lines = page.run(TEXT).splitlines()
    return next((row, line.index(letter)) for row, line in enumerate(lines) if letter in line)


def free_cells(page):
    return [
        (r, c) for r, line in enumerate(page.run(TEXT).splitlines()) for c, letter in enumerate(line) if letter == "."
    ]


def press(page, name):
    page.run(
        "[...document.querySelectorAll('.panel button')]"
        f".find(button => button.getAttribute('aria-label').startsWith('{name}')).click()"
    )


def test_one_script_may_run_and_it_is_the_one_that_is_named(documents):
    source = render_report(documents)
    page = Page(source)
    scripts = page.tags("script")
    assert [s.get("type") for s in scripts] == ["application/json", None]
    policy = next(m["content"] for m in page.tags("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert re.fullmatch(r"default-src 'none';.* script-src 'sha256-[\w+/=]{44}'", policy)
    assert page.errors == []


@needs_browser
def test_dragging_the_red_thing_moves_the_arrows_of_every_agent(page):
    before, text = page.run(ARROWS), page.run(TEXT)
    red = place_of(page, "r")
    target = max(free_cells(page), key=lambda at: abs(at[0] - red[0]) + abs(at[1] - red[1]))
    page.drag(cell(page, 0, *red), cell(page, 0, *target))
    page.run(FRAME)
    assert place_of(page, "r") == target
    after = page.run(ARROWS)
    assert len(before) == 3
    assert all(old != new for old, new in zip(before, after, strict=True))
    page.key("z", 2)
    assert page.run(TEXT) == text
    assert page.run(ARROWS) == before
    press(page, "Redo")
    assert page.run(ARROWS) == after


@needs_browser
def test_a_maze_is_drawn_with_a_tool_and_with_keys(page):
    some = free_cells(page)[:3]
    press(page, "wall")
    page.drag(cell(page, 1, *some[0]), cell(page, 1, *some[0]))
    assert page.run(TEXT).splitlines()[some[0][0]][some[0][1]] == "#"
    page.mouse("mousePressed", *cell(page, 1, *some[0]))  # the same tool again takes it away
    page.mouse("mouseReleased", *cell(page, 1, *some[0]), pressed=0)
    assert page.run(TEXT).splitlines()[some[0][0]][some[0][1]] == "."
    page.key("b")
    assert page.run(TEXT).splitlines()[some[0][0]][some[0][1]] == "b"
    page.key("ArrowRight")
    page.key("#")
    assert page.run(TEXT).splitlines()[some[0][0]][some[0][1] + 1] == "#"


@needs_browser
def test_a_level_is_read_from_text_and_what_is_wrong_is_said(page):
    page.run("document.querySelectorAll('.panel details').forEach(d => d.open = true)")

    def write(text):
        page.run(
            f"(area => {{ area.focus(); area.value = {text!r}; area.dispatchEvent(new Event('input')); }})"
            "(document.querySelector('.panel textarea'))"
        )

    write("#####\n#.R.#\n#...#\n#####")
    assert page.run("document.querySelector('.boards .ms-level').viewBox.baseVal.height") == 4 * 24 + 6
    assert "solvable" in page.run("document.querySelector('.panel .badge').textContent")
    write("#####\n#.Q.#\n#####")
    assert "line 2, column 3" in page.run("document.querySelector('.panel [role=alert]').textContent")


@needs_browser
def test_the_inside_is_edited_beside_its_control_and_its_ceiling(page):
    press(page, "Edit the inside")
    before = page.run(ARROWS)
    text = page.run(TEXT)
    red = place_of(page, "r")
    target = max(free_cells(page), key=lambda at: abs(at[0] - red[0]) + abs(at[1] - red[1]))
    page.drag(cell(page, 0, *red), cell(page, 0, *target))
    page.run(FRAME)
    after = page.run(ARROWS)
    assert len(after) == 3
    assert len(set(after)) == 3
    assert before[0] != after[0]
    assert "follows in" in page.run("document.querySelector('.boards:not([hidden]) .told').textContent")
    assert page.run("document.querySelectorAll('.boards:not([hidden]) .ms-patch').length") >= 8
    press(page, "Edit the inside")
    assert page.run(TEXT) == text  # the level itself stayed


@needs_browser
def test_ticks_are_looked_through_and_maps_are_shown(page):
    last = page.run(ARROWS)
    page.run(
        "(t => { t.value = 1; t.dispatchEvent(new Event('input')); })(document.querySelector('.panel input[type=range]'))"
    )
    assert page.run(ARROWS) != last
    assert page.run("document.querySelectorAll('.maps canvas').length") == 6
    page.run("document.querySelector('.maps button').click()")
    assert (
        page.run("document.querySelectorAll('.boards:not([hidden]) .ms-good, .boards:not([hidden]) .ms-bad').length")
        > 0
    )


@needs_browser
@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(page, width, scheme):
    page.resize(width, 900, scheme)
    page.run(FRAME)
    assert page.run("document.documentElement.scrollWidth") <= width


@needs_browser
def test_every_control_has_a_name(page):
    nameless = """[...document.querySelectorAll(
      ".bench button, .bench select, .bench input, .bench textarea, .bench svg[role=img]")].filter(
      e => !(e.getAttribute("aria-label") || e.textContent.trim() || e.closest("label")?.textContent.trim())).length"""
    assert page.run(nameless) == 0


@needs_browser
def test_hostile_names_execute_nothing(browser, tmp_path):
    strings = (
        "<script>window.hit=1</script>",
        "</script><script>window.hit=1</script>",
        "<img src=x onerror=window.hit=1>",
        '"><svg onload=window.hit=1>',
        "javascript:window.hit=1",
        "<!--<script>window.hit=1//-->",
    )
    for number, name in enumerate(strings):
        path = tmp_path / f"{number}.html"
        audits = carrying([sample_audit.sample_audit(0), sample_audit.no_search(1)], name)
        audits[0]["portable"]["world"]["brushes"][2]["name"] = name
        audits[0]["gallery"][0]["caption"] = name
        path.write_text(render_report(audits, title=name), "utf-8")
        browser.open(path)
        time.sleep(0.05)
        assert browser.run("window.hit") is None
        assert browser.run("document.querySelectorAll('.board').length") > 0


@needs_browser
def test_data_that_no_agent_can_be_made_from_leaves_the_printed_figure(browser, documents, tmp_path):
    broken = [{**audit, "portable": {**audit["portable"], "agent": {"kind": "oracle"}}} for audit in documents]
    path = tmp_path / "broken.html"
    path.write_text(render_report(broken), "utf-8")
    browser.open(path)
    assert browser.run("document.querySelectorAll('#bench figure.level svg').length") == 3


AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


@needs_browser
@pytest.mark.skipif(not AXE.exists(), reason="no axe-core (npm ci in web/): rules of accessibility are not checked")
def test_no_rule_of_accessibility_is_broken_that_matters(page):
    page.run(f"{AXE.read_text('utf-8')};0")
    for opened in ("false", "true"):
        page.run(f"document.querySelectorAll('details').forEach(part => part.open = {opened})")
        found = page.run("axe.run(document).then(r => r.violations.map(v => [v.impact, v.id, v.nodes[0].html]))")
        assert [v for v in found if v[0] in ("serious", "critical")] == []


MOST_WORDS = 2_500
"""That a report of three seeds shows before anything is unfolded."""


@needs_browser
def test_a_report_of_three_seeds_is_short_until_it_is_unfolded(page):
    assert page.run("document.querySelector('main').innerText.split(/\\s+/).length") <= MOST_WORDS
    assert page.run("document.documentElement.scrollHeight") <= 8_000


@needs_browser
def test_a_printed_page_clips_no_table_and_holds_no_tools(page):
    page.media("print")
    page.resize(700, 1000)
    page.media("print")
    clipped = """[...document.querySelectorAll("main table")].filter(
      table => table.offsetParent && table.getBoundingClientRect().right > innerWidth + 1).length"""
    assert page.run(clipped) == 0
    assert page.run("[...document.querySelectorAll('.panel')].every(e => !e.offsetParent)")
    page.media("")


def data_of(source):
    return json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', source)[1])


def test_levels_of_several_agents_are_told_apart_and_none_is_there_twice(documents):
    levels = data_of(render_report(documents))["levels"]
    assert len({(level["name"], level["text"], level["start"]) for level in levels}) == len(levels)
    assert "seed 0" not in levels[0]["name"]  # the one that all are shown on
    assert any(level["name"].endswith(", seed 2") for level in levels)


def test_agents_whose_levels_are_of_several_sizes_are_put_on_one_all_the_same(documents):
    small = {**documents[1], "gallery": [{**documents[1]["gallery"][0], "level": "#####\n#.R.#\n#####", "path": [0]}]}
    source = render_report([documents[0], small])
    assert "A level of each agent&#x27;s own" in source
    assert data_of(source)["levels"][0]["text"] == documents[0]["gallery"][0]["level"]
    assert len(data_of(source)["agents"]) == 2
    assert "The same level for every agent" in render_report(documents)
