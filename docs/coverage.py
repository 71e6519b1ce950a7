"""How often intervals of inferred weights hold the truth: `python docs/coverage.py [--agents 400] [--minutes 60]`.

Adds agents to `coverage.jsonl`, class after class in turn, until each class has as many or the time is over, and writes
`coverage.md`. Repeated, it goes on where it stopped. `--only TEXT` takes the classes whose name begins so. The agents of
`coverage-before.jsonl`, seeds 0 to 9, are those on which it was chosen how much wider intervals are than the posterior's.
"""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
from agents_in_rows import fill, options_of, read
from blocks import put, table
from dots import Line, draw_dots

from mesascope.calibration.choosers import CLASSES, Solved, known_chooser, solve_levels
from mesascope.core.rng import named_key
from mesascope.core.statistics import Estimate, mean_of, rate_of
from mesascope.instruments.choice_weights import WIDER, fit_choice_weights
from mesascope.instruments.decisions import decisions_of, pool_decisions
from mesascope.instruments.episodes import horizon_of, sample_episodes
from mesascope.instruments.settings import QUICK
from mesascope.worlds.grids.red_doors import RedDoors

HERE = Path(__file__).parent
ROWS, BEFORE, PAGE = HERE / "coverage.jsonl", HERE / "coverage-before.jsonl", HERE / "coverage.md"
FIGURE = HERE / "images" / "coverage.svg"
FIRST = 10
"""Seeds below this one chose how wide intervals are, and are not counted."""
WORLD = RedDoors()
FREE = WORLD.independent_features
COLUMNS = tuple(WORLD.features.index(f) for f in FREE)


def levels(seed: int) -> list[Solved]:
    """As many levels of every distribution as a quick audit infers from."""
    found = []
    each = QUICK.evidence // (1 + len(WORLD.shifts))
    for name in ("training", *WORLD.shifts):
        drawn = WORLD.draw(named_key(seed, "coverage", name), each, name)
        found.append(solve_levels(WORLD, drawn))
    return found


def row_of(name: str, seed: int, parts: list[Solved]) -> dict:
    """One agent: its weights, and what is inferred of them."""
    rng = np.random.default_rng([seed, *name.encode()])
    agent = known_chooser(name, COLUMNS, len(WORLD.features), rng)
    decided = []
    for index, part in enumerate(parts):
        policy = jnp.asarray(agent.answer(part), jnp.float32)
        key = named_key(seed, "coverage", name, str(index))
        episodes = sample_episodes(part.mdp, policy, key, horizon_of(part.mdp))
        decided.append(decisions_of(part.outcomes, part.mdp, episodes, WORLD.discount))
    found = fit_choice_weights(
        pool_decisions(decided),
        FREE,
        WORLD.features,
        WORLD.discount,
        named_key(seed, "fit", name),
        inverse_temperature=agent.inverse_temperature,
    )
    weights = found.weights.values()
    return {
        "class": name,
        "seed": seed,
        **agent.settings,
        "weights": [round(float(w), 4) for w in agent.weights],
        "low": [round(w.interval.low, 4) for w in weights],
        "high": [round(w.interval.high, 4) for w in weights],
        "wanted": [f in found.wanted for f in FREE],
        "effective": round(found.diagnostics.effective_sample_size),
        "attempts": found.diagnostics.attempts,
    }


def held(rows: list[dict], wider: float = 0.0) -> Estimate:
    """Share of true weights within their intervals, made wider at each end by a share of their width."""
    weights, low, high = (np.array([r[k] for r in rows]) for k in ("weights", "low", "high"))
    more = wider * (high - low)
    inside = (weights >= low - more - 1e-3) & (weights <= np.minimum(high + more, 1.0) + 1e-3)
    return mean_of(inside.mean(1), 0.0, 1.0)


def page(rows: list[dict]) -> None:
    """The table of `coverage.md`."""
    cells, lines = [], []
    for name in (*CLASSES, "all"):
        own = [r for r in rows if name in (r["class"], "all")]
        if not own:
            continue
        weights, low, high = (np.array([r[k] for r in own]) for k in ("weights", "low", "high"))
        share = held(own)
        lines.append(Line(f"{name} ({len(own)})", share))
        wanted = np.array([r["wanted"] for r in own])
        right = int((wanted & (weights > 0)).sum())
        named = rate_of(right, int(wanted.sum())).interval if wanted.any() else None
        found = (wanted & (weights > 0)).sum() / max((weights > 0).sum(), 1)
        cells.append(
            [
                name,
                str(len(own)),
                share.text,
                f"{right} of {int(wanted.sum())}" + (f" [{named.low:.3f}, {named.high:.3f}]" if named else ""),
                f"{found:.2f}" if (weights > 0).any() else "none is wanted",
                f"{np.median((high - low)[weights > 0]):.2f}" if (weights > 0).any() else "none is wanted",
                str(min(r["effective"] for r in own)),
            ]
        )
    heads = [
        "class",
        "agents",
        "weights held",
        "named as wanted, and are",
        "wanted ones named",
        "median width of a wanted one",
        "least effective draws",
    ]
    draw_dots(FIGURE, "True weights within their 95 % intervals, by class (agents)", lines, (0.0, 1.0), (0.93, 0.99))
    chosen = read(BEFORE)
    widths = [[f"{wider:g}", held(chosen, wider).text] for wider in (0.0, 0.05, WIDER, 0.1)]
    told = table(["wider at each end by", f"weights held, {len(chosen)} agents of seeds 0 to 9"], widths)
    put(PAGE, "python docs/coverage.py", {"coverage": table(heads, cells), "wider": told})


def main() -> None:
    """Add rows until there are enough or time is over."""
    fill(ROWS, CLASSES, options_of(__doc__, agents=400, first=FIRST), levels, row_of)
    page(read(ROWS))


if __name__ == "__main__":
    main()
