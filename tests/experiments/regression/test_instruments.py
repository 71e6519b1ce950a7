"""Instruments on readers whose insides are known."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.jsonable import to_json
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, Interval
from mesascope.experiments.regression.contexts import draw, halves, pool_of_tasks
from mesascope.experiments.regression.instruments import verdict as judging
from mesascope.experiments.regression.instruments.edits import Matched, choose_model, edit_pair
from mesascope.experiments.regression.instruments.family import family, newtons
from mesascope.experiments.regression.instruments.interpolation import interpolate
from mesascope.experiments.regression.instruments.layers import AfterLayer
from mesascope.experiments.regression.instruments.match import level_with, match, nearest_match, shuffled
from mesascope.experiments.regression.instruments.probes import probe
from mesascope.experiments.regression.instruments.stepwise import (
    DescentAtQuery,
    DescentOnPairs,
    NewtonAtQuery,
    NewtonOnPairs,
    implementations,
)
from mesascope.experiments.regression.networks import fresh
from mesascope.experiments.regression.organisms import Memorizer, Newton, Smoother, constructed_descent
from mesascope.instruments.search.verdict import Verdict

RATES, NONE = jnp.array([1.9, 1.9]), jnp.zeros(2)
POOL = pool_of_tasks(named_key(3), 16)
DESCENT = constructed_descent(RATES, NONE)


@pytest.fixture(scope="module")
def contexts():
    return draw(named_key(1), 400, POOL)


MODEL = DescentOnPairs(RATES, NONE)


def test_steps_go_on_from_an_edit_inside(contexts):
    (edited,) = edit_pair(Matched(DESCENT, MODEL), contexts, named_key(2))
    assert edited.layer == 1
    assert edited.followed.value == pytest.approx(1.0, abs=1e-6)
    assert edited.ceiling.value == pytest.approx(1.0, abs=1e-6)
    assert set(edited.controls) == {"another pair", "changed in the input", "random edit"}
    assert all(arm.interval.high < 0.6 for arm in edited.controls.values())
    assert all(lead.interval.low > 0.3 for lead in edited.advantages.values())


def test_layers_that_do_something_else_do_not_follow(contexts):
    idle = constructed_descent(jnp.array([1.9, 0.4]), NONE)
    (edited,) = edit_pair(Matched(idle, MODEL), contexts, named_key(2))
    assert edited.followed.interval.high < 0
    assert edit_pair(Matched(constructed_descent(RATES[:1], NONE[:1]), MODEL), contexts, named_key(2)) == []


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
    of = nearest_match([m for m in matches if m.algorithm.steps == 2 and implementations(m)])
    edits = edit_pair(choose_model(reader, implementations(of), fit, named_key(2)), scored, named_key(2))
    return (
        matches,
        judging.decide(judging.test_of_match(matches, None), judging.test_of_edit(edits), matches, of),
        scored,
    )


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


PLACES = [(NewtonAtQuery, 3), (NewtonOnPairs, 3), (DescentAtQuery, 3)]


@pytest.mark.parametrize(("at", "steps"), PLACES)
def test_an_algorithm_answers_the_same_wherever_it_keeps_its_iterate(contexts, at, steps):
    model = at(jnp.array(0.8), steps) if at is DescentAtQuery else at(jnp.array(0.8), False, steps)
    group = "Newton" if at is not DescentAtQuery else "gradient descent"
    algorithm = next(a for a in family(None, steps) if a.group == group and a.steps == steps)
    wanted = algorithm.answers(jnp.array([0.8]), steps, contexts)
    np.testing.assert_allclose(model(contexts), wanted, rtol=1e-3, atol=1e-3)


@pytest.fixture(scope="module")
def newton(contexts):
    """An exact reader of three steps: its matches, and the verdict with a cut in which layers idle."""
    fit, scored = halves(contexts)
    algorithms = [*newtons((3,)), *(a for a in family(None, 3) if a.name in ("gradient descent, 3 steps", "ridge"))]
    return match(Newton(0.9, 3), algorithms, fit, scored), fit, scored


def judged_as(reader, matches, fit, scored):
    of = nearest_match([m for m in matches if implementations(m)])
    chosen = choose_model(reader, implementations(of), fit, named_key(2))
    edited = judging.test_of_edit(edit_pair(chosen, scored, named_key(2)))
    return chosen.model, edited, judging.decide(judging.test_of_match(matches, None), edited, matches, of)


def test_exact_newton_is_said_to_search_and_is_edited_as_newton(newton):
    model, edited, decision = judged_as(Newton(0.9, 3), *newton)
    assert isinstance(model, NewtonAtQuery)
    assert edited.score.value == pytest.approx(1.0, abs=1e-3)
    assert edited.passed
    assert decision.verdict is Verdict.SEARCH


class Rereading(Newton):
    """Answers as Newton's iteration does, and forgets what stands at the query: every layer begins anew from the pairs."""

    def step(self, state, layer):
        state = self.begin_again(state)
        for _ in range(layer + 1):
            state = super().step(state, layer)
        return state

    def begin_again(self, state):
        return state.at[:, -1, 10:].set(self.size * self._second(state).reshape(len(state), -1))


def test_a_reader_that_answers_alike_and_does_not_go_on_is_no_search(newton):
    _, edited, decision = judged_as(Rereading(0.9, 3), *newton)
    assert not edited.passed
    assert decision.verdict is not Verdict.SEARCH


def test_no_search_takes_the_best_match_and_a_high_ceiling(newton):
    matches, _, _ = newton
    best, far = nearest_match(matches), next(m for m in matches if m.algorithm.name == "ridge")
    matched = judging.test_of_match(matches, None)
    low, high = Estimate(0.0, Interval(-0.1, 0.1)), Estimate(0.9, Interval(0.85, 0.95))
    failed = matched._replace(name="edit", score=low, edited=low, advantages={}, ceiling=high)
    assert judging.decide(matched, failed, matches, best).verdict is Verdict.NO_SEARCH
    assert judging.decide(matched, failed, matches, far).verdict is Verdict.CANNOT_TELL
    assert "is nearer" in judging.decide(matched, failed, matches, far).reason
    unable = failed._replace(ceiling=Estimate(0.5, Interval(0.4, 0.6)))
    assert "in the input is not followed" in judging.decide(matched, unable, matches, best).reason
    assert judging.decide(matched, failed, matches, None).verdict is Verdict.CANNOT_TELL


def test_what_is_as_near_is_named_with_the_nearest(newton):
    matches, _, _ = newton
    assert [m.algorithm.group for m in level_with(matches)] == ["Newton"]
    nearest = matches[0]
    alike = nearest._replace(algorithm=nearest.algorithm._replace(name="other", group="other"))
    assert {m.algorithm.name for m in level_with([*matches, alike])} == {nearest.algorithm.name, "other"}


def test_what_stands_after_a_layer_can_be_written_down():
    close = Estimate(0.1, Interval(0.0, 0.2))
    far = Estimate(0.5, Interval(0.4, 0.6))
    after = AfterLayer(2, {"Newton": {1: far, 2: close}})
    assert after.nearest("Newton") == 2
    assert to_json(after.plain())["distances"]["Newton"]["2"]["value"] == 0.1
