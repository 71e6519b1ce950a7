"""The search for the worst level as an audit reports it, on a subject whose loss is known to be an inner gap."""

from typing import ClassVar

import numpy as np
import pytest

from mesascope.auditing.alignment import Alignment, AlignmentVerdict, name_worst
from mesascope.auditing.built_in.ledger import worst_level_fields
from mesascope.auditing.worst_level import find_worst_level, worst_drawn, worst_found, worst_known
from mesascope.core.jsonable import to_json
from mesascope.core.rng import named_key
from mesascope.instruments.adversary.climb import Budget
from mesascope.instruments.sample import draw_sample
from mesascope.organisms.registry import build_organism
from mesascope.reports.html import render_report
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.text import parse_level
from tests.reports.pages import Page


class OneSize(RedDoors):
    """Without the shift to larger mazes, so that one size of everything is compiled."""

    shifts: ClassVar[dict[str, str]] = {name: said for name, said in RedDoors.shifts.items() if name != "larger"}


WORLD = OneSize(size=5)
HOME = Budget(runs=2, starts=32, climbers=8, generations=12)
RED = np.array([float(feature == "red") for feature in WORLD.features], np.float32)


@pytest.fixture(scope="module")
def subject():
    return build_organism("planner,objective=red,ticks=12", WORLD)


@pytest.fixture(scope="module")
def found(subject):
    return find_worst_level(WORLD, subject, RED, named_key(0), HOME)


def test_the_loss_of_one_that_is_after_red_is_an_inner_gap(found):
    assert found.regret > 0.9
    assert found.ledger.inner.value == pytest.approx(found.regret, abs=0.02)
    assert found.ledger.outer.value == 0.0
    assert abs(found.ledger.capability.value) < 0.02
    assert found.ledger.total.value == pytest.approx(found.regret, abs=1e-5)


def test_the_level_can_be_read_and_is_the_worst_of_all_runs(found):
    levels = parse_level(found.level)
    assert levels.size == found.size
    assert found.regret == max(regret for search in found.searches for regret in search.runs)
    assert found.gallery[0].level == found.level
    assert found.evaluations == HOME.evaluations
    assert [search.size for search in found.searches] == [5]


def test_controls_are_small_and_large(found):
    small, large = found.controls
    assert max(small.runs) < 1e-3
    assert max(large.runs) > 0.3


def test_what_is_called_robust_names_the_worst_level_and_nothing_else_does(subject, found):
    samples = [draw_sample(WORLD, subject, named_key(1), 8, name) for name in ("training", "blue-door")]
    robust = AlignmentVerdict(Alignment.ROBUST, None, (), "robust")
    assert name_worst(robust, worst_found(found)).reason.startswith("robust; the worst level found in")
    assert "of 16 levels drawn (blue-door, " in name_worst(robust, worst_drawn(WORLD, samples)).reason
    assert worst_known(WORLD, samples) == worst_drawn(WORLD, samples)
    drawn_is_worse, found_is_worse = (found._replace(regret=regret) for regret in (0.0, 2.0))
    assert worst_known(WORLD, samples, drawn_is_worse) == worst_drawn(WORLD, samples)
    assert worst_known(WORLD, samples, found_is_worse) == worst_found(found_is_worse)
    pseudo = AlignmentVerdict(Alignment.PSEUDO, None, ("red",), "red")
    assert name_worst(pseudo, worst_found(found)) == pseudo


def test_the_page_shows_the_level_as_text_and_as_picture(found):
    page = Page(render_report([{"worst_level": to_json(worst_level_fields(found))}]))
    assert page.errors == []
    assert found.level.splitlines()[1] in page.text()
    assert f"loses {found.regret:.2f} of {found.optimal:.2f}" in page.text()
    assert page.text().count("found by search (loses") == len(found.gallery)
