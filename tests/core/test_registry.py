"""The registry of every kind: built-in entries, and those that installed packages bring."""

import functools
from importlib import metadata

import pytest

from mesascope.core.errors import RegistryError, UsageError
from mesascope.core.registry import Registry, check_class, check_instance

GROUP = "mesascope.tests"


@pytest.fixture
def packages(monkeypatch):
    """Entry points by name, as an installed package would bring them."""
    brought = {}

    def entry_points(*, group):
        points = [metadata.EntryPoint(name, value, group) for name, value in brought.items()]
        return metadata.EntryPoints(points if group == GROUP else [])

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    return brought


def registry(check=None):
    return Registry("number", GROUP, {"pi": "math:pi", "two": 2}, check)


def test_built_in_entries_come_first_and_are_imported_when_looked_up(packages):
    packages["tau"] = "math:tau"
    found = registry()
    assert list(found) == ["pi", "two", "tau"]
    assert (round(found["pi"], 2), found["two"], round(found["tau"], 2)) == (3.14, 2, 6.28)
    assert len(found) == 3


def test_an_unknown_name_is_answered_with_the_nearest(packages):
    packages["tau"] = "math:tau"
    with pytest.raises(UsageError, match="unknown number 'taau': did you mean 'tau'"):
        registry().find("taau")
    assert "e" not in registry()


def test_no_built_in_entry_is_replaced(packages):
    packages["pi"] = "math:tau"
    with pytest.raises(RegistryError, match="brings a number called 'pi', which Mesascope has itself"):
        list(registry())


@pytest.mark.parametrize(("target", "said"), [("nowhere:x", "No module named 'nowhere'"), ("math:nothing", "nothing")])
def test_an_entry_that_cannot_be_imported_is_named_with_its_package(packages, target, said):
    packages["broken"] = target
    found = registry()
    assert round(found["pi"], 2) == 3.14, "the others can be used"
    with pytest.raises(RegistryError, match=f"number 'broken' of .*{said}"):
        found.find("broken")


def test_an_entry_of_another_kind_is_refused(packages):
    packages["word"] = "string:digits"
    with pytest.raises(RegistryError, match="expected a builtins.float, found a str"):
        registry(functools.partial(check_instance, float)).find("word")


class Base:
    name = "base"


class Named(Base):
    name = "named"


def test_a_class_must_be_of_the_base_and_go_by_its_name():
    check_class(Base, "named", Named)
    with pytest.raises(ValueError, match="it calls itself 'named'"):
        check_class(Base, "other", Named)
    with pytest.raises(TypeError, match="expected a subclass of .*Base"):
        check_class(Base, "named", int)
