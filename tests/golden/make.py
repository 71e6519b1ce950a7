"""Makes golden values: `python -m tests.golden.make [NAME ...] [--out FOLDER]`.

The package that `PYTHONPATH` names is run, or the one of this checkout.
"""

import argparse
from pathlib import Path

from tests.golden.cases import HERE, select
from tests.golden.running import Failed, check_package, run_all, written


def main() -> int:
    """Run the cases and write their values; exit code 1 where one failed."""
    parser = argparse.ArgumentParser(description="Makes golden values.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="cases, which may hold *; all by default")
    parser.add_argument("--out", type=Path, default=HERE / "values", help="folder for the values")
    parser.add_argument("--side-by-side", type=int, choices=(1, 2), default=1, help="cases that run at a time")
    given = parser.parse_args()
    cases = select(given.names)
    print(f"mesascope of {check_package()}, {len(cases)} cases", flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    failed = 0
    for case, ran in run_all(cases, given.side_by_side):
        if isinstance(ran, Failed):
            failed += 1
            print(f"failed   {case.name}: {ran}", flush=True)
            continue
        text = written(case, ran.figures)
        (given.out / case.golden.name).write_text(text, "utf-8")
        print(f"made     {case.name}: {len(ran.figures)} figures, {ran.seconds:.0f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
