"""Training from Python: in memory, and the same to the last bit as what is saved."""

import dataclasses
import shlex

import equinox as eqx
import jax
import numpy as np
import pytest

from mesascope.core.errors import DivergedError, UsageError
from mesascope.instruments.audited import describe
from mesascope.instruments.settings import QUICK
from mesascope.jobs.audit import Request as AuditRequest
from mesascope.jobs.audit import make_plan
from mesascope.jobs.listener import SILENT
from mesascope.jobs.runner import run_job
from mesascope.jobs.subjects import LEARNED, source_of, trained_elsewhere
from mesascope.jobs.train import Request, run, train, trained, training_job
from mesascope.reports.plain import conclusion
from mesascope.store.learned_algorithm import save_learned_algorithm
from mesascope.studies.training import arrange
from mesascope.worlds.grids.red_doors import RedDoors
from tests.base_optimizers.conftest import GLANCE

TINY = {"updates": 3, "batch": 4}


def test_in_memory_and_into_a_folder_give_the_same_bits(tmp_path):
    world = RedDoors(size=5)
    learned = train(world, seed=2, architecture_config=GLANCE, base_optimizer_config=TINY)
    training = arrange(world, "glance", GLANCE, "exact-policy-gradient", TINY)
    saved = trained(training, 2, tmp_path, SILENT)
    assert (learned.sha256, learned.provenance) == (saved.sha256, saved.provenance)
    for one, other in zip(jax.tree.leaves(learned.subject), jax.tree.leaves(saved.subject), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_training_that_diverged_is_kept_and_refused_each_time(tmp_path, monkeypatch):
    world = RedDoors(size=5)
    training = arrange(world, "glance", GLANCE, "exact-policy-gradient", TINY)
    job, place = training_job(training, 0, tmp_path)
    learned = train(world, architecture_config=GLANCE, base_optimizer_config=TINY)
    broken = eqx.tree_at(lambda net: net.out, learned.subject, learned.subject.out * float("nan"))
    diverged = dataclasses.replace(job, work=lambda listener: learned._replace(subject=broken))
    for attempt in (diverged, job):
        with pytest.raises(DivergedError):
            run_job(attempt, place, SILENT)
    assert {path.name for path in tmp_path.iterdir()} == {"learned"}


def test_what_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="did you mean 'glance'"):
        train(RedDoors(), "glanze")
    with pytest.raises(UsageError, match="seeds run from 0"):
        train(RedDoors(size=5), seed=2**32, architecture_config=GLANCE, base_optimizer_config=TINY)


def test_what_was_trained_in_memory_is_a_subject():
    world = RedDoors(size=5)
    learned = train(world, architecture_config=GLANCE, base_optimizer_config=TINY)
    source = source_of(learned, world)
    assert source.identity["sha256"] == learned.sha256
    audited = source.make(QUICK, 0)
    assert (audited.kind, audited.training.updates) == ("saved", 3)
    assert audited.untrained is not None
    bare = source_of(learned.subject, world)
    assert bare.make(QUICK, 0).kind == "python"
    assert source_of("organism:uniform", world).identity == {"organism": "uniform"}
    with pytest.raises(UsageError, match="did you mean 'organism:planner'"):
        source_of("planner", world)


@pytest.fixture(scope="module")
def learned():
    return train(RedDoors(size=5), architecture_config=GLANCE, base_optimizer_config=TINY)


def test_an_agent_in_another_world_than_its_own_is_told_so(learned):
    world = RedDoors(size=5)
    assert source_of(learned, world).make(QUICK, 0).elsewhere is None
    told = describe(source_of(learned, RedDoors(size=7, salience=0.0)).make(QUICK, 0))["elsewhere"]
    assert told == "trained in red-doors with salience=1.0, size=5, audited in red-doors with salience=0.0, size=7"
    assert "elsewhere" not in describe(source_of(learned, world).make(QUICK, 0))
    assert trained_elsewhere("coin", {"size": 5}, world) == "trained in coin, audited in red-doors"
    said = conclusion([{"subject": {"elsewhere": told}}])
    assert said.startswith(f"Another world than it was trained in: {told}.")


def test_what_training_prints_audits_the_agent_where_it_was_trained(learned, tmp_path, monkeypatch):
    def tiny(training, seed, folder, listener):
        save_learned_algorithm(folder / LEARNED, learned.subject, learned.provenance)
        return learned

    monkeypatch.setattr("mesascope.jobs.train.trained", tiny)
    asked = Request(out=tmp_path / "my agent", updates=2, quick=True, knobs=("size=5", "salience=1"))
    hint = run(asked, SILENT).document["audit_with"]
    words = shlex.split(hint)
    assert words[:7] == ["mesascope", "audit", "red-doors", "--set", "size=5", "--set", "salience=1"]
    plan = make_plan(AuditRequest(world="red-doors", knobs=("size=5", "salience=1"), subject=words[-1]))
    assert plan.source.make(QUICK, 0).elsewhere is None
