"""Put the figures of a finished audit into docs/savanna.md: `python docs/savanna.py DIR`.

DIR is what `mesascope audit savanna --out DIR` wrote. Every table between two comments in the page is made here.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blocks import put, table

PAGE = Path(__file__).resolve().parent / "savanna.md"


def estimate(found: Any) -> str:
    """Value and interval, two digits each."""
    if found is None:
        return ""
    low, high = found["interval"]
    return f"{found['value']:.2f} [{low:.2f}, {high:.2f}]"


def number(found: float | None) -> str:
    """One or two digits; nothing where it is not finite."""
    return "none" if found is None else f"{found:.2f}"


def phases(found: dict[str, Any]) -> str:
    """Share of animals over contexts and cost, then from plants alone and where percepts tell nothing."""
    points = found["phases"]["grid"]
    counts = sorted({p["life"]["contexts"] for p in points})
    costs = sorted({p["life"]["cost"] for p in points})
    shares = {(p["life"]["contexts"], p["life"]["cost"]): p["share"] for p in points}
    rows = [[f"cost {cost:g}", *(estimate(shares[count, cost]) for count in counts)] for cost in costs]
    for name, said in (("invaded", "from plants alone"), ("unrelated", "percepts tell nothing")):
        line = found["phases"][name]
        rows.append([f"{said}, cost {line[0]['life']['cost']:g}", *(estimate(p["share"]) for p in line)])
    return table(("", *(f"N = {count}" for count in counts)), rows)


def populations(found: dict[str, Any]) -> str:
    """What the shifts do to each kind."""
    columns = ("population", "fitness", "return by own values", "takes candy")
    rows = [
        [f"{kind}, {world}", *(estimate(fate[part]) for part in ("fitness", "own", "candy"))]
        for kind in ("animals", "plants")
        for world, fate in found["populations"][kind].items()
    ]
    return table(columns, rows)


def realignment(found: dict[str, Any]) -> str:
    """Re-alignment against the speed of change."""
    columns = ("generations of change", "largest inner gap", "gap half way", "generations until closed for good")
    rows = [
        [str(speed["ramp"]), *(estimate(speed[part]) for part in ("worst", "lag", "generations"))]
        for speed in found["realignment"]["speeds"]
    ]
    return table(columns, rows)


def known(found: dict[str, Any]) -> str:
    """How often the tests of search are right."""
    names = list(found["known"][0]["followed"])
    rows = [
        [
            row["kind"],
            str(row["individuals"]),
            estimate(row["said"]),
            *(f"{row['followed'][name]:.2f}" for name in names),
        ]
        for row in found["known"]
    ]
    return table(("kind", "examined", "said to search", *(f"{name}, mean score" for name in names)), rows)


def rewards(found: dict[str, Any]) -> str:
    """The lever that gives reward and no food."""
    presses = (0, 1, 2, 4, 8, 16, 32)
    rows = [
        [f"{strength} times the reward of a meal", *map(estimate, shares)]
        for strength, shares in found["rewards"]["lever"].items()
    ]
    return table(("lever", *(f"{count} presses" for count in presses)), rows)


def formula(found: dict[str, Any]) -> str:
    """Where search begins, found and predicted."""
    rows = [
        [f"cost {c['cost']:g}", estimate(c["found"]), number(c["predicted"]), "fitted" if c["fitted"] else "checked"]
        for c in found["formula"]["crossings"]
    ]
    said = found["formula"]
    told = (
        f"P = {number(said['power'])} bits. Mean error in doublings: {number(said['error_fitted'])} on the costs fitted, "
        f"{number(said['error_checked'])} on the costs checked; a boundary that does not move with the cost, "
        f"{number(said['constant'])}; straight lines between the fitted boundaries, {number(said['between'])}. "
        f"f'(0) = {number(said['free'])} contexts, nothing fitted."
    )
    shares = [
        ["x* in bits a context", *(f"{bits:.2f}" for _, bits, _ in found["formula"]["search"])],
        ["share of animals", *(estimate(share) for _, _, share in found["formula"]["search"])],
    ]
    counts = [f"N = {count}" for count, _, _ in found["formula"]["search"]]
    return "\n\n".join(
        (
            table(("", "contexts found", "contexts predicted", "P was"), rows),
            told,
            "At the lowest cost:",
            table(("", *counts), shares),
        )
    )


def networks(found: dict[str, Any]) -> str:
    """What was learned twice."""
    run = found["networks"]
    bodies = run["bodies"]
    felt = bodies["percepts and store"]["cases"]
    cases = (
        "evolved reward",
        "its weights shuffled",
        "reward at random",
        "learning off",
        "rewarded with offspring itself",
    )
    stages = ("training", "candy, at once", "candy, after a life there")
    earned = [["first generation", *(estimate(b["curve"][0]) for b in bodies.values())]]
    earned += [[case, *(estimate(b["cases"][case]["earned"]) for b in bodies.values())] for case in cases]
    inputs = ("taste", "touch", "color", "smell", "store")
    slopes = [
        [f"{told}, {name}", *(estimate(body[part].get(i)) for i in inputs)]
        for name, body in bodies.items()
        for part, told in (("reward", "evolved reward"), ("values", "learned values"))
    ]
    parts = ("offspring", "candy", "reward_gap", "value_gap", "between")
    gaps = ("reward to offspring", "values to offspring", "values to reward")
    wants = [
        [f"{name}, {stage}", *(estimate(body["cases"][cases[0]]["stages"][stage][part]) for part in parts)]
        for name, body in bodies.items()
        for stage in stages
    ]
    wants += [
        [f"{case}, store felt, training", *(estimate(felt[case]["stages"]["training"][part]) for part in parts)]
        for case in cases[1:]
    ]
    return "\n\n".join(
        (
            f"{run['people']} genomes, {run['generations']} generations, {run['seeds']} seeds, {run['strategy']}. Offspring of a "
            "choice over a life:",
            table(("", *bodies), earned),
            "Mean slopes, of length 1 in each animal:",
            table(("", *inputs), slopes),
            "Gaps are shares of what could be had above chance:",
            table(("body, world", "offspring", "takes candy", *gaps), wants),
        )
    )


PARTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "phases": phases,
    "populations": populations,
    "realignment": realignment,
    "known": known,
    "rewards": rewards,
    "formula": formula,
    "networks": networks,
}


def main() -> None:
    """Read the audit and rewrite every block of the page."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = json.loads((Path(sys.argv[1]) / "audit.json").read_text(encoding="utf-8"))["laboratory"]
    put(PAGE, "python docs/savanna.py DIR", {name: made(found) for name, made in PARTS.items()})


if __name__ == "__main__":
    main()
