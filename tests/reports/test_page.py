"""The report as a page: whole, self-contained, escaped, readable by everyone."""

import copy
import itertools
import re
from importlib import resources

import pytest

from mesascope.reports.html import render_report
from tests.reports.pages import Page

FETCHES = {"src", "srcset", "href", "xlink:href", "action", "formaction", "data", "poster", "ping", "background"}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"' &amp; \u202e\x1b[31m\ud800"
LINK = re.compile(r"https://arxiv\.org/abs/\d{4}\.\d{4,5}")
"""Where a link may lead: to the papers that a report refers to. Nothing is asked there before a reader follows it."""
KEPT = {"verdict", "kind", "distribution", "level"}
"""Keys whose values choose what is shown, and so are not free text."""


def test_every_tag_closes_what_was_opened(pages, name):
    assert pages[name].errors == []


def test_nothing_is_fetched(sources, pages, name):
    page = pages[name]
    fetched = [
        (tag, key, value)
        for tag, attributes in page.elements
        for key, value in attributes.items()
        if key in FETCHES and not (value or "").startswith("#") and not (tag == "a" and LINK.fullmatch(value or ""))
    ]
    assert fetched == []
    assert not {tag for tag, _ in page.elements} & {
        "script",
        "link",
        "iframe",
        "object",
        "embed",
        "base",
        "img",
        "form",
    }
    assert not re.search(r"@import|url\(", sources[name])
    policy = next(m["content"] for m in page.tags("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy


def test_the_fetching_test_can_fail():
    page = Page('<html><body><a href="https://example.org">x</a></body></html>')
    assert page.tags("a")[0]["href"].startswith("https:")


def test_links_out_of_the_page_give_nothing_away(pages, name):
    out = [a for a in pages[name].tags("a") if LINK.fullmatch(a["href"])]
    assert all(a["rel"] == "noreferrer" for a in out)
    assert out or not pages[name].text(inside="section#references")


def test_links_lead_somewhere_and_names_are_unique(pages, name):
    page = pages[name]
    named = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(named) == len(set(named))
    targets = {a["href"].removeprefix("#") for a in page.tags("a") if not LINK.fullmatch(a["href"])}
    labels = {value for _, attributes in page.elements if (value := attributes.get("aria-labelledby"))}
    assert (targets | labels) - set(named) == set()


def test_three_seeds_fit_into_five_megabytes(sources):
    assert len(sources["three seeds"].encode()) < 5_000_000 / 4


def test_headings_descend_one_at_a_time_and_there_is_one_title(pages, name):
    levels = [int(tag[1]) for tag, _ in pages[name].elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_figures_can_be_read_without_seeing_them(pages, name):
    page = pages[name]
    assert page.tags("html")[0]["lang"] == "en"
    for attributes in page.tags("svg"):
        assert attributes.get("aria-hidden") == "true" or attributes.get("role") == "img"
    assert all(th.get("scope") in ("row", "col") for th in page.tags("th"))
    rows = [p for path, p in page.pieces if "tbody" in path and "th" in path]
    assert rows


def test_the_same_documents_give_the_same_page(documents, sources):
    again = render_report(copy.deepcopy(documents["three seeds"]))
    assert again == sources["three seeds"]


def _poisoned(value, key=""):
    if isinstance(value, dict):
        return {k: _poisoned(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_poisoned(v, key) for v in value]
    return HOSTILE + value if isinstance(value, str) and key not in KEPT else value


def test_hostile_text_stays_text(documents):
    for name in ("three seeds", "closed"):
        source = render_report([_poisoned(audit) for audit in documents[name]], title=HOSTILE)
        page = Page(source)
        assert page.errors == []
        assert "script" not in {tag for tag, _ in page.elements}
        assert "img" not in {tag for tag, _ in page.elements}
        assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)
        assert "alert(1)" in page.text()
        source.encode("utf-8")
        assert not re.search("[\x00-\x08\x1b\u202a-\u202e\u2066-\u2069]", source)


def test_hostile_keys_stay_text(documents):
    audit = copy.deepcopy(documents["search, pseudo-aligned"][0])
    for part in ("ledger", "behavior", "competence"):
        audit[part][HOSTILE] = audit[part].pop("blue-door")
    audit["behavioral_objective"]["weights"][HOSTILE] = audit["behavioral_objective"]["weights"].pop("red")
    audit["search"]["tests"][0]["controls"][HOSTILE] = None
    audit["subject"]["training"]["config"][HOSTILE] = HOSTILE
    page = Page(render_report([audit]))
    assert page.errors == []
    assert "script" not in {tag for tag, _ in page.elements}


def _places(value, depth, path=()):
    """Paths to every part of a document, `depth` keys deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            if len(path) + 1 < depth:
                yield from _places(inner, depth, (*path, key))


def _put(audit, path, value):
    *outer, last = path
    for key in outer:
        audit = audit[key]
    if value is KeyError:
        del audit[last]
    else:
        audit[last] = value


def _damage(document, value, depth):
    """The document again and again, each time with one part replaced."""
    light = {k: v for k, v in document.items() if k != "cards"}
    light["gallery"] = light["gallery"][:1]
    for part in (
        "ledger",
        "ledger_from_outside",
        "ledger_greedy",
        "behavior",
        "competence",
        "returns",
        "goal_directedness",
    ):
        light[part] = {d: light[part][d] for d in ("blue-door",)}
    for path in _places(light, depth):
        damaged = copy.deepcopy(light)
        _put(damaged, path, value)
        try:
            render_report([damaged])
        except Exception as error:
            raise AssertionError(f"{path} replaced by {value!r}") from error


@pytest.mark.parametrize("value", [None, KeyError, "text"])
def test_any_part_may_be_missing_or_of_another_kind(documents, value):
    _damage(documents["search, pseudo-aligned"][0], value, depth=1)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("value", [None, KeyError, [], {}, "text", float("nan"), True])
def test_anything_may_be_missing_or_of_another_kind(documents, value):
    _damage(documents["search, pseudo-aligned"][0], value, depth=3)


def test_no_graft_is_told_with_its_reason(documents):
    audit = copy.deepcopy(documents["search, pseudo-aligned"][0])
    assert "No weights were grafted" not in render_report([audit])
    audit["graft"], audit["no_graft"] = None, "levels hold one object"
    assert "No weights were grafted: levels hold one object." in render_report([audit])


def test_an_empty_document_is_still_a_page():
    assert Page(render_report([{}])).errors == []
    with pytest.raises(ValueError, match="at least one"):
        render_report([])


def test_levels_that_cannot_be_drawn_cost_only_themselves(documents):
    audit = copy.deepcopy(documents["search, robust"][0])
    drawn = Page(render_report([audit])).text().count("reaches")
    audit["gallery"][0]["drawing"]["board"] = ["...", "."]
    audit["gallery"][1]["path"] = [0, 48]
    audit["gallery"][2]["policy"] = [[1.0, 0.0]]
    page = Page(render_report([audit]))
    assert page.text().count("cannot be drawn") == 3
    assert page.text().count("reaches") == drawn


def _of_first_format(documents, name):
    """An audit whose exhibits have text and no drawing, in a world of that name."""
    audit = copy.deepcopy(documents["search, robust"][0])
    audit["world"]["name"] = name
    for exhibit in audit["gallery"]:
        del exhibit["drawing"]
    return audit


def test_levels_of_documents_of_the_first_format_are_drawn_by_their_world(documents):
    audit = _of_first_format(documents, "red-doors")
    assert render_report([audit]).count("<svg") == render_report([documents["search, robust"][0]]).count("<svg")
    audit["gallery"][0]["level"] = "no level"
    assert Page(render_report([audit])).text().count("cannot be drawn") == 1


def test_levels_of_an_unknown_world_are_not_drawn_as_those_of_another(documents):
    audit = _of_first_format(documents, "brought-by-a-package")
    page = render_report([audit])
    assert "ms-level" not in page.split("</style>")[-1]
    assert "Doors are arches" not in page
    assert "cannot be drawn" not in page
    assert " ".join(audit["gallery"][0]["level"].split()) in " ".join(Page(page).text().split())


def test_an_unknown_world_is_drawn_as_its_document_says(documents):
    audit = _of_first_format(documents, "brought-by-a-package")
    board = {"board": [".#", ".."], "moves": [[0, 1]], "legend": "T is tea."}
    board["things"] = [{"place": [1, 1], "shape": "disc", "color": "green", "letter": "T", "name": "tea"}]
    audit["gallery"] = [
        {"distribution": "training", "level": "?", "policy": [[1.0]] * 4, "path": [3, 2, 0], "drawing": board}
    ]
    page = Page(render_report([audit]))
    assert "T is tea." in page.text()
    assert "A level of 4 by 4 cells with tea in row 2, column 2." in page.text()


def _contrast(first: str, second: str) -> float:
    def light(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(first), light(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(scheme):
    """WCAG 2.2: at least 4.5 to 1 for text."""
    css = resources.files("mesascope.reports.html").joinpath("report.css").read_text("utf-8")
    block = re.findall(r":root\{(.*?)\}", css, re.S)[scheme]
    colors = dict(re.findall(r"--(\w+):(#[0-9a-f]{6})", block))
    for ground in ("paper", "raised", "soft"):
        for text in ("ink", "quiet", "blue", "red", "good", "bad", "open"):
            assert _contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
