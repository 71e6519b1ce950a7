import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.cli import terminal

HOSTILE = {
    "\x1b[2J\x1b[H": r"\x1b[2J\x1b[H",
    "\x1b]0;title\x07": r"\x1b]0;title\x07",
    "\x9b31m": r"\x9b31m",
    "a\rb": r"a\rb",
    "safe\u202egpj.exe": r"safe\u202egpj.exe",
    "zero\u200bwidth": r"zero\u200bwidth",
    "half\ud800": r"half\ud800",
    "\x00\x08\x7f": r"\x00\x08\x7f",
    "ordinary, ünïcode 目 and\ttab": "ordinary, ünïcode 目 and\ttab",
}


@pytest.mark.parametrize(("text", "shown"), HOSTILE.items(), ids=range(len(HOSTILE)))
def test_what_would_act_on_the_terminal_is_shown_as_an_escape(text, shown):
    assert terminal.clean(text) == shown


@given(st.text(st.characters()))
def test_nothing_but_printable_text_newline_and_tab_comes_out(text):
    shown = terminal.clean(text)
    assert all(c in "\n\t" or not (ord(c) < 32 or 0x7F <= ord(c) < 0xA0) for c in shown)
    shown.encode("utf-8")
    assert terminal.clean(shown) == shown


def test_every_way_out_is_cleaned(capsys):
    bad = "x\x1b[31my"
    terminal.line(bad + "\nz")
    terminal.block(bad)
    terminal.note(bad)
    terminal.table(("a" + bad, "b"), [(bad, 1)])
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert out.startswith(r"x\x1b[31my z" + "\n")


def test_a_document_is_json_and_ascii(capsys):
    terminal.document({"a": "\x1b\u202eü", "b": [1, None]})
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out) == {"a": "\x1b\u202eü", "b": [1, None]}
    with pytest.raises(ValueError, match="Out of range float"):
        terminal.document({"a": float("nan")})


def test_a_line_that_stays_takes_the_place_of_a_passing_one(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "10")
    terminal.passing("0123456789abc\x1b[2J")
    terminal.passing("two")
    terminal.note("stays")
    terminal.note("stays too")
    terminal.gone()
    assert capsys.readouterr().err == "012345678\r\x1b[Ktwo\r\x1b[Kstays\nstays too\n"
