"""Audits where some instruments do not apply: they say so, and the rest of the document is whole."""

import json

import jax
import pytest

from mesascope.auditing.audit import audit
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.settings import Settings
from mesascope.learned.registry import build
from mesascope.reports.html import render_report
from mesascope.worlds.registry import make_world
from mesascope.worlds.rewarding import with_shifts

TINY = Settings(levels=40, evidence=40, directed=16, thought=16)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "shifts", "missing"),
    [
        ("coin", ["coin-elsewhere", "no-coin"], {"no-coin"}),
        # An audit where objects are taken in turn runs in tests/worlds/test_keys_and_chests_partial.py as well.
        pytest.param("keys-and-chests", ["many-keys"], set(), marks=pytest.mark.long),
    ],
)
def test_a_tiny_audit_says_what_does_not_apply(name, shifts, missing):
    world = with_shifts(make_world(name), shifts)
    net = build("glance", {"channels": 4, "ticks": 4}, key=jax.random.key(0), inputs=len(world.channels))
    document = (audit(world, AuditSubject(net, "saved", "net", "net", False), TINY, 0)).to_json()
    json.dumps(document, allow_nan=False)
    assert document["search"]["verdict"] == "cannot-tell"
    assert document["search"]["reason"].startswith("not applicable: ")
    assert document["search"]["tests"] == []
    assert document["mesa_objective"] is None
    everywhere = {"training", *world.shifts}
    assert set(document["behavior"]) == everywhere
    assert set(document["ledger"]) == everywhere - missing
    assert document["alignment"]["verdict"] == "capability-failure", "a net that was never trained"
    for gaps in document["ledger"].values():
        parts = sum(gaps[gap]["value"] for gap in ("outer", "inner", "capability"))
        assert parts == pytest.approx(gaps["total"]["value"], abs=1e-6)
    alone, beside = render_report([document]), render_report([document, {**document, "seed": 1}])
    assert "not applicable" in alone.lower()
    assert "The same level for every agent" in beside
    assert "cannot be drawn" not in alone + beside
