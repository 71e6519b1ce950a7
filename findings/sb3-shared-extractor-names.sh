#!/usr/bin/env bash
# Stable-Baselines3 2.9.2 with PyTorch 2.13.0: the weights of a shared features extractor stand in `policy.state_dict()`, under three
# names, and only an edit under the last of them does anything.
#
# An actor-critic policy shares its features extractor by default and holds it as three attributes, so that one tensor has the
# names `features_extractor.*`, `pi_features_extractor.*` and `vf_features_extractor.*`; `named_parameters()` has the first alone.
# Whoever changes a copy of the state dict under the name that everybody knows, `features_extractor`, and loads it (strictly,
# without any error) gets the old weights: the two other names are copied into the same tensor afterwards. (From memory one
# expects one entry, or an error where entries for one tensor contradict each other.)
#
# Seen:
#     names: features_extractor, pi_features_extractor, vf_features_extractor
#     tensors behind them: 1
#     names among the parameters: features_extractor
#     edited features_extractor: no effect
#     edited pi_features_extractor: no effect
#     edited vf_features_extractor: takes effect
#
# Exits with 0 where that is still so, and with 1 where it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --target "$folder/packages" \
    torch==2.13.0 stable-baselines3==2.9.2 gymnasium==1.4.0 numpy==2.4.6

cat > "$folder/show.py" <<'PYTHON'
import gymnasium
import numpy as np
from stable_baselines3 import PPO

LAYER = ".cnn.0.weight"


class Dark(gymnasium.Env):
    """One black picture, one step."""

    observation_space = gymnasium.spaces.Box(0, 255, (36, 36, 3), np.uint8)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros((36, 36, 3), np.uint8), {}

    def step(self, action):
        return np.zeros((36, 36, 3), np.uint8), 0.0, True, False, {}


policy = PPO("CnnPolicy", Dark(), n_steps=8, batch_size=8, seed=0, device="cpu").policy
held = policy.state_dict()
names = [name for name in held if name.endswith(LAYER)]
print("names:", ", ".join(name.removesuffix(LAYER) for name in names))
print("tensors behind them:", len({held[name].data_ptr() for name in names}))
owned = [name for name, _ in policy.named_parameters() if name.endswith(LAYER)]
print("names among the parameters:", ", ".join(name.removesuffix(LAYER) for name in owned))
before = {name: value.clone() for name, value in held.items()}
for name in names:
    policy.load_state_dict({**before, name: before[name] + 1.0})
    moved = bool((policy.features_extractor.cnn[0].weight - before[name]).abs().max() > 0.5)
    print(f"edited {name.removesuffix(LAYER)}:", "takes effect" if moved else "no effect")
    policy.load_state_dict(before)
PYTHON

sed -n 's/^#     //p' "$0" > "$folder/expected"
PYTHONPATH="$folder/packages" python3 "$folder/show.py" 2> "$folder/errors" | tee "$folder/seen" || cat "$folder/errors" >&2
diff "$folder/expected" "$folder/seen" && echo "as described"
