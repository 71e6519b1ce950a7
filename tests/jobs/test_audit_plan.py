"""What the audit of a seed depends on: its hash must not move, or folders of earlier audits are not recognized."""

from mesascope.jobs.audit import Request, make_plan

SIZES = {"levels", "contested", "per_test", "implants", "evidence", "directed", "thought", "certified"}


def test_a_hash_depends_on_sizes_and_options_alone():
    spec = make_plan(Request(world="red-doors")).spec(0)
    assert set(spec["settings"]) == SIZES | {"describe", "adversary"}


def test_the_same_sizes_give_the_same_hash_however_they_were_asked_for():
    given = make_plan(Request(world="red-doors", subject="organism:compass", quick=True, levels=20)).spec(0)
    assert given["settings"]["levels"] == 20
    assert "quick" not in given["settings"]
