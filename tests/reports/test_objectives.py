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
