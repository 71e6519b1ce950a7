"""A network is asked as was said: its view, its actions, its outputs; and what does not fit is named."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.adapters.asking.agent import AskedAgent
from mesascope.adapters.asking.in_world import different
from mesascope.adapters.asking.network import Network
from mesascope.adapters.asking.options import asking_of
from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import MesascopeError, SubjectError, UsageError
from mesascope.instruments.sample import answer
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=5)
NAMES = ("right", "up", "down", "left")
"""An order that is not the world's."""
WEIGHTS = np.random.default_rng(0).normal(size=(3 * 3 * 8, 4)).astype(np.float32)


def linear(weights, shown, *rest):
    return np.asarray(shown, np.float32).reshape(len(shown), -1) @ WEIGHTS[: shown[0].size]


def agent(call=linear, actions=NAMES, given=None, **options):
    network = Network("net", {"file": "hash"}, {"w": WEIGHTS}, call, looks_recurrent=options.pop("looks_recurrent", ""))
    return AskedAgent(network, asking_of(given or {}, actions, options))


def test_the_answers_are_those_of_the_network_in_the_worlds_order_and_equal_views_are_asked_once():
    asked = []

    def counting(weights, shown):
        asked.append(len(shown))
        return linear(weights, shown)

    levels = WORLD.draw(0, 3)
    seen = np.tile(np.asarray(WORLD.observe(levels, "egocentric-5")), (2, 1, 1, 1, 1))
    subject = agent(counting, view="egocentric-5", observe=lambda shown: shown[:, 1:4, 1:4, :]).subject(WORLD)
    asked.clear()
    found = np.asarray(subject.logits(jnp.asarray(seen)))
    for level, state in np.ndindex(6, 9):
        own = seen[level, state, 1:4, 1:4, :].ravel() @ WEIGHTS[:63]
        expected = [own[NAMES.index(action)] for action in WORLD.actions]
        np.testing.assert_allclose(found[level, state], expected, atol=1e-5)
    assert sum(asked) == len(np.unique(seen.reshape(54, -1), axis=0)) < 54
    check_subject(subject, jnp.asarray(seen), all_states=False)


def test_a_network_may_write_to_what_it_is_given_in_a_compiled_program_or_out_of_one():
    def spoiling(weights, shown):
        found = linear(weights, shown)
        shown[...] = np.nan
        return found

    seen = WORLD.observe(WORLD.draw(1, 3), "full")
    expected = np.asarray(agent().subject(WORLD).logits(seen))
    subject = dataclasses.replace(agent(spoiling), batch=8).subject(WORLD)
    for ask in (answer, answer, eqx.filter_jit(answer)):
        np.testing.assert_array_equal(np.asarray(ask(subject, seen)), expected)
    assert np.isfinite(np.asarray(seen)).all()


def test_full_is_the_view_unless_another_is_named_and_deterministic_takes_the_greatest():
    subject = agent(deterministic=True).subject(WORLD)
    seen = WORLD.observe(WORLD.draw(1, 2), "full")
    assert subject.view == "full"
    own = np.asarray(seen).reshape(18, -1) @ WEIGHTS
    taken = np.asarray(subject.logits(seen)).reshape(18, 4).argmax(1)
    assert [NAMES[i] for i in own.argmax(1)] == [WORLD.actions[i] for i in taken]


def test_numbers_of_actions_and_one_of_several_outputs_are_read():
    def pair(weights, shown):
        return {"value": np.zeros((len(shown), 1)), "action": linear(weights, shown).argmax(1)}

    subject = agent(pair, answers="actions", output=1).subject(WORLD)
    seen = WORLD.observe(WORLD.draw(1, 2), "full")
    plain = agent(deterministic=True).subject(WORLD)
    np.testing.assert_array_equal(np.asarray(subject.logits(seen)), np.asarray(plain.logits(seen)))


def test_text_and_values_say_the_same():
    given = {"output": "1", "recurrent": "true", "actions": "a/b", "initial": "math:sqrt", "expect_return": "0.5"}
    said = asking_of({}, ("a", "b"), {"output": 1, "recurrent": True, "initial": "math:sqrt", "expect_return": 0.5})
    assert asking_of(given) == said
    assert said.reported.mean == 0.5
    assert asking_of({"observe": "flat"}).observe.function(np.zeros((2, 3, 3, 1))).shape == (2, 9)
    assert agent(observe=np.abs).identity["asked"]["observe"]["name"] == "absolute"


