"""The explorer under abuse, in short; `python -m tests.explorer.abuse 10000` is the long run, whose eyes are tested here too."""

import asyncio
import os
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from mesascope.core.errors import UsageError
from mesascope.explorer import agents, connections
from mesascope.explorer.app import Explorer
from mesascope.explorer.folders import Folders
from mesascope.explorer.server import listening, until_stopped
from mesascope.jobs.answering import BusyError
from tests.explorer import abuse
from tests.explorer.hostile import CUT, KINDS, LEVEL, Hostile, Target, request


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return abuse.fill(tmp_path_factory.mktemp("abuse"))


@pytest.fixture
def target(root, monkeypatch):
    """An explorer that listens in this process, and whose agents are always being loaded."""

    def loading(self, path):
        raise BusyError("the agent is being loaded")

    monkeypatch.setattr(agents.Agents, "agent", loading)
    folders, over, begun = Folders([root]), threading.Event(), threading.Event()
    with listening("127.0.0.1", 0) as (found, access):
        explorer = Explorer(folders, agents.Agents(folders), access)
        work = until_stopped(explorer, found, begun.set, over.is_set)
        thread = threading.Thread(target=lambda: asyncio.run(work))
        thread.start()
        assert begun.wait(30)
        own = Target(access.port, access.token, access.cookie, ())
        yield own._replace(ids=abuse.known_ids(own))
        over.set()
        thread.join()
        explorer.close()


def test_hostile_requests_are_answered_as_they_should_be(target):
    found = abuse.attack(target, 400, 0, 16)
    assert found.wrong == []
    assert {kind for kind, _ in found.statuses} == set(KINDS)
    assert abuse.exchange(target.port, request(target, "GET", "/")).status == 200


def cut(target, data, after=b""):
    """Whether a connection on which no whole request comes is ended by the other side."""
    with closing(socket.create_connection(("127.0.0.1", target.port), timeout=20)) as own:
        own.sendall(data)
        try:
            while piece := own.recv(65_536):
                after += piece
        except ConnectionError:
            pass
        return after


@pytest.mark.parametrize(
    "data", [b"", b"GET / HTTP/1.1\r\nHost: ", b"POST /enter HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1"]
)
def test_whoever_sends_no_whole_request_is_cut_off(target, monkeypatch, data):
    monkeypatch.setattr(connections, "PATIENCE", 0.1)
    assert b" 200 " not in cut(target, data)


def test_whoever_does_not_take_the_answers_is_cut_off(target, monkeypatch):
    monkeypatch.setattr(connections, "TAKING", 0.1)
    aborted = threading.Event()
    monkeypatch.setattr(connections.Connection, "connection_lost", lambda self, error: aborted.set())
    with closing(socket.create_connection(("127.0.0.1", target.port), timeout=20)) as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        own.settimeout(0.5)
        one = request(target, "GET", "/explorer.js")
        for _ in range(2_000):
            if aborted.is_set():
                break
            try:
                own.sendall(one)
            except OSError:
                break
        assert aborted.wait(20)


def test_programs_of_other_sizes_of_level_are_let_go_of(root, monkeypatch):
    def looked(*args):
        raise UsageError("enough")

    monkeypatch.setattr(agents, "look_at", looked)
    folders, used = Folders([root]), []
    own = agents.Agents(folders)
    monkeypatch.setattr(own._programs, "use", used.append)
    path = next(r.audits[0] for r in folders.results() if r.name == "compass")
    for level in (LEVEL, LEVEL, LEVEL.replace("#...#", "#...#\n#...#")):
        with pytest.raises(UsageError, match="enough"):
            own.answer(path, [level])
    assert used[0] == used[1] != used[2]


@pytest.mark.parametrize(
    ("event", "args", "found"),
    [
        ("open", ("/explored/audit.json", "r", os.O_RDONLY), False),
        ("open", ("/explored/audit.json", "w", os.O_WRONLY), True),
        ("open", ("/explored/../secret.txt", "r", os.O_RDONLY), True),
        ("open", (b"/etc/passwd", None, os.O_RDONLY), True),
        ("open", (3, "w", os.O_WRONLY), False),
        ("os.scandir", ("/explored/below",), False),
        ("os.scandir", ("/",), True),
        ("os.remove", ("/explored/audit.json", -1), True),
        ("subprocess.Popen", ("sh", [], None, None), True),
        ("socket.connect", (None, ("127.0.0.1", 80)), True),
        ("import", ("json",), False),
    ],
)
def test_what_a_server_must_not_do_is_noticed(event, args, found):
    assert bool(abuse.forbidden(event, args, (Path("/explored"),))) is found


@pytest.mark.parametrize(
    ("status", "text", "count"),
    [
        (403, b"no", 0), (503, b"busy", 0), (200, b"yes", 1), (500, b"", 1), (CUT, b"", 1), (403, b"Traceback (most", 1),
        (403, b"t0ken", 1), (403, abuse.SECRET.encode(), 1),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_fit_is_noticed(status, text, count):
    own = Target(80, "t0ken", "cookie", ())
    one = Hostile("stranger", b"", frozenset({403}), stranger=True)
    assert len(abuse.faults(one, abuse.Reply(status, text), own)) == count
