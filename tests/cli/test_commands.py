"""The commands that show what there is."""

import json

import pytest

from mesascope.cli import doctor, main
from mesascope.experiments.registry import EXPERIMENTS, every_card, everywhere
from mesascope.organisms.registry import ORGANISMS
from mesascope.worlds.registry import WORLDS


def document(capsys, *arguments, code=0):
    assert main.run([*arguments, "--json"]) == code
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


def text(capsys, *arguments):
    assert main.run(list(arguments)) == 0
    return capsys.readouterr().out


def test_worlds(capsys):
    (card,) = document(capsys, "worlds", "red-doors")["worlds"]
    world = WORLDS["red-doors"]
    assert card["features"] == list(world.features)
    assert card["shifts"] == world.shifts
    assert [w["name"] for w in document(capsys, "worlds")["worlds"]] == list(everywhere())
    shown = text(capsys, "worlds", "red-doors")
    assert "## Proxies" in shown
    assert "#########" in shown
    assert all(shift in shown for shift in world.shifts)
    assert "blue-door-alone" in text(capsys, "worlds")
    for name, experiment in EXPERIMENTS.items():
        assert "## Configuration" in text(capsys, "worlds", name)
        assert list(document(capsys, "worlds", name)["worlds"][0]["shifts"]) == list(experiment.shifts)


def test_organisms(capsys):
    listed = document(capsys, "organisms")["organisms"]
    assert {o["name"]: o["searches"] for o in listed} == {name: o.searches for name, o in ORGANISMS.items()}
    assert all(name in text(capsys, "organisms") for name in ("staged-lookup", "uniform"))


def test_instruments(capsys):
    listed = document(capsys, "instruments")["instruments"]
    assert [card["name"] for card in listed] == list(every_card())
    assert main.run(["instruments", "no-such-thing"]) == 2
    assert "unknown instrument 'no-such-thing'" in capsys.readouterr().err
    overview = text(capsys, "instruments")
    for name, card in every_card().items():
        assert name in overview
        shown = text(capsys, "instruments", name)
        assert all(spot in shown for spot in card.blind_spots)


def test_doctor(capsys, tmp_path):
    found = document(capsys, "doctor", "--out", str(tmp_path / "new"))
    assert found["problems"] == []
    assert found["processor threads"] >= 1
    assert {"mesascope", "jax", "jaxlib", "device", "disk free"} <= found.keys()
    assert list(tmp_path.iterdir()) == []
    assert "no problem found" in text(capsys, "doctor", "--out", str(tmp_path))


def test_doctor_names_what_would_make_a_run_fail(capsys, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(doctor, "ENOUGH_DISK", 2**62)
    found = document(capsys, "doctor", "--out", str(tmp_path / "file" / "below"), code=1)
    assert len(found["problems"]) == 2
    assert "not a directory" in found["problems"][0]
    assert "MB free" in found["problems"][1]


def test_double_precision_in_the_environment_is_refused_at_once_and_named_by_doctor(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("JAX_ENABLE_X64", "1")
    assert main.run(["audit", "red-doors", "--out", str(tmp_path / "new")]) == 2
    error = capsys.readouterr().err
    assert "type JAX_ENABLE_X64=0 before the command" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "new").exists()
    assert "JAX_ENABLE_X64=0" in document(capsys, "doctor", "--out", str(tmp_path), code=1)["problems"][0]


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_those_this_process_may_use(monkeypatch, threads):
    monkeypatch.setattr(doctor.os, "sched_getaffinity", lambda _: set(range(threads)), raising=False)
    assert doctor.available_threads() == threads
