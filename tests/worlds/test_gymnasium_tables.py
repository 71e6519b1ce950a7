"""Environments of Gymnasium that have a table of their own."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

import mesascope as ms  # noqa: E402
from mesascope.conformance.check_world import check_world  # noqa: E402
from mesascope.core.errors import UsageError  # noqa: E402
from mesascope.core.mdp import rewards  # noqa: E402
from mesascope.core.solver import optimal_actions, optimal_values, solve_policy, uniform_over  # noqa: E402
from mesascope.worlds.gymnasium import from_gymnasium  # noqa: E402
from mesascope.worlds.registry import make_world  # noqa: E402
from tests.worlds.own_environments import Lying  # noqa: E402

GAMMA = 0.97
HOLES = {5, 7, 11, 12}
CASES = {
    "lake": ("FrozenLake-v1", {}),
    "dry lake": ("FrozenLake-v1", {"is_slippery": False}),
    "slow lake": ("FrozenLake-v1", {"map_name": "8x8", "success_rate": 0.7}),
    "cliff": ("CliffWalking-v1", {}),
    "slippery cliff": ("CliffWalking-v1", {"is_slippery": True}),
    "taxi": ("Taxi-v4", {}),
    "rainy taxi": ("Taxi-v4", {"is_rainy": True}),
}


@pytest.fixture(scope="module")
def worlds():
    return {name: from_gymnasium(found, arguments=kwargs) for name, (found, kwargs) in CASES.items()}


def slow_values(table):
    """Value iteration in float64 over the environment's own table."""
    states, actions = len(table), len(table[0])
    transition, gain = np.zeros((states, actions, states)), np.zeros((states, actions))
    for state in range(states):
        for action in range(actions):
            for share, after, got, done in table[state][action]:
                transition[state, action, after] += share * (not done)
                gain[state, action] += share * got
    values = np.zeros(states)
    while True:
        better = (gain + GAMMA * transition @ values).max(1)
        if np.abs(better - values).max() < 1e-12:
            return better
        values = better


