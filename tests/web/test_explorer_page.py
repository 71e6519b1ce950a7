"""The explorer in a real browser: its door, its pages, an agent that is asked, and names that try to be markup."""

import asyncio
import threading

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from mesascope.explorer.agents import Agents
from mesascope.explorer.app import Explorer
from mesascope.explorer.folders import Folders
from mesascope.explorer.server import listening, until_stopped
from mesascope.jobs import subjects
from tests.explorer.folders import episodic, named, study_under_way, three
from tests.house.tree import ROOT
from tests.web.browser import CHROMIUM, Browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the explorer is not opened in a browser")

ARROWS = "document.querySelectorAll('.boards:not([hidden]) .board .ms-arrow').length"
HOSTILE = [
    "<script>window.hit=1</script>", "<img src=x onerror=window.hit=1>", '"><svg onload=window.hit=1>', "'><b onclick=1>",
    "javascript:window.hit=1", "<!--<script>window.hit=1//-->", "</title><script>window.hit=1</script>", "</label><script>1",
    "<iframe srcdoc='<script>parent.hit=1</script>'>", "<a href=javascript:window.hit=1>x</a>", "{{7*7}}", "${window.hit=1}",
    "<svg><script>window.hit=1</script></svg>", "<math><mtext><img src=x onerror=window.hit=1>", "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=javascript:window.hit=1'>", "<link rel=stylesheet href=//evil.example>",
    "<style>@import '//evil.example'</style>", "<object data=javascript:window.hit=1>", "<embed src=javascript:window.hit=1>",
    "<form action=javascript:window.hit=1><input type=submit>", "<input autofocus onfocus=window.hit=1>",
    "<details open ontoggle=window.hit=1>",
    "<body onload=window.hit=1>", "<video><source onerror=window.hit=1></video>",
    "<marquee onstart=window.hit=1>x</marquee>",
    "\"onmouseover=window.hit=1 x=\"", "' onfocus=window.hit=1 autofocus '", "`onclick=window.hit=1`",
    "&lt;script&gt;", "&#60;script&#62;",
    "%3Cscript%3Ewindow.hit=1%3C/script%3E", "\\u003cscript\\u003ewindow.hit=1", "<scr<script>ipt>window.hit=1</script>",
    "<SCRIPT>window.hit=1</SCRIPT>", "<script/src=data:,window.hit=1></script>", "<img src='x' onerror='window.hit=1'>",
    "<img/src/onerror=window.hit=1>", "<svg/onload=window.hit=1>",
    "<textarea><script>window.hit=1", "]]><script>window.hit=1</script>",
    "<template><script>window.hit=1</script></template>", "<noscript><p title='</noscript><img src=x onerror=window.hit=1>'>",
    "<xmp><script>window.hit=1</script>", "\u202e<script>window.hit=1</script>", "\x00<script>window.hit=1</script>",
    "<audio src onerror=window.hit=1>", "<img src=x:x onerror=window.hit=1//", "<button formaction=javascript:window.hit=1>",
    "</script><script>window.hit=1</script>",
]  # fmt: skip
"""50 names."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    three(folder / "three")
    named(folder / "compass", "organism", "organism:compass")
    episodic(folder / "walker")
    return folder


@pytest.fixture(scope="module")
def served(root):
    folders = Folders([root])
    agents = Agents(folders)
    ids = {result.name: result.id for result in folders.results()}
    agents.answer(folders.audit(ids["compass"]), ["#####\n#.R.#\n#...#\n#####"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subjects, "stored_levels", lambda *_, **__: [])  # a planner stores none; to draw them takes long
        agents.episode(folders.audit(ids["walker"]), "#####\n#.R.#\n#...#\n#...#\n#####", 0, None, None)
    with listening("127.0.0.1", 0) as (socket, access):
        explorer, stop, ready = Explorer(folders, agents, access), threading.Event(), threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(until_stopped(explorer, socket, ready.set, stop.is_set)))
        thread.start()
        assert ready.wait(30)
        yield access
        stop.set()
        thread.join()
        explorer.close()


@pytest.fixture(scope="module")
def browser(served):
    with Browser() as found:
        yield found


@pytest.fixture
def page(browser, served):
    browser.visit(served.link)
    browser.wait("document.querySelectorAll('form a').length > 0")
    browser.errors.clear()
    browser.requests.clear()
    yield browser
    assert [
        url for url in browser.requests if not url.startswith((f"http://{served.authority}/", "data:", "blob:"))
    ] == []


def follow(page, name):
    page.visit(page.run(f"[...document.querySelectorAll('form a')].find(a => a.text === '{name}').href"))


def test_the_token_opens_the_door_and_leaves_the_address(page, served):
    assert page.run("location.hash") == ""
    assert served.token not in page.run("document.cookie")


def test_a_wrong_token_opens_nothing(served):
    with Browser() as stranger:
        stranger.visit(f"http://{served.authority}/#token=wrong")
        stranger.wait("document.querySelector('.lead').textContent !== 'Opening ...'")
        assert "token" in stranger.run("document.querySelector('.lead').textContent")
        assert stranger.run("document.querySelectorAll('form a').length") == 0


def test_agents_answer_in_the_page_and_through_the_server_on_one_level(page):
    page.run("document.querySelectorAll('form input').forEach(box => box.click())")
    page.run("document.querySelector('form button').click()")
    page.wait("document.querySelectorAll('.boards:not([hidden]) .board').length === 5")
    page.wait("document.querySelectorAll('.boards:not([hidden]) .board .ms-eye').length === 10")
    arrows = (
        "[...document.querySelectorAll('.boards:not([hidden]) .board')].map(b => b.querySelector('.ms-arrow') !== null)"
    )
    assert page.run(arrows) == [True] * 4 + [False]  # the last one has a memory
    page.run(COMPARE)
    page.wait(
        "document.querySelector('.boards:not([hidden]) .board:last-child .told').textContent.includes('distance')"
    )
    assert page.errors == []


def test_an_edit_is_answered_by_the_server(page):
    follow(page, "compass")
    page.wait(f"{ARROWS} > 0")
    before = page.run("document.querySelector('.boards:not([hidden])').innerHTML")
    page.run("document.querySelector('.boards:not([hidden]) .place').focus()")
    page.key("#")
    page.wait(f"{ARROWS} > 0")
    assert page.run("document.querySelector('.boards:not([hidden])').innerHTML") != before
    assert page.run(
        "[...document.querySelectorAll('.panel button')].find(b => b.textContent === 'Edit the inside').hidden"
    )


COMPARE = (
    "(s => { s.value = 'compare'; s.dispatchEvent(new Event('change')); })"
    "(document.querySelector('select[aria-label=Show]'))"
)
SHOWN = ".boards:not([hidden]) .board"
STEP = "document.querySelector('input[aria-label=\"Step of the episode\"]')"


def told(page):
    return page.run(f"document.querySelector('{SHOWN} .told').textContent")


def middle(page, row, column):
    """Pixels of the middle of a cell of the first board, counted with the border from 0."""
    box = page.run(f"(b => [b.x, b.y, b.width])(document.querySelector('{SHOWN} svg').getBoundingClientRect())")
    cells = page.run(f"document.querySelector('{SHOWN} svg').viewBox.baseVal.width / 24")
    unit = box[2] / cells
    return box[0] + (column + 0.625) * unit, box[1] + (row + 0.625) * unit


def test_an_agent_with_a_memory_is_followed_step_by_step_on_levels_that_are_edited(page):
    follow(page, "walker")
    page.wait(f"document.querySelectorAll('{SHOWN} .ms-eye').length > 0")
    level = (
        "(t => { t.value = '#####\\n#...#\\n#.#.#\\n#..R#\\n#####'; t.dispatchEvent(new Event('input')); t.blur(); })"
    )
    page.run(f"{level}(document.querySelector('textarea'))")
    page.run("document.querySelector('.boards:not([hidden])').scrollIntoView({behavior: 'instant'})")
    at = middle(page, 1, 1)
    page.drag(at, at)
    page.wait(f"document.querySelector('{SHOWN} .told').textContent.includes('reaches the red door in 4 steps')")
    assert page.run(ARROWS) == 0
    assert "the agent has a memory" in page.run(f"document.querySelector('{SHOWN}').textContent")
    assert "step 1 of 4, in row 2, column 2" in told(page)
    meters = f"[...document.querySelectorAll('{SHOWN} meter')].map(m => m.value)"
    assert sum(page.run(meters)) == pytest.approx(1.0, abs=1e-3)
    page.run(f"(s => {{ s.value = 3; s.dispatchEvent(new Event('input')); }})({STEP})")
    assert "step 4 of 4" in told(page)
    page.wait("location.hash.includes('step=3')")
    at = middle(page, 1, 3)
    page.drag(at, at)  # the start is the cell that is clicked
    page.wait(f"document.querySelector('{SHOWN} .told').textContent.includes('reaches the red door in 2 steps')")
    assert "step 1 of 2, in row 2, column 4" in told(page)
    page.run(f"document.querySelector('{SHOWN} .place').focus()")
    page.key("ArrowDown")
    page.key("#")  # a wall below the start: the way leads around again
    page.wait(f"document.querySelector('{SHOWN} .told').textContent.includes('reaches the red door in 6 steps')")
    page.run(COMPARE)
    page.wait(f"document.querySelector('{SHOWN}:last-child .told').textContent.includes('compare the episodes')")
    assert page.errors == []


def test_what_runs_is_kept_up_with(page, root):
    assert page.run("document.querySelector('[data-progress]').textContent") == ""
    study_under_way(root / "grid", 3)
    page.wait("document.querySelector('[data-progress]').textContent.includes('grid')")
    study_under_way(root / "grid", 4)
    page.wait("document.querySelector('[data-progress] td').textContent === '4'")


def test_another_page_reaches_nothing(served, tmp_path):
    other = tmp_path / "other.html"
    other.write_text("<title>other</title>", "utf-8")
    asks = f"""fetch('http://{served.authority}/%s', {{method: '%s', credentials: 'include', headers: %s, body: %s}})
        .then(found => found.text()).then(() => 'read', () => 'refused')"""
    with Browser() as found:
        found.open(other)
        for path, method, headers, body in (
            ("", "GET", "{}", "undefined"),
            ("progress", "GET", "{}", "undefined"),
            ("answer", "POST", "{'Content-Type': 'application/json', 'X-Mesascope-Token': 'x'}", "'{}'"),
            ("answer", "POST", "{'Content-Type': 'text/plain'}", "'{}'"),
        ):
            assert found.run(asks % (path, method, headers, body)) == "refused"


def test_names_of_all_kinds_execute_nothing(browser, served, root):
    assert len(set(HOSTILE)) == 50
    together = " ".join(HOSTILE)
    named(root / "hostile", "organism", "organism:compass", name=together)
    study_under_way(root / "<img src=x onerror=window.hit=1>", 1)
    browser.visit(f"http://{served.authority}/")
    browser.wait("document.querySelectorAll('form a').length > 0")
    assert "window.hit" in browser.run("document.body.textContent")
    browser.run("new Promise(done => setTimeout(done, 2500))")  # once around the progress
    assert browser.run("window.hit") is None
    follow(browser, "hostile")
    browser.wait(f"{ARROWS} > 0")
    assert browser.run("window.hit") is None
    assert browser.run("document.querySelectorAll('script').length") == 3


AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core (npm ci in web/): rules of accessibility are not checked")
def test_no_rule_of_accessibility_is_broken_by_the_list(page):
    page.run(f"{AXE.read_text('utf-8')};0")
    found = page.run("axe.run(document).then(r => r.violations.map(v => [v.impact, v.id, v.nodes[0].html]))")
    assert [v for v in found if v[0] in ("serious", "critical")] == []


def test_the_list_is_not_wider_than_a_small_window(page):
    page.resize(400, 900)
    assert page.run("document.documentElement.scrollWidth") <= 400
    page.resize(1200, 900)
