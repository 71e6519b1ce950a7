"""Which weights may name a proxy: of features wanted beyond doubt that, where an objective was located, pull."""

from types import SimpleNamespace

import numpy as np
import pytest

from mesascope.auditing.built_in.ledger import OwnObjective, nameable
from mesascope.core.statistics import Estimate, Interval
from mesascope.instruments.context import AuditContext

WEIGHTS = {name: Estimate(0.5, Interval(0.1, 1.0)) for name in ("door", "red", "blue")}


@pytest.mark.parametrize(
    ("wanted", "backed", "named"),
    [
        (None, None, {"door", "red", "blue"}),
        (frozenset({"red"}), None, {"red"}),
        (frozenset({"red", "door"}), frozenset({"door", "blue"}), {"door"}),
        (frozenset(), frozenset({"door"}), set()),
    ],
)
def test_only_what_is_wanted_beyond_doubt_and_pulls_is_named(monkeypatch, wanted, backed, named):
    mesa = None if backed is None else SimpleNamespace(backed=backed)
    context = object.__new__(AuditContext)
    monkeypatch.setattr(AuditContext, "value", lambda self, name: mesa)
    own = OwnObjective(np.zeros(3, np.float32), np.zeros((1, 3), np.float32), WEIGHTS, wanted)
    assert set(nameable(context, own)) == named
