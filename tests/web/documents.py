"""Audit documents that carry agents, made without an audit."""

import copy
import functools

import jax
import numpy as np

from mesascope.auditing.portable import packed
from mesascope.core.jsonable import to_json
from mesascope.learned.registry import build
from mesascope.reports.reading import telling_shift
from tests.reports import sample_audit


@functools.cache
def _agent(seed):
    net = build("glance", {"channels": 6, "ticks": 6}, key=jax.random.key(seed), inputs=7)
    rng = np.random.default_rng(seed)
    return packed(jax.tree.map(lambda leaf: np.asarray(rng.normal(0, 0.8, leaf.shape), np.float32), net))


def carrying(audits, name=None):
    """The audits, each with an agent of random weights and one level that all are shown on."""
    made = []
    for seed, audit in enumerate(copy.deepcopy(audits)):
        shown = next(e for e in audits[0]["gallery"] if e["distribution"] == telling_shift(audits))
        audit["gallery"] = [{**copy.deepcopy(shown), "shared": True}, *audit["gallery"]]
        kin = [
            {
                "name": "training",
                "levels": 200,
                "height": 7,
                "width": 7,
                "walls": "?" * 49,
                "things": ["Rb", "Rbg"],
                "free": [20, 45],
                "connected": True,
            }
        ]
        audit["portable"] = {"agent": _agent(seed), "world": to_json(sample_audit.WORLD.painting), "kin": kin}
        if name is not None:
            audit["subject"]["name"] = name
        made.append(audit)
    return made
