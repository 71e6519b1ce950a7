"""minigrid's worker: NumPy and Python, through Gymnasium's synchronous vector interface."""

import gymnasium
import minigrid
import numpy as np
from answering import Ready, rate, serve


def steps(options: dict) -> Ready:
    """Random walks; observations are always made, so there is no figure without them."""
    copies = options["copies"]
    env = gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make(options["name"])] * copies)
    env.reset(seed=0)
    random = np.random.default_rng(0)

    def walk():
        for chosen in random.integers(0, env.single_action_space.n, (options["steps"], copies)):
            env.step(chosen)

    walk()
    about = {"version": minigrid.__version__, "copies": copies, "steps": options["steps"]}
    return Ready(about, lambda _: {"observed": rate(walk, options["steps"] * copies, 0.5), "unobserved": None})


serve({"steps": steps})
