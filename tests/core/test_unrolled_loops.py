import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.conformance.check_subject import check_subject
from mesascope.core.rollouts import one_hot_cells, think_ticks
from mesascope.core.subject import AbstractSubject, Site, View
from mesascope.core.traced_loops import wide_loops
from mesascope.core.unrolled_loops import FEWEST, OpenedLoop, open_loop

ROUNDS = 5
LEVELS = jax.random.uniform(jax.random.key(0), (3, 4, 5, 2))


def spread(value):
    """Each cell takes a share of its neighbors' numbers."""
    return 0.5 * value + 0.25 * (jnp.roll(value, 1, 1) + jnp.roll(value, 1, 2))


def plain(seen):
    return jax.lax.fori_loop(0, ROUNDS, lambda _, value: spread(value), seen)


def counted(seen):
    """What a round does depends on its number."""
    return jax.lax.fori_loop(0, ROUNDS, lambda n, value: spread(value) * (1 + n), seen)


def given_inputs(seen):
    scale = jnp.arange(1.0, ROUNDS + 1)
    return jax.lax.scan(lambda value, by: (spread(value) * by + seen, None), seen, scale)[0]


def backwards(seen):
    scale = jnp.arange(1.0, ROUNDS + 1)
    return jax.lax.scan(lambda value, by: (spread(value) + by, None), seen, scale, reverse=True)[0]


def of_kinds(seen):
    """A flat map, a truth value in each cell, and a short loop before the long one."""
    first = jax.lax.fori_loop(0, 2, lambda _, value: spread(value), seen)
    flat, met = jax.lax.fori_loop(
        0, ROUNDS, lambda _, now: (spread(now[0]), now[1] | (now[0] > 0.7)), (first[..., 0], seen[..., 0] > 0.9)
    )
    return jnp.stack([flat, jnp.where(met, flat, 0.0)], -1)


def within(seen):
    return jax.jit(plain)(seen) + 1.0


class Reader(AbstractSubject):
    """Reads the level in the first of two ticks; the rest happens while it answers."""

    answer: object = eqx.field(static=True)
    ticks: int = eqx.field(static=True, default=2)
    reads_until: int = eqx.field(static=True, default=1)
    gain: jax.Array = eqx.field(default_factory=lambda: jnp.array(2.0))

    @property
    def sites(self):
        return (Site("seen", 2, "the level"),)

    def start(self, observation):
        return {"seen": jnp.zeros((*observation.shape[:3], 2))}

    def think(self, state, observation, tick):
        return {"seen": jnp.where(tick == 0, observation, state["seen"])}

    def act(self, state):
        found = self.answer(state["seen"]) * self.gain
        return jnp.concatenate([found, found[..., ::-1]], -1)


@eqx.filter_jit
def ask(subject, levels):
    return subject.logits(levels)


def run(subject, observation, ticks):
    state = subject.start(observation)
    for tick in range(ticks):
        state = subject.think(state, observation, jnp.array(tick))
    return state


@pytest.mark.parametrize("answer", [plain, counted, given_inputs, backwards, of_kinds, within])
def test_rounds_become_ticks_and_answers_stay(answer):
    subject = Reader(answer)
    opened = open_loop(subject, LEVELS)
    assert isinstance(opened, OpenedLoop)
    assert opened.ticks == subject.ticks + ROUNDS
    assert opened.reads_until == 1
    for levels in (LEVELS, LEVELS[:2, :3, :3]):
        np.testing.assert_allclose(ask(opened, levels), ask(subject, levels), rtol=1e-6)
    check_subject(opened, LEVELS)


def test_every_round_is_a_state():
    opened = open_loop(Reader(plain), LEVELS)
    value = LEVELS
    for done in range(ROUNDS + 1):
        state = run(opened, LEVELS, 2 + done)
        np.testing.assert_allclose(state["readout 2"], value, rtol=1e-6)
        np.testing.assert_array_equal(state["seen"], LEVELS)
        value = spread(value)


def test_what_is_written_into_a_round_is_what_it_goes_on_from():
    opened = open_loop(Reader(plain), LEVELS)
    state = run(opened, LEVELS, 4)
    state = {**state, "readout 2": state["readout 2"].at[:, 0, 0].set(9.0)}
    expected = state["readout 2"]
    for tick in range(4, opened.ticks):
        state = opened.think(state, LEVELS, jnp.array(tick))
        expected = spread(expected)
    np.testing.assert_allclose(opened.act(state)[..., :2], 2.0 * expected, rtol=1e-6)


def test_weights_stay_those_of_the_subject():
    opened = open_loop(Reader(plain), LEVELS)
    other = eqx.tree_at(lambda o: o.subject.gain, opened, jnp.array(3.0))
    np.testing.assert_allclose(other.logits(LEVELS), 1.5 * opened.logits(LEVELS), rtol=1e-6)


def none_at_all(seen):
    return spread(seen)


def puts_out(seen):
    """What a loop puts out at every round is not kept in any state."""
    last, all_of_them = jax.lax.scan(lambda value, _: (spread(value), value), seen, None, length=ROUNDS)
    return last + all_of_them.sum(0)


def until(seen):
    """How many rounds there will be is not known before."""
    return jax.lax.while_loop(lambda value: value.max() > 0.6, fade, seen)


def fade(value):
    return 0.97 * spread(value)


def rounds_until(seen):
    rounds = 0
    while seen.max() > 0.6:
        seen, rounds = fade(seen), rounds + 1
    return rounds


def no_map(seen):
    return jax.lax.fori_loop(0, ROUNDS, lambda _, sums: sums * 0.5, seen.sum((1, 2, 3)))[:, None, None, None] + seen


