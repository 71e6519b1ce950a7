"""Recurrent agents: what training reaches and costs, and what closed-loop tests say of organisms.

    python benchmarks/recurrent.py train conv-lstm 0 800 [channels=16 ...]
    python benchmarks/recurrent.py organisms walking-planner walking-lookup ...

Prints JSON lines; times are processor seconds.
"""

import json
import sys
import time

from mesascope.base_optimizers.registry import build_base_optimizer
from mesascope.base_optimizers.training import train
from mesascope.core.jsonable import to_json
from mesascope.core.rng import named_key
from mesascope.instruments.closed_loop.examine import SampleBudget, closed_loop_levels, examine_episodes
from mesascope.instruments.closed_loop.rollouts import measure_walked_behavior, walk_in
from mesascope.instruments.closed_loop.thinking_steps import measure_thinking_steps
from mesascope.organisms.registry import ORGANISMS, build_organism
from mesascope.worlds.registry import make_world

LEVELS = 1_000
BUDGET = SampleBudget(per_test=128, thought=64, readout=64)


def say(**found):
    """One JSON line."""
    print(json.dumps(to_json(found)), flush=True)


def trained(architecture, seed, updates, *options):
    """Train one agent and roll it out on held-out levels."""
    world = make_world("red-doors")
    optimizer = build_base_optimizer("walked-imitation", {"updates": int(updates)})
    config = {key: int(value) for key, value in (option.split("=") for option in options)}
    began = time.process_time()
    subject = train(optimizer, world, architecture, config, seed=int(seed)).subject
    spent = time.process_time() - began
    held_out = measure_walked_behavior(world, walk_in(world, subject, named_key(1, "held out"), LEVELS, "training"))
    thought = measure_thinking_steps(world, subject, named_key(2, "held out"), LEVELS)
    say(
        architecture=architecture,
        config=config,
        seed=int(seed),
        updates=int(updates),
        seconds=spent,
        competence=held_out.behavior.competence,
        thinking_steps=thought,
    )


def organisms(*texts):
    """The whole examination in closed loop of each organism, on the same levels."""
    world, key = make_world("red-doors"), named_key(0, "organisms")
    levels, after = closed_loop_levels(world, key, BUDGET), world.base_objective.vector(world.features)
    for text in texts or [name for name, organism in ORGANISMS.items() if organism.recurrent]:
        subject = build_organism(text, world, levels)
        began = time.process_time()
        found = examine_episodes(world, subject, None, after, key, BUDGET)
        seconds, verdict = time.process_time() - began, found.verdict
        tests = [test._replace(tried=())._asdict() for test in verdict.tests]
        say(
            organism=text,
            seconds=seconds,
            pauses=found.pauses,
            verdict=verdict.verdict,
            reason=verdict.reason,
            tests=tests,
        )


if __name__ == "__main__":
    {"train": trained, "organisms": organisms}[sys.argv[1]](*sys.argv[2:])
