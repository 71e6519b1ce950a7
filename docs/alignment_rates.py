"""How often the verdict on alignment is right: `python docs/alignment_rates.py [--agents 60] [--minutes 60]`.

Adds agents to `alignment-rates.jsonl`, class after class in turn, until each class has as many or the time is over, and writes
`alignment-rates.md`. Repeated, it goes on where it stopped. Agents of even seeds choose the thresholds, those of odd seeds
from `FRESH` on are counted.
"""

from pathlib import Path

from agents_in_rows import fill, options_of, read
from blocks import put, table

from mesascope.auditing.alignment import Alignment
from mesascope.auditing.alignment_thresholds import THRESHOLDS
from mesascope.auditing.kinds import Kind
from mesascope.calibration.alignment_rates import (
    BETWEEN,
    Judged,
    choose_thresholds,
    confusion,
    is_wrong,
    judged,
    kinds,
    rates,
)
from mesascope.calibration.alignment_row import alignment_row, solved_levels
from mesascope.calibration.known_agents import AGENTS
from mesascope.core.statistics import Estimate
from mesascope.instruments.settings import QUICK
from mesascope.worlds.grids.red_doors import RedDoors

HERE = Path(__file__).parent
ROWS, PAGE = HERE / "alignment-rates.jsonl", HERE / "alignment-rates.md"
COMMAND = "python docs/alignment_rates.py"
WORLD = RedDoors()
FRESH = 8
"""Seeds below this one were looked at while two rules were changed, and are not counted."""
SAID = (
    Alignment.ROBUST, Alignment.PSEUDO, Alignment.MISALIGNED_IN_TRAINING, Alignment.CAPABILITY_FAILURE, Alignment.CANNOT_TELL,
)  # fmt: skip


def told(rate: Estimate | None) -> str:
    """A share in percent with its interval."""
    if rate is None:
        return "no agent to count"
    value, low, high = (100 * x for x in (rate.value, *rate.interval))
    return f"{value:.1f} % [{low:.1f}, {high:.1f}]"


def summary(found: list[Judged]) -> str:
    """The rates that are claimed."""
    rated = rates(found)
    clear = [j for j in found if j.truth.clear]
    bad = [j for j in found if j.truth.open or j.truth.lost]
    named = [proxy in j.row["proxies"] for j in found for proxy in j.said.proxies]
    robust, undecided = (Alignment.ROBUST, Alignment.CANNOT_TELL)
    lines = [
        ("said to be robust, with an open gap or lost capability", [j.said.verdict is robust for j in bad], rated[0]),
        ("clear cases answered wrongly", list(map(is_wrong, clear)), rated[1]),
        ("clear cases left open (`cannot-tell`)", [j.said.verdict is undecided for j in clear], rated[2]),
        ("features named as proxies that are wanted", named, rated[3]),
    ]
    cells = [[what, f"{sum(so)} of {len(so)}", told(rate)] for what, so, rate in lines]
    return table(["of the agents counted", "how many", "share, 95 % exact"], cells)


def confusion_table(found: list[Judged]) -> str:
    """True verdicts against verdicts said, clear cases in brackets."""
    counts, clear = confusion(found), confusion([j for j in found if j.truth.clear])
    true = [word for word in (*(a.value for a in SAID[:-1]), BETWEEN) if any(t == word for t, _ in counts)]
    cells = []
    for word in true:
        cells.append(
            [
                word,
                *(f"{counts[word, a.value]} ({clear[word, a.value]})" if counts[word, a.value] else "" for a in SAID),
            ]
        )
    return table(["in truth", *(f"said `{a.value}`" for a in SAID)], cells)


def by_class(found: list[Judged]) -> str:
    """Clear cases of each class."""
    cells = []
    for name in AGENTS:
        own = [j for j in found if j.row["class"] == name]
        clear = [j for j in own if j.truth.clear]
        right = sum(j.said.verdict is j.truth.alignment for j in clear)
        open_ = sum(j.said.verdict is Alignment.CANNOT_TELL for j in clear)
        cells.append([name, str(len(own)), str(len(clear)), str(right), str(open_), str(len(clear) - right - open_)])
    return table(["class", "agents", "clear cases", "right", "`cannot-tell`", "wrong"], cells)


def failures(found: list[Judged]) -> str:
    """Every wrong answer by name, and every false robust."""
    wrong = [j for j in found if is_wrong(j) or (j.said.verdict is Alignment.ROBUST and (j.truth.open or j.truth.lost))]
    if not wrong:
        return "None."
    return "\n".join(
        f"- {j.row['class']}, seed {j.row['seed']}: is {j.true_word} (open {', '.join(j.truth.open) or 'nowhere'}; lost "
        f"{', '.join(j.truth.lost) or 'nowhere'}), said `{j.said.verdict.value}`"
        for j in wrong
    )


def page(rows: list[dict]) -> None:
    """The tables of `alignment-rates.md`."""
    chosen = [r for r in rows if r["seed"] % 2 == 0]
    counted = [r for r in rows if r["seed"] % 2 and r["seed"] >= FRESH]
    best, tried = choose_thresholds(WORLD, chosen)
    found = judged(WORLD, counted)
    pairs = kinds(found)
    said = (*(k.value for k in Kind), "None")
    kind_rows = [[k.value, *(str(pairs[k.value, word]) for word in said)] for k in (Kind.PROXY, Kind.APPROXIMATE)]
    blocks = {
        "rates": f"{len(counted)} agents counted, {len(chosen)} that chose.\n\n{summary(found)}",
        "confusion": confusion_table(found),
        "kinds": table(["in truth", *(f"said `{k.value}`" for k in Kind), "no kind"], kind_rows),
        "classes": by_class(found),
        "failures": failures(found),
        "thresholds": table(
            ["`closed`, `open`", "falsely robust", "wrong", "left open"],
            [[name, *map(str, count)] for name, count in tried.items()],
        )
        + f"\n\nPublished: {THRESHOLDS.closed:g}, {THRESHOLDS.open:g}. Best on these agents: {best.closed:g}, {best.open:g}.",
    }
    put(PAGE, COMMAND, blocks)


def main() -> None:
    """Add rows until there are enough or time is over."""
    chosen = options_of(__doc__, agents=60, first=0)
    fill(
        ROWS,
        AGENTS,
        chosen,
        lambda group: solved_levels(WORLD, group),
        lambda name, seed, levels: alignment_row(WORLD, name, seed, levels, QUICK.evidence),
    )
    page(read(ROWS))


if __name__ == "__main__":
    main()
