"""Error rates from rows, against counting by hand."""

import pytest

from mesascope.calibration import rates


def row(searches, least, enough=True, half="test", name="x", seed=0, outputs="a"):
    test = {"least": least, "score": {"value": least}}
    return {
        "name": name,
        "group": name,
        "searches": searches,
        "half": half,
        "twin": "",
        "seed": seed,
        "outputs": outputs,
        "least": least,
        "tests": dict.fromkeys(("retarget", "virtual wall", "joint"), test),
        "capacity": {"enough": enough} if least is not None and least > 0.25 else None,
        "verdict": "search" if least is not None and least > 0.25 and enough else "cannot-tell",
    }


@pytest.mark.parametrize(
    ("least", "enough", "said"), [(0.9, True, True), (0.9, False, False), (0.4, True, False), (None, True, False)]
)
def test_search_is_said_where_scores_and_capacity_agree(least, enough, said):
    assert rates.searches(row(True, least, enough), 0.5) == said


def test_the_threshold_is_the_middle_of_those_that_separate():
    rows = [row(True, 0.9), row(True, 0.81), row(False, 0.41), row(False, None)]
    assert rates.choose_threshold(rows) == pytest.approx(0.61, abs=0.011)


def test_a_table_that_passes_every_test_does_not_move_the_threshold():
    rows = [row(True, 0.9), row(False, 0.99, enough=False)]
    assert not rates.searches(rows[1], rates.choose_threshold(rows))


def test_rates_are_of_the_half_that_the_threshold_was_not_chosen_on():
    rows = [row(True, 0.9, half="tune"), row(False, 0.3, half="tune")]
    rows += [row(True, 0.9), row(True, 0.3), row(False, 0.95), row(False, None), row(None, 0.9)]
    point = rates.operating_point(rows, "command")
    assert (point.true_positives, point.positives) == (1, 2)
    assert (point.false_positives, point.negatives) == (1, 2)
    assert not point.trusted
    assert point._replace(negatives=200).trusted
    assert not point._replace(negatives=99, false_positives=0).trusted
    assert "2 audits only" in point.says
    assert "3 of 200" in point._replace(negatives=200, false_positives=3).says


def test_area_under_the_curve_is_the_share_of_pairs_in_order():
    rows = [row(True, 0.9), row(True, 0.5), row(False, 0.7), row(False, None)]
    found = rates.curve("c", rows, lambda r: r["least"])
    assert found.area == pytest.approx(3 / 4)
    assert found.sensitivity[0] == 0.0
    assert found.false_positive_rate[-1] == 1.0


def test_pairs_have_equal_answers_and_the_same_seed():
    rows = [
        row(True, 0.9, name="planner"),
        row(False, None, name="table"),
        row(False, None, name="other", outputs="b"),
        row(False, 0.9, name="fooled"),
        row(False, None, name="table", seed=1),
    ]
    found = rates.pairs(rows, 0.5)
    assert found.pairs == 2
    assert found.listed == ("planner and fooled: seeds 0",)
    assert found.confused == found.mistaken == 1
    missed = rates.pairs(rows, 0.95)
    assert missed.confused == 2
    assert missed.mistaken == 0
