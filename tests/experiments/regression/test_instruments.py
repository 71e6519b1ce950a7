"""Instruments on readers whose insides are known."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, Interval
from mesascope.experiments.regression.contexts import draw, halves, pool_of_tasks
from mesascope.experiments.regression.instruments import verdict as judging
from mesascope.experiments.regression.instruments.edits import Matched, edit_labels
from mesascope.experiments.regression.instruments.family import family
from mesascope.experiments.regression.instruments.interpolation import interpolate
from mesascope.experiments.regression.instruments.match import match, nearest_match, shuffled
from mesascope.experiments.regression.instruments.probes import probe
from mesascope.experiments.regression.networks import fresh
from mesascope.experiments.regression.organisms import Memorizer, Smoother, constructed_descent
from mesascope.instruments.search.verdict import Verdict

RATES, NONE = jnp.array([1.9, 1.9]), jnp.zeros(2)
POOL = pool_of_tasks(named_key(3), 16)
DESCENT = constructed_descent(RATES, NONE)


@pytest.fixture(scope="module")
def contexts():
    return draw(named_key(1), 400, POOL)


def test_steps_go_on_from_an_edit_inside(contexts):
    (edited,) = edit_labels(Matched(DESCENT, RATES, NONE), contexts, named_key(2))
    assert edited.layer == 1
    assert edited.followed.value == pytest.approx(1.0, abs=1e-6)
    assert edited.ceiling.value == pytest.approx(1.0, abs=1e-6)
    assert set(edited.controls) == {"another pair", "changed in the input", "random edit"}
    assert all(arm.interval.high < 0.6 for arm in edited.controls.values())
    assert all(lead.interval.low > 0.3 for lead in edited.advantages.values())


def test_layers_that_do_something_else_do_not_follow(contexts):
    idle = constructed_descent(jnp.array([1.9, 0.4]), NONE)
    (edited,) = edit_labels(Matched(idle, RATES, NONE), contexts, named_key(2))
    assert edited.followed.interval.high < 0
    assert edit_labels(Matched(constructed_descent(RATES[:1], NONE[:1]), RATES, NONE), contexts, named_key(2)) == []


def test_probes_read_what_is_there_and_controls_what_is_not(contexts):
    fit, scored = halves(contexts)
    untrained = fresh(named_key(5), "linear", 2, 9, 1)
    for found in probe(DESCENT, untrained, RATES, NONE, fit, scored):
        assert found.explained.value == pytest.approx(1.0, abs=1e-3)
        assert found.shuffled.interval.high < 0.2
        if found.quantity == "answer so far":
            assert found.untrained.interval.high < 0.9


def test_between_a_network_and_its_own_weights_scaled_nothing_changes(contexts):
    scaled = eqx.tree_at(
        lambda n: [x for b in n.blocks for x in (b.score, b.value)],
        DESCENT,
        [x for b in DESCENT.blocks for x in (b.score * 4, b.value / 4)],
    )
    line = interpolate(scaled, DESCENT, contexts)
    assert len(line) == 11
    np.testing.assert_allclose([b.loss.value for b in line], line[0].loss.value, rtol=1e-4)
    worse = interpolate(scaled, constructed_descent(RATES * 3, NONE), contexts)
    assert worse[0].loss.value == pytest.approx(line[0].loss.value, rel=1e-4)
    assert worse[-1].loss.value > 2 * worse[0].loss.value


def judged(reader, pool, contexts):
    fit, scored = halves(contexts)
    algorithms = [a for a in family(pool, 2) if a.group not in ("Newton",)]
    matches = match(reader, algorithms, fit, scored)
    edits = edit_labels(Matched(reader, RATES, NONE), scored, named_key(2))
    return matches, judging.decide(judging.test_of_match(matches, None), judging.test_of_edit(edits), matches), scored


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reader", "nearest", "verdict"),
    [
        (DESCENT, "gradient descent, 2 steps", Verdict.SEARCH),
        (Memorizer(POOL), "remembered tasks", Verdict.NO_SEARCH),
        (Smoother(2.0), "kernel smoother", Verdict.NO_SEARCH),
    ],
)
def test_each_reference_is_recognized(contexts, reader, nearest, verdict):
    matches, decision, scored = judged(reader, POOL, contexts)
    best = nearest_match(matches)
    assert best.algorithm.name == nearest
    assert best.distance.interval.high < 1e-3
    assert best.cosine is not None
    assert best.cosine.value == pytest.approx(1.0, abs=1e-3)
    assert decision.verdict is verdict
    assert shuffled(reader, best, scored).interval.low > 1


@pytest.mark.slow
def test_one_step_has_no_inside(contexts):
    _, decision, _ = judged(constructed_descent(RATES[:1], NONE[:1]), POOL, contexts)
    assert decision.verdict is Verdict.CANNOT_TELL
    assert "one layer has no inside" in decision.reason
    assert [test.passed for test in decision.tests] == [False]


def test_a_match_that_is_not_ahead_does_not_pass(contexts):
    fit, scored = halves(contexts)
    algorithms = [a for a in family(None, 2) if a.group in ("gradient descent", "ridge")]
    test = judging.test_of_match(match(DESCENT, algorithms, fit, scored), None)
    assert test.passed
    level = {name: Estimate(0.0, Interval(-0.1, 0.1)) for name in test.advantages}
    assert not test._replace(advantages=level).passed
