"""One episode on one level, as the explorer shows it: what the library's rollouts give, with the probabilities of each step."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.adapters.asking.agent import AskedAgent
from mesascope.adapters.asking.network import Network
from mesascope.adapters.asking.options import asking_of
from mesascope.auditing.gallery import SHARED_SEED
from mesascope.auditing.portable import portable
from mesascope.core.errors import SubjectError, UsageError
from mesascope.core.rollouts import think_ticks, view_of
from mesascope.core.subject import AbstractPolicy, AbstractSubject, Site, action_probabilities
from mesascope.explorer.episodes import CUT, STOPPED, TOUCHED, episode, episode_key
from mesascope.explorer.levels import levels_to_begin
from mesascope.instruments.closed_loop.rollouts import horizon_of, prepare, rolled_out
from mesascope.instruments.sample import look_at
from mesascope.learned.registry import build
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors
from mesascope.worlds.grids.turning import turning
from tests.reports import sample_audit

WORLD = RedDoors(size=5)
TURNING = turning(WORLD)
TEXT = "#####\n#..R#\n#.#.#\n#.b.#\n#####"
START = 6


class Wanderer(AbstractSubject):
    """It has a memory, sees five by five cells, and prefers what the sum of all that it has seen says."""

    matrix: jax.Array
    actions: int = eqx.field(static=True, default=4)
    stops: bool = eqx.field(static=True, default=False)
    ticks: int = 2
    reads_until: int = 2
    sites = (Site("sum", 4, "a sum of what was seen", "vector"),)
    recurrent = True
    view = "egocentric-5"

    @property
    def may_stop(self):
        return self.stops

    def think(self, state, observation, tick):
        seen = observation.reshape(len(observation), -1) @ self.matrix
        return {"sum": state["sum"] + seen[:, None, None] * (tick == 0) + 0.1}

    def act(self, state):
        logits = state["sum"][:, 0, 0, : self.actions]
        return jnp.where(logits[:, :1] > 0, -jnp.inf, logits) if self.stops else logits


class Leftward(AbstractPolicy):
    """It turns and goes on, likelier the one or the other by its heading."""

    def logits(self, observation):
        facing = observation[..., -4:]
        return jnp.stack([facing[..., 0], facing[..., 3], 2 * facing[..., 3]], -1)


@functools.cache
def wanderer(actions):
    size = 25 * len(WORLD.channels)
    return Wanderer(jnp.asarray(np.random.default_rng(1).normal(0, 0.3, (size, 4)), jnp.float32), actions)


@functools.cache
def level():
    return WORLD.read_levels(TEXT)


def subjects():
    net = build("local-gru", {}, key=jax.random.key(3), inputs=len(WORLD.channels))
    return {
        "organism": (WORLD, build_organism("walking-planner,pace=4", WORLD)),
        "local view": (WORLD, net),
        "egocentric": (WORLD, wanderer(4)),
        "egocentric, turning": (TURNING, wanderer(3)),
    }


@pytest.mark.parametrize("name", ["organism", "local view", "egocentric", "egocentric, turning"])
def test_an_episode_of_an_agent_with_a_memory_is_the_rollout_of_the_library(name):
    world, subject = subjects()[name]
    found = episode(world, subject, level(), 5, START, 3 if world is TURNING else None)
    state = START + (3 * 9 if world is TURNING else 0)
    grounds = prepare(world, level(), jax.random.key(0))._replace(start=jnp.array([state], jnp.int32))
    twin = jax.device_get(rolled_out(world, subject, grounds, episode_key(5)))
    live = twin.live[0]
    assert found.limit == horizon_of(grounds.mdp) == len(live)
    headings = [None] * live.sum() if world is WORLD else (twin.state[0][live] // 9).tolist()
    assert [step.cell for step in found.steps] == (twin.state[0][live] % 9).tolist()
    assert [step.heading for step in found.steps] == headings
    assert [step.action for step in found.steps] == twin.action[0][live].tolist()
    assert (found.end_cell, found.ended == TOUCHED) == (twin.end[0] % 9, bool(twin.ended[0]))
    assert "memory" in found.why
    assert len(found.steps) > 1
    assert all(sum(step.probabilities) == pytest.approx(1.0) for step in found.steps)


def test_the_probabilities_are_those_of_the_memory_that_the_agent_has_by_then():
    subject = subjects()["organism"][1]
    found = episode(WORLD, subject, level(), 5, START)
    seen = WORLD.observe(level())
    state = subject.start(seen)
    for age, step in enumerate(found.steps):
        state = think_ticks(subject, state, view_of(subject, seen, jnp.array([step.cell]), jnp.array(age)))
        assert step.probabilities == pytest.approx(action_probabilities(subject.act(state))[0].tolist(), abs=1e-5)


def test_the_probabilities_of_a_network_of_another_library_are_those_of_its_own_loop():
    weights = np.random.default_rng(2).normal(0, 0.4, (25 * len(WORLD.channels), 3)).astype(np.float32)

    def network(_, shown, memory):
        kept = np.zeros((len(shown), 3), np.float32) if memory is None else memory
        kept = np.tanh(kept + shown.reshape(len(shown), -1) @ weights)
        return 3 * kept, kept

    asking = asking_of({}, TURNING.actions, {"recurrent": True, "view": "egocentric-5"})
    subject = AskedAgent(Network("net", {}, {"w": weights}, network), asking).subject(TURNING)
    found = episode(TURNING, subject, level(), 2, START, 2)
    memory = None
    assert (found.steps[0].cell, found.steps[0].heading) == (START, 2)
    for step in found.steps:
        shown = TURNING.observe(level(), "egocentric-5", jnp.array([[9 * step.heading + step.cell]]))[:, 0]
        logits, memory = network(None, np.asarray(shown), memory)
        assert step.probabilities == pytest.approx(np.asarray(jax.nn.softmax(logits))[0].tolist(), abs=1e-5)


def test_an_agent_without_a_memory_that_turns_acts_by_its_policy_and_says_what_it_touched():
    found = episode(TURNING, Leftward(), level(), 3, START, 1)
    policy = look_at(TURNING, Leftward(), level(), "asked").policy[0]
    assert found.steps[0].cell == START
    assert found.steps[0].heading == 1
    for step in found.steps:
        assert step.probabilities == pytest.approx(policy[9 * step.heading + step.cell].tolist(), abs=1e-6)
    assert (found.ended, found.touched) == (TOUCHED, {2: "red door", 7: "blue ball"}[found.end_cell])
    assert "heading" in found.why


def test_an_episode_can_be_cut_or_stopped_and_then_nothing_is_touched():
    still = Wanderer(jnp.zeros((25 * len(WORLD.channels), 4)), stops=True)
    found = episode(WORLD, still, level(), 0, START)
    assert (found.steps, found.end_cell, found.ended, found.touched) == ([], START, STOPPED, None)
    left = Wanderer(still.matrix.at[:, 2].set(9.0))
    found = episode(WORLD, left, level(), 0, START)
    assert (len(found.steps), found.ended, found.touched) == (found.limit, CUT, None)
    assert {step.cell for step in found.steps} == {START}


def test_an_episode_begins_in_the_first_start_or_where_it_is_told_and_nowhere_else():
    assert episode(WORLD, wanderer(4), level()).steps[0].cell == 0
    for cell in (2, 4, 9, -1):  # the door, the wall, outside
        with pytest.raises(UsageError, match="free cell"):
            episode(WORLD, wanderer(4), level(), 0, cell)
    with pytest.raises(UsageError, match="from 0 to 3"):
        episode(TURNING, wanderer(3), level(), 0, START, 4)
    with pytest.raises(UsageError, match="no start"):
        episode(WORLD, wanderer(4), WORLD.read_levels("###\n#R#\n###"))


def test_an_agent_that_fails_is_a_subject_error():
    with pytest.raises(SubjectError, match="failed on this level"):
        episode(WORLD, Wanderer(jnp.zeros((3, 4))), level(), 0, START)


def test_worlds_with_headings_can_be_painted_and_their_agents_are_not_carried():
    painting = TURNING.painting
    assert (painting.actions, painting.headings, painting.moves) == (
        TURNING.actions,
        WORLD.actions,
        WORLD.painting.moves,
    )
    assert WORLD.painting.headings == ()
    net = build("glance", {"channels": 4, "ticks": 3}, key=jax.random.key(0), inputs=len(TURNING.channels))
    assert portable(TURNING, net, ()) is None
    inputs = build("glance", {"channels": 4, "ticks": 3}, key=jax.random.key(0), inputs=len(WORLD.channels))
    assert portable(WORLD, inputs, ()) is not None


def test_levels_to_begin_from_are_those_that_other_audits_show_for_all_agents():
    audit = sample_audit.sample_audit(7)
    audit = {**audit, "world": {**audit["world"], "knobs": {"size": 5}}, "levels": {"per_distribution": 3}}
    first, second = levels_to_begin(audit)
    assert (first["distribution"], second["distribution"]) == ("training", "blue-door")
    drawn = WORLD.draw(SHARED_SEED, 3)
    assert first["level"] == drawn.text(0)
    assert first["path"] == [int(np.flatnonzero(np.asarray(WORLD.tables(drawn).initial)[0])[0])]
    assert first["shared"]
    with pytest.raises(UsageError, match="blue-dor"):
        levels_to_begin({**audit, "ledger": {}, "competence": {}, "behavior": {"training": {}, "blue-dor": {}}})
