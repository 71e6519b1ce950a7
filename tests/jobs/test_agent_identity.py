"""An audit is of one agent: weights that change somewhere make another, rounding in the last bits does not."""

import json

import equinox as eqx
import jax
import numpy as np
import pytest

from mesascope.adapters.black_box import black_box
from mesascope.core.errors import StorageError
from mesascope.core.rng import named_key
from mesascope.instruments.settings import QUICK
from mesascope.jobs.agent_identity import answers_of, coarse, identity_of
from mesascope.jobs.audit import Request, make_plan
from mesascope.jobs.job import Job
from mesascope.jobs.results import Files
from mesascope.jobs.subjects import find_source, source_of
from mesascope.learned.registry import build
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=5)
POLICY = """
import json
from pathlib import Path
import numpy as np
from mesascope import black_box

def policy(shown):
    favorite = json.loads(Path(__file__).with_name("weights.json").read_text())
    return np.eye(4)[np.full(len(shown), favorite)] * 5

subject = black_box(policy)
"""


def net(scale=1.0, name="glance", **config):
    made = build(name, {"channels": 2, **config}, key=named_key(0), inputs=len(WORLD.channels))
    return jax.tree.map(lambda x: 40 * x * scale if eqx.is_inexact_array(x) else x, made)


def test_weights_in_a_file_beside_a_policy_are_part_of_what_it_is(tmp_path, monkeypatch):
    (tmp_path / "beside_policy.py").write_text(POLICY)
    monkeypatch.syspath_prepend(tmp_path)
    asked = Request(world="red-doors", subject="python:beside_policy:subject", knobs=("size=5",), quick=True)
    found = []
    for favorite in (1, 3, 1):
        (tmp_path / "weights.json").write_text(json.dumps(favorite))
        plan = make_plan(asked)
        found.append(Job("audit", plan.spec(0), print, "", agent=plan.agent(0), named=asked.subject))
    before, after, again = found
    assert before.fingerprint == again.fingerprint != after.fingerprint
    assert before.asked == after.asked


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            black_box(lambda shown: np.zeros((len(shown), 4))),
            black_box(lambda shown: 5 * np.eye(4)[np.zeros(len(shown), int)]),
        ),
        (net(), net(scale=-1.0)),
        (net(name="conv-lstm", ticks_per_step=1), net(scale=-1.0, name="conv-lstm", ticks_per_step=1)),
    ],
    ids=["function", "net", "recurrent"],
)
def test_other_answers_are_another_agent(one, other):
    assert answers_of(one, WORLD) == answers_of(one, WORLD) != answers_of(other, WORLD)


def test_organisms_are_known_by_their_answers_too():
    named = [find_source(f"organism:planner,objective={goal}", WORLD) for goal in ("red", "door")]
    red, door = (identity_of(source, WORLD, QUICK, 0) for source in named)
    assert red["answers"] != door["answers"]
    assert red["organism"] == "planner,objective=red"


@pytest.mark.parametrize("relative", [1e-7, 1e-6])
def test_rounding_is_no_other_agent(relative):
    """As another processor or another number of threads has it."""
    assert answers_of(net(), WORLD) == answers_of(net(scale=1 + relative), WORLD)


def test_a_net_that_was_trained_on_is_another_agent():
    nudged = jax.tree.map(
        lambda x: x + 0.05 * jax.random.normal(named_key(1), x.shape) if eqx.is_inexact_array(x) else x, net()
    )
    assert answers_of(net(), WORLD) != answers_of(nudged, WORLD)


def test_usual_chances_lie_away_from_the_borders():
    usual = np.array([0.0, 1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6, 2 / 3, 3 / 4])
    for moved in (-1e-4, 1e-4):
        shifted = np.clip(usual + moved, 1e-12, 1 - 1e-12)
        logits = np.log(np.stack([shifted, 1 - shifted], -1))
        exact = np.log(np.stack([np.clip(usual, 1e-12, 1 - 1e-12), np.clip(1 - usual, 1e-12, 1)], -1))
        np.testing.assert_array_equal(coarse(logits)[0], coarse(exact)[0])
    assert coarse(np.array([0.0, -np.inf, -np.inf]))[0].tolist() == [8, 0, 0]


def job(agent, spec=0, named="mine"):
    return Job("audit", {"seed": spec}, print, "", agent=agent, named=named)


def test_an_earlier_agents_audit_is_kept_and_not_given_out(tmp_path):
    place = Files(lambda job: tmp_path / "audit.json")
    place.put(job("old"), {"verdict": "robust"})
    assert place.find(job("old"))["verdict"] == "robust"
    assert place.aside(job("old")).exists() is False
    assert place.find(job("new")) is None
    kept = place.aside(job("new"))
    place.put(job("new"), {"verdict": "pseudo"})
    assert json.loads(kept.read_text())["verdict"] == "robust"
    assert place.find(job("new"))["verdict"] == "pseudo"
    for other in (job("new", spec=1), job("newer", named="yours"), Job("audit", {"seed": 0}, print, "")):
        with pytest.raises(StorageError, match="holds another audit"):
            place.find(other)
    assert (
        place.find(job("old")) is None
    )  # it has changed back: audited anew, as nothing is searched for under other names


def test_what_is_handed_over_in_python_has_its_answers():
    source = source_of(net(), WORLD)
    assert "answers" in identity_of(source, WORLD, QUICK, 0)
