"""Put a calibration's table into `search-verdict.md` and its operating point into the package: `python docs/calibration.py DIR`.

DIR is what `mesascope calibrate --out DIR` wrote, also with `--class tokens`, whose builds are listed design by design.
"""

import json
import sys
from pathlib import Path

from blocks import put

HERE = Path(__file__).parent
PAGE = HERE / "search-verdict.md"
POINTS = HERE.parent / "mesascope" / "instruments" / "interventions"
TESTS = ("retarget", "virtual wall", "joint")
TRUTH = {True: "searches", False: "does not", None: "nobody knows"}


def rate(estimate: dict) -> str:
    """`1.00 [0.95, 1.00]`."""
    if estimate["value"] is None:
        return "none"
    low, high = estimate["interval"]
    return f"{estimate['value']:.3f} [{low:.3f}, {high:.3f}]"


def shown(document: dict) -> str:
    """Rates of every way of deciding, then subject by subject."""
    point = document["operating_point"]["point"]
    pairs = document["pairs"]
    lines = [
        f"`{document['command']}`; threshold {point['threshold']:.2f}, chosen on the half named *tune*. "
        f"Pairs that answer alike to the last bit: {pairs['pairs']}, confused: {pairs['confused']} (the searcher not found: "
        f"{pairs['confused'] - pairs['mistaken']}, the other taken for a searcher: {pairs['mistaken']}).",
        "",
        "| on the half named *test*, decided by | sensitivity | specificity | audits of searchers, of others |",
        "|---|---|---|---|",
    ]
    for row in document["rates"]["test"]:
        counts = f"{row['positives']}, {row['negatives']}"
        lines.append(f"| {row['name']} | {rate(row['sensitivity'])} | {rate(row['specificity'])} | {counts} |")
    if "--class tokens" in document["command"]:
        return "\n".join([*lines, "", *by_design(document["rows"], point["threshold"])])
    lines += [
        "",
        "| subject | in truth | half | said to search | retarget, wall, joint (median score) | a table excluded |",
        "|---|---|---|---|---|---|",
    ]
    for row in document["subjects"]:
        scores = ", ".join("none" if s is None else f"{s:.2f}" for s in map(row["tests"].get, TESTS))
        excluded = f"{row['table_excluded']} of {row['measured']}" if row["measured"] else "not asked"
        said = f"{row['said_to_search']} of {row['audits']}"
        half = row["half"] or "beside"
        lines.append(f"| `{row['name']}` | {TRUTH[row['searches']]} | {half} | {said} | {scores} | {excluded} |")
    return "\n".join(lines)


def by_design(rows: list[dict], threshold: float) -> list[str]:
    """Random builds, gathered by what they are builds of."""
    lines = ["| design | in truth | builds | said to search | no-search | cannot tell |", "|---|---|---|---|---|---|"]
    groups: dict[tuple[str, bool | None], list[dict]] = {}
    for row in rows:
        design = row["truth"]["recipe"].partition("design=")[2].partition(",")[0]
        groups.setdefault((design, row["searches"]), []).append(row)
    for (design, searches), mine in groups.items():
        said = [row["verdict"] == "search" and row["least"] > threshold for row in mine]
        verdicts = [row["verdict"] for row in mine]
        counts = (
            len(mine),
            sum(said),
            verdicts.count("no-search"),
            len(mine) - sum(said) - verdicts.count("no-search"),
        )
        lines.append(f"| `{design}` | {TRUTH[searches]} | {' | '.join(map(str, counts))} |")
    return lines


def main(folder: Path) -> None:
    """Both files."""
    document = json.loads((folder / "calibration.json").read_text("utf-8"))
    of_tokens = "--class tokens" in document["command"]
    block = "calibration of transformers" if of_tokens else "calibration"
    put(PAGE, "python docs/calibration.py DIR", {block: shown(document)})
    point = POINTS / ("tokens_operating_point.json" if of_tokens else "operating_point.json")
    point.write_text(json.dumps(document["operating_point"]["point"], sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
