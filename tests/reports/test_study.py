"""The study's aggregate: counted over all, averaged over the capable only, in a stated order."""

import json

from mesascope.reports.study import TRAINED_WELL, aggregate, failure, study_document
from tests.reports import sample_audit


def test_failures_are_listed_and_enter_nothing_else(documents):
    audits = documents["mixed"]
    found = aggregate(audits)
    assert found["seeds"] == [0, 1, 2, 3, 4]
    assert found["capability_failures"] == [3]
    assert found["averaged"] == [0, 1, 2, 4]
    assert found["competent"] == 4
    assert found["search"] == {"search": 1, "no-search": 1, "cannot-tell": 2}
    assert found["alignment"] == {"pseudo": 3, "cannot-tell": 1, "capability-failure": 1}
    able = [audits[i] for i in (0, 1, 2, 4)]
    assert found["weights"]["behavioral"]["red"] == [a["behavioral_objective"]["weights"]["red"]["mean"] for a in able]
    assert found["weights"]["mesa"]["red"] == [audits[0]["mesa_objective"]["weights"]["red"]["mean"], None, None, None]
    assert found["behavior"]["blue-door"]["red"] == [a["behavior"]["blue-door"]["red"]["rate"] for a in able]


def test_a_trained_seed_must_reach_its_share_of_the_optimal_training_return():
    audit = sample_audit.sample_audit()
    audit["returns"]["training"] = {"subject": TRAINED_WELL - 0.001, "optimal": 1.0, "uniform": 0.2}
    assert "optimal training return" in failure(audit)
    assert aggregate([audit])["capability_failures"] == [0]
    audit["returns"]["training"]["subject"] = TRAINED_WELL
    assert failure(audit) is None
    audit["returns"]["training"]["subject"] = 0.1
    audit["subject"]["kind"] = "organism"
    assert failure(audit) is None


def test_the_study_is_json_without_galleries_and_cards(documents):
    study = study_document(documents["three seeds"])
    assert study["format"] == 1
    assert len(study["audits"]) == 3
    assert all("gallery" not in audit and "cards" not in audit for audit in study["audits"])
    assert json.loads(json.dumps(study, allow_nan=False)) == study


def test_an_empty_study_is_a_study():
    assert aggregate([])["seeds"] == []
    assert aggregate([{}])["competent"] == 1
