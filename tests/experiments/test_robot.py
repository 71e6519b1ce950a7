"""`robot`: its tables against a twin, deletion by its rules, organisms and their verdicts, what training makes."""

import jax.numpy as jnp
import numpy as np
import pytest

from docs.staying import stay_instead
from mesascope.core.errors import UsageError
from mesascope.core.objective import Objective
from mesascope.core.solver import optimal_values
from mesascope.experiments.registry import make_anywhere
from mesascope.experiments.robot.examination import House, after_base, effort_of, judge_planner, retargeted
from mesascope.experiments.robot.organisms import ORGANISMS, organism
from mesascope.experiments.robot.planner import Planner
from mesascope.experiments.robot.rooms import DISTRIBUTIONS, NEAR, WIDTH, amounts, draw_rooms
from mesascope.experiments.robot.training import CASES, train
from mesascope.experiments.robot.world import BASE, FEATURES, tables
from mesascope.instruments.kinds.strength import measure_strength
from tests.experiments.robot_twin import Twin

LEVELS = 32
HOUSE = House(0, LEVELS)


def vector(**weights):
    return np.asarray(Objective.of("x", **weights).vector(FEATURES))


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_walks_through_the_tables_are_those_of_the_story(distribution):
    rooms = draw_rooms(1, 4, distribution)
    mdp = tables(rooms)
    successor, features = np.asarray(mdp.successor)[..., 0], np.asarray(mdp.features)[..., 0, :]
    rng = np.random.default_rng(0)
    seen = set()
    for level in range(4):
        twin, state = Twin(rooms, level), int(np.asarray(mdp.initial)[level].argmax())
        for step in range(600):
            if step % 60 == 0:
                twin, state = Twin(rooms, level), int(np.asarray(mdp.initial)[level].argmax())
            action = int(rng.choice(5, p=[0.15, 0.15, 0.15, 0.25, 0.3]))
            told = twin.step(action)
            found = {f: x for f, x in zip(FEATURES, features[level, state, action].tolist(), strict=True) if x}
            assert found == pytest.approx({f: x for f, x in told.items() if x}, rel=1e-5)
            seen |= set(told)
            state = int(successor[level, state, action])
    assert {"swept", "clean", "hum", "bagged", "chime", "soil", "test"} <= seen
    assert ("dirtied" in seen) == (distribution == "loose-bag")


def test_rooms_are_as_the_card_says_and_differ_by_their_shift_alone():
    rooms = {name: draw_rooms(0, 50, name) for name in DISTRIBUTIONS}
    for name, found in rooms.items():
        placed = np.concatenate([found.start[:, None], found.tile, found.mat[:, None]], 1)
        assert (placed % WIDTH < NEAR).all()
        assert (found.start % WIDTH == 0).all()
        assert all(len(set(row)) == placed.shape[1] for row in placed.tolist())
        assert ((found.plant % WIDTH == WIDTH - 1) & (found.plant != found.station)).all()
        assert (found.tile == rooms["training"].tile).all()
        assert np.allclose(found.amount, amounts(found.looks))
        assert np.allclose(found.looks, rooms["training"].looks) == (name != "strange-dirt")


@pytest.mark.parametrize("event", ["swept", "dirtied", "test", "soil"])
def test_where_events_are_what_the_robot_does_both_ways_of_deleting_agree(event):
    house = HOUSE.without("loose-bag")
    for weights in (vector(clean=1, dirtied=-1), vector(swept=1), vector(hum=1, bagged=1)):
        returns = [
            np.asarray((optimal_values(mdp, jnp.asarray(weights)).state * mdp.initial).sum(-1))
            for mdp in (house((event,)), stay_instead(house(()), FEATURES, (event,)))
        ]
        assert np.allclose(*returns, atol=1e-4)


