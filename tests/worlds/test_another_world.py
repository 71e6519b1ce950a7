"""A world that is no maze keeps the same contract, and what reads behavior asks nothing else."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.auditing.audit import audit
from mesascope.conformance.check_world import check_world
from mesascope.conformance.violations import ConformanceError
from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_actions, optimal_values, uniform_over
from mesascope.core.subject import AbstractPolicy
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.evidence import evidence_from_policy
from mesascope.instruments.hypotheses import hypotheses_of
from mesascope.instruments.hypothesis_posterior import weigh
from mesascope.instruments.settings import Settings
from mesascope.reports.html import render_report
from mesascope.worlds.outcomes import Outcomes
from tests.worlds.ring import ROOMS, Ring

WORLD = Ring()


def test_a_world_of_somebody_else_keeps_the_contract():
    check_world(WORLD, levels=8)


class Unlike(Ring):
    """What a ring holds stands elsewhere than its tables say, and one action more is named."""

    actions = (*Ring.actions, "wait")
    single_choice = True

    def outcomes(self, levels):
        found = super().outcomes(levels)
        return Outcomes(jnp.roll(found.at, 1, -1), found.features)

    def active(self, levels):
        return jnp.ones((len(levels), ROOMS), bool)


def test_what_contradicts_the_tables_is_named():
    with pytest.raises(ConformanceError) as caught:
        check_world(Unlike(), levels=4)
    found = str(caught.value)
    assert "the tables have as many as are named: 3 for 4 names" in found
    assert "no state that ends an episode" in found
    assert "each state that ends an episode is that of one outcome" in found


def test_levels_without_a_picture_are_shown_as_text():
    level = WORLD.draw(0, 1)[0]
    assert level.drawing is None
    assert level.text in level._repr_html_()
    with pytest.raises(UsageError, match="ring have no pictures"):
        WORLD.picture(level)
    with pytest.raises(UsageError, match="cannot be read from text"):
        WORLD.read_levels(level.text)


def test_a_world_without_changes_says_why():
    assert WORLD.counterfactuals is None
    assert "ring names no changes" in WORLD.no_search_tests
    assert "ring does not say how" in WORLD.no_mutations


@pytest.mark.parametrize("wanted", ["tea", "cake"])
def test_what_an_agent_is_after_is_read_from_its_choices(wanted):
    levels = WORLD.draw(0, 64, "anywhere")
    mdp = WORLD.tables(levels)
    weights = jnp.asarray([float(wanted == f) for f in WORLD.features])
    policy = uniform_over(optimal_actions(optimal_values(mdp, weights, WORLD.discount).action))
    evidence = evidence_from_policy(WORLD.outcomes(levels), mdp, policy, named_key(0), discount=WORLD.discount)
    posterior = weigh(hypotheses_of(WORLD), WORLD, evidence)
    assert posterior.top.name == wanted
    assert {"always on", "always back", "always three on"} <= {row.name for row in posterior.table}
    assert np.asarray(WORLD.optimal_values()).shape == (ROOMS,)


class Straight(AbstractPolicy):
    """Goes the shorter way round to the cake, whatever is shut."""

    def logits(self, observation):
        ahead = observation[..., 1].argmax(-1)
        three = jnp.where(ahead >= 3, 5.0, -5.0)
        on = jnp.where(ahead <= ROOMS // 2, 1.0, -1.0)
        return jnp.stack([on * 5, -on * 5, jnp.where(on > 0, three, -5.0)], -1)


@pytest.fixture(scope="module")
def document():
    subject = AuditSubject(Straight(), "callable", "straight", "straight", None)
    settings = Settings(levels=60, evidence=60, directed=20, thought=20, describe=True, adversary=True)
    return audit(WORLD, subject, settings, 0).to_json()


def test_an_audit_finds_what_the_agent_is_after(document):
    top = document["behavioral_objective"]["hypotheses"]["all"][0]
    assert top["name"] == "cake"
    assert document["ledger"]["training"]["inner"]["value"] > 0.1
    assert set(document["behavior"]) == {"training", "anywhere"}


def test_what_does_not_apply_is_named_with_its_reason(document):
    ran = {entry["name"]: entry for entry in document["instruments"]}
    for name in ("search", "worst level", "light cone", "algorithm", "learned algorithm"):
        assert not ran[name]["ran"]
        assert ran[name]["reason"]
    assert ran["behavior"]["ran"]
    assert ran["example levels"]["ran"]


def test_the_report_shows_its_levels_as_text(document):
    page = render_report([document])
    assert "ms-level" not in page.split("</style>")[-1]
    assert "Doors" not in page
    assert document["gallery"][0]["level"] in page
    assert {exhibit["reached"] for exhibit in document["gallery"]} & {"tea", "cake"}
