"""Published results beside ours: what is compared exists, and what is said of a statement follows from the seeds."""

import json

import numpy as np
import pytest

from mesascope.cli import main
from mesascope.core.errors import UsageError
from mesascope.core.statistics import difference_of_means, rate_of
from mesascope.jobs import cell as cell_job
from mesascope.store.fs import read_bytes
from mesascope.studies.cells import cells_of
from mesascope.studies.document import study_results
from mesascope.studies.reproductions import published
from mesascope.studies.reproductions.compared import compared
from mesascope.studies.reproductions.published import (
    REPRODUCTIONS,
    Claim,
    Reading,
    Reproduction,
    Row,
    reproduction,
)
from mesascope.studies.spec import MOST_BYTES, Spec, read_spec
from mesascope.worlds.registry import make_world
from tests.cli.test_study import FILE
from tests.studies.test_aggregate import row


@pytest.mark.parametrize("name", REPRODUCTIONS)
def test_what_is_compared_is_measured_by_the_study(name):
    found = reproduction(name)
    spec = read_spec(read_bytes(found.file, MOST_BYTES))
    conditions = {cell.condition for cell in cells_of(spec)}
    features = make_world(spec.world["name"]).features
    readings = [r.ours for r in found.rows] + [r for c in found.claims for r in (c.more, c.than) if r is not None]
    for reading in readings:
        assert reading.condition in conditions
        for text in filter(None, (reading.readout, reading.less)):
            shift, _, what = text.partition("/")
            assert shift in spec.shifts
            assert what in (*features, "share", "competence", "nothing")
    assert found.because, "why the numbers differ is said"


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'corner-sizes'"):
        reproduction("corner-size")


RED, DOOR = Reading("a", "blue-door/red"), Reading("b", "blue-door/red")
TOY = Reproduction(
    name="toy",
    question="Which is gone for?",
    source="nowhere",
    theirs="nothing",
    ours="nothing either",
    rows=(
        Row("red first", 0.5, "their mazes", RED),
        Row("red before door", None, "none", RED._replace(less="blue-door/door")),
    ),
    claims=(
        Claim("b more than a", DOOR, RED),
        Claim("a more than b", RED, DOOR),
        Claim("a more than a", RED, RED),
        Claim("b more than a, of ten seeds", DOOR, RED, fewest=10),
        Claim("red more than door", RED._replace(less="blue-door/door"), whose="ours"),
    ),
    because=("They are toys.",),
)


def study_of(a, b):
    rows = [row(name, s, red, 0.97) for name, reds in (("a", a), ("b", b)) for s, red in enumerate(reds)]
    rows.append(row("a", 99, 0.9, 0.2))  # a capability failure counts nowhere
    return study_results(Spec(title="T", show=["blue-door/red"]), rows, "mesascope study x")


def test_statements_are_borne_out_contradicted_or_left_open():
    a, b = [0.10, 0.12, 0.11, 0.13], [0.60, 0.62, 0.59, 0.64]
    found = compared(TOY, study_of(a, b))
    answers = [claim.answer for claim in found["claims"]]
    assert answers == ["borne out", "contradicted", "not decided", "not decided", "contradicted"]
    assert found["claims"][0].difference == difference_of_means(np.array(b), np.array(a), 0, 1)
    assert found["claims"][0].seeds == [4, 4]
    assert [claim.along for claim in found["claims"]] == [None] * 4 + [rate_of(0, 4)]
    assert [claim.whose for claim in found["claims"]] == ["published"] * 4 + ["ours"]
    first, second = found["rows"]
    assert first.ours.value == pytest.approx(np.mean(a))
    assert second.ours.value == pytest.approx(np.mean([2 * red - 0.9 for red in a])), "seed by seed"
    assert first.seeds == 4


def test_one_seed_decides_nothing():
    found = compared(TOY, study_of([0.1], [0.6]))
    assert {claim.answer for claim in found["claims"]} == {"not decided"}
    assert np.isnan(found["rows"][0].ours.interval.low)


def test_the_command_runs_the_study_and_sets_it_beside(monkeypatch, capsys, tmp_path):
    (tmp_path / "toy.toml").write_text(FILE)
    toy = TOY._replace(
        rows=TOY.rows[:1], claims=(Claim("rounded more than a", Reading("rounded", "blue-door/red"), RED, fewest=2),)
    )
    monkeypatch.setattr(published, "HERE", tmp_path)
    monkeypatch.setitem(REPRODUCTIONS, "toy", toy)

    def row_of(out, cell, live):
        red = 0.2 + 0.01 * cell.seed if cell.condition == "a" else 0.7 + 0.01 * cell.seed
        return {**row(cell.condition, cell.seed, red, 1.0), "fingerprint": cell.fingerprint}

    monkeypatch.setattr(cell_job, "row_of", row_of)
    command = ["reproduce", "toy", "--out", str(tmp_path / "out"), "--workers", "1", "--seeds", "3"]
    with pytest.raises(SystemExit, match="0"):
        main.main([*command, "--json"])
    document = json.loads(capsys.readouterr().out)
    (claim,) = document["claims"]
    assert (claim["answer"], claim["seeds"]) == ("borne out", [3, 3])
    page = (tmp_path / "out" / "report.html").read_text()
    assert "borne out" in page
    assert 'href="study/report.html"' in page
    assert (tmp_path / "out" / "study" / "report.html").exists()
    with pytest.raises(SystemExit, match="0"):
        main.main(command)
    said = capsys.readouterr().out
    assert "published: 0.50" in said
    assert "They are toys." in said


def test_without_a_name_all_are_listed(capsys):
    with pytest.raises(SystemExit, match="0"):
        main.main(["reproduce"])
    said = capsys.readouterr().out
    assert all(name in said for name in REPRODUCTIONS)
