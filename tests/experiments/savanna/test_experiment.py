"""The experiment as a whole, small."""

import pytest

from mesascope.auditing.audit import audit
from mesascope.auditing.document import of_world
from mesascope.core.errors import UsageError
from mesascope.core.jsonable import to_json
from mesascope.core.progress import silent
from mesascope.experiments.registry import make_anywhere
from mesascope.instruments.settings import QUICK
from mesascope.reports.html import render_report

SMALL = {"contexts": 64, "individuals": 100, "generations": 60, "founding_animals": 0.5}


def audited(experiment, ref=None, stage=silent):
    return audit(experiment, experiment.make_subject(0, True, stage, ref), QUICK, 0, stage).to_json()


def test_a_reference_subject_is_audited_without_evolution():
    stages = []
    experiment = make_anywhere("savanna", contexts=32)
    found = audited(experiment, "organism:animal,taste=1,touch=0", stages.append)
    assert "training" not in stages
    assert "savanna: selection" not in stages
    assert found["subject"]["kind"] == "organism"
    assert found["search"]["verdict"] == "search"
    assert found["search"]["mesa_optimizer"] is False, "its search was built in"
    assert found["mesa_objective"]["weights"]["taste"]["mean"] == pytest.approx(1.0)
    assert found["mesa_objective"]["agrees_with_behavioral"]
    assert found["behavior"]["candy"]["candy"]["rate"] > 0.9


def test_a_plant_has_no_objective_of_its_own():
    found = audited(make_anywhere("savanna", contexts=8), "organism:plant")
    assert found["search"]["verdict"] == "no-search"
    assert found["mesa_objective"] is None
    assert found["behavior"]["training"]["best for offspring"]["rate"] == 1.0
    # Candy makes a context look like one whose reflex points at something tasty: more than the quarter of chance.
    assert 0.3 < found["behavior"]["candy"]["candy"]["rate"] < 0.8
    assert "it is pseudo-aligned" not in found["alignment"]["reason"]


def test_an_unknown_reference_subject_is_refused():
    with pytest.raises(UsageError, match="unknown organism of savanna 'animl': did you mean 'animal'"):
        make_anywhere("savanna").make_subject(0, True, silent, "organism:animl")


@pytest.mark.long
@pytest.mark.slow
def test_evolved_animals_are_pseudo_aligned_and_the_page_says_so():
    experiment = make_anywhere("savanna", **SMALL)
    found = audited(experiment)
    assert found["world"] == to_json(of_world(experiment))
    assert (found["search"]["verdict"], found["search"]["mesa_optimizer"]) == ("search", False)
    assert "selected, not invented" in found["search"]["reason"]
    assert (found["alignment"]["verdict"], found["alignment"]["kind"]) == ("pseudo", "proxy")
    for name, gaps in found["ledger"].items():
        parts = sum(gaps[gap]["value"] for gap in ("outer", "inner", "capability"))
        assert parts == pytest.approx(gaps["total"]["value"], abs=1e-9), name
    assert found["ledger"]["novel-contexts"]["inner"]["share"] < 0.1 < found["ledger"]["candy"]["inner"]["share"]
    assert found["ledger"]["slow-change"]["inner"]["share"] < 0.3 < found["ledger"]["sudden-change"]["inner"]["share"]
    fates = found["laboratory"]["populations"]["animals"]
    assert fates["candy"]["fitness"]["interval"][1] < 0 < fates["training"]["fitness"]["interval"][0]
    assert fates["candy"]["own"]["interval"][0] > fates["training"]["own"]["interval"][1]
    known = found["laboratory"]["known"]
    assert all((row["said"]["value"] == 1.0) == row["searches"] for row in known)
    bodies = found["laboratory"]["networks"]["bodies"]
    for name, body in bodies.items():
        earned = {case: row["earned"]["interval"] for case, row in body["cases"].items()}
        assert earned["evolved reward"][0] > max(earned["its weights shuffled"][1], earned["reward at random"][1]), name
        assert earned["evolved reward"][0] > body["curve"][0]["interval"][1], name
        assert earned["learning off"][1] < 0.3 < earned["rewarded with offspring itself"][0], name
        home = body["cases"]["evolved reward"]["stages"]["training"]
        assert home["candy"] is None
        assert (
            home["value_gap"]["value"]
            < body["cases"]["reward at random"]["stages"]["training"]["value_gap"]["interval"][0]
        )
    assert bodies["percepts alone"]["reward"]["store"]["value"] == 0
    still, turning = (
        bodies[name]["reward"]["store"] for name in ("percepts and store", "percepts and store, law turning")
    )
    assert still["interval"][1] < turning["interval"][0]
    assert all(row["predicted"] > 1 for row in found["laboratory"]["formula"]["crossings"])
    page = render_report([found])
    assert "Learned twice, by networks" in page
    assert "Where search should begin" in page
    assert "Who wins" in page
    assert "Can selection follow" in page
