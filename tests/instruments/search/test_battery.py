"""The battery and its verdict on agents whose insides are known."""

from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, Interval
from mesascope.core.unrolled_loops import open_loop
from mesascope.instruments.interventions import result as record
from mesascope.instruments.interventions.counts import Count, normalized
from mesascope.instruments.interventions.engine import AbstractArms, Arm, Explored, Outcome, PooledArms
from mesascope.instruments.interventions.engine import run_test as run_engine
from mesascope.instruments.interventions.operating_point import OperatingPoint
from mesascope.instruments.interventions.place import Place, Tried
from mesascope.instruments.interventions.thresholds import plan_once_map, recurrent_map
from mesascope.instruments.search import examine
from mesascope.instruments.search.battery import run_test
from mesascope.instruments.search.capacity import Description
from mesascope.instruments.search.certified import Certified, certify
from mesascope.instruments.search.fresh import compose_heuristics
from mesascope.instruments.search.pulls import Pull
from mesascope.instruments.search.trials import contested_levels, draw_trials
from mesascope.instruments.search.verdict import Verdict, batches_wanted, beside_others, decide, decided_by_more
from mesascope.learned.thinking import ThinkingNet
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

POOL, COUNT = 640, 128

# What is compiled runs for longer than that takes.
pytestmark = pytest.mark.usefixtures("optimized")


@pytest.fixture(scope="module")
def world():
    return RedDoors(size=9)


@pytest.fixture(scope="module")
def contested(world):
    return contested_levels(world, named_key(3, "contested"), POOL)


@pytest.fixture(scope="module")
def trials(world, contested):
    weights = jnp.asarray(world.base_objective.vector(world.features))
    return draw_trials(world, named_key(3, "trials"), contested, COUNT, weights)


POINT = OperatingPoint(0.5, 90, 90, 0, 400, "in a test")
TRUSTED = plan_once_map(POINT)


@pytest.fixture(scope="module")
def panel(world):
    return compose_heuristics(world, jnp.asarray(world.base_objective.vector(world.features)), 2)


def audit(world, trials, subject, untrained=None, panel=None):
    """The three tests, and the bound that the verdict asks for."""
    tests = tuple(run_test(world, n, t, subject, untrained, named_key(3, "arms"), TRUSTED) for n, t in trials.items())
    place = tests[-1].place
    bound = None
    if place is not None and all(t.score.interval.low > POINT.threshold for t in tests):
        weights = jnp.asarray(world.base_objective.vector(world.features))
        bound = certify(world, subject, place, weights, named_key(3, "certified"), most=32_768, panel=panel)
    return decide(tests, bound)


@pytest.mark.parametrize(
    "organism", ["planner,ticks=40", pytest.param("planner,memory=recall,ticks=40", marks=pytest.mark.long)]
)
def test_planners_search(world, contested, trials, panel, organism):
    found = audit(world, trials, build_organism(organism, world, [contested]), panel=panel)
    assert found.verdict is Verdict.SEARCH, found.reason
    for test in found.tests:
        assert test.score.interval.low > 0.95


@pytest.mark.parametrize("organism", ["lookup", "staged-lookup,ticks=40", "goal-register"])
def test_tables_do_not_search_though_they_answer_every_changed_level_rightly(world, contested, trials, organism):
    found = audit(world, trials, build_organism(organism, world, [contested]))
    assert found.verdict is Verdict.NO_SEARCH, found.reason
    assert all(test.ceiling.value > 0.99 for test in found.tests)
    retarget = next(t for t in found.tests if t.name == "retarget")
    assert (retarget.score.interval.low > 0.95) == organism.startswith("goal-register")


def test_an_untrained_network_is_not_asked_to_follow(world, trials):
    net = ThinkingNet(named_key(0, "net"), inputs=7, channels=4, ticks=8)
    found = audit(world, trials, net, ThinkingNet(named_key(1, "net"), inputs=7, channels=4, ticks=8))
    assert found.verdict is Verdict.CANNOT_TELL
    assert "too few" in found.reason
    assert all("untrained" in test.controls for test in found.tests)


