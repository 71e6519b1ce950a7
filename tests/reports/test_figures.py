"""Figures, numbers and markup: what is drawn is where it should be, and text stays text."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.reports.figures.curve import Point, curve
from mesascope.reports.figures.scale import PAD, Scale, covering, tick_text
from mesascope.reports.figures.tracks import Mark, bar, track
from mesascope.reports.markup import clean, escape, tag
from mesascope.reports.numbers import MISSING, bounds, estimate_text, number, point
from tests.reports.pages import Page

finite = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(st.none() | finite, max_size=8))
def test_a_scale_holds_all_it_was_made_for(values):
    scale = covering(values, 200.0)
    assert scale.low < scale.high
    slack = 1e-6 * (scale.high - scale.low)
    assert all(scale.low - slack <= v <= scale.high + slack for v in values if v is not None)
    spots = [scale.at(v) for v in sorted(v for v in values if v is not None)]
    assert spots == sorted(spots)
    assert all(PAD <= s <= 200 - PAD for s in spots)


@given(finite, st.floats(1e-3, 1e6), st.integers(2, 8))
def test_ticks_are_on_the_scale_and_few(low, room, most):
    scale = Scale(low, low + room, 100.0)
    ticks = scale.ticks(most)
    assert len(ticks) <= most + 1
    assert all(low - 1e-6 * room <= t <= low + room * (1 + 1e-6) for t in ticks)


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [(0.25, 0.25, "0.25"), (0.5, 0.5, "0.5"), (-0.0, 0.2, "0.0"), (1200.0, 200.0, "1,200"), (-2.5, 2.5, "\u22122.5")],
)
def test_tick_labels(value, step, text):
    assert tick_text(value, step) == text


def test_a_mark_stands_at_its_value():
    scale = Scale(0.0, 1.0, 118.0)
    drawn = Page(track([Mark(0.5, (0.25, 1.0), "blue")], scale))
    circle = drawn.tags("circle")[0]
    assert float(circle["cx"]) == pytest.approx(59.0)
    interval = next(x for x in drawn.tags("line") if "interval" in x["class"])
    assert (float(interval["x1"]), float(interval["x2"])) == (34.0, 109.0)


def test_a_bar_below_zero_points_the_other_way():
    scale = Scale(-1.0, 1.0, 118.0)
    rect = Page(bar(Mark(-0.5, None, "red"), scale)).tags("rect")[0]
    assert (float(rect["x"]), float(rect["width"])) == (34.0, 25.0)


def test_nothing_is_drawn_for_what_does_not_exist():
    assert not Page(bar(Mark(None, None, "red"), Scale(0.0, 1.0, 100.0))).tags("rect")
    assert not Page(track([Mark(None, (0.0, 1.0), "red")], Scale(0.0, 1.0, 100.0))).tags("circle")


def test_a_curve_of_one_point_is_drawn():
    assert Page(curve([Point(3.0, 0.5, (0.4, 0.6))], x_label="ticks", y_label="competence")).errors == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.125, "0.12"), (-0.001, "0.00"), (-0.5, "\u22120.50"), (1234, "1,234"), (None, MISSING), (float("nan"), MISSING),
     (float("inf"), MISSING), (True, MISSING), ("1", MISSING)],
)  # fmt: skip
def test_numbers_as_text(value, text):
    assert number(value) == text


def test_estimates_as_text():
    assert estimate_text({"rate": 0.5, "interval": [0.25, 0.75]}) == "0.50 [0.25, 0.75]"
    assert estimate_text({"mean": -0.5, "interval": [None, 1.0]}) == "\u22120.50"
    assert estimate_text({"value": None, "interval": [0.0, 1.0]}) == MISSING
    assert estimate_text({"value": 0.5}) == estimate_text({"value": 0.5, "interval": None}) == "0.50"
    assert estimate_text({"value": 0.5, "interval": [None, None]}) == "0.50 [no interval]"
    assert estimate_text({"value": 0.5, "interval": [None, None], "seeds": 1}) == "0.50 [one seed: no interval]"
    assert estimate_text(None) == MISSING
    assert point({"share": 2}) == 2.0
    assert bounds({"interval": [1.0, float("nan")]}) is None


class Reader(HTMLParser):
    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.found, self.text, self.attributes = [], "", {}
        self.feed(source)
        self.close()

    def handle_starttag(self, element, attributes):
        self.found.append(element)
        self.attributes |= dict(attributes)

    def handle_data(self, data):
        self.text += data


@given(st.text() | st.text("<>&\"'/! -=abc"))
def test_any_text_comes_back_as_it_was(text):
    read = Reader(tag("p", text, title=text))
    assert read.found == ["p"]
    assert read.text == clean(text)
    assert read.attributes == {"title": clean(text)}


def test_markup_is_not_escaped_twice():
    assert tag("p", tag("b", "<")) == "<p><b>&lt;</b></p>"
    assert escape(escape("<")) == "&lt;"
    assert tag("br") == "<br>"
    assert tag("details", open=True, hidden=False, id=None) == "<details open></details>"
