"""The example of an agent in PyTorch learns, is kept, and comes back as a subject that keeps its promises."""

import jax
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: tests/QUARANTINES.md")

from examples import pytorch_agent
from mesascope.conformance.check_subject import check_subject
from mesascope.core.rng import named_key
from mesascope.worlds.grids.red_doors import RedDoors


def test_it_learns_and_comes_back_as_an_open_subject(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pytorch_agent, "UPDATES", 2)
    subject = pytorch_agent.subject()
    assert (subject.ticks, subject.reads_until) == (pytorch_agent.TICKS, pytorch_agent.GLANCES)
    world = RedDoors()
    check_subject(subject, jax.jit(lambda: world.observe(world.draw(named_key(0, "example"), 3)))())
    again = pytorch_agent.subject().weights
    assert all((again[name] == value).all() for name, value in subject.weights.items())
    assert capsys.readouterr().out.count("kept in") == 1


@pytest.mark.long
def test_the_loss_falls(capsys):
    pytorch_agent.train(updates=200)
    first, second = (float(line.split("loss ")[1].split(",")[0]) for line in capsys.readouterr().out.splitlines())
    assert second < 0.75 * first
