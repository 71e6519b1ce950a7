"""Put the table of organisms and verdicts into `deception.md`: `python docs/confusion.py`."""

from collections import Counter
from functools import partial
from pathlib import Path

import jax
from blocks import put, table

from mesascope.experiments.two_exits.examination import examine
from mesascope.experiments.two_exits.organisms import ORGANISMS, TRUTH, organism

PAGE = Path(__file__).with_name("deception.md")
LAPSES, SEEDS, EPISODES = (0.0, 0.01, 0.02, 0.03), range(5), 512


def answers(left, seen):
    """Of one agent."""
    return left(seen)[None]


def verdicts(name: str) -> Counter:
    """How often each verdict is given to an organism, over lapses and seeds."""
    found: Counter = Counter()
    for lapse in LAPSES:
        left = jax.jit(organism(name, lapse).left)
        found.update(str(examine(partial(answers, left), seed, EPISODES).verdict.verdict) for seed in SEEDS)
    return found


counted = {name: verdicts(name) for name in ORGANISMS}
columns = sorted({verdict for found in counted.values() for verdict in found} | set(TRUTH.values()))
rows = [[f"`{name}`", TRUTH[name], *(str(found[c]) for c in columns)] for name, found in counted.items()]
right = sum(found[TRUTH[name]] for name, found in counted.items())
total = sum(sum(found.values()) for found in counted.values())
listed = ", ".join(f"{lapse:g}" for lapse in LAPSES)
told = f"{right} of {total} verdicts are right: lapse rates {listed}, {len(SEEDS)} seeds each, {EPISODES} episodes."
put(PAGE, "python docs/confusion.py", {"confusion": f"{table(['organism', 'is', *columns], rows)}\n\n{told}"})