@pytest.mark.parametrize("event", ["clean", "bagged", "hum", "chime", "job"])
def test_a_withheld_event_never_fires_and_hum_does_not_hang_on_clean(event):
    features = np.asarray(HOUSE.without("training")((event,)).features)
    assert not features[..., FEATURES.index(event)].any()
    assert features[..., FEATURES.index("swept")].any()
    if event == "clean":
        mdp = HOUSE.without("training")((event,))
        hum, bagged = (
            optimal_values(mdp, jnp.asarray(vector(**{f: 1}))).state * mdp.initial for f in ("hum", "bagged")
        )
        assert (hum.sum(-1) > 0.4).all()
        assert (bagged.sum(-1) < 0.2).all()  # soil alone


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n, o in ORGANISMS.items() if not o.adversary])
def test_every_organism_gets_its_verdict_kind_and_mechanism(name):
    planner, base = organism(name), np.asarray(ORGANISMS[name].trained_for.vector(FEATURES))
    found = judge_planner(planner, ORGANISMS[name].trained_for, HOUSE)
    verdict = found.verdict
    assert (verdict.verdict, verdict.kind, verdict.mechanism) == ORGANISMS[name].truth, verdict.reason
    assert retargeted(planner, HOUSE.tables("training")).interval.low > 0.5
    strength = measure_strength(HOUSE.tables(found.evidence.shift), base, base)
    effort = effort_of(after_base(planner, base), base, HOUSE)
    assert max(abs(gap.value) for gap in strength.gaps) < 1e-5
    assert not effort.vanishes
    assert effort.base_lost.interval.high < 0.01


@pytest.mark.slow
def test_what_senses_show_is_what_training_makes_it_want():
    mdp = HOUSE.tables("training")
    for kind, feature in {"side-effect": "swept", "instrument": "bagged", "common-cause": "hum"}.items():
        trained = train(CASES[kind], mdp, 0, 30)
        assert FEATURES[int(trained.planner.wants.argmax())] == feature
        assert trained.curve[-1] > trained.curve[0] + 0.1
    clean, dirtied = FEATURES.index("clean"), FEATURES.index("dirtied")
    wants = train(CASES["robust"], mdp, 0, 30).planner.wants
    assert wants[clean] == -wants[dirtied] == wants.max()
    found = judge_planner(Planner(wants), BASE, HOUSE)
    assert found.verdict.verdict == "robust", found.verdict.reason
    # Nothing gets dirty in training: untied, the weight of dirt stays the random one that it began with.
    few, many = (train(CASES["cleaner"], mdp, 0, updates).planner.wants for updates in (1, 30))
    assert few[dirtied] == many[dirtied]
    assert many[clean] > few[clean] + 0.1
    found = judge_planner(train(CASES["suboptimality"], mdp, 0, 10).planner, BASE, HOUSE)
    assert found.verdict.kind == "suboptimality", found.verdict.reason


@pytest.mark.slow
def test_a_linear_model_of_looks_has_no_event_of_its_own_and_a_mix_has_its_things():
    own = np.asarray(ORGANISMS["approximator"].wants.vector(FEATURES))
    judged = judge_planner(Planner(own), BASE, HOUSE)
    assert judged.evidence.deletion is None
    mixed = judge_planner(Planner(own + vector(bagged=2)), BASE, HOUSE).evidence.deletion
    alone = judge_planner(Planner(vector(bagged=2)), BASE, HOUSE).evidence.deletion
    assert mixed == alone


def test_chance_actions_and_false_beliefs_are_in_the_policy():
    mdp = HOUSE.tables("training")
    assert np.allclose(Planner(vector(clean=1), lapse=1.0).policy(mdp, FEATURES), 0.2)
    believes = Planner(vector(soil=1), believed=("soil", 2.0)).policy(mdp, FEATURES)
    knows = Planner(vector(soil=1, clean=2)).policy(mdp, FEATURES)
    assert np.allclose(believes, knows)


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"kind": "side-efect"}, "unknown kind of robot 'side-efect': did you mean 'side-effect'?"),
        ({"levels": 5}, "levels 5: expected a whole number from 20 to 2,000"),
        ({"updates": 0}, "updates 0: expected a whole number from 1 to 10,000"),
    ],
)
def test_knobs_that_are_none(knobs, said):
    with pytest.raises(UsageError) as caught:
        make_anywhere("robot", **knobs)
    assert said in str(caught.value)
