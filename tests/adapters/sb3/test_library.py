"""What Stable-Baselines3 and sb3-contrib 2.9.2 really do, where the adapters depend on it: another version that differs fails."""

import numpy as np
import pytest

from mesascope.adapters.checks import SURE
from mesascope.adapters.sb3.agent import load_sb3

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed: tests/QUARANTINES.md")
pytest.importorskip("sb3_contrib", reason="sb3-contrib is not installed: tests/QUARANTINES.md")

ONE = np.zeros((1, 5), np.float32)


def calls_of(module, run):
    """How often hooks on a module and its parts fire, by name."""
    calls = dict.fromkeys(name for name, _ in module.named_modules())

    def count(name):
        return lambda *_: calls.update({name: (calls[name] or 0) + 1})

    hooks = [part.register_forward_hook(count(name)) for name, part in module.named_modules()]
    run()
    for hook in hooks:
        hook.remove()
    return {name for name, times in calls.items() if times}


def test_predict_calls_neither_the_forward_of_the_policy_nor_of_its_extractor(trained):
    """2.9.2: a hook on `policy` or on `policy.mlp_extractor` records nothing; those on the parts that act do."""
    model, _ = trained("box")
    fired = calls_of(model.policy, lambda: model.predict(ONE))
    assert not fired & {"", "mlp_extractor", "mlp_extractor.value_net", "value_net"}
    assert fired >= {"features_extractor", "mlp_extractor.policy_net", "action_net"}
    assert "mlp_extractor" in calls_of(model.policy, lambda: model.policy(torch.zeros(1, 5)))


def test_one_distribution_object_is_overwritten_at_every_call(trained):
    """2.9.2: what `get_distribution` gave before changes at the next call; the adapter copies."""
    model, path = trained("box")
    first = model.policy.get_distribution(torch.zeros(1, 5))
    before = first.distribution.logits.detach().clone()
    second = model.policy.get_distribution(torch.full((1, 5), 0.9))
    assert first is second
    assert not torch.equal(first.distribution.logits, before)
    agent = load_sb3(path)
    kept = agent.logits(ONE)
    as_it_was = kept.copy()
    agent.logits(ONE + 0.9)
    np.testing.assert_array_equal(kept, as_it_was)


def test_pictures_are_divided_by_255_whatever_they_hold(trained):
    """2.9.2: a uint8 picture of zeros and ones reaches the network as 0 and 1/255, and so it does in the adapter."""
    model, path = trained("image")
    picture = np.random.default_rng(0).integers(0, 2, (1, 36, 36, 3), dtype=np.uint8)
    agent = load_sb3(path)

    def shown(policy, run):
        seen = []
        hook = policy.features_extractor.register_forward_pre_hook(lambda _, given: seen.append(given[0].clone()))
        run(picture)
        hook.remove()
        return seen[0]

    own = shown(model.policy, model.predict)
    assert (own.shape, float(own.max())) == ((1, 3, 36, 36), pytest.approx(1 / 255))
    np.testing.assert_array_equal(shown(agent.built.module, agent.logits), own)


def test_a_deterministic_dqn_takes_the_first_of_equal_values(trained):
    """2.9.2: `predict` takes the first action of the greatest value; the adapter gives each of them the same share."""
    model, path = trained("dqn")
    agent = load_sb3(path)
    for policy in (model.policy, agent.built.module):
        last = policy.q_net.q_net[-1]
        own = {name: value.clone() for name, value in last.state_dict().items()}
        with torch.no_grad():
            last.weight.zero_()
            last.bias.copy_(torch.tensor([0.0, 1.0, 1.0]))
        if policy is model.policy:
            assert model.predict(ONE, deterministic=True)[0] == 1
            last.load_state_dict(own)
    np.testing.assert_array_equal(agent.logits(ONE), [[0.0, SURE, SURE]])


def test_actions_of_a_space_that_starts_at_one_are_counted_from_zero(trained):
    """2.9.2: `predict` gives 0, 1, 2 where the space has 1, 2, 3, so that the environment is given what its space lacks."""
    model, path = trained("from one")
    agent = load_sb3(path)
    assert (agent.action_space.start, agent.action_space.n) == (1, 3)
    observations = np.random.default_rng(0).uniform(-1, 1, (200, 5)).astype(np.float32)
    taken = model.predict(observations)[0]
    assert set(taken) == {0, 1, 2}
    assert not agent.action_space.contains(taken[taken == 0][0])
    assert agent.logits(observations).shape == (200, 3)


def test_an_empty_mask_gives_probabilities_likelihoods_and_entropy_that_contradict_each_other(trained):
    """sb3-contrib 2.9.2: no action allowed gives every action the same probability, and an entropy of 0."""
    model, _ = trained("masked")
    found = model.policy.get_distribution(torch.zeros(1, 5), action_masks=np.zeros((1, 3), bool))
    probabilities = found.distribution.probs[0].detach()
    likelihoods = torch.stack([found.log_prob(torch.tensor([action])) for action in range(3)]).exp()
    np.testing.assert_allclose(probabilities, 1 / 3, atol=1e-6)
    assert float(found.entropy().detach()) == 0.0
    assert not np.allclose(likelihoods.detach().numpy(), 1 / 3, atol=0.1)


def test_spaces_of_parts_are_equal_whatever_the_order_of_their_keys(trained):
    """Gymnasium 1.4.0: a list of pairs keeps its order, a dict is sorted; both are equal, and are flattened differently. 2.9.2
    joins the features of the parts in this order, so the adapter keeps the file's.
    """
    spaces = pytest.importorskip("gymnasium.spaces")
    parts = [("z", spaces.Discrete(2)), ("a", spaces.Discrete(3))]
    kept, sorted_by_name = spaces.Dict(parts), spaces.Dict(dict(parts))
    assert kept == sorted_by_name
    assert (list(kept), list(sorted_by_name)) == (["z", "a"], ["a", "z"])
    one = {"z": 1, "a": 0}
    assert spaces.flatten(kept, one).tolist() != spaces.flatten(sorted_by_name, one).tolist()
    assert list(load_sb3(trained("unsorted").path).observation_space) == ["z", "a"]