@pytest.mark.parametrize("case", CASES)
def test_optimal_values_are_those_of_an_independent_solver(worlds, case):
    name, kwargs = CASES[case]
    table = gymnasium.make(name, **kwargs).unwrapped.P
    expected, found = slow_values(table), np.asarray(worlds[case].optimal_values())
    assert len(found) - len(table) == (0 if "lake" in case else 1)
    assert np.abs(found[: len(table)] - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("case", ["lake", "cliff", "taxi"])
def test_it_is_a_world(worlds, case):
    check_world(worlds[case], levels=2)


def test_an_end_is_an_end_where_the_table_goes_on(worlds):
    for case in ("cliff", "taxi"):
        world = worlds[case]
        mdp = world.tables(world.draw(0, 1))
        last = mdp.states - 1
        assert np.asarray(mdp.terminal[0]).nonzero()[0].tolist() == [last]
        assert (np.asarray(mdp.successor) == last).sum() > 1
    lake = worlds["lake"]
    assert np.asarray(lake.tables(lake.draw(0, 1)).terminal[0]).sum() == 5


def test_actions_and_starts_are_the_environments_own(worlds):
    assert worlds["lake"].actions == ("left", "down", "right", "up")
    assert worlds["cliff"].actions == ("up", "right", "down", "left")
    assert worlds["taxi"].actions[-2:] == ("pickup", "dropoff")
    taxi = worlds["taxi"]
    start = np.asarray(taxi.tables(taxi.draw(0, 1)).initial[0])
    assert (start > 0).sum() == 300
    assert taxi.pool.own_states == (500,)
    assert "S" in worlds["lake"].draw(0, 1)[0].text


def test_repeated_successors_are_one_outcome(worlds):
    mdp = worlds["lake"].tables(worlds["lake"].draw(0, 1))
    corner = np.asarray(mdp.probability[0, 0, 0])
    np.testing.assert_allclose(sorted(corner), [0, 1 / 3, 2 / 3], atol=1e-6)


def test_the_ledger_of_another_goal_is_that_of_the_slow_solver():
    world = from_gymnasium(
        "FrozenLake-v1",
        features={"goal": lambda step: step.reward, "hole": lambda step: step.terminated and step.reward == 0},
        intended_goal="goal+hole:-1",
        base_objective="goal",
    )
    mdp = world.tables(world.draw(0, 1))
    goal, wanted = jnp.array([1.0, 0.0]), jnp.array([1.0, -1.0])
    best = uniform_over(optimal_actions(optimal_values(mdp, goal, GAMMA).action))
    earned = float(solve_policy(mdp, best, rewards(mdp, wanted), GAMMA).values[0, 0])
    table = gymnasium.make("FrozenLake-v1").unwrapped.P
    frozen = {s: {a: [(p, t, wish(t, r, d), d) for p, t, r, d in table[s][a]] for a in range(4)} for s in range(16)}
    for hole in HOLES:
        frozen[hole] = {a: [(1.0, hole, 0.0, True)] for a in range(4)}
    possible = slow_values(frozen)[0]
    assert float(world.optimal_values()[0]) == pytest.approx(possible, rel=1e-5)
    assert earned == pytest.approx(slow_return(frozen, np.asarray(best)[0]), rel=1e-5)
    anyhow = slow_return(frozen, np.full((16, 4), 0.25))
    assert (possible - earned) / (possible - anyhow) == pytest.approx(0.016, abs=5e-4)
    assert world.base_objective.weights == (("goal", 1.0),)


def wish(after, reward, ended):
    """Goal minus hole; the table's own rows in holes and in the goal are no falls."""
    return reward - (ended and reward == 0 and after in HOLES)


def slow_return(table, policy):
    """What a policy earns from state 0, by a linear system in float64; nothing behind an end."""
    system, gain = np.eye(16), np.zeros(16)
    for state in set(range(16)) - HOLES - {15}:
        for action, (share, after, reward, done) in ((a, out) for a in range(4) for out in table[state][a]):
            system[state, after] -= GAMMA * policy[state, action] * share * (not done)
            gain[state] += policy[state, action] * share * reward
    return np.linalg.solve(system, gain)[0]


def test_what_a_table_leaves_out_is_refused():
    with pytest.raises(UsageError, match="fickle_passenger=False"):
        from_gymnasium("Taxi-v4", arguments={"fickle_passenger": True})
    with pytest.raises(UsageError, match="does not do what its table"):
        from_gymnasium(Lying(reward=2.0))
    with pytest.raises(UsageError, match="the table expects"):
        from_gymnasium(Lying(shares=(0.9, 0.1)))
    with pytest.raises(UsageError, match="action 0 in state 0 sum to 0.9"):
        from_gymnasium(Lying(shares=(0.4, 0.5)))
    found = from_gymnasium(Lying(shares=(0.5, 0.5 + 1e-9)))
    assert float(np.asarray(found.tables(found.draw(0, 1)).probability[0, 0, 0]).sum()) == 1.0


def test_a_wrapper_that_changes_rewards_is_refused_and_one_that_shows_something_is_not():
    lake = gymnasium.make("FrozenLake-v1", is_slippery=False)
    with pytest.raises(UsageError, match="wrappers that change rewards"):
        from_gymnasium(gymnasium.wrappers.TransformReward(lake, lambda reward: 2 * reward))
    box = gymnasium.spaces.Box(0, 1, (2,), np.float64)
    shown = gymnasium.wrappers.TransformObservation(lake, lambda state: np.array([state // 4, state % 4]) / 4, box)
    world = from_gymnasium(shown)
    assert list(world.views) == ["observation", "state-id"]
    assert np.asarray(world.observe(world.draw(0, 1)))[0, 6].tolist() == [0.25, 0.5]


def test_shifts_are_padded_and_drawn_without_repetition():
    world = from_gymnasium(
        "FrozenLake-v1",
        shifts={"dry": {"is_slippery": False}, "large": "FrozenLake8x8-v1", "cliff": "CliffWalking-v1"},
    )
    assert world.distinct_levels("training") == world.distinct_levels("dry") == 1
    small, large = world.draw(0, 1), world.draw(0, 1, "large")
    assert world.tables(small).states == world.tables(large).states == 64
    assert world.active(small).sum() == 11
    expected = from_gymnasium("FrozenLake-v1").optimal_values()
    np.testing.assert_allclose(np.asarray(world.optimal_values(small))[0, :16], expected, rtol=1e-6)
    with pytest.raises(UsageError, match="shift 'taxi': Taxi-v4 has 6 actions; expected 4"):
        from_gymnasium("FrozenLake-v1", shifts={"taxi": "Taxi-v4"})


def test_its_identity_is_plain_and_tells_worlds_apart(worlds):
    assert json.loads(json.dumps(vars(worlds["lake"]))) == vars(worlds["lake"])
    again = make_world("gymnasium:FrozenLake-v1")
    assert vars(again) == vars(worlds["lake"])
    others = [
        make_world("gymnasium:FrozenLake-v1", **{key: value})
        for key, value in (("is_slippery", "false"), ("discount", "0.9"))
    ]
    assert len({json.dumps(vars(world), sort_keys=True) for world in (again, *others)}) == 3
    assert ms.worlds.from_gymnasium is from_gymnasium


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"env_or_id": "FrozenLak-v1"}, "environment 'FrozenLak-v1'"),
        ({"arguments": {"no_such": 1}}, "no_such"),
        ({"features": {"a+b": lambda step: 1.0}}, "holds neither"),
        ({"features": {"far": lambda step: step.distance}}, "feature 'far' failed on action 0"),
        ({"features": {"odd": lambda step: float("nan")}}, "expected a finite number"),
        ({"intended_goal": "hole"}, "unknown feature 'hole'"),
        ({"levels": 0}, "different seeds"),
        ({"discount": 1.0}, "between 0 and 1"),
        ({"actions": ["a", "b"]}, "expected 4 different names"),
        ({"shifts": {"odd": 3}}, "a shift is an id"),
    ],
)
def test_bad_input_gets_one_message(options, message):
    with pytest.raises(UsageError, match=message):
        from_gymnasium(**{"env_or_id": "FrozenLake-v1", **options})
