"""Tables of action values as subjects."""

import jax.numpy as jnp
import numpy as np
import pytest

pytest.importorskip("gymnasium")

import gymnasium

import mesascope as ms
from mesascope.adapters.tables import table_subject
from mesascope.core.errors import SubjectError
from mesascope.core.rng import named_key
from mesascope.core.solver import optimal_values
from mesascope.instruments.episodes import episodes_of
from mesascope.instruments.evidence import plain_evidence
from mesascope.instruments.sample import look_at
from mesascope.instruments.staged import infer_staged_objective


@pytest.fixture(scope="module")
def lake():
    return ms.worlds.from_gymnasium(
        "FrozenLake-v1", arguments={"is_slippery": False}, shifts={"slippery": {"is_slippery": True}}
    )


def learn(steps, gamma=0.97):
    """Tabular Q-learning on the lake without slipping."""
    environment, rng = gymnasium.make("FrozenLake-v1", is_slippery=False), np.random.default_rng(0)
    q = np.full((16, 4), 0.5)
    state, _ = environment.reset(seed=0)
    for _ in range(steps):
        action = int(rng.integers(4)) if rng.random() < 0.3 else int(q[state].argmax())
        after, reward, ended, cut, _ = environment.step(action)
        q[state, action] += 0.5 * (reward + gamma * (0 if ended else q[after].max()) - q[state, action])
        state = environment.reset()[0] if ended or cut else after
    return q


@pytest.mark.slow
def test_a_q_table_is_audited_in_three_lines(lake):
    result = ms.audit(table_subject(learn(4_000), world=lake), lake, quick=True)
    assert result.ledger["training"].capability.share == pytest.approx(0, abs=1e-4)
    assert result.ledger["slippery"].total.share > 0.1
    assert result.world.knobs["environment"] == "FrozenLake-v1"


def test_it_acts_greedily_by_the_first_best_or_by_softmax():
    q = np.array([[0.0, 2.0, 2.0], [1.0, 0.0, 0.5]])
    assert np.asarray(table_subject(q).logits(jnp.array([[0, 1, 7]]))).argmax(-1).tolist() == [[1, 0, 0]]
    soft = np.asarray(table_subject(q, temperature=0.5).logits(jnp.array([[1]])))[0, 0]
    np.testing.assert_allclose(soft - soft[1], [2.0, 0.0, 1.0], atol=1e-6)


def test_columns_are_put_in_the_order_of_the_world(lake):
    q = np.tile(np.arange(4.0), (16, 1))
    named = table_subject(q, actions=["up", "right", "down", "left"], world=lake)
    assert int(np.asarray(named.logits(jnp.array([[0]]))).argmax()) == lake.actions.index("left")


def test_what_does_not_fit_is_refused(lake):
    for q, options, message in (
        (np.zeros((500, 6)), {}, "6 columns"),
        (np.zeros((15, 4)), {}, "a table of 15 states; expected 16"),
        (np.full((16, 4), np.nan), {}, "finite"),
        (np.zeros((16, 4)), {"actions": ["up", "right", "down", "back"]}, "pass actions="),
        (np.zeros((16, 4)), {"temperature": 0.0}, "positive"),
    ):
        with pytest.raises(SubjectError, match=message):
            table_subject(q, world=lake, **options)


@pytest.fixture(scope="module")
def shunned():
    """What is inferred of an agent that is after the goal, in the one level of a lake with holes."""
    lake = ms.worlds.from_gymnasium(
        "FrozenLake-v1",
        features={"goal": lambda step: step.reward, "hole": lambda step: step.terminated and step.reward == 0},
        intended_goal="goal+hole:-1",
        base_objective="goal",
    )
    mdp = lake.tables(lake.draw(0, 1))
    best = optimal_values(mdp, jnp.array([1.0, 0.0]), lake.discount).action
    sample = look_at(lake, table_subject(np.asarray(best)[0, :16], world=lake), lake.draw(0, 1), "training")
    return sample, infer_staged_objective(lake, [sample], named_key(0), levels=64)


def test_weights_hold_the_truth_and_leave_open_what_the_lake_does_not_tell(shunned):
    """Slippery ice makes an agent that is after the goal and one that shuns holes act much alike."""
    table = {row.name: row.posterior for row in shunned[1].everywhere.table}
    goal, hole = (shunned[1].weights.weights[name].interval for name in ("goal", "hole"))
    assert table["goal"] > 0.025
    assert goal.high == 1.0
    assert hole.low <= 0 <= hole.high
    # Ten states: whether holes are shunned as well is hardly told.
    assert hole.low < -0.5
    assert sum(table[name] for name in ("hole", "nothing")) < 0.01


def test_one_level_is_played_in_several_times_and_a_state_counts_once(shunned):
    sample, found = shunned
    once = plain_evidence(sample.mdp, episodes_of(sample, named_key(0), 1))[2]
    often, level, state = plain_evidence(sample.mdp, episodes_of(sample, named_key(0), 32))
    assert len(once) < len(state) == len(set(zip(level.tolist(), state.tolist(), strict=True))) == often.choices
    assert found.everywhere.choices == len(plain_evidence(sample.mdp, episodes_of(sample, named_key(0), 32))[2])
    acting = np.asarray(sample.policy)[0, state].argmax(-1)
    np.testing.assert_array_equal(np.asarray(often.action)[: len(state)], acting)
