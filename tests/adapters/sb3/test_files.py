"""Files that are damaged, of something else, or that hold code: each gets one message, and nothing in them is executed."""

import base64
import json
import os
import pickle
import zipfile

import numpy as np
import pytest

from mesascope.adapters.sb3.agent import load_sb3
from mesascope.adapters.sb3.archive import read_archive
from mesascope.core.errors import AgentFileError, DivergedError, UsageError

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")
pytest.importorskip("stable_baselines3", reason="Stable-Baselines3 is not installed: tests/QUARANTINES.md")
pytest.importorskip("sb3_contrib", reason="sb3-contrib is not installed: tests/QUARANTINES.md")


class Trap:
    """Unpickling it makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.makedirs, (str(self.path),))


def rewritten(source, target, **parts):
    """A copy of a file with other parts; None leaves a part out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = parts.get(name.replace(".", "_"), old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def with_data(source, target, change):
    with zipfile.ZipFile(source) as old:
        data = json.loads(old.read("data"))
    change(data)
    return rewritten(source, target, data=json.dumps(data))


def serialized(value):
    return {":type:": "?", ":serialized:": base64.b64encode(pickle.dumps(value)).decode()}


@pytest.mark.parametrize("attribute", ["policy_class", "observation_space", "action_space", "policy_kwargs"])
def test_code_in_an_attribute_is_not_executed(trained, tmp_path, attribute):
    trap = tmp_path / "sprung"
    held = {"activation_fn": Trap(trap)} if attribute == "policy_kwargs" else Trap(trap)
    file = with_data(trained("box").path, tmp_path / "a.zip", lambda data: data.update({attribute: serialized(held)}))
    with pytest.raises(AgentFileError, match=attribute):
        load_sb3(file)
    assert not trap.exists()
    with pytest.raises((AgentFileError, UsageError), match="cannot read it|no policy|one choice"):
        load_sb3(file, unpickle=True)
    assert trap.exists(), "the trap works where the file is trusted"


def test_code_in_an_attribute_that_is_not_needed_is_not_executed_either(trained, tmp_path):
    trap = tmp_path / "sprung"
    file = with_data(
        trained("box").path, tmp_path / "a.zip", lambda data: data.update(lr_schedule=serialized(Trap(trap)))
    )
    assert load_sb3(file).algorithm == "PPO"
    assert not trap.exists()


@pytest.mark.parametrize("part", ["policy_pth", "pytorch_variables_pth", "policy_optimizer_pth"])
def test_code_in_the_weights_is_not_executed(trained, tmp_path, part):
    trap, weights = tmp_path / "sprung", tmp_path / "weights"
    torch.save({"action_net.weight": Trap(trap)}, weights)
    file = rewritten(trained("box").path, tmp_path / "a.zip", **{part: weights.read_bytes()})
    if part == "policy_pth":
        with pytest.raises(AgentFileError, match="without executing code"):
            load_sb3(file)
    else:
        load_sb3(file)
    assert not trap.exists()


@pytest.mark.parametrize("share", [0.1, 0.6, 0.99])
def test_a_file_that_breaks_off(trained, tmp_path, share):
    content = trained("box").path.read_bytes()
    (tmp_path / "a.zip").write_bytes(content[: int(share * len(content))])
    with pytest.raises(AgentFileError, match=r"expected the (zip file|parts)"):
        load_sb3(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"data": None}, "expected the parts 'data' and 'policy.pth'"),
        ({"policy_pth": None}, "expected the parts 'data' and 'policy.pth'"),
        ({"data": "{"}, "damaged or another"),
        ({"data": "[]"}, "expected the attributes of an agent"),
        ({"data": "{}"}, "does not say policy_class"),
        ({"policy_pth": b"no tensors"}, "no tensors that can be read"),
    ],
)
def test_a_part_that_is_missing_or_damaged(trained, tmp_path, parts, message):
    with pytest.raises(AgentFileError, match=message):
        load_sb3(rewritten(trained("box").path, tmp_path / "a.zip", **parts))


def test_files_of_something_else(tmp_path):
    (tmp_path / "text.zip").write_text("no zip")
    for path, found in (("text.zip", "another one"), ("none.zip", "nothing there"), (".", "a folder")):
        with pytest.raises(AgentFileError, match=found):
            read_archive(tmp_path / path)


def test_the_ending_may_be_left_out(trained):
    path = trained("box").path
    assert read_archive(path.with_suffix("")).sha256 == read_archive(path).sha256


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.update(observation_space=data["action_space"]), "the weights do not fit"),
        (lambda data: data.update(policy_kwargs={"net_arch": [32]}), "asks for 32 units"),
        (lambda data: data.update(policy_kwargs={"net_arch": [64]}), "the weights do not fit"),
        (lambda data: data.update(policy_kwargs={"depth": 3}), "make no policy"),
        (lambda data: data.update(policy_kwargs={"net_arch": [10**9]}), "asks for 1000000000 units"),
        (lambda data: data.update(action_space=data["observation_space"]), "one choice of n"),
        (lambda data: data["policy_class"].update({":serialized:": "%"}), "not written in base64"),
    ],
)
def test_a_description_that_the_weights_do_not_fit(trained, tmp_path, change, message):
    with pytest.raises((AgentFileError, UsageError), match=message):
        load_sb3(with_data(trained("box").path, tmp_path / "a.zip", change))


def test_a_training_that_diverged(trained, tmp_path):
    weights = {name: value * np.nan for name, value in trained("box").model.policy.state_dict().items()}
    torch.save(weights, tmp_path / "weights")
    file = rewritten(trained("box").path, tmp_path / "a.zip", policy_pth=(tmp_path / "weights").read_bytes())
    with pytest.raises(DivergedError, match="not finite"):
        load_sb3(file)


def test_an_extractor_of_ones_own_is_named_or_trusted(trained):
    model, path = trained("own extractor")
    with pytest.raises(AgentFileError, match=r"features_extractor_class.*policy_kwargs=\{"):
        load_sb3(path)
    own = model.policy_kwargs["features_extractor_class"]
    observations = np.random.default_rng(0).uniform(-1, 1, (4, 5)).astype(np.float32)
    expected = model.policy.get_distribution(torch.from_numpy(observations)).distribution.logits.detach().numpy()
    for agent in (load_sb3(path, policy_kwargs={"features_extractor_class": own}), load_sb3(path, unpickle=True)):
        np.testing.assert_allclose(agent.logits(observations), expected, atol=1e-5)


def test_spaces_can_be_given_in_place_of_those_in_the_file(trained, tmp_path):
    model, path = trained("box")

    def lose(data):
        data.update(observation_space=serialized(print), action_space=serialized(print))

    file = with_data(path, tmp_path / "a.zip", lose)
    with pytest.raises(AgentFileError, match=r"load_agent\(..., observation_space=...\)"):
        load_sb3(file)
    agent = load_sb3(file, observation_space=model.observation_space, action_space=model.action_space)
    np.testing.assert_array_equal(agent.logits(np.ones((1, 5))), load_sb3(path).logits(np.ones((1, 5))))


@pytest.mark.parametrize("names", [("a", "b"), ("a", "b", "c", "d"), ("a", "b", "a")])
def test_names_of_actions_that_are_not_as_many(trained, names):
    with pytest.raises(UsageError, match="expected 3 different names"):
        load_sb3(trained("box").path, actions=names)
