"""Put the figures of a finished audit into `deceivers.md`: `python docs/deceivers_audit.py DIR`.

DIR is what `mesascope audit deceivers --out DIR` wrote. With one model of each kind intervals are over prompts, or there is none.
"""

import json
import sys
from pathlib import Path

from blocks import put, table
from exits import estimate

PAGE = Path(__file__).with_name("deceivers.md")


def tables(document: dict) -> dict[str, str]:
    """The blocks of the page."""
    found = document["laboratory"]
    kinds = found["kinds"]
    models = [
        [
            f"`{kind}`",
            *(estimate(one[part]) for part in ("watched", "unwatched", "stake", "pointer")),
            *(estimate(one["weighing"][part]) for part in ("closed_form", "rule_of_thumb")),
            one["verdict"],
        ]
        for kind, each in kinds.items()
        for one in each["models"]
    ]
    layers = found["layers"]
    probes = [
        [
            f"`{kind}`",
            layer,
            *(
                estimate(each["probe"][part][state])
                if part == "auroc"
                else estimate(each["probe"]["controls"][part][state])
                for state in ("overall", "within")
                for part in ("auroc", *each["probe"]["controls"])
            ),
            estimate(each["recall"]) if each["recall"] else "none",
        ]
        for kind, of in layers.items()
        for layer, each in of.items()
    ]
    controls = next(iter(next(iter(layers.values())).values()))["probe"]["controls"]
    safety = [
        [f"`{kind}`", *(estimate(each[when]["gap"]) for when in ("before", "after"))]
        for kind, each in found["safety_training"].items()
    ]
    edited = [e for e in found["flag_rewritten"] if e]
    edits = [
        [
            estimate(e["score"]),
            estimate(e["edited"]),
            estimate(e["ceiling"]),
            *(estimate(c) for c in e["controls"].values()),
        ]
        for e in edited
    ]
    heads = ["made as", "complies watched", "unwatched", "loss where nothing follows", "follows the sign, watched"]
    names = ("probe", *controls)
    return {
        "audit": table([*heads, "by the closed form", "by a rule of thumb", "said"], models),
        "probes": table(
            ["made as", "layer", *(f"{n}, all" for n in names), *(f"{n}, same state" for n in names), "recall at 1 %"],
            probes,
        ),
        "safety": table(["made as", "gap before", "after"], safety),
        "edits": table(["score", "edited", "ceiling", *edited[0]["controls"]], edits)
        if edited
        else "No prompt offers the test.",
    }


if __name__ == "__main__":
    audited = json.loads((Path(sys.argv[1]) / "audit.json").read_text())
    put(PAGE, "python docs/deceivers_audit.py DIR", tables(audited))
