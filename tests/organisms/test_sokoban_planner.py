"""The planner of Sokoban is after what it was built for, and what is built for mazes is refused."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.auditing.audit import audit
from mesascope.core.errors import UsageError
from mesascope.core.solver import optimal_actions, optimal_values
from mesascope.core.subject import policy_table
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.settings import Settings
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.sokoban.collection import from_xsb
from mesascope.worlds.grids.sokoban.world import Sokoban
from mesascope.worlds.rewarding import with_shifts

LEVELS = """\
######
#@$. #
# $. #
#    #
######
Boxes: red blue
Targets: blue red

######
#    #
# $.@#
######
Boxes: blue
Targets: red
"""
WORLD = from_xsb(LEVELS, intended_goal="red-target", base_objective="red-target")


@pytest.mark.parametrize("feature", ["red-box", "red-target"])
def test_it_answers_with_the_optimal_actions_of_the_tables(feature):
    levels = WORLD.draw(0, 2)
    planner = build_organism(f"planner,objective={feature},answer=exact", WORLD)
    policy = np.asarray(policy_table(planner.logits(WORLD.observe(levels)), levels.arrangements * 12))
    mdp = WORLD.tables(levels)
    weights = jnp.asarray([float(name == feature) for name in WORLD.features])
    best = np.asarray(optimal_actions(optimal_values(mdp, weights, WORLD.discount).action))
    live = ~np.asarray(mdp.terminal)
    np.testing.assert_array_equal((policy > 0.01)[live], best[live])
    assert (best[live].sum(-1) < 4).any()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lookup", "sokoban takes 'planner' alone"),
        ("planner,memory=recall", "unknown key of organism planner in sokoban 'memory'"),
        ("planner,objective=door", "unknown feature 'door'"),
    ],
)
def test_what_is_built_for_mazes_is_refused(text, says):
    with pytest.raises(UsageError, match=says):
        build_organism(text, Sokoban())


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.usefixtures("optimized")
def test_an_audit_finds_the_objective_that_training_hides():
    world = with_shifts(Sokoban(), ["crossed"])
    subject = AuditSubject(build_organism("planner,objective=red-box", world), "organism", "planner", "planner", True)
    document = audit(world, subject, Settings(levels=24, evidence=36, directed=8, thought=8), 0).to_json()
    found = document["behavioral_objective"]
    assert found["hypotheses"]["all"][0]["name"] == "red-box"
    assert {"red-box", "red-target"} <= set(found["unidentified"])
    assert document["ledger"]["training"]["inner"]["value"] == pytest.approx(0, abs=1e-3)
    assert document["ledger"]["crossed"]["inner"]["value"] > 0.1
