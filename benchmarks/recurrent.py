"""Recurrent agents: what training reaches and costs, and what closed-loop tests say of organisms.

    python benchmarks/recurrent.py train conv-lstm 0 800 [channels=16 ...]
    python benchmarks/recurrent.py organisms walking-planner walking-lookup ...
    python benchmarks/recurrent.py bound [walking-planner]

Prints JSON lines; times are processor seconds.
"""

import json
import sys
import time

import jax
import jax.numpy as jnp

from mesascope.base_optimizers.registry import build_base_optimizer
from mesascope.base_optimizers.training import train
from mesascope.core.jsonable import to_json
from mesascope.core.rng import named_key
from mesascope.instruments.closed_loop.answers import InEpisodes
from mesascope.instruments.closed_loop.examine import SampleBudget, closed_loop_levels, examine_episodes
from mesascope.instruments.closed_loop.rollouts import measure_walked_behavior, walk_in
from mesascope.instruments.closed_loop.thinking_steps import measure_thinking_steps
from mesascope.instruments.interventions.place import Place
from mesascope.instruments.search.certified import shown_per_level
from mesascope.instruments.search.fresh import compose_heuristics, draw_blocks, run_edited, run_plain
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


class AtRandom(InEpisodes):
    """Episodes start at random, not where heuristics are least certain."""

    def plain(self, world, subject, levels, asked, chooses):
        """As they are."""
        return super().plain(world, subject, levels, asked, None)

    def edited(self, world, subject, edits, place, asked, chooses):
        """Rewritten inside."""
        return super().edited(world, subject, edits, place, asked, None)


def bound(text="walking-planner"):
    """What an agent shows of a block of fresh levels, and in what time once compiled, by where its episodes start and end."""
    world, key = make_world("red-doors"), named_key(0, "bound")
    weights = jnp.asarray(world.base_objective.vector(world.features), jnp.float32)
    subject = build_organism(text, world, closed_loop_levels(world, key, BUDGET))
    panel = compose_heuristics(world, weights)
    sites = tuple(site.name for site in subject.sites)
    held = Place(sites, 1, 1, True)
    for starts, asks, episodes, moves in (
        ("random", AtRandom, 6, 24),
        ("random", AtRandom, 4, 2),
        ("least certain", InEpisodes, 4, 24),
        ("least certain", InEpisodes, 4, 5),
        ("least certain", InEpisodes, 4, 2),
    ):
        asked = asks(4, episodes, moves)
        runs = {
            "plain": lambda blocks, asked=asked: run_plain(world, subject, blocks, panel, asked),
            "held": lambda blocks, asked=asked: run_edited(world, subject, held, blocks, panel, asked),
        }
        found, seconds = {}, {}
        for name, run in runs.items():
            answers = []
            for number in range(4):
                blocks = jax.block_until_ready(draw_blocks(world, weights, named_key(key, "block", number), panel))
                began = time.process_time()
                answers.append(jax.block_until_ready(run(blocks)))
                seconds[name] = time.process_time() - began
            found[name] = shown_per_level(answers)
        say(starts=starts, episodes=episodes, moves=moves, bits_a_level=found, seconds_a_block=seconds)


if __name__ == "__main__":
    {"train": trained, "organisms": organisms, "bound": bound}[sys.argv[1]](*sys.argv[2:])