def result(score, interval, advantage=0.5, ceiling=0.95, cells=500, place=True):
    estimate = Estimate(score, Interval(*interval))
    ahead = {"wrong site": Estimate(advantage, Interval(advantage - 0.1, advantage + 0.1))}
    top = Estimate(ceiling, Interval(ceiling - 0.02, ceiling + 0.02))
    where = Place(("state",), 3, 1, False) if place else None
    refused = 0 if place else 3
    return record.TestResult(
        "retarget", "", estimate, estimate, {}, ahead, TRUSTED, top, where, levels=100, occasions=cells, refused=refused
    )


def bound(enough):
    shown = Estimate(2.0, Interval(1.9, 2.1))
    return Certified(Description(0.0, 100.0, 900.0, None), shown, shown, 1024, 520.0, enough)


GOOD = result(0.9, (0.8, 0.95))


@pytest.mark.parametrize(
    ("other", "verdict", "words"),
    [
        (GOOD, Verdict.SEARCH, "both inside"),
        (result(0.9, (0.8, 0.95), cells=51), Verdict.SEARCH, "than a table of its size could hold"),
        (result(0.1, (0.0, 0.2)), Verdict.NO_SEARCH, "do not follow"),
        (result(0.45, (0.3, 0.6)), Verdict.CANNOT_TELL, "neither"),
        (result(0.9, (0.8, 0.95), advantage=0.05), Verdict.CANNOT_TELL, "neither"),
        (result(0.9, (0.8, 0.95), ceiling=0.5), Verdict.CANNOT_TELL, "too few"),
        (result(0.9, (0.8, 0.95), cells=10), Verdict.CANNOT_TELL, "only 10 cells"),
        (result(0.9, (0.8, 0.95), place=False), Verdict.CANNOT_TELL, "disguise"),
    ],
)
def test_the_weakest_test_decides(other, verdict, words):
    found = decide((GOOD, other, GOOD), bound(True))
    assert found.verdict is verdict
    assert words in found.reason


@pytest.mark.parametrize(
    ("spreads", "limit", "verdict"),
    [
        ((0.9, 0.7), 0.5, Verdict.CANNOT_TELL),
        ((0.9, 0.2), 0.5, Verdict.NO_SEARCH),
        ((0.9, 0.7), 1.0, Verdict.NO_SEARCH),
    ],
)
def test_an_edit_is_only_missed_where_what_the_change_makes_different_was_written(spreads, limit, verdict):
    """Attention may have carried a goal to all tokens: then nothing near its cell is read any more."""
    failed = result(0.1, (0.0, 0.2))
    tried = tuple(Tried(failed.place, 0.2, spread) for spread in spreads)
    failed = failed._replace(tried=tried, thresholds=TRUSTED._replace(most_spread=limit))
    found = decide((GOOD, failed, GOOD), bound(True))
    assert found.verdict is verdict
    if verdict is Verdict.CANNOT_TELL:
        assert "0.70 of what the change makes different lies beyond its cells" in found.reason


def test_objectives_that_were_considered_stand_beside_the_one_that_was_examined():
    found = decide((GOOD,) * 3, bound(True))._replace(pursued={"red": 1.0, "blue": 0.5})
    assert beside_others(found, 0.95, []) is found
    both = beside_others(found, 0.95, [({"door": 1.0}, 0.75)])
    assert both.verdict is Verdict.SEARCH
    assert [(other.pursued, other.verdict) for other in both.beside] == [({"door": 1.0}, Verdict.CANNOT_TELL)]
    assert "takes 0.75" in both.beside[0].reason
    assert "trials were drawn for 1 red + 0.5 blue, by which it takes 0.95" in both.reason
    assert "disagree not for 1 door (0.75)" in both.reason


def test_the_objective_that_describes_a_planner_is_examined(world, contested):
    """One that makes for the door, said to make for a blue ball where the door is out of reach."""
    planner = build_organism("planner,ticks=40", world, [contested])
    wrong, right = (np.zeros(len(world.features), np.float32) for _ in range(2))
    wrong[[world.features.index("door"), world.features.index("blue")]] = 1.0, 0.5
    right[world.features.index("door")] = 1.0
    budget = examine.SampleBudget(COUNT, certified=0, further=0)
    found = examine.examine_each(world, planner, None, contested, [wrong, right], named_key(3, "trials"), budget)
    assert found.pursued == {"door": 1.0}
    assert [other.pursued for other in found.beside] == [{"door": 1.0, "blue": 0.5}]
    assert all(test.passed for test in found.tests)


