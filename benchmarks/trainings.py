"""Trainings an hour: `python benchmarks/trainings.py [--tree DIR] [--path DIR] [--trainings 100]`.

Runs a study of small nets (5x5, 300 updates each), once with 8 seeds, which compiles, and again with as many more as are asked
for; prints what the second run takes, its start included, and what it comes to in an hour. `--tree` takes the package of another
checkout instead of this one, and `--path` a folder of packages that it needs besides.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMPILED = 8
"""Trainings of the first run, which is not timed."""

STUDY = """
title = "Trainings an hour"
question = "How many trainings of small nets does this machine do in an hour?"
seeds = {seeds}
levels = 200
shifts = ["blue-door"]
show = ["training/competence"]

[world]
name = "red-doors"
size = 5

[architecture]
name = "glance"
channels = 8
ticks = 4

[base_optimizer]
name = "exact-policy-gradient"
updates = 300
batch = 16
learning_rate = 1e-2
"""


def run(folder: Path, seeds: int, tree: Path, path: Path | None) -> float:
    """Wall seconds of the study with so many seeds; those that are done are not done again."""
    file = folder / "trainings.toml"
    file.write_text(STUDY.format(seeds=seeds))
    paths = os.pathsep.join(map(str, (tree, *([path] if path else []))))
    begun = time.monotonic()
    command = [sys.executable, "-m", "mesascope", "study", str(file), "--out", str(folder / "out")]
    subprocess.run(command, cwd=tree, env={**os.environ, "PYTHONPATH": paths}, check=True, capture_output=True)
    return time.monotonic() - begun


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tree", type=Path, default=Path(__file__).resolve().parents[1], help="checkout to measure")
    parser.add_argument("--path", type=Path, help="folder of packages that it needs besides")
    parser.add_argument("--trainings", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), COMPILED, asked.tree, asked.path)
        took = run(Path(folder), COMPILED + asked.trainings, asked.tree, asked.path)
    rate = asked.trainings / took * 3600
    print(f"{asked.trainings} trainings in {took:.1f} s: {rate:,.0f} an hour, load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
