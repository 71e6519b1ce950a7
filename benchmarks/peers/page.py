"""The page: Markdown and figures from the JSON of a run, and from nothing else."""

import re
from collections.abc import Sequence

from benchmarks.peers.figures import Bar, bars
from benchmarks.peers.plan import QUESTIONS, Question
from benchmarks.peers.summary import significant, summarize
from benchmarks.peers.targets import against_targets

PATHS = re.compile(r"(?<![\w.])/(?:[\w.+-]+/)*([\w.+-]+)")
ADDRESSES = re.compile(r"https?://\S+")


def scrub(text: str) -> str:
    """Text for the page: no address, and of a path its last part, so that the page names nobody's machine."""
    return PATHS.sub(r"\1", ADDRESSES.sub("(an address)", text))


def cell(repeats: Sequence[dict], value: str) -> str:
    """Median and range of one value; says how many repeats arrived where not all did."""
    if not any(value in repeat for repeat in repeats):
        return ""
    summary = summarize([repeat.get(value) for repeat in repeats])
    if summary is None or summary.reached == 0:
        return "—"
    low = significant(summary.low)
    if summary.reached == summary.repeats:
        return f"{significant(summary.median)} [{low}, {significant(summary.high)}]"
    known = "—" if summary.median is None else significant(summary.median)
    return f"{known} [{low}, not reached] ({summary.reached} of {summary.repeats})"


def table(question: Question, rows: Sequence[dict], cap: float) -> str:
    """All rows of a question, those that failed with the reason."""
    asked = [row for row in rows if row["job"] == question.job]
    head = ["", *question.values.values(), "peak memory, MB", "ready after, s", "notes"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in asked:
        name = f"**{row['name']}**" if row["who"] == "mesascope" else row["name"]
        cells = [cell(row["repeats"], value) for value in question.values]
        peak = "" if row["peak_mb"] is None else f"{row['peak_mb']:,.0f}"
        ready = row["ready"].get("seconds")
        lines.append(
            "| " + " | ".join([name, *cells, peak, "" if ready is None else f"{ready:.0f}", notes(row, cap)]) + " |"
        )
    return "\n".join(lines)


def notes(row: dict, cap: float) -> str:
    """What a reader must know of a row: sizes of network and observation, and what went wrong."""
    about, said = row["about"], []
    if row["failed"]:
        said.append("**failed**: " + scrub(row["failed"]).replace("|", "/").replace("\n", " "))
    if "observation_bytes" in about:
        said.append(
            f"{about['copies']:,} copies, {about['steps']} steps, {about['observation_bytes']:,} bytes observed"
        )
    if "parameters" in about:
        said.append(f"{about['parameters']:,} parameters")
    if "batch" in about:
        said.append(f"batches of {about['batch']:,}")
    if row["job"] == "training" and row["repeats"] and any(r.get("cpu") is None for r in row["repeats"]):
        missed = sum(r.get("cpu") is None for r in row["repeats"])
        said.append(f"not reached within {cap:g} CPU-seconds in {missed} of {len(row['repeats'])}")
    return "; ".join(said)


def versions(found: dict[str, dict]) -> str:
    """A line for each package: versions, or why it could not be had."""
    lines = ["| package | versions |", "|---|---|"]
    for who, held in found.items():
        said = scrub(held["failed"]) if "failed" in held else ", ".join(f"{n} {v}" for n, v in held.items())
        lines.append(f"| {who} | {said.replace('|', '/')} |")
    return "\n".join(lines)


def aims(run: dict) -> str:
    """The ratios to the fastest peer beside the ratios aimed at."""
    lines = ["| what | against | ratio | aim | |", "|---|---|---|---|---|"]
    for met in against_targets(run["rows"], run["cap"]):
        ratio = ("over " if met.at_least else "") + significant(met.ratio)
        lines.append(f"| {met.what} | {met.peer} | {ratio} | {met.aim:g} | {met.verdict} |")
    return "\n".join(lines) if len(lines) > 2 else "No peer and no measurement of ours to compare."


def figure(question: Question, run: dict) -> str | None:
    """The question's first value as bars; None where nothing was measured."""
    value, unit = next(iter(question.values.items()))
    drawn = []
    for row in run["rows"]:
        summary = summarize([r.get(value) for r in row["repeats"]]) if row["job"] == question.job else None
        if summary is None:
            continue
        ours = row["who"] == "mesascope"
        if summary.median is not None:
            drawn.append(Bar(row["name"], summary.median, summary.low, summary.high or summary.median, ours))
        elif question.job == "training":
            drawn.append(Bar(row["name"], run["cap"], run["cap"], run["cap"], ours, beyond=True))
    return bars(drawn, question.title, unit) if drawn else None


def page(run: dict) -> str:
    """The whole page."""
    machine, load = run["machine"], run["load"]
    busy = (
        " **Busy: other work used the machine; these figures are to be taken again.**"
        if load["most"] > 1.5 * machine["cores"]
        else ""
    )
    parts = [
        "# Beside its peers",
        f"Made by `{run['command']}` and from [peers.json](peers.json); not edited by hand. {run['date']}, {machine['cores']} "
        f"cores, {machine['processor']}, {machine['system']}, Python {machine['python']}. Load before {load['before']:.1f}, "
        f"at most {load['most']:.1f} during, of which the benchmark itself is up to {machine['cores']}.{busy} The whole run "
        f"took {run['seconds'] / 60:.0f} minutes, environments included.",
        f"Medians [least, greatest] of {run['repeats']} repeats that interleave: every worker of a table is compiled first, "
        "then each measures once, round after round. Ratios between rows of one run mean something; a figure alone, or rows "
        "of two runs, do not. The CPU alone is used.",
        "## Against the aims",
        "Ratio of medians, ours to the peer's (for CPU-seconds the peer's to ours). Tasks of one size are compared.",
        aims(run),
    ]
    for question in QUESTIONS:
        if not any(row["job"] == question.job for row in run["rows"]):
            continue
        says = question.says
        if question.job == "training":
            says += f" A training is cut off at {run['cap']:g} CPU-seconds."
        again = run.get("again", {}).get(question.job)
        if again:
            says += (
                f" Measured again on {again['date']} by `{again['command']}`, {again['repeats']} repeats, load before "
                f"{again['load']['before']:.1f}, at most {again['load']['most']:.1f} during."
            )
        parts += [f"## {question.title}", says, table(question, run["rows"], run["cap"])]
        if figure(question, run):
            parts.append(f"![{question.title}](peers-{question.job}.svg)")
    parts += ["## Versions", versions(run["versions"])]
    return "\n\n".join(parts) + "\n"
