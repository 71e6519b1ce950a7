"""What the capacity bound of a trained net costs: `PYTHONPATH=. python benchmarks/certificate.py [--trained DIR]`.

Trains a net with the preset `quick` (unmeasured) or takes a saved one, finds where edits are written by the joint test, and
certifies there. Prints wall seconds of what a block of levels takes, part by part, and processor seconds of the whole, with
compilation, the levels, and what was shown on them.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp

from mesascope.base_optimizers.registry import PRESETS, build_base_optimizer
from mesascope.base_optimizers.training import train
from mesascope.core.rng import named_key
from mesascope.core.subject import AbstractSubject
from mesascope.instruments.search.battery import run_test
from mesascope.instruments.search.certified import certify
from mesascope.instruments.search.fresh import BLOCK, compose_heuristics, draw_blocks, run_edited, run_plain
from mesascope.instruments.search.trials import JOINT, contested_levels, draw_trials
from mesascope.store.learned_algorithm import load_learned_algorithm
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors()


def subject_of(folder: Path | None) -> AbstractSubject:
    """The saved net, or one trained here."""
    if folder is not None:
        return load_learned_algorithm(folder).subject
    return train(build_base_optimizer("exact-policy-gradient", PRESETS["quick"]), WORLD, "glance", seed=0).subject


def seconds(part: Callable[[], object]) -> float:
    """Wall seconds of the fastest of five calls, compiled beforehand."""
    took = []
    for _ in range(6):
        began = time.perf_counter()
        jax.block_until_ready(part())
        took.append(time.perf_counter() - began)
    return min(took[1:])


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trained", type=Path, help="folder of a saved learned algorithm")
    subject = subject_of(parser.parse_args().trained)
    weights, key = jnp.asarray(WORLD.base_objective.vector(WORLD.features)), named_key(0, "certificate")
    trials = draw_trials(WORLD, key, contested_levels(WORLD, named_key(key, "pool"), 640), 128, weights)
    place = run_test(WORLD, JOINT, trials[JOINT], subject, None, key).place
    if place is None:
        raise SystemExit("the joint test found no place to write at: nothing to certify")
    panel = compose_heuristics(WORLD, weights)
    blocks = draw_blocks(WORLD, weights, key, panel)
    parts = {
        "drawn and chosen": lambda: draw_blocks(WORLD, weights, key, panel),
        "answered": lambda: run_plain(WORLD, subject, blocks, panel),
        "answered under edits": lambda: run_edited(WORLD, subject, place, blocks, panel),
    }
    for name, part in parts.items():
        print(f"a block of {BLOCK} levels {name}: {seconds(part):.3f} s")
    started = time.process_time()
    found = certify(WORLD, subject, place, weights, key)
    print(f"{time.process_time() - started:.0f} processor seconds at {place}")
    print(f"{found.levels:,} levels for {found.size.total:,.0f} bits; {'enough' if found.enough else 'not enough'}")
    for name, shown, best in zip(
        ("unedited", "edited"), (found.unedited, found.edited), found.perfect or (), strict=False
    ):
        print(f"{name}: {shown.text} bits a level, {shown.value / best.value:.2f} of perfect answers' {best.text}")


if __name__ == "__main__":
    main()
