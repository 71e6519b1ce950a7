"""What a report says of the objective that was inferred from behavior."""

import pytest

from mesascope.reports.html.objectives import objectives

FOUND = {"weights": {"red": {"mean": 1.0, "interval": [1.0, 1.0], "offered": True}}, "hypotheses": {}}


@pytest.mark.parametrize(
    ("measured", "said", "not_said"),
    [
        ({}, "which object the agent touches first", "steps"),
        ({"counts": {"training": {}}}, "the agent's steps", "first"),
    ],
)
def test_it_says_what_the_weights_were_inferred_from(measured, said, not_said):
    page = (
        str(objectives({"behavioral_objective": FOUND, **measured}, "a")).replace("&#x27;", "'").replace("&#39;", "'")
    )
    sentence = page.partition("The behavioral objective: ")[2].partition("scaled")[0]
    assert said in sentence
    assert not_said not in sentence


def test_it_says_of_each_feature_whether_it_is_wanted_and_draws_no_axis_for_what_is_far_below():
    weights = {
        "red": {"mean": 1.0, "interval": [1.0, 1.0], "offered": True, "wanted": 1.0},
        "door": {"mean": 0.1, "interval": [-0.4, 1.0], "offered": True, "wanted": 0.6},
        "blue": {"mean": -0.9, "interval": [-65.0, -0.1], "offered": True, "wanted": 0.001},
        "green": {"mean": 0.0, "interval": [-9.0, 1.0], "offered": False, "wanted": 0.4},
    }
    page = str(objectives({"behavioral_objective": {"weights": weights, "hypotheses": {}}}, "a"))
    assert "Wanted beyond doubt: red. Not wanted: blue. Undecided: door. Never offered: green." in page
    assert "\u221265.00" in page
    weights["blue"]["interval"] = [-2.0, -0.1]
    less = str(objectives({"behavioral_objective": {"weights": weights, "hypotheses": {}}}, "a"))
    assert (
        less.partition("<tbody")[0].partition("<table")[2] == page.partition("<tbody")[0].partition("<table")[2] != ""
    )
