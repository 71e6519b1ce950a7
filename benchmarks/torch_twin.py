"""Is a PyTorch subject audited like its twin in JAX? Run: `python benchmarks/torch_twin.py [--trained DIR] [--tests N]`.

Trains a glance net (or takes the saved one in DIR), copies its weights into PyTorch, and prints the largest differences of
logits, recordings and edited runs, then the findings of the search tests on the same trials, and the CPU time of each.
Needs PyTorch: `pip install 'mesascope[torch]'`.
"""

import argparse
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from examples.torch_twin import torch_twin
from mesascope.adapters.torch_modules import torch_subject
from mesascope.base_optimizers.imitation import Imitation
from mesascope.base_optimizers.training import advance, begin
from mesascope.core.editing import Edit, run
from mesascope.core.rng import named_key
from mesascope.instruments.search.battery import run_test
from mesascope.instruments.search.trials import contested_levels, draw_trials
from mesascope.learned.thinking import ThinkingNet
from mesascope.store.learned_algorithm import load_learned_algorithm
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors()


def trained(updates: int) -> ThinkingNet:
    """A glance net after imitation."""
    optimizer = Imitation(updates=updates)
    start = begin(optimizer, WORLD, "glance", {}, seed=0)
    return optimizer.subject(advance(optimizer, WORLD, start, jnp.array(updates, jnp.int32))[0])


def main() -> None:
    """Compare, and print a line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trained", type=Path, help="folder of a saved glance net, in place of training one")
    parser.add_argument("--updates", type=int, default=600)
    parser.add_argument("--levels", type=int, default=96, help="levels of each search test")
    parser.add_argument("--tests", type=int, default=3, help="how many of the three search tests")
    asked = parser.parse_args()
    net = load_learned_algorithm(asked.trained).subject if asked.trained else trained(asked.updates)
    twin = torch_subject(torch_twin(net), sites={"state": "cell"})
    subjects = {"jax": net, "torch": twin}

    seen = WORLD.observe(WORLD.draw(named_key(0, "twin"), 64))
    where = jax.random.bernoulli(named_key(0, "where"), 0.2, seen.shape[:3])
    values = jax.random.normal(named_key(0, "values"), (*seen.shape[:3], net.channels))
    for first, last in ((0, -1), (2, 2), (3, net.ticks)):
        edits = (Edit("state", where, values, first, last),) if last > 0 else ()
        ours, theirs = (run(subject, seen, edits, ("state",)) for subject in subjects.values())
        logits, states = apart(ours.logits, theirs.logits), apart(ours.recording["state"], theirs.recording["state"])
        what = f"edit in states {first} to {last}" if edits else "no edit"
        largest = float(jnp.abs(ours.logits).max())
        print(f"{what}: logits differ by {logits:.1e}, recordings by {states:.1e}; largest logit {largest:.1f}")

    pool = contested_levels(WORLD, named_key(3, "contested"), 1024)
    weights = jnp.asarray(WORLD.base_objective.vector(WORLD.features))
    trials = draw_trials(WORLD, named_key(3, "trials"), pool, asked.levels, weights)
    worst = 0.0
    for name in list(trials)[: asked.tests]:
        found = {}
        for kind, subject in subjects.items():
            started = time.process_time()
            test = found[kind] = run_test(WORLD, name, trials[name], subject, None, named_key(3, "arms"))
            spent = time.process_time() - started
            score = f"score {test.score.value:.4f} [{test.score.interval.low:.4f}, {test.score.interval.high:.4f}]"
            print(f"{name:<13}{kind:<6}{score}, {test.place}, {spent:.0f} s of CPU")
        shares = (np.array([test.edited.value, *(tried[1] for tried in test.tried)]) for test in found.values())
        worst = max(worst, apart(*shares))
    print(
        f"largest difference of a share that follows, over all places that were tried and the scored one: {worst:.1e}"
    )


def apart(one, other) -> float:
    """Largest difference of two arrays."""
    return float(np.abs(np.asarray(one) - np.asarray(other)).max())


if __name__ == "__main__":
    main()
