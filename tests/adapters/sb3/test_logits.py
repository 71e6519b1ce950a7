"""What an agent prefers, read from its file without unpickling, against what Stable-Baselines3 2.9.2 computes."""

import numpy as np
import pytest

from mesascope.adapters.checks import SURE
from mesascope.adapters.sb3.agent import load_sb3

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed: tests/QUARANTINES.md")
pytest.importorskip("sb3_contrib", reason="sb3-contrib is not installed: tests/QUARANTINES.md")

TOLERANCE = 1e-5


def sampled(model, count=9):
    """Observations of the environment's own space, pictures channels last."""
    space = model.get_env().envs[0].observation_space
    space.seed(3)
    each = [space.sample() for _ in range(count)]
    if isinstance(each[0], dict):
        return {name: np.stack([one[name] for one in each]) for name in each[0]}
    return np.stack(each)


def own_logits(model, observations):
    with torch.no_grad():
        seen = model.policy.obs_to_tensor(observations)[0]
        return model.policy.get_distribution(seen).distribution.logits.numpy()


@pytest.mark.parametrize("kind", ["box", "image", "parts", "unsorted", "discrete", "digits", "bits", "relu"])
def test_logits_are_those_of_its_own_policy(trained, kind):
    model, path = trained(kind)
    observations = sampled(model)
    agent = load_sb3(path)
    np.testing.assert_allclose(agent.logits(observations), own_logits(model, observations), atol=TOLERANCE)
    assert not agent.recurrent
    assert agent.algorithm == type(model).__name__
    assert agent.observation_space == model.observation_space
    # A tensor that has several names, as the parts of a shared extractor do, is there under one of them.
    own = {
        id(value): (name, value)
        for name, value in reversed(list(model.policy.named_parameters(remove_duplicate=False)))
    }
    assert {name: value.shape for name, value in agent.weights.items()} == {n: tuple(v.shape) for n, v in own.values()}


def test_a_deterministic_agent_takes_the_most_probable_action(trained):
    model, path = trained("box")
    observations = sampled(model)
    found = load_sb3(path, deterministic=True).logits(observations)
    np.testing.assert_array_equal(found.argmax(1), model.predict(observations, deterministic=True)[0])
    assert set(found.ravel()) == {0.0, SURE}


def test_dqn_takes_the_action_of_the_greatest_value(trained):
    model, path = trained("dqn")
    observations = sampled(model)
    agent = load_sb3(path)
    found = agent.logits(observations)
    np.testing.assert_array_equal(found.argmax(1), model.predict(observations, deterministic=True)[0])
    assert set(found.ravel()) == {0.0, SURE}
