import xml.etree.ElementTree as ElementTree

import pytest

from benchmarks.peers.figures import Bar, bars
from benchmarks.peers.page import cell, figure, page, scrub
from benchmarks.peers.plan import QUESTIONS
from benchmarks.peers.run import added
from benchmarks.peers.summary import significant, summarize
from benchmarks.peers.targets import against_targets


def row(job, who, name, repeats, size=None, failed=None):
    options = {} if size is None else {"size": size}
    return {
        "job": job,
        "who": who,
        "name": name,
        "options": options,
        "about": {"batch": 4},
        "repeats": repeats,
        "peak_mb": 300.4,
        "ready": {"seconds": 4.2},
        "failed": failed,
    }


@pytest.fixture
def sample():
    return {
        "command": "python benchmarks/peers/run.py",
        "date": "2026-01-01",
        "machine": {"processor": "A chip", "cores": 2, "system": "Linux", "python": "3.11"},
        "load": {"before": 0.1, "most": 2.0},
        "seconds": 600.0,
        "repeats": 3,
        "cap": 100.0,
        "quick": False,
        "versions": {"navix": {"navix": "1"}, "gymnax": {"failed": "no pip at https://some.where/x"}},
        "rows": [
            row("solving", "mesascope", "ours 9x9", [{"levels": v} for v in (300.0, 400.0, 500.0)], 9),
            row("solving", "jaxgmg", "theirs 9x9", [{"levels": v} for v in (2.0, 2.0, 2.0)], 9),
            row("solving", "jaxgmg", "theirs 13x13", [], 13, failed="in /some/folder/deep: a | b"),
            row("training", "mesascope", "exact", [{"cpu": v, "best": 0.96} for v in (4.0, 5.0, 6.0)], 9),
            row("training", "navix", "never", [{"cpu": None, "best": 0.3}] * 3),
        ],
    }


def test_summary():
    assert summarize([3.0, 1.0, 2.0]) == (2.0, 1.0, 3.0, 3, 3)
    assert summarize([]) is None
    assert summarize([None, None]) == (None, None, None, 0, 2)


def test_what_was_cut_off_is_longer_than_anything():
    assert summarize([1.0, None, 2.0]) == (2.0, 1.0, None, 2, 3)
    assert summarize([1.0, None, None]).median is None
    assert summarize([1.0, None]).median is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(3_341_234.0, "3,340,000"), (64.44, "64.4"), (0.07123, "0.0712"), (0.0, "0"), (9.999, "10.0"), (999.9, "1,000")],
)
def test_three_digits(value, text):
    assert significant(value) == text


def test_cells():
    assert cell([{"a": 1.0}, {"a": 3.0}, {"a": 2.0}], "a") == "2.00 [1.00, 3.00]"
    assert cell([{"a": 1.0}, {"a": None}, {"a": 2.0}], "a") == "2.00 [1.00, not reached] (2 of 3)"
    assert cell([{"a": None}], "a") == "—"
    assert cell([{"a": 1.0}], "b") == ""


def test_the_page_names_failures_cuts_and_ratios_and_no_place(sample):
    text = page(sample)
    assert "**failed**: in deep: a / b" in text
    assert "not reached within 100 CPU-seconds in 3 of 3" in text
    assert "| levels solved, 9x9 | theirs 9x9 | 200 | 100 | met |" in text
    assert "| never | over 20.0 | 10 | met |" in text
    assert "no pip at (an address)" in text
    assert "Busy" not in text
    assert all(line.count("|") == lines[0].count("|") for lines in tables(text) for line in lines)


def tables(text):
    blocks = (block.splitlines() for block in text.split("\n\n"))
    return [block for block in blocks if block[0].startswith("|")]


def test_a_busy_machine_is_said(sample):
    sample["load"]["most"] = 9.0
    assert "Busy" in page(sample)


def test_a_low_cap_decides_nothing_and_a_slow_peer_is_a_miss(sample):
    sample["cap"] = 30.0
    sample["rows"][1]["repeats"] = [{"levels": 8.0}]
    verdicts = {met.what.split(",")[0]: met for met in against_targets(sample["rows"], 30.0)}
    assert verdicts["levels solved"].verdict == "missed"
    assert verdicts["levels solved"].ratio == 50.0
    race = next(met for what, met in verdicts.items() if what.startswith("CPU"))
    assert (race.ratio, race.verdict) == (6.0, "undecided: the peer was cut off before")


def test_without_a_peer_there_is_no_ratio(sample):
    assert against_targets([r for r in sample["rows"] if r["who"] == "mesascope"], 100.0) == []


def test_figures_are_whole_svg_and_longer_bars_mean_more(sample):
    for question in QUESTIONS:
        drawn = figure(question, sample)
        assert (drawn is None) == all(r["job"] != question.job for r in sample["rows"])
        if drawn:
            ElementTree.fromstring(drawn)
    tree = ElementTree.fromstring(
        bars([Bar("a<b", 10.0, 5.0, 20.0, True), Bar("c", 1000.0, 1e3, 1e3, False)], "t", "u")
    )
    widths = [float(r.get("width")) for r in tree.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert 0 < widths[0] < widths[1]


def test_scrubbing_leaves_rates_alone():
    assert scrub("see https://a.b/c and /x/y/z.txt, 3 steps/s") == "see (an address) and z.txt, 3 steps/s"


def test_one_question_is_answered_anew_and_the_page_says_when(sample):
    later = {
        **sample,
        "command": "python benchmarks/peers/run.py --jobs solving",
        "date": "2026-02-02",
        "versions": {"jaxgmg": {"jax": "2"}},
        "rows": [row("solving", "mesascope", "ours 9x9", [{"levels": 900.0}], 9)],
    }
    found = added(sample, later)
    assert [each["name"] for each in found["rows"] if each["job"] == "solving"] == ["ours 9x9"]
    assert [each["name"] for each in found["rows"] if each["job"] == "training"] == ["exact", "never"]
    assert found["versions"].keys() == {"navix", "gymnax", "jaxgmg"}
    assert (found["date"], found["again"]["solving"]["date"]) == ("2026-01-01", "2026-02-02")
    said = page(found)
    assert said.count("Measured again on 2026-02-02") == 1
    assert "900" in said
    assert "Measured again" not in page(sample)