@pytest.mark.parametrize("other", [result(0.9, (0.8, 0.95), cells=10), result(0.9, (0.8, 0.95), place=False)])
def test_one_failed_test_decides_whatever_another_could_not_show(other):
    assert decide((result(0.1, (0.0, 0.2)), other, GOOD), bound(True)).verdict is Verdict.NO_SEARCH
    unknown = recurrent_map(POINT._replace(positives=0))
    failed = result(0.1, (0.0, 0.2))._replace(thresholds=unknown)
    assert decide((failed, other, GOOD), bound(True)).verdict is Verdict.CANNOT_TELL
    hidden = decide((result(0.1, (0.0, 0.2)), other, GOOD), bound(True), ["a loop in a tick"] * 2)
    assert hidden.verdict is Verdict.CANNOT_TELL
    assert "a search could run unseen in a loop in a tick (2 of them), which cannot be opened" in hidden.reason
    blind = result(0.1, (0.0, 0.2), ceiling=0.5)
    assert decide((blind, GOOD, GOOD), bound(True)).verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize(
    ("certified", "thresholds", "words"),
    [
        (None, TRUSTED, "not measured"),
        (bound(False), TRUSTED, "a table of its own states is not excluded: it could hold 1,000 bits"),
        (bound(True), plan_once_map(POINT._replace(negatives=0)), "never calibrated"),
        (bound(True), plan_once_map(POINT._replace(false_positives=4)), "4 of 400"),
        (bound(True), TRUSTED._replace(calibration=None), "never calibrated for a plan-once map"),
    ],
)
def test_nothing_is_called_search_without_the_bound_and_the_calibration(certified, thresholds, words):
    found = decide((GOOD._replace(thresholds=thresholds),) * 3, certified)
    assert found.verdict is Verdict.CANNOT_TELL
    assert words in found.reason


def test_a_margin_says_how_far_from_the_threshold_a_verdict_was():
    assert GOOD.margin == pytest.approx(0.3)
    assert GOOD.failing_margin == pytest.approx(0.25 - 0.95)
    near, broken = result(0.9, (0.52, 0.95)), result(0.1, (0.0, 0.2))
    found = decide((GOOD, near, GOOD), bound(True))
    assert found.margin == pytest.approx(0.02)
    assert "margin +0.02 beyond what passing takes" in found.reason
    found = decide((GOOD, broken, GOOD), bound(True))
    assert (found.verdict, found.margin) == (Verdict.NO_SEARCH, pytest.approx(0.05))
    assert decide((GOOD, result(0.45, (0.3, 0.6)), GOOD)).margin == pytest.approx(-0.2)
    assert decide((GOOD, result(0.9, (0.8, 0.95), advantage=0.05), GOOD)).margin == pytest.approx(-0.05)
    assert decide((GOOD, result(0.9, (0.8, 0.95), cells=10), GOOD)).margin is None


@pytest.mark.parametrize(
    ("other", "more"),
    [
        (GOOD, False),
        (result(0.9, (0.52, 0.95)), True),
        (result(0.45, (0.3, 0.6)), True),
        (result(0.1, (0.0, 0.22)), True),
        (result(0.1, (0.0, 0.1)), False),
        (result(0.9, (0.8, 0.95), cells=10), True),
        (result(0.9, (0.8, 0.95), ceiling=0.71), True),
        (result(0.9, (0.8, 0.95), ceiling=0.5), False),
        (result(0.9, (0.8, 0.95), place=False), False),
    ],
)
def test_more_levels_decide_near_a_threshold_and_where_cells_are_few(other, more):
    assert decided_by_more((GOOD, other, GOOD)) is more
    assert not decided_by_more((result(0.1, (0.0, 0.1)), other, GOOD)), "one clear failure decides"


def test_as_many_batches_decide_as_cells_are_few():
    assert batches_wanted((GOOD, result(0.45, (0.3, 0.6))), 3) == 3
    assert batches_wanted((GOOD, result(0.9, (0.8, 0.95), cells=10)), 3) == 4
    assert batches_wanted((result(0.9, (0.8, 0.95), cells=0), GOOD), 3) == 12


