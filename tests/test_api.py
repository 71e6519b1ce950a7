"""Mesascope from Python: the names that a program uses, typed and documented."""

import ast
import doctest
import importlib
import inspect
import json
from pathlib import Path

import numpy as np
import pytest

import mesascope as ms
from mesascope.core.errors import AgentFileError, UsageError
from tests.reports import sample_audit

TINY = {"updates": 2, "architecture_config": {"channels": 3, "ticks": 3}, "base_optimizer_config": {"batch": 2}}


@pytest.fixture(scope="module")
def world():
    return ms.worlds.red_doors(size=5)


@pytest.fixture(scope="module")
def agent(world):
    return ms.train(world, seed=np.int64(3), **TINY)


def test_a_training_is_a_function_of_its_arguments(world, agent):
    assert ms.train(world, seed=3, **TINY).sha256 == agent.sha256
    assert agent.provenance.seed == 3
    with pytest.raises(UsageError, match="unknown architecture 'glanse': did you mean 'glance'"):
        ms.train(world, architecture="glanse")


@pytest.mark.parametrize("text", [False, True])
def test_an_agent_is_saved_and_loaded(tmp_path, agent, text):
    ms.save_learned_algorithm(tmp_path / "learned", agent.subject, agent.provenance)
    loaded = ms.load_agent(str(tmp_path) if text else tmp_path / "learned")
    assert loaded.sha256 == agent.sha256
    with pytest.raises(AgentFileError, match="nothing there"):
        ms.load_agent(tmp_path / "nowhere")


def test_what_does_not_apply_is_refused_before_anything_is_measured(agent):
    with pytest.raises(UsageError, match="--adversary has nothing to measure"):
        ms.audit("organism:planner", ms.worlds.coin(), adversary=True)
    with pytest.raises(UsageError, match="unknown organism 'compas': did you mean 'compass'"):
        ms.audit("organism:compas", ms.worlds.red_doors())


@pytest.mark.slow
@pytest.mark.long
def test_an_audit_of_an_agent_in_memory_is_typed_and_has_the_forms_of_the_file(tmp_path, monkeypatch, world, agent):
    monkeypatch.chdir(tmp_path)
    result = ms.audit(agent, world, quick=True, levels=20)
    assert list(tmp_path.iterdir()) == [], "nothing is written"
    assert (result.world.name, result.seed, result.search.verdict) == ("red-doors", 0, "cannot-tell")
    assert set(result.ledger) == {"training", *world.shifts}
    assert result.provenance.seconds["audit"] > 0
    assert result.alignment.verdict
    assert result.ledger["training"].outer.value == pytest.approx(0.0, abs=1e-6), "float32 rounding of value iteration"
    assert result.subject.kind == "saved"
    found = result.to_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert ms.AuditDocument.model_validate(found).to_json() == found
    assert found["provenance"]["command"] == "mesascope.audit"
    page = result.report(tmp_path / "r.html").read_text()
    assert "glance" in page
    assert "<table>" in result._repr_html_()


def test_a_notebook_shows_verdicts_and_gaps():
    result = ms.AuditResult.model_validate(sample_audit.three_seeds()[0])
    shown = result._repr_html_()
    assert shown.count("<table>") == 2
    for name in ("objective", "capability", "alignment", *result.ledger):
        assert f"<th>{name}</th>" in shown
    gap = result.ledger["blue-door"].inner
    assert f"{gap.share:.2f} [{gap.interval[0]:.2f}, {gap.interval[1]:.2f}]" in shown
    assert "-0.00" not in result._gaps_html()
    without = result.model_copy(update={"ledger": {}})
    assert without._repr_html_().count("<table>") == 1


ROOT = Path(ms.__file__).parent


def test_type_checkers_see_every_lazy_name():
    tree = ast.parse((ROOT / "__init__.py").read_text())
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname: node.module for node in guarded.body for alias in node.names}
    assert seen == {**ms._HOMES, **dict.fromkeys(ms._MODULES, "mesascope")}


SECTIONS = ("Args:", "Returns:", "Example:")


def wanted(found) -> list[str]:
    """The sections that the docstring of a function or class must have."""
    if inspect.isclass(found):
        return ["Example:"]
    signature = inspect.signature(found)
    args = ["Args:"] if signature.parameters else []
    returns = [] if signature.return_annotation in (None, "None") else ["Returns:"]
    return [*args, *returns, "Example:"]


PUBLIC = sorted(name for name in ms._HOMES if "torch" not in name)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_documented(name):
    found = getattr(ms, name)
    text = inspect.getdoc(found) or ""
    missing = [section for section in wanted(found) if section not in text]
    assert not missing, f"the docstring of mesascope.{name} has no {', '.join(missing)}"
    if not inspect.isclass(found):
        # The order of the sections is that of the field's docstrings: arguments, what comes back, errors, an example.
        unnamed = [p for p in inspect.signature(found).parameters if f"{p}:" not in text and f"`{p}`" not in text]
        assert not unnamed, f"the docstring of mesascope.{name} does not say what {', '.join(unnamed)} is"


MODULES = sorted({home for name, home in ms._HOMES.items() if "torch" not in home} | {
    "mesascope.core.options", "mesascope.core.registry", "mesascope.core.rollouts", "mesascope.core.subject",
    "mesascope.conformance.check_subject",  "mesascope.learned.registry",
    "mesascope.worlds.levels", "mesascope.worlds.rewarding",  "mesascope.worlds.world",
})  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name):
    failed, tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0
    source = inspect.getsource(importlib.import_module(name))
    assert tried or "doctest: +SKIP" in source, f"{name} is public and has no example"
