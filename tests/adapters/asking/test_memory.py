"""Networks with a memory: every nesting of it is kept, an episode is what the network's own loop gives."""

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.adapters.asking.agent import AskedAgent
from mesascope.adapters.asking.network import Network
from mesascope.adapters.asking.options import asking_of
from mesascope.conformance.check_subject import check_subject
from mesascope.core.errors import SubjectError
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=5)
NAMES = ("right", "up", "down", "left")
RNG = np.random.default_rng(0)
SEEN, KEPT = RNG.normal(size=(72, 4)).astype(np.float32), RNG.normal(size=(4, 4)).astype(np.float32)


def network(weights, shown, memory):
    """Keeps two layers of numbers, with the actors in the second axis, and how many steps there were."""
    if memory is None:
        memory = {"h": np.ones((2, len(shown), 4), np.float32), "t": (np.zeros(len(shown), np.int64),)}
    h, (t,) = memory["h"], memory["t"]
    assert h.shape == (2, len(shown), 4)
    assert t.dtype == np.int64
    first = np.tanh(shown.reshape(len(shown), -1) @ SEEN + h[0] @ KEPT + 0.1 * t[:, None])
    return first, {"h": np.stack([first, h[0]]), "t": (t + 1,)}


def agent(call=network, actions=NAMES, initial=None, **options):
    own = Network("net", {}, {"seen": SEEN}, call, initial=initial)
    return AskedAgent(own, asking_of({}, actions, {"recurrent": True, **options}))


def loop(states, view="full"):
    """The logits of the network in its own loop: one actor on each level, in these states."""
    seen = np.asarray(WORLD.observe(WORLD.draw(0, 3), view))
    memory, found = None, []
    for now in states:
        logits, memory = network(None, seen[np.arange(3), now], memory)
        found.append(logits)
    return np.stack(found)


@pytest.mark.parametrize("begins", [False, pytest.param(True, marks=pytest.mark.long)])
def test_an_episode_is_that_of_the_networks_own_loop(begins):
    def initial(weights, actors):
        return {"h": np.ones((2, actors, 4), np.float32), "t": (np.zeros(actors, np.int64),)}

    subject = agent(initial=initial if begins else None).subject(WORLD)
    levels = WORLD.draw(0, 3)
    full, states = WORLD.observe(levels, "full"), RNG.integers(0, 9, (4, 3))
    expected = loop(states)
    state = subject.start(full[:, 0, ..., :-1])
    from mesascope.core.rollouts import seen_at

    for step, now in enumerate(states):
        state = subject.think(state, seen_at(subject, full[jnp.arange(3), now], jnp.array(step)), jnp.array(0))
        found = np.asarray(subject.act(state))
        np.testing.assert_allclose(found, expected[step][:, [NAMES.index(a) for a in WORLD.actions]], atol=1e-6)
    check_subject(subject, full, all_states=False)
    check_subject(subject, WORLD.observe(levels))


def test_a_view_of_its_own_is_shown_at_every_step():
    def counting(weights, shown, memory):
        assert shown.shape[1:] == (5, 5, 7)
        memory = np.zeros(len(shown), np.float32) if memory is None else memory
        return np.eye(4, dtype=np.float32)[memory.astype(int) % 4], memory + 1

    subject = agent(counting, view="egocentric-5", actions=WORLD.actions).subject(WORLD)
    seen = WORLD.observe(WORLD.draw(0, 2), "egocentric-5")
    check_subject(subject, seen, all_states=False)
    assert [site.name for site in subject.sites] == ["preferences", "begun", "memory"]


@pytest.mark.parametrize(
    ("memory", "message"),
    [
        (lambda shown: np.zeros((3, 4)), "expected one axis that is as long as there are actors"),
        (lambda shown: (np.zeros((len(shown), 4)), 7), "its memory holds a int; expected arrays alone"),
        (lambda shown: (), r"a memory of \(\); expected arrays"),
    ],
)
def test_a_memory_that_is_not_each_actors_own_is_refused(memory, message):
    def call(weights, shown, before):
        return np.zeros((len(shown), 4)), memory(shown)

    with pytest.raises(SubjectError, match=message):
        agent(call).subject(WORLD)


def test_numbers_that_float32_does_not_hold_are_refused():
    def call(weights, shown, before):
        return np.zeros((len(shown), 4)), np.full(len(shown), 2**24 + 1)

    subject = agent(call).subject(WORLD)
    with pytest.raises(SubjectError, match="whole numbers from 16777216 on"):
        check_subject(subject, WORLD.observe(WORLD.draw(0, 2)))
