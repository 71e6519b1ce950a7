"""What a locked package asks for with an extra must be locked with that extra: pip takes it for unpinned otherwise."""

from importlib import metadata

from packaging.requirements import Requirement

from tests.house.tree import ROOT


def wanted_with_extras(name):
    found = [Requirement(text) for text in metadata.requires(name) or []]
    return [r for r in found if r.extras and (r.marker is None or r.marker.evaluate({"extra": ""}))]


def test_extras_that_are_asked_for_are_locked():
    lines = (ROOT / "requirements-dev.lock").read_text().splitlines()
    pins = [Requirement(line.rstrip("\\ ")) for line in lines if line[:1].isalnum()]
    locked = {pin.name: pin.extras for pin in pins}
    installed = {d.name.lower().replace("_", "-") for d in metadata.distributions()}
    asked = [(name, r) for name in locked.keys() & installed for r in wanted_with_extras(name)]
    assert asked, "pytest-cov asks for coverage[toml]: without it this test says nothing"
    assert [f"{name} asks for {r}" for name, r in asked if not r.extras <= locked[r.name]] == []
