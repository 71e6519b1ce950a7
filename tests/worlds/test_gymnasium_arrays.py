"""Large arrays of an environment: shared by copies where no step writes to them, and copied where one does."""

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from mesascope.worlds.gymnasium import enumeration, from_gymnasium, stepping, terminated  # noqa: E402
from mesascope.worlds.gymnasium.constants import ChangedError, shared_arrays  # noqa: E402
from mesascope.worlds.gymnasium.structure import LARGE, structure  # noqa: E402
from tests.worlds.own_environments import Corridor  # noqa: E402


class Library(Corridor):
    """Holds a file of levels, and reads in it where walking is slow."""

    def __init__(self):
        super().__init__()
        self.file = {"levels": np.arange(LARGE, dtype=np.int32)}

    def move(self, action):
        return super().move(action) * (1 if self.file["levels"][self.place] != 2 else 2)


class Writing(Library):
    """Counts in the file how often each place was left, up to once, and walks on from there only the second time."""

    def reset(self, *, seed=None, options=None):
        self.file["levels"] = np.zeros(LARGE, np.int32)
        return super().reset(seed=seed)

    def move(self, action):
        before = self.file["levels"][self.place]
        self.file["levels"][self.place] = 1
        return super(Library, self).move(action) if before else 0


def tables(environment):
    return from_gymnasium(environment, levels=2, features={"end": terminated}, intended_goal="end").pool


def by_copying(environment, monkeypatch):
    """The tables made with arrays that are all copied."""
    with monkeypatch.context() as patched:
        patched.setattr("mesascope.worlds.gymnasium.constants.LARGE", np.inf)
        return tables(environment)


@pytest.mark.parametrize("kind", [Library, Writing])
def test_tables_are_those_of_copied_arrays(kind, monkeypatch):
    assert tables(kind()).digest == by_copying(kind(), monkeypatch).digest


def test_copies_share_what_no_step_writes_to(monkeypatch):
    shared = []
    original = stepping.Stepper.step

    def step(self, environment, action):
        found = original(self, environment, action)
        shared.append(found.after.file["levels"] is environment.file["levels"])
        return found

    monkeypatch.setattr(enumeration.Stepper, "step", step)
    environment = Library()
    tables(environment)
    assert shared
    assert all(shared)
    assert environment.file["levels"].flags.writeable


def test_arrays_are_as_before_where_a_step_wrote_to_them():
    environment = Library()
    other = memoryview(environment.file["levels"])
    with pytest.raises(ChangedError), shared_arrays(environment):
        other[3] = 77
    assert environment.file["levels"].tolist() == list(range(LARGE))
    assert environment.file["levels"].flags.writeable


def test_large_arrays_are_told_apart_without_being_kept():
    one = np.zeros(LARGE, np.uint8)
    two = one.copy()
    two[-1] = 1
    assert structure(one) == structure(one.copy()) != structure(two)
    assert len(structure(one)[-1]) < 100
