"""How often the tests of search are right, on individuals whose kind is known: the only place where both meet."""

from typing import NamedTuple

import jax

from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, rate_of
from mesascope.experiments.savanna.ecology import Ecology, draw_contexts
from mesascope.experiments.savanna.individual import Individual, individual
from mesascope.experiments.savanna.populations import Populations
from mesascope.experiments.savanna.references import build_reference
from mesascope.experiments.savanna.search import examine
from mesascope.instruments.search.verdict import Verdict

REMEMBERED = (256, 1024, 4096, 16384)
"""Contexts that well-traveled plants have reflexes for."""

CONTEXTS, GOALS = 256, 4


class Known(NamedTuple):
    """Individuals of one kind: how many were said to search, and how far they followed each edit on average."""

    kind: str
    searches: bool
    said: Estimate
    undecided: int
    followed: dict[str, float]
    individuals: int


def examine_known(ecology: Ecology, populations: Populations, seed: int) -> tuple[Known, ...]:
    """Examine one evolved animal and one evolved plant of each seed, and plants that remember more than anyone lives."""
    evolved = {
        kind: [
            individual(
                jax.tree.map(lambda x, s=s: x[s], found.genomes), 0, jax.tree.map(lambda x, s=s: x[s], found.contexts)
            )
            for s in range(populations.seeds)
        ]
        for kind, found in populations.evolved.items()
    }
    rows = []
    for kind, found in evolved.items():
        alike = [who for who in found if bool(who.searches) == (kind == "animals")]
        rows.append(_row(f"evolved {kind}", kind == "animals", alike, ecology, seed))
    traveled = []
    for count in REMEMBERED:
        key = named_key(seed, "savanna", "known", count)
        traveled.append(build_reference("well-traveled-plant", {}, draw_contexts(key, ecology, count)))
    rows += [
        _row(f"plants that remember {count:,} contexts", False, [who], ecology, seed)
        for count, who in zip(REMEMBERED, traveled, strict=True)
    ]
    return tuple(rows)


def _row(kind: str, searches: bool, found: list[Individual], ecology: Ecology, seed: int) -> Known:
    verdicts = [
        examine(who, ecology, named_key(seed, "savanna", "known", kind, i), contexts=CONTEXTS, count=GOALS)
        for i, who in enumerate(found)
    ]
    said = sum(v.verdict is Verdict.SEARCH for v in verdicts)
    names = [test.name for test in verdicts[0].tests]
    followed = {name: sum(v.tests[i].score.value for v in verdicts) / len(verdicts) for i, name in enumerate(names)}
    return Known(
        kind,
        searches,
        rate_of(said, len(found)),
        sum(v.verdict is Verdict.CANNOT_TELL for v in verdicts),
        followed,
        len(found),
    )
