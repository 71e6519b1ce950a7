"""What can be asked of a level, in a report from disk with the network cut: two policies, sorted levels, links, files."""

import json

import pytest

from mesascope.reports.html import render_report
from tests.reports import sample_audit
from tests.web.browser import CHROMIUM, Browser
from tests.web.documents import carrying

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: reports are not opened in a browser")

VISIBLE = "document.querySelectorAll('.boards:not([hidden]) .board')"
TEXT = "document.querySelector('.panel textarea').value"


@pytest.fixture(scope="module")
def browser():
    with Browser() as found:
        found.cut_network()
        yield found


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_report(carrying(sample_audit.three_seeds())), "utf-8")
    return path


@pytest.fixture
def page(browser, report):
    browser.requests.clear()
    browser.errors.clear()
    browser.visit("about:blank")
    browser.open(report)
    yield browser
    assert browser.errors == []
    assert [url for url in browser.requests if not url.startswith((report.as_uri(), "about:", "data:", "blob:"))] == []


CHOOSE = """((name, value) => {
  const select = document.querySelector(`select[aria-label="${name}"]`);
  select.value = value;
  select.dispatchEvent(new Event("change"));
})"""


def choose(page, name, value):
    page.run(f"{CHOOSE}({json.dumps(name)}, {json.dumps(value)})")


def told(page):
    return page.run(f"[...{VISIBLE}].map(board => board.querySelector('.told').textContent)")


def titles(page):
    return page.run(f"[...{VISIBLE}].map(board => board.querySelector('figcaption').textContent)")


def paint(page, letter):
    """Paint the first free cell of the first board that is shown."""
    page.run(f"{VISIBLE}[0].querySelector('.place').focus()")
    page.key(letter)


def test_two_agents_are_compared_and_an_agent_with_itself_has_no_difference(page):
    choose(page, "Show", "compare")
    assert titles(page)[1:] == ["Before the edit", "Difference"]
    assert told(page)[2].startswith("0 of ")
    assert "distance of the policies 0.00" in told(page)[2]
    choose(page, "Compare with", "1")
    assert titles(page)[2] == "Difference"
    assert not told(page)[2].startswith("0 of ")
    assert page.run(f"{VISIBLE}[2].querySelectorAll('.ms-differs').length") > 5
    assert page.run(f"{VISIBLE}[2].querySelectorAll('.ms-other').length") > 0


def test_an_edit_is_compared_with_what_was_before_it(page):
    choose(page, "Show", "compare")
    paint(page, "#")
    assert "policies 0.00" not in told(page)[2]
    page.run("[...document.querySelectorAll('.panel button')].find(b => b.textContent === 'Keep as before').click()")
    assert "policies 0.00" in told(page)[2]


def test_levels_are_sorted_and_filtered_and_one_is_taken(page):
    gallery = "[...document.querySelectorAll('.panel details')].at(-1)"
    page.run(f"{gallery}.open = true")
    page.wait(f"!{gallery}.querySelector('.note').textContent.includes('to come')")
    cards = f"[...{gallery}.querySelectorAll('.cards-of-levels small')].map(card => card.textContent)"
    assert len(page.run(cards)) >= 4
    for measure in ("regret", "disagreement", "surprise"):
        choose(page, "Sort by", measure)
        numbers = [float(line.partition(f"{measure} ")[2].partition(",")[0]) for line in page.run(cards)]
        assert numbers == sorted(numbers, reverse=True)
    outcomes = page.run("[...document.querySelector('select[aria-label=Outcome]').options].map(o => o.value)")
    counts = []
    for outcome in outcomes:
        choose(page, "Outcome", outcome)
        counts.append(len(page.run(cards)))
    assert sum(counts[1:]) == counts[0]
    choose(page, "Outcome", "")
    before = page.run(TEXT)
    page.run(f"[...{gallery}.querySelectorAll('.cards-of-levels button')].at(-1).click()")
    page.run(f"[...{gallery}.querySelectorAll('.cards-of-levels button')].at(0).click()")
    assert page.run("document.querySelectorAll('.board svg').length") > 0
    assert page.run(TEXT) != before or len(page.run(cards)) == 1


def test_a_link_brings_back_what_was_seen(page, report):
    paint(page, "b")
    choose(page, "Show", "compare")
    choose(page, "Compare with", "2")
    page.run(
        "(t => { t.value = 2; t.dispatchEvent(new Event('input')); })(document.querySelector('.panel input[type=range]'))"
    )
    page.wait("location.hash.includes('with=2') && location.hash.includes('tick=2')")
    link, seen = page.run("location.href"), (page.run(TEXT), titles(page), told(page))
    page.visit("about:blank")
    page.visit(link)
    assert (page.run(TEXT), titles(page), told(page)) == seen
    assert page.run("document.querySelector('.panel output').textContent") == "tick 2 of 6"


@pytest.mark.parametrize("fragment", ["#bench:", "#bench:level=9x9.%3Cscript%3E", "#bench:level=7x7.A&agent=9"])
def test_a_link_that_cannot_be_read_is_said_and_changes_nothing(page, report, fragment):
    before = page.run(TEXT)
    page.visit("about:blank")
    page.visit(report.as_uri() + fragment)
    assert page.run(TEXT) == before
    assert "could not be read" in page.run("document.querySelector('.bench [role=status]').textContent")


CATCH = """(() => {
  window.saved = [];
  URL.createObjectURL = (blob) => (window.saved.push(blob), "#");
  HTMLAnchorElement.prototype.click = function () { window.saved.push(this.download); };
})()"""


def test_boards_are_saved_as_files_that_need_nothing_else(page):
    page.run(CATCH)
    for name in ("SVG", "PNG", "CSV"):
        page.run(f"[...document.querySelectorAll('.panel button')].find(b => b.textContent === '{name}').click()")
        page.run("new Promise(done => setTimeout(done, 300))")
    assert page.run("saved.filter(one => typeof one === 'string')") == ["boards.svg", "boards.png", "policies.csv"]
    svg, png, csv = (f"saved.filter(one => typeof one !== 'string')[{number}]" for number in range(3))
    text = page.run(f"{svg}.text()")
    parsed = f"new DOMParser().parseFromString({json.dumps(text)}, 'image/svg+xml')"
    assert page.run(f"{parsed}.querySelectorAll('parsererror').length") == 0
    assert page.run(f"{parsed}.querySelectorAll('svg.ms-level').length") == 3
    assert ".ms-arrow" in text
    assert page.run(f"createImageBitmap({png}).then(image => image.width)") > 1000
    lines = page.run(f"{csv}.text()").splitlines()
    assert len(lines) == 1 + 3 * 49


def test_no_gif_is_offered_where_no_server_draws_it(page):
    assert page.run("[...document.querySelectorAll('.panel button')].filter(b => b.textContent === 'GIF').length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_small_window(page, scheme):
    page.resize(400, 900, scheme)
    choose(page, "Show", "compare")
    page.run("document.querySelectorAll('.panel details').forEach(part => part.open = true)")
    page.run("new Promise(done => setTimeout(done, 500))")
    assert page.run("document.documentElement.scrollWidth") <= 400
    page.resize(1200, 900)
