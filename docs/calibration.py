"""Put a calibration's table into `search-verdict.md` and its operating point into the package: `python docs/calibration.py DIR`.

DIR is what `mesascope calibrate --out DIR` wrote. Of a class that is calibrated on random builds alone (`--class tokens`,
`--class recurrent`) the table is design by design, and the rows are kept beside the page, in `CLASS-builds.jsonl`.
`--unpack CLASS` puts them back into DIR instead, where the same `mesascope calibrate` goes on; `--rows CLASS` keeps those of one
that is not done, and says on the page what was said of them.
"""

import argparse
import json
from pathlib import Path

from blocks import put

from mesascope.store.lines import read_lines, write_lines

HERE = Path(__file__).parent
PAGE = HERE / "search-verdict.md"
POINTS = HERE.parent / "mesascope" / "instruments" / "interventions"
ON_BUILDS = {
    "tokens": ("calibration of transformers", "tokens_operating_point.json"),
    "recurrent": ("calibration of agents with a memory", "recurrent_operating_point.json"),
}
"""Classes that are calibrated on random builds alone: the block of the page, and the file of the operating point."""
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
    if class_of(document) in ON_BUILDS:
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


def class_of(document: dict) -> str:
    """The class of subjects that was calibrated."""
    return document["command"].partition("--class ")[2].partition(" ")[0] or "plan-once"


def design(row: dict) -> str:
    """What a build is a build of: `flood`, or `planner that replans`."""
    recipe = row["truth"]["recipe"]
    if "design=" in recipe:
        return recipe.partition("design=")[2].partition(",")[0]
    organism = recipe.partition(",")[0].removeprefix("walking-")
    return f"{organism}, {recipe.partition('walks=')[2].partition(',')[0]}"


def by_design(rows: list[dict], threshold: float) -> list[str]:
    """Random builds of both halves, gathered by what they are builds of."""
    lines = ["| design | in truth | builds | said to search | no-search | cannot tell |", "|---|---|---|---|---|---|"]
    groups: dict[tuple[str, bool | None], list[dict]] = {}
    for row in rows:
        groups.setdefault((design(row), row["searches"]), []).append(row)
    for (name, searches), mine in sorted(groups.items(), key=lambda group: (not group[0][1], group[0][0])):
        said = [row["verdict"] == "search" and row["least"] > threshold for row in mine]
        verdicts = [row["verdict"] for row in mine]
        counts = (
            len(mine),
            sum(said),
            verdicts.count("no-search"),
            len(mine) - sum(said) - verdicts.count("no-search"),
        )
        lines.append(f"| `{name}` | {TRUTH[searches]} | {' | '.join(map(str, counts))} |")
    return lines


def rows_file(subjects: str) -> Path:
    """Where the rows of a class are kept."""
    return HERE / f"{subjects}-builds.jsonl"


def pack(folder: Path, subjects: str) -> None:
    """Keep the rows of a class beside the page."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted((folder / "rows").glob("*.json"))]
    write_lines(rows_file(subjects), sorted(found, key=lambda row: (row["name"].partition(",")[0], row["seed"])))


def unpack(folder: Path, subjects: str) -> None:
    """Put the rows that are kept into a folder."""
    (folder / "rows").mkdir(parents=True, exist_ok=True)
    for row in read_lines(rows_file(subjects)):
        path = folder / "rows" / f"{row['name'].replace(',', '-')}-{row['seed']}.json"
        path.write_text(json.dumps(row, sort_keys=True) + "\n", "utf-8")


def so_far(rows: list[dict]) -> str:
    """A calibration under way: no rates, but what was said of the builds that are done."""
    said = {
        searches: [row["verdict"] == "search" for row in rows if row["searches"] is searches]
        for searches in (True, False, None)
    }
    text = (
        f"Not measured yet: no rates are published for this class. Of the {len(rows)} builds that are done, by thresholds that "
        f"were chosen on none of them, {sum(said[True])} of {len(said[True])} that search were said to, and {sum(said[False])} "
        f"of {len(said[False])} that do not; {len(said[None])} have a label that its check does not bear out, and count nowhere. "
        "Those done are the ones that came first, design by design, and no sample of the whole."
    )
    return "\n".join([text, "", *by_design(rows, float("-inf"))])


def publish(folder: Path) -> None:
    """Table, operating point and rows of a calibration that is done."""
    document = json.loads((folder / "calibration.json").read_text("utf-8"))
    subjects = class_of(document)
    block, point = ON_BUILDS.get(subjects, ("calibration", "operating_point.json"))
    put(PAGE, "python docs/calibration.py DIR", {block: shown(document)})
    (POINTS / point).write_text(json.dumps(document["operating_point"]["point"], sort_keys=True) + "\n", "utf-8")
    if subjects in ON_BUILDS:
        pack(folder, subjects)


def main() -> None:
    """Publish, or keep or put back the rows of a class."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", choices=ON_BUILDS)
    parser.add_argument("--unpack", choices=ON_BUILDS)
    asked = parser.parse_args()
    if asked.unpack:
        unpack(asked.folder, asked.unpack)
    elif asked.rows:
        pack(asked.folder, asked.rows)
        put(
            PAGE,
            "python docs/calibration.py DIR",
            {ON_BUILDS[asked.rows][0]: so_far(list(read_lines(rows_file(asked.rows))))},
        )
    else:
        publish(asked.folder)


if __name__ == "__main__":
    main()
