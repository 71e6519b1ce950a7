"""A thinking net as plain NumPy: what somebody's own code could look like, and a twin of ours."""

import numpy as np

from mesascope.adapters.steps import Steps


def around(field):
    padded = np.pad(field, ((0, 0), (1, 1), (1, 1), (0, 0)))
    neighbors = padded[:, :-2, 1:-1], padded[:, 2:, 1:-1], padded[:, 1:-1, :-2], padded[:, 1:-1, 2:]
    return np.concatenate([field, *neighbors], -1)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def numpy_twin(net):
    """Steps of a ThinkingNet, and its weights."""
    weights = {n: np.asarray(getattr(net, n)) for n in ("recur", "read", "bias", "candidate_bias", "out", "out_bias")}

    def begin(weights, levels, height, width):
        return {"state": np.zeros((levels, height, width, net.channels), np.float32)}

    def step(weights, state, observation, tick):
        h = state["state"]
        x = weights["bias"] + (around(observation) @ weights["read"] if tick < net.reads_until else 0.0)
        x, u = np.split(x + np.zeros((*h.shape[:3], 1)), 3, -1), np.split(around(h) @ weights["recur"], 3, -1)
        update, reset = sigmoid(x[0] + u[0]), sigmoid(x[1] + u[1])
        return {"state": (1 - update) * h + update * np.tanh(x[2] + reset * (u[2] + weights["candidate_bias"]))}

    return Steps(begin, step, lambda weights, state: state["state"] @ weights["out"] + weights["out_bias"]), weights