def pair(weights, shown):
    return linear(weights, shown), np.zeros((len(shown), 2))


def of_three(weights, shown):
    return linear(weights, shown)[:, :3]


def failing(weights, shown):
    raise ValueError("mat1 and mat2 cannot be multiplied")


@pytest.mark.parametrize(
    ("call", "options", "message"),
    [
        (
            linear,
            {"actions": None},
            "net: found actions without names; expected those of red-doors, up/down/left/right",
        ),
        (
            linear,
            {"actions": ("left", "right", "forward")},
            "net: found actions left/right/forward; expected those of red",
        ),
        (of_three, {}, r"expected \(3, 4\), a row of logits for its actions right/up/down/left"),
        (pair, {}, r"puts out 2 things, \(float32 \(3, 4\), float64 \(3, 2\)\): write output=N"),
        (pair, {"output": 2}, "output=2 is none of them"),
        (linear, {"output": 1}, "leave out output=1"),
        (linear, {"answers": "actions"}, "expected the number of an action, 0 to 3, for each"),
        (linear, {"view": "fall"}, "unknown view of red-doors 'fall': did you mean 'full'?"),
        (linear, {"view": "map"}, "view=map shows the whole level without the agent"),
        (failing, {}, r"net failed when it was given float32 \(3, 3, 3, 8\): ValueError: mat1 and mat2"),
        (linear, {"observe": lambda shown: shown[:1]}, r"of 3 queries; expected an array, a tensor or a tuple of them"),
        (linear, {"observe": lambda shown: {"image": shown}}, r"made \{image: float32 \(3, 3, 3, 8\)\} of 3 queries"),
        (linear, {"observe": lambda shown: shown["image"]}, "failed when it was given float32"),
        (linear, {"looks_recurrent": "its forward takes 'h'"}, "net looks recurrent: its forward takes 'h'"),
        (linear, {"recurrent": True}, r"net puts out float32 \(2, 4\); expected \(logits, memory\)"),
    ],
)
def test_what_does_not_fit_is_named_in_one_message(call, options, message):
    from mesascope.adapters.asking.network import explained

    def explaining(weights, *given):
        with explained("net", *given):
            return call(weights, *given)

    with pytest.raises(MesascopeError, match=message.replace("?", r"\?")):
        agent(explaining, **{"actions": NAMES, **options}).subject(WORLD)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"answers": "paths"}, "answers=paths: expected logits, actions or path"),
        ({"recurrent": "yes"}, "recurrent=yes: expected true or false"),
        ({"output": "first"}, "output=first: expected a whole number"),
        ({"length": "0"}, "length=0: expected a whole number from 1"),
        ({"actions": "a/a"}, "actions=a/a: expected each name once"),
        ({"initial": "math:sqrt"}, "write recurrent=true as well"),
        ({"answers": "path", "recurrent": "true"}, "leave out recurrent=true"),
        ({"answers": "actions", "deterministic": "true"}, "leave it out with answers=actions"),
        ({"observe": "math:pi"}, "observe=math:pi: a float; expected a function, or one of channels-first"),
        ({"observe": "channels-frist"}, "expected code as MODULE:ATTRIBUTE"),
    ],
)
def test_options_that_cannot_be_are_named(given, message):
    with pytest.raises(UsageError, match=message):
        asking_of(given)


def test_a_network_whose_pictures_nobody_knows_how_to_turn_is_asked_about():
    network = Network("net", {}, {}, linear, arrange=None)
    with pytest.raises(UsageError, match="write observe=channels-first, observe=channels-last, observe=flat"):
        AskedAgent(network, asking_of({}, NAMES)).subject(WORLD)
    with pytest.raises(SubjectError, match="logits"):
        AskedAgent(network._replace(call=of_three), asking_of({"observe": "flat"}, NAMES)).subject(WORLD)


@pytest.mark.parametrize("kinds", [7, 100_000])
def test_equal_rows_are_found_where_there_are_many_and_all_are_kept_where_there_are_few(kinds):
    numbers = np.random.default_rng(0).integers(kinds, size=4000)
    rows = np.stack([numbers, numbers + 1], 1).astype(np.float32)
    found, which = different(rows)
    np.testing.assert_array_equal(found[which], rows)
    assert len(found) == (7 if kinds == 7 else 4000)
