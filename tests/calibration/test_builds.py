"""Random builds as a population: labels that are checked, and rows that say so."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from mesascope.calibration import truth
from mesascope.calibration.builds import IN_A_ROW, KINDS, KINDS_OF, random_build, random_builds
from mesascope.core.errors import UsageError
from mesascope.core.rng import named_key
from mesascope.instruments.interventions.operating_point import LEAST_NEGATIVES
from mesascope.jobs.calibrate import Request, audits_of
from mesascope.organisms.labels import ORGANISMS
from mesascope.organisms.recipes import Recipe
from mesascope.organisms.registry import build_organism
from mesascope.worlds.grids.red_doors import RedDoors

WORLD = RedDoors(size=7)


def test_builds_are_asked_for_once_each_and_those_of_one_program_together(tmp_path):
    jobs = audits_of(Request(out=tmp_path, builds=(70, 90), first=5))
    assert sorted((job.known.name, *job.seeds) for job in jobs) == sorted(
        (f"{kind},seed={seed}", seed) for kind, n in zip(KINDS, (70, 90), strict=True) for seed in range(5, 5 + n)
    )
    programs = [job.program for job in jobs]
    runs = 1 + sum(one != other for one, other in itertools.pairwise(programs))
    assert len(set(programs)) <= runs <= len(set(programs)) + len(jobs) / IN_A_ROW
    assert all(job.known.searches == ORGANISMS[job.known.name.partition(",")[0]].searches for job in jobs)


def test_builds_over_tokens_choose_their_threshold_on_even_seeds(tmp_path):
    request = Request(out=tmp_path, subject_class="tokens", builds=(6, 8))
    known = {job.known.name: job.known for job in audits_of(request)}
    assert sorted(known) == sorted(
        f"{kind},seed={seed}" for kind, n in zip(KINDS_OF["tokens"], (6, 8), strict=True) for seed in range(n)
    )
    assert all(one.half == ("tune", "test")[int(name[-1]) % 2] for name, one in known.items())
    assert sum(one.searches for one in known.values()) == 6
    with pytest.raises(UsageError, match="unknown class of subjects 'tokens1': did you mean 'tokens'"):
        audits_of(Request(out=tmp_path, subject_class="tokens1"))
    asked = audits_of(Request(out=tmp_path, subject_class="tokens"))
    assert sum(not job.known.searches for job in asked) >= 2 * LEAST_NEGATIVES


@pytest.mark.parametrize(("kind", "seed"), [("random-token-searcher", 2), ("random-token-nonsearcher", 6)])
def test_the_label_of_a_build_over_tokens_is_checked(kind, seed, monkeypatch):
    monkeypatch.setattr(truth, "LEVELS", 8)
    known = random_build(kind, seed)
    stored = [WORLD.draw(named_key(0, "stored"), 8)]
    right = known.make(WORLD, stored, seed)
    other = build_organism("token-imitator" if known.searches else "token-searcher", WORLD)
    assert known.check(WORLD, right, stored)["holds"]
    assert not known.check(WORLD, other, stored)["holds"]


def test_any_beginning_of_the_run_holds_both_kinds():
    labels = [known.searches for _, known in random_builds(0, 33, 44)]
    for part in (20, 40, 60):
        assert 0.2 < np.mean(labels[:part]) < 0.7


@pytest.fixture
def check(monkeypatch):
    def checked(kind, text):
        monkeypatch.setattr(truth, "RECIPES", dict.fromkeys(KINDS, lambda seed: Recipe(text, text)))
        monkeypatch.setattr(truth, "LEVELS", 8)
        stored = [WORLD.draw(named_key(0, "stored"), 8)]
        return truth.check_build(kind, 0, WORLD, build_organism(text, WORLD, stored), stored)

    return checked


@pytest.mark.parametrize(
    ("kind", "text", "holds"),
    [
        ("random-searcher", "planner,ticks=24,code=mixed,noise=2", True),
        ("random-searcher", "compass", False),
        ("random-nonsearcher", "lookup", True),
        ("random-nonsearcher", "lookup,rows=1", False),
        ("random-nonsearcher", "wall-follower", True),
        ("random-nonsearcher", "planner,ticks=24,code=mixed,noise=2", False),
    ],
)
def test_a_label_holds_where_the_build_is_what_it_says(check, kind, text, holds):
    found = check(kind, text)
    assert found["holds"] == holds, found


@pytest.mark.long
@pytest.mark.slow
def test_a_flood_that_has_passed_cannot_be_redirected_but_is_before_it_sets_out(check):
    assert check("random-searcher", "flood,ticks=24,schedule=late")["follows"] == 1.0


@pytest.mark.long
def test_a_label_that_its_check_does_not_bear_out_is_none(monkeypatch):
    from mesascope.calibration import row

    known = random_build("random-nonsearcher", 16)._replace(check=lambda *_: {"holds": False})
    nothing = SimpleNamespace(tests=(SimpleNamespace(least=0.0),))
    monkeypatch.setattr(row, "examine_search", lambda *_: nothing)
    monkeypatch.setattr(row, "of_verdict", lambda found: {})
    monkeypatch.setattr(row, "infer_pursued", lambda *_: [0.0] * len(WORLD.features))
    monkeypatch.setattr(row, "draw_sample", lambda *_: None)
    made = row.examine(WORLD, known, 16)
    assert made["searches"] is None
    assert made["outputs"] is None


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "seed", "verdicts"),
    [("random-searcher", 33, {"search"}), ("random-nonsearcher", 16, {"no-search", "cannot-tell"})],
)
def test_a_slice_of_the_population_is_judged_rightly(kind, seed, verdicts):
    from mesascope.calibration.row import EFFORT, examine

    made = examine(RedDoors(), random_build(kind, seed), seed, EFFORT._replace(certified=8_192))
    assert made["truth"]["holds"]
    assert made["verdict"] in verdicts, made["reason"]
