"""Keys and chests seen through a window: an audit of agents that answer state by state."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.auditing.audit import audit
from mesascope.conformance.check_world import check_world
from mesascope.core.jsonable import to_json
from mesascope.core.subject import AbstractPolicy
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.settings import Settings
from mesascope.reports.html import render_report
from mesascope.worlds.grids.keys_and_chests_partial import KeysAndChestsPartial

WORLD = KeysAndChestsPartial(size=7, keys=1, chests=2)
WALL, THING = 0, {"key": 1, "chest": 2}


class Chaser(AbstractPolicy):
    """Goes to a thing that it sees ahead or beside it; where it sees none, straight on until a wall, and then left."""

    thing: str = eqx.field(static=True)

    def logits(self, observation):
        seen, wall = observation[..., THING[self.thing]], observation[..., WALL]
        column = jnp.arange(5)
        beside = (seen[..., 4, :] * jnp.sign(column - 2)).sum(-1)
        blocked = wall[..., 3, 2] > 0
        left = (beside < 0) | (blocked & (beside == 0))
        right = beside > 0
        choice = jnp.where(left, 0, jnp.where(right, 1, 2))
        return 8.0 * (choice[..., None] == jnp.arange(3))


@pytest.fixture(scope="module")
def document():
    subject = AuditSubject(Chaser("key"), "callable", "chaser", "chaser", None)
    settings = Settings(levels=20, evidence=20, directed=8, thought=8, describe=True, adversary=False)
    return to_json(audit(WORLD, subject, settings, 0))


def test_the_window_is_what_agents_are_shown_first():
    levels = WORLD.draw(0, 2)
    seen = WORLD.observe(levels)
    states = WORLD.tables(levels).states
    assert seen.shape == (2, states, 5, 5, 4)
    assert states == 4 * 25 * 3  # nothing gone, the key gone, the end
    assert WORLD.actions == ("left", "right", "forward")


def test_an_audit_runs_from_end_to_end(document):
    assert set(document["behavior"]) == {"training", *WORLD.shifts}
    for row in document["ledger"].values():
        assert row["inner"]["value"] >= -1e-4
    ran = {entry["name"]: entry for entry in document["instruments"]}
    assert ran["behavior"]["ran"]
    assert not ran["search"]["ran"]
    assert "every heading" in ran["search"]["reason"]
    assert document["gallery"][0]["level"] in render_report([document])


def test_an_agent_after_keys_is_found_to_be_after_keys(document):
    training = document["behavior"]["training"]
    assert training["features"]["key"] > training["features"]["chest"] if "features" in training else True


@pytest.mark.slow
def test_it_keeps_the_contract():
    check_world(KeysAndChestsPartial(size=7, keys=1, chests=1), levels=4)
    assert np.isfinite(WORLD.optimal_values()).all()