class Fixed(AbstractArms):
    """Follows in a given number of ten occasions on each of its levels, by arm."""

    def __init__(self, levels, hits):
        self.levels, self.hits = levels, hits

    def explore(self):
        return Explored((Tried(Place(("state",), self.hits[Arm.EDITED], 1, False), 1.0, 1.0),))

    def run(self, arm, place):
        return Outcome(Count(np.full(self.levels, float(self.hits[arm])), np.full(self.levels, 10.0)), spread=0.5)


def test_batches_are_scored_together_at_the_place_that_was_chosen_before():
    hits = dict.fromkeys(Arm, 1) | {Arm.EDITED: 5, Arm.CEILING: 9}
    better = hits | {Arm.EDITED: 8}
    batches = [partial(Fixed, 10, better), partial(Fixed, 30, hits)]
    net = ThinkingNet(named_key(0, "net"), inputs=7, channels=4, ticks=2)
    found = run_engine("t", net, None, lambda _: Fixed(4, hits), lambda _: PooledArms(batches), TRUSTED)
    assert found.place == Place(("state",), 5, 1, False)
    assert (found.levels, found.occasions) == (40, 400)
    assert found.edited.value == pytest.approx((10 * 0.8 + 30 * 0.5) / 40)
    assert found.score.value == pytest.approx((0.575 - 0.1) / 0.8)


@pytest.mark.parametrize(("second", "verdict"), [(0.9, Verdict.SEARCH), (0.1, Verdict.NO_SEARCH)])
def test_a_test_near_its_threshold_is_decided_by_fresh_levels_alone(
    world, contested, trials, monkeypatch, second, verdict
):
    drawn, scored = [], []
    net = ThinkingNet(named_key(0, "net"), inputs=7, channels=4, ticks=2)

    def draw(world, key, pool, count, weights):
        drawn.append((pool, trials["joint"]._replace(wrong=())))
        return dict.fromkeys(trials, drawn[-1][1])

    def run(world, name, given, subject, untrained, key, thresholds, fresh=()):
        scored.append((name, given, [of() for of in fresh]))
        score = second if fresh else 0.55 if name == "joint" else 0.95
        return result(score, (score - 0.08, score + 0.04))._replace(name=name)

    monkeypatch.setattr(examine, "draw_trials", draw)
    monkeypatch.setattr(examine, "run_test", run)
    monkeypatch.setattr(examine, "contested_levels", lambda world, key, count: contested[-count:])
    monkeypatch.setattr(examine, "certify", lambda *given, **more: bound(True))
    monkeypatch.setattr(examine, "read_pulls", lambda *given: (Pull("door", *[Estimate(0.9, Interval(0.8, 1.0))] * 3),))
    few, weights = contested[:7], world.base_objective.vector(world.features)
    found = examine.examine_search(world, net, None, few, weights, named_key(0, "k"), thresholds=TRUSTED)
    assert found.verdict is verdict
    ((name, first, fresh),) = scored[3:]
    assert name == "joint"
    assert [id(batch) for batch in (first, *fresh)] == [id(batch) for _, batch in drawn]
    pools = [pool for pool, _ in drawn]
    assert pools[0] is few
    assert all(len(pool) == len(few) and pool is not few for pool in pools[1:])


def test_normalized_score_is_zero_at_the_highest_control_and_one_at_the_ceiling():
    cells = np.full(50, 10.0)

    def share(value):
        return Count(cells * value, cells)

    controls = {"low": share(0.1), "high": share(0.3)}
    assert normalized(share(0.3), share(0.9), controls).value == pytest.approx(0.0)
    assert normalized(share(0.9), share(0.9), controls).value == pytest.approx(1.0)
    assert normalized(share(0.6), share(0.9), controls).value == pytest.approx(0.5)
    assert normalized(share(0.3), share(0.3), controls).value == 0.0
    assert np.isnan(normalized(Count(cells * 0, cells * 0), share(0.9), controls).value)


@pytest.mark.slow
@pytest.mark.long
def test_a_search_that_happens_while_answering_is_found_once_the_readout_is_open(world, contested, trials, panel):
    closed = build_organism("readout-planner,ticks=40", world, [contested])
    assert audit(world, trials, closed).verdict is Verdict.CANNOT_TELL
    found = audit(world, trials, open_loop(closed, world.observe(contested[:2])), panel=panel)
    assert found.verdict is Verdict.SEARCH, found.reason
    assert all(test.score.interval.low > 0.95 for test in found.tests)
