"""Whoever asks for the examination for search hands it the subject with its readout open."""

from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from mesascope.auditing.audit import audit
from mesascope.auditing.built_in import search
from mesascope.calibration import row
from mesascope.calibration.subjects import Known
from mesascope.core.unrolled_loops import OpenedLoop
from mesascope.instruments.audited import AuditSubject
from mesascope.instruments.behavioral_objective import CARD as BEHAVIORAL
from mesascope.instruments.instrument import Finding, Instrument
from mesascope.instruments.settings import Settings
from mesascope.meta_optimizers import contrast
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

TEXT = "readout-planner,ticks=6"


class OneSize(RedDoors):
    """Without shifts."""

    shifts: ClassVar[dict[str, str]] = {}


class Asked(Exception):
    """The examination was asked for, with this subject."""


@pytest.fixture
def world():
    return OneSize(size=5)


def examined(world, subject, *_, **__):
    raise Asked(subject)


def opened(caught):
    (subject,) = caught.value.args
    assert isinstance(subject, OpenedLoop)
    return subject.ticks > subject.subject.ticks


def test_an_audit_does(monkeypatch, world):
    monkeypatch.setattr(search, "examine_each", examined)
    monkeypatch.setattr(search, "candidates", lambda *_: ())
    inferred = SimpleNamespace(weights=SimpleNamespace(weights={}), everywhere=None)
    known = Instrument(BEHAVIORAL, lambda context: Finding(inferred))
    subject = AuditSubject(build_organism(TEXT, world), "organism", TEXT, TEXT, True)
    few = Settings(levels=4, contested=4, evidence=4, directed=4, thought=4)
    with pytest.raises(Asked) as caught:
        audit(world, subject, few, 0, instruments=(known, search.SEARCH))
    assert opened(caught)


def test_a_calibration_does(monkeypatch, world):
    monkeypatch.setattr(row, "examine_search", examined)
    monkeypatch.setattr(row, "infer_pursued", lambda *_: np.zeros(len(world.features)))
    monkeypatch.setattr(row, "POOL", 4)
    known = Known(TEXT, TEXT, True, "test", "", lambda world, shown, seed: build_organism(TEXT, world))
    with pytest.raises(Asked) as caught:
        row.examine(world, known, 0)
    assert opened(caught)


def test_a_meta_optimizer_does(monkeypatch, world):
    monkeypatch.setattr(contrast, "examine_search", examined)
    monkeypatch.setattr(contrast, "infer_pursued", lambda *_: np.zeros(len(world.features)))
    monkeypatch.setattr(contrast, "built_in", lambda _: False)
    subject = build_organism(TEXT, world)
    with pytest.raises(Asked) as caught:
        contrast.examine(world, subject, subject, 1.0, contrast.Looked(pool=4))
    assert opened(caught)
