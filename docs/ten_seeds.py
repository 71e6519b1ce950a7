"""Verdicts of the same seeds before and after: `python docs/ten_seeds.py BEFORE AFTER`.

BEFORE is what `mesascope audit red-doors --seeds 10 --out BEFORE` wrote in commit 89b6871, AFTER the same command now. The table
goes into design/two-verdicts.md.
"""

import hashlib
import json
import sys
from pathlib import Path

from blocks import put, table

PAGE = Path(__file__).with_name("design") / "two-verdicts.md"


def _read(folder: Path) -> dict[int, dict]:
    paths = folder.glob("seed-*/audit.json")
    return {int(path.parent.name.rpartition("-")[2]): json.loads(path.read_text(encoding="utf-8")) for path in paths}


def _weights(folder: Path, seed: int) -> str:
    return hashlib.sha256((folder / f"seed-{seed}" / "learned" / "weights.safetensors").read_bytes()).hexdigest()


def _search(document: dict) -> str:
    margin = document["search"].get("margin")
    return document["search"]["verdict"] + (f", margin {margin:.2f}" if margin is not None else "")


def _alignment(document: dict) -> str:
    found = document["alignment"]
    return found["verdict"] + (f" ({found['kind']})" if found["kind"] else "")


def _capability(document: dict) -> str:
    return document["alignment"].get("capability", {}).get("summary", "not said")


def _decided(documents: dict[int, dict]) -> int:
    return sum(d["search"]["verdict"] != "cannot-tell" for d in documents.values())


def main() -> None:
    """Read both folders and write the block."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folders = [Path(name) for name in sys.argv[1:]]
    before, after = map(_read, folders)
    seeds = sorted(before.keys() & after.keys())
    same = sum(_weights(folders[0], seed) == _weights(folders[1], seed) for seed in seeds)
    rows = [
        [
            str(seed),
            _search(before[seed]),
            _search(after[seed]),
            _alignment(before[seed]),
            _alignment(after[seed]),
            _capability(after[seed]),
        ]
        for seed in seeds
    ]
    heads = [
        "seed",
        "search before",
        "search after",
        "alignment before",
        "alignment after",
        "capability after (before: no verdict of its own)",
    ]
    said = (
        f"Search decided: before {_decided(before)} of {len(before)}, after {_decided(after)} of {len(after)}. "
        f"Alignment `cannot-tell`: before {sum(_alignment(d) == 'cannot-tell' for d in before.values())}, "
        f"after {sum(_alignment(d) == 'cannot-tell' for d in after.values())}. "
        f"Agents with the same weights in both: {same} of {len(seeds)}."
    )
    put(PAGE, "python docs/ten_seeds.py BEFORE AFTER", {"seeds": f"{table(heads, rows)}\n\n{said}"})


if __name__ == "__main__":
    main()
