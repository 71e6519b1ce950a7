"""What each architecture can see, stores and is rebuilt from."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.learned.channels_first import answer, think
from mesascope.learned.registry import ARCHITECTURES, build, config_of, parameter_count
from mesascope.learned.thinking import ThinkingNet
from mesascope.organisms.uniform import Uniform
from tests.learned.conftest import AT_ONCE, RECURRENT, SMALL


@pytest.mark.parametrize("name", AT_ONCE)
def test_keeps_the_promises_of_a_subject(name, small, observation):
    check_subject(small[name], observation)


@eqx.filter_jit
def both_layouts(subject, observation):
    return subject.logits(observation), answer(subject, observation), think(subject, observation)


@pytest.mark.parametrize("name", AT_ONCE)
def test_the_fast_layout_changes_nothing_but_rounding(name, small, observation):
    expected, found, final = both_layouts(small[name], observation)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert {site.name for site in small[name].sites} == set(final)


@pytest.mark.parametrize("name", ["glance", "recall", "feed-forward"])
def test_the_fast_layout_has_the_same_gradient(name, small, observation):
    def slow(subject):
        return jnp.sin(subject.logits(observation)).sum()

    def fast(subject):
        return jnp.sin(answer(subject, observation)).sum()

    expected, found = eqx.filter_jit(lambda net: (eqx.filter_grad(slow)(net), eqx.filter_grad(fast)(net)))(small[name])
    for a, b in zip(jax.tree.leaves(expected), jax.tree.leaves(found), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", RECURRENT)
def test_keeps_the_promises_of_a_recurrent_subject(name, small, observation):
    check_subject(small[name], observation)


def fresh(name: str, config: dict[str, int]):
    return eqx.filter_jit(lambda: build(name, config, key=named_key(3, name), inputs=7))()


@eqx.filter_jit
def ask(subject, observation):
    return subject.logits(observation)


def seen_from_the_middle(subject: AbstractSubject, side: int = 11) -> set[tuple[int, int]]:
    """Offsets of the cells whose observation the middle cell's answer depends on."""
    middle = side // 2
    base = np.random.default_rng(2).normal(size=(1, side, side, 7)).astype(np.float32)

    def middle_answer(observation):
        return jnp.sin(subject.logits(observation)[0, middle, middle]).sum()

    gradient = np.abs(jax.jit(jax.grad(middle_answer))(base))[0].max(-1)
    return {(int(r) - middle, int(c) - middle) for r, c in np.argwhere(gradient > 0)}


def diamond(radius: int) -> set[tuple[int, int]]:
    side = range(-radius, radius + 1)
    return {(r, c) for r in side for c in side if abs(r) + abs(c) <= radius}


@pytest.mark.parametrize("name", ["glance", "recall", "feed-forward"])
def test_sees_as_many_steps_as_it_has_ticks(name):
    config = {"channels": 4, "layers" if name == "feed-forward" else "ticks": 3}
    subject = fresh(name, config)
    assert seen_from_the_middle(subject) == diamond(3)


@pytest.mark.parametrize("radius", [1, 2])
def test_a_reflex_sees_its_window_and_nothing_else(radius):
    side = range(-radius, radius + 1)
    subject = fresh("reflex", {"radius": radius})
    assert seen_from_the_middle(subject) == {(r, c) for r in side for c in side}


def test_a_reflex_tells_the_edge_from_a_free_cell():
    subject = fresh("reflex", {})
    logits = ask(subject, jnp.zeros((5, 5, 5, 7)))
    assert not np.allclose(logits[0, 0, 2], logits[0, 2, 2])


def test_a_table_answers_from_its_rows_and_is_uniform_elsewhere(small, observation):
    answers = jax.random.normal(named_key(4, "answers"), small["table"].answers.shape)
    table = eqx.tree_at(lambda t: t.answers, small["table"], answers)
    np.testing.assert_array_equal(ask(table, observation[::-1]), answers[::-1])
    np.testing.assert_array_equal(ask(table, jnp.where(observation == 0, -0.0, observation)), answers)
    one_wall_more = observation.at[:, 0, 0, 0].add(1.0)
    np.testing.assert_array_equal(ask(table, one_wall_more), jnp.zeros_like(answers))
    np.testing.assert_array_equal(ask(table, jnp.zeros((2, 4, 4, 7))), jnp.zeros((2, 4, 4, 4)))


def test_an_unfilled_table_knows_nothing_at_all():
    table = build("table", SMALL["table"], key=named_key(0), inputs=7)
    table = eqx.tree_at(lambda t: t.answers, table, jnp.ones_like(table.answers))
    assert not ask(table, jnp.zeros((5, 5, 5, 7))).any()


def test_a_table_refuses_levels_that_do_not_fit(observation):
    with pytest.raises(UsageError, match="6 levels of 5x5"):
        build("table", {**SMALL["table"], "rows": 6}, key=named_key(0), inputs=7).remembering(observation)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_is_rebuilt_from_its_own_configuration(name, small):
    found = config_of(small[name])
    assert found.name == name
    assert all(isinstance(number, int | float) for number in found.config.values())
    again = eqx.filter_eval_shape(lambda: build(found.name, found.config, key=named_key(9), inputs=7))
    assert jax.tree.structure(again) == jax.tree.structure(small[name])
    assert [x.shape for x in jax.tree.leaves(again)] == [x.shape for x in jax.tree.leaves(small[name])]


def test_parameters_of_the_default_glance_net():
    net = fresh("glance", {})
    assert parameter_count(net) == 5 * 24 * 72 + 5 * 7 * 72 + 72 + 24 + 24 * 4 + 4


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("glanse", {}, "unknown architecture 'glanse': did you mean 'glance'?"),
        ("glance", {"chanels": 3}, "did you mean 'channels'?"),
        ("glance", {"channels": 0}, "takes an integer from 1 to 512"),
        ("glance", {"channels": 2.0}, "takes an integer"),
        ("glance", {"channels": True}, "takes an integer"),
        ("glance", {"ticks": 2}, "ask for 'recall'"),
        ("recall", {"reads_until": 2}, "unknown option of architecture 'recall'"),
    ],
)
def test_bad_configurations_say_what_would_be_right(name, config, message):
    with pytest.raises(UsageError) as raised:
        build(name, config, key=named_key(0), inputs=7)
    assert message in str(raised.value)


def test_only_registered_kinds_have_a_configuration():
    with pytest.raises(UsageError, match="a Uniform is no registered architecture"):
        config_of(Uniform(channels=8))


class Peeking(ThinkingNet):
    """Claims to be a glance net and looks at every tick."""

    def think(self, state, observation, tick):
        return super().think(state, observation, tick * 0)


class Mixing(ThinkingNet):
    """Lets levels of a batch see each other."""

    def act(self, state):
        return super().act({"state": state["state"] - state["state"].mean(0)})


class Exploding(ThinkingNet):
    """Divides by zero in one cell."""

    def act(self, state):
        return super().act(state).at[1, 2, 3, 0].set(jnp.inf)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Peeking, "at or after tick 2"),
        (Mixing, "other levels of the batch"),
        (Exploding, "level 1, row 2, column 3 of the interior are no policy"),
    ],
)
def test_the_checker_finds_broken_promises(kind, message, observation):
    with pytest.raises(SubjectError, match=message):
        check_subject(eqx.filter_jit(lambda: kind(named_key(5), 7, channels=4, ticks=3))(), observation)
