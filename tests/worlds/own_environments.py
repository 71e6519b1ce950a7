"""Small environments as somebody else may bring them, each with one peculiarity."""

import threading

import gymnasium
import numpy as np


class Corridor(gymnasium.Env):
    """Five places in a row; actions are numbered from 1 and lead back or on; the last place pays."""

    def __init__(self, length=5):
        self.observation_space = gymnasium.spaces.Dict(
            {"where": gymnasium.spaces.Discrete(40), "bell": gymnasium.spaces.Box(0, 255, (2,), np.uint8)}
        )
        self.action_space = gymnasium.spaces.Discrete(2, start=1)
        self.length = length

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = int(self.np_random.integers(2))
        return self.shown(), {}

    def shown(self):
        return {"where": np.int64(self.place), "bell": np.full(2, 5 * self.place, np.uint8)}

    def move(self, action):
        return 1 if action == 2 else -1

    def step(self, action):
        self.place = min(max(self.place + self.move(action), 0), self.length - 1)
        end = self.place == self.length - 1
        return self.shown(), float(end), end, False, {}


class Slippery(Corridor):
    """Every fourth step or so leads nowhere, by the environment's own source of random numbers."""

    def move(self, action):
        return super().move(action) if self.np_random.random() < 0.75 else 0


class OwnSource(Corridor):
    """Random by a source that it keeps under a name of its own, and only behind the first places."""

    def reset(self, *, seed=None, options=None):
        self.dice = np.random.default_rng(seed)
        return super().reset(seed=seed)

    def move(self, action):
        return super().move(action) if self.place < 2 or self.dice.random() < 0.5 else 0


class WholeProcess(Corridor):
    """Random by NumPy's global state."""

    def move(self, action):
        return super().move(action) if np.random.random() < 0.5 else 0


class Shared(Corridor):
    """Keeps its place where copies share it."""

    class Simulator:
        place = 0

        def __deepcopy__(self, memo):
            return self

    def reset(self, *, seed=None, options=None):
        self.simulator = self.Simulator()
        found = super().reset(seed=seed)
        self.simulator.place = self.place
        return found

    def step(self, action):
        self.place = self.simulator.place
        found = super().step(action)
        self.simulator.place = self.place
        return found


class Locked(Corridor):
    """Holds what cannot be copied."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


class Counting(Corridor):
    """Counts its steps under a name of its own."""

    def reset(self, *, seed=None, options=None):
        self.steps_so_far = 0
        return super().reset(seed=seed)

    def step(self, action):
        self.steps_so_far += 1
        return super().step(action)


class Lying(gymnasium.Env):
    """Has a table that its steps do not follow."""

    observation_space = gymnasium.spaces.Discrete(2)
    action_space = gymnasium.spaces.Discrete(1)

    def __init__(self, shares=(0.5, 0.5), reward=1.0):
        self.P = {0: {0: [(shares[0], 0, 0.0, False), (shares[1], 1, 1.0, True)]}, 1: {0: [(1.0, 1, 0.0, True)]}}
        self.initial_state_distrib = np.array([1.0, 0.0])
        self.reward = reward

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.s = 0
        return 0, {}

    def step(self, action):
        if self.s == 0 and self.np_random.random() < 0.5:
            self.s = 1
            return 1, self.reward, True, False, {}
        return self.s, 0.0, self.s == 1, False, {}
