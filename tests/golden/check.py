"""Compares audits with the golden values: `python -m tests.golden.check [NAME ...]`.

The package that `PYTHONPATH` names is run, or the one of this checkout. A line for each case; differences that `CHANGES.md`
lists are reported with their reason. Exit code 1 if anything else differs.
"""

import argparse
import time
from collections.abc import Sequence
from typing import NamedTuple

from tests.golden.cases import HERE, Case, select
from tests.golden.changes import Change, read_changes, split
from tests.golden.compare import Difference, compare
from tests.golden.environment import environment
from tests.golden.running import Failed, Ran, check_package, read_golden, run_all

MOST_SHOWN = 12
"""Differences of one case that are printed."""


class Outcome(NamedTuple):
    """What came of one case: differences nobody meant, those listed, and whether all could be compared."""

    unlisted: list[Difference]
    listed: list[tuple[Difference, Change]]
    comparable: bool

    def lines(self, name: str) -> list[str]:
        """What the terminal shows: a line, and one for each further difference."""
        first = sorted(self.unlisted, key=lambda difference: difference.slight)
        lines = [f"differs  {name}: {difference}" for difference in first[:MOST_SHOWN]]
        if len(first) > MOST_SHOWN:
            slight = sum(difference.slight for difference in first[MOST_SHOWN:])
            lines.append(f"differs  {name}: and {len(first) - MOST_SHOWN} more, {slight} of them slight")
        for reason in dict.fromkeys(change.reason for _, change in self.listed):
            paths = [difference for difference, change in self.listed if change.reason == reason]
            lines.append(f"changed  {name}: {paths[0]} (and {len(paths) - 1} more); on purpose: {reason}")
        if not self.comparable:
            lines.append(
                f"elsewhere {name}: its training went another way than in the environment of the golden values"
            )
        return lines or [f"equal    {name}"]


def judge(case: Case, ran: Ran, changes: Sequence[Change]) -> Outcome:
    """Compare what a case gave with its golden values."""
    golden = read_golden(case)
    found = compare(golden.figures, ran.figures, case.kind, golden.environment == environment())
    return Outcome(*split(case.name, found.differences, changes), found.comparable)


def main() -> int:
    """Run the cases and print what came of each."""
    parser = argparse.ArgumentParser(description="Compares audits with the golden values.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="cases, which may hold *; all by default")
    parser.add_argument("--quick", action="store_true", help="only cases that take a few seconds")
    parser.add_argument("--side-by-side", type=int, choices=(1, 2), default=1, help="cases that run at a time")
    given = parser.parse_args()
    cases = select(given.names, given.quick)
    changes = read_changes((HERE / "CHANGES.md").read_text("utf-8"))
    print(f"mesascope of {check_package()}, {len(cases)} cases", flush=True)
    started, bad = time.monotonic(), 0
    for case, ran in run_all(cases, given.side_by_side):
        if isinstance(ran, Failed):
            bad += 1
            print(f"failed   {case.name}: {ran}", flush=True)
            continue
        outcome = judge(case, ran, changes)
        bad += bool(outcome.unlisted)
        print("\n".join(outcome.lines(case.name)), flush=True)
    print(f"{len(cases) - bad} of {len(cases)} cases as expected, {time.monotonic() - started:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
