"""Agents of every kind, trained for a moment by Stable-Baselines3 and saved."""

import warnings
from typing import NamedTuple

import numpy as np
import pytest

try:
    import gymnasium as gym
    import torch
    from sb3_contrib import MaskablePPO, RecurrentPPO
    from stable_baselines3 import A2C, DQN, PPO
    from stable_baselines3.common.torch_layers import FlattenExtractor
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize
except ImportError:  # the tests are left out then: each begins with importorskip
    collect_ignore_glob = []
else:

    class Random(gym.Env):
        """Shows random observations of a space, and rewards the first action."""

        def __init__(self, space, actions=3, start=0):
            self.observation_space, self.action_space = space, gym.spaces.Discrete(actions, start=start)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.observation_space.seed(seed)
            self.time = 0
            return self.observation_space.sample(), {}

        def step(self, action):
            self.time += 1
            return self.observation_space.sample(), float(action == 0), self.time > 7, False, {}

        def action_masks(self):
            return np.arange(self.action_space.n) != self.time % 2

    def own_extractor():
        """A features extractor that is in no library: its code is in the file."""

        class Doubled(FlattenExtractor):
            def forward(self, observations):
                return 2 * super().forward(observations)

        return Doubled


class Trained(NamedTuple):
    """A model, and the file that it was saved to."""

    model: object
    path: object


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Trains (once) and saves an agent by the name of its kind."""
    box = gym.spaces.Box(-1, 1, (5,), np.float32)
    image = gym.spaces.Box(0, 255, (36, 36, 3), np.uint8)
    parts = gym.spaces.Dict({"vector": box, "where": gym.spaces.Discrete(4), "image": image})
    on_policy = {"n_steps": 16, "batch_size": 8, "n_epochs": 2}
    kinds = {
        "box": lambda: PPO("MlpPolicy", Random(box), **on_policy),
        "image": lambda: PPO("CnnPolicy", Random(image), **on_policy),
        "parts": lambda: PPO("MultiInputPolicy", Random(parts), **on_policy),
        "unsorted": lambda: PPO(
            "MultiInputPolicy",
            Random(gym.spaces.Dict([("z", box), ("a", gym.spaces.Box(-1, 1, (5,), np.float32))])),
            **on_policy,
        ),
        "discrete": lambda: A2C("MlpPolicy", Random(gym.spaces.Discrete(6)), n_steps=8),
        "digits": lambda: A2C("MlpPolicy", Random(gym.spaces.MultiDiscrete([3, 2])), n_steps=8),
        "bits": lambda: A2C("MlpPolicy", Random(gym.spaces.MultiBinary(4)), n_steps=8),
        "four": lambda: PPO("MlpPolicy", Random(box, 4), **on_policy),
        "relu": lambda: PPO(
            "MlpPolicy",
            Random(box),
            **on_policy,
            policy_kwargs={
                "net_arch": {"pi": [8], "vf": [9, 7]},
                "activation_fn": torch.nn.ReLU,
                "share_features_extractor": False,
            },
        ),
        "dqn": lambda: DQN("MlpPolicy", Random(box), learning_starts=4, train_freq=4, buffer_size=64),
        "masked": lambda: MaskablePPO("MlpPolicy", Random(box), **on_policy),
        "recurrent": lambda: RecurrentPPO(
            "MlpLstmPolicy", Random(box), **on_policy, policy_kwargs={"lstm_hidden_size": 6, "net_arch": [8]}
        ),
        "two layers": lambda: RecurrentPPO(
            "MlpLstmPolicy",
            Random(gym.spaces.Box(0, 1, (3 * 3 * 8,), np.float32), 4),
            **on_policy,
            policy_kwargs={"lstm_hidden_size": 5, "n_lstm_layers": 2, "share_features_extractor": False},
        ),
        "own extractor": lambda: PPO(
            "MlpPolicy", Random(box), **on_policy, policy_kwargs={"features_extractor_class": own_extractor()}
        ),
        "normalized": lambda: PPO("MlpPolicy", VecNormalize(DummyVecEnv([lambda: Random(box)])), **on_policy),
        "from one": lambda: PPO("MlpPolicy", Random(box, start=1), **on_policy),
    }
    made = {}

    def get(kind):
        if kind not in made:
            torch.set_num_threads(1)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = kinds[kind]()
                model.learn(16)
            path = tmp_path_factory.mktemp("agents") / f"{kind}.zip"
            model.save(path)
            made[kind] = Trained(model, path)
        return made[kind]

    return get
