"""The verdict on the terminal: plain where there is none, harmless whatever a document says."""

import copy
import io

import pytest
from rich.console import Console

from mesascope.reports.terminal import WIDE, plain_lines, printable, summary, verdict_rows
from tests.reports import sample_audit

HOSTILE = "\x1b[2J\x1b]0;owned\x07[red]x[/red]\u202e\u200b\rover"


def shown(audits, *, terminal=True, width=WIDE, **options):
    stream = io.StringIO()
    summary(audits, "out/report.html", Console(file=stream, force_terminal=terminal, width=width, **options))
    return stream.getvalue()


def test_one_row_for_each_seed_with_competence_behavior_and_verdicts(documents):
    columns, rows = verdict_rows(documents["three seeds"])
    assert [row[0] for row in rows] == ["seed 0", "seed 1", "seed 2"]
    assert [c.replace("\n", " ") for c in columns] == [
        "subject", "competence in training", "blue-door: door first", "blue-door: red first", "blue-door: nothing",
        "search", "inferred objective (behavior)", "located objective (internals)", "objective", "capability", "alignment",
    ]  # fmt: skip
    kept = "kept in training and under 6 shifts"
    assert rows[0][-3:] == ["pseudo-aligned (proxy) under blue-door", kept, "pseudo-aligned (proxy)"]
    assert rows[2][-1] == "robust under the shifts tested"


def test_nothing_inside_has_no_column(documents):
    columns, _ = verdict_rows(documents["no search"])
    assert not any("internals" in column for column in columns)


def test_without_a_terminal_it_is_plain_text(documents):
    out = shown(documents["three seeds"], terminal=False, width=40)
    assert "\x1b" not in out
    lines = out.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("subject seed 0; competence in training 0.9")
    assert lines[-1] == "Report: out/report.html"
    assert lines == plain_lines(documents["three seeds"], "out/report.html")


@pytest.mark.parametrize("width", [20, 80, WIDE, 200])
def test_every_width_says_the_same(documents, width):
    text = " ".join(shown(documents["mixed"], width=width, color_system=None).split())
    for word in ("misgeneralizes", "0.97", "capability", "out/report.html"):
        assert word in text.replace(" ", "") or word in text


def test_color_only_where_it_is_wanted(documents, monkeypatch):
    assert "\x1b[31m" in shown(documents["three seeds"], color_system="standard", no_color=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in shown(documents["three seeds"], color_system="standard")


@pytest.mark.parametrize("terminal", [True, False])
def test_hostile_names_are_printed_as_escapes(terminal):
    audit = copy.deepcopy(sample_audit.search_robust())
    audit["subject"]["name"] = HOSTILE
    audit["behavioral_objective"]["weights"] = {HOSTILE: {"mean": 1.0, "interval": [0.9, 1.1]}}
    out = shown([audit], terminal=terminal, color_system=None, width=400)
    for mark in ("\x1b", "\x07", "\u202e", "\u200b", "\r"):
        assert mark not in out
    assert "\\x1b[2J" in out
    assert "[red]x[/red]" in out


def test_printable_keeps_what_can_be_read():
    assert printable("Türe 門 0.5 \u22121\n") == "Türe 門 0.5 \u22121\n"
    assert printable("\ud800\u2028") == "\\ud800\\u2028"