def number_alone(seen):
    return jax.lax.fori_loop(0, ROUNDS, lambda _, number: number * 0.5, jnp.array(1.0)) + seen


def too_exact(seen):
    """Odd numbers that 32-bit floats cannot hold."""
    odd = 2**25 + 1 + (seen[..., :1] > 0.5)
    return jax.lax.fori_loop(0, ROUNDS, lambda _, n: n, odd.astype(jnp.int32)) % 2 * 9.0 + seen * 0


class InTick(Reader):
    """Does everything in its first tick, and waits in the second."""

    def think(self, state, observation, tick):
        return {"seen": jnp.where(tick == 0, self.answer(observation), state["seen"])}

    def act(self, state):
        return jnp.concatenate([state["seen"], state["seen"][..., ::-1]], -1) * self.gain


@pytest.mark.parametrize(("answer", "rounds"), [(plain, ROUNDS), (backwards, ROUNDS), (until, rounds_until(LEVELS))])
def test_a_loop_in_a_tick_is_opened_too(answer, rounds):
    subject = InTick(answer)
    opened = open_loop(subject, LEVELS)
    assert isinstance(opened, OpenedLoop)
    assert (opened.ticks, opened.reads_until) == (2 * rounds, rounds)
    for levels in (LEVELS, LEVELS[:2, :3, :3]):
        np.testing.assert_allclose(ask(opened, levels), ask(subject, levels), rtol=1e-6)
    if answer is not until:  # which goes on until all levels of a batch are done
        check_subject(opened, LEVELS)


def test_every_round_of_a_tick_is_a_state_that_it_goes_on_from():
    opened = open_loop(InTick(plain), LEVELS)
    value = LEVELS
    for done in range(1, ROUNDS):
        value = spread(value)
        np.testing.assert_allclose(run(opened, LEVELS, done)["loop in a tick 2"], value, rtol=1e-6)
    state = run(opened, LEVELS, 3)
    state = {**state, "loop in a tick 2": state["loop in a tick 2"].at[:, 0, 0].set(9.0)}
    expected = state["loop in a tick 2"]
    for tick in range(3, opened.ticks):
        state = opened.think(state, LEVELS, jnp.array(tick))
        expected = spread(expected) if tick < ROUNDS else expected
    np.testing.assert_allclose(opened.act(state)[..., :2], 2.0 * expected, rtol=1e-6)


@pytest.mark.parametrize("levels", [LEVELS, 3.0 * LEVELS, 0.1 * LEVELS])
def test_a_loop_that_runs_until_something_holds_is_given_the_rounds_of_a_sample_and_finishes_what_is_left(levels):
    subject = Reader(until)
    opened = open_loop(subject, LEVELS)
    assert opened.ticks == subject.ticks + rounds_until(LEVELS)
    assert rounds_until(3.0 * LEVELS) > rounds_until(LEVELS) >= FEWEST
    np.testing.assert_allclose(ask(opened, levels), ask(subject, levels), rtol=1e-6)


class Looping(AbstractSubject):
    """Remembers what it was shown, and goes over it in a loop at every step."""

    ticks: int = eqx.field(static=True, default=1)
    reads_until: int = eqx.field(static=True, default=1)
    recurrent: bool = eqx.field(static=True, default=True)
    sees_until: int = eqx.field(static=True, default=1)

    @property
    def sites(self):
        return (Site("seen", 2, "the level"), Site("found", 2, "what came of it"), Site("here", 1, "where it stands"))

    def think(self, state, view, tick):
        seen = jnp.where(view.shown[:, None, None, None], view.level, state["seen"])
        return {"seen": seen, "found": plain(seen), "here": view.here}

    def act(self, state):
        there = (state["found"] * state["here"]).sum((1, 2))
        return jnp.concatenate([there, -there], -1)


def test_a_loop_at_every_step_of_an_episode_is_opened():
    cells = one_hot_cells(jnp.array([3, 7, 11]), LEVELS.shape[1:3])
    subject, view = Looping(), View(LEVELS, cells, jnp.ones(3, bool))
    opened = open_loop(subject, view)
    assert opened.ticks == ROUNDS
    own, its = subject.start(LEVELS), opened.start(LEVELS)
    for shown in (True, False, False):
        now = View(LEVELS * shown, cells, jnp.full(3, shown))
        own, its = think_ticks(subject, own, now), think_ticks(opened, its, now)
        np.testing.assert_allclose(opened.act(its), subject.act(own), rtol=1e-6)
    check_subject(opened, LEVELS)
    assert open_loop(subject, LEVELS) is subject


def in_branch(seen):
    return jax.lax.cond(seen.sum() > 0, plain, lambda value: value, seen)


def looked_up(seen):
    table = jnp.linspace(0.0, 1.0, 64)
    return seen + jnp.searchsorted(table, seen.reshape(-1)).reshape(seen.shape) / 64


@pytest.mark.parametrize(
    ("answer", "loops"),
    [(plain, 1), (in_branch, 1), (until, 1), (no_map, 0), (number_alone, 0), (looked_up, 0), (none_at_all, 0)],
)
def test_loops_with_room_for_a_map_are_found_wherever_they_are(answer, loops):
    cells = math.prod(LEVELS.shape[:3])
    assert len(wide_loops(answer, (LEVELS,), cells)) == loops


@pytest.mark.parametrize("answer", [none_at_all, puts_out, no_map, number_alone, too_exact])
def test_what_cannot_be_opened_is_left_as_it_is(answer):
    subject = Reader(answer)
    assert open_loop(subject, LEVELS) is subject
