"""The command `mesascope explore`: what it refuses before a port is opened, and that it runs until a signal."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

from mesascope.cli import main
from mesascope.explorer.agents import Agents
from mesascope.explorer.folders import Folders
from mesascope.jobs.answering import BusyError
from tests.explorer.folders import named, three


def run(capsys, *arguments):
    code = main.run(["explore", *map(str, arguments)])
    return code, capsys.readouterr().err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "example.org"])
def test_a_host_that_others_reach_is_refused_before_a_port_is_opened(capsys, tmp_path, monkeypatch, host):
    pytest.importorskip("starlette")
    monkeypatch.setattr(socket.socket, "bind", lambda *_: pytest.fail("a port was taken"))
    code, err = run(capsys, tmp_path, "--host", host, "--no-open")
    assert code == 2
    assert "127.0.0.1 or ::1" in err


def test_what_is_no_folder_and_a_port_that_is_taken_are_said(capsys, tmp_path):
    pytest.importorskip("starlette")
    code, err = run(capsys, tmp_path / "nothing", "--no-open")
    assert (code, "expected a folder, found nothing" in err) == (2, True)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        code, err = run(capsys, tmp_path, "--no-open", "--port", other.getsockname()[1])
    assert (code, "leave out --port" in err) == (4, True)


def test_what_it_needs_and_is_not_installed_is_named(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mesascope.explorer.server", None)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "mesascope.explorer.server")
    code, err = run(capsys, tmp_path, "--no-open")
    assert code == 2
    assert "pip install 'mesascope[explorer]'" in err


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.slow
def test_it_prints_its_link_and_answers_until_a_signal(tmp_path):
    pytest.importorskip("starlette")
    three(tmp_path / "three")
    command = [sys.executable, "-m", "mesascope", "explore", str(tmp_path), "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        link = re.fullmatch(r"Explorer: http://(127\.0\.0\.1:\d+)/#token=([\w-]+)\n", process.stdout.readline())
        connection = http.client.HTTPConnection(link[1], timeout=30)
        connection.request("GET", "/")
        assert connection.getresponse().read().startswith(b"<!DOCTYPE html>")
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert "has stopped" in process.stderr.read()


LEVEL = "#####\n#.R.#\n#...#\n#####"


def test_agents_of_others_are_loaded_where_that_was_asked_for(tmp_path):
    path = named(tmp_path / "own", "python", "python:tests.cli.own_subjects:Still") / "audit.json"
    (found,) = Agents(Folders([tmp_path]), outside=True).answer(path, [LEVEL])
    assert found.policy.shape == (6, 4)
    assert found.policy[0].tolist() == [0.25] * 4
    closed = Agents(Folders([tmp_path]))
    assert "--outside-agents" in closed.completed(path, Folders([tmp_path]).document(path))[1]


def test_an_agent_that_is_being_loaded_is_not_waited_for(tmp_path):
    path = named(tmp_path / "own", "organism", "organism:compass") / "audit.json"
    agents = Agents(Folders([tmp_path]))
    lock = agents._locks[path] = threading.Lock()
    with lock, pytest.raises(BusyError, match="being loaded"):
        agents.agent(path)
