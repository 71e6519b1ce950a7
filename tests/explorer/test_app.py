"""The explorer's routes as a client meets them: the door, the list, the pages, and agents that answer."""

import asyncio
import json
import re
import threading
from pathlib import Path

import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx2")

from starlette.testclient import TestClient

from mesascope.core.errors import UsageError
from mesascope.core.jsonable import to_json
from mesascope.explorer import agents, app
from mesascope.explorer.agents import MOST_LEVELS, Agents
from mesascope.explorer.app import AT_ONCE, Explorer
from mesascope.explorer.folders import Folders
from mesascope.explorer.guard import MOST_BYTES, Access
from mesascope.jobs import subjects
from tests.explorer.folders import episodic, named, study_under_way, three
from tests.reports.pages import Page

ACCESS = Access("t0ken", "127.0.0.1", 8123)
BASE = "http://127.0.0.1:8123"
LEVEL = "#####\n#.R.#\n#...#\n#.b.#\n#####"
HOSTILE = "</script><img src=x onerror=window.hit=1>"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    three(folder / "three")
    named(folder / "compass", "organism", "organism:compass")
    named(folder / "module", "python", "python:os:nothing", name=HOSTILE)
    named(folder / "elsewhere", "saved", "/nowhere/at/all")
    episodic(folder / "walker")
    study_under_way(folder / "grid")
    return folder


@pytest.fixture(scope="module")
def explorer(root):
    folders = Folders([root])
    made = Explorer(folders, Agents(folders), ACCESS)
    yield made
    made.close()


@pytest.fixture
def stranger(explorer):
    return TestClient(explorer.app(), base_url=BASE, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def client(stranger):
    assert post(stranger, "/enter").status_code == 204
    return stranger


def post(client, path, body=None, **headers):
    given = {"content-type": "application/json", "x-mesascope-token": ACCESS.token, "origin": BASE, **headers}
    return client.post(path, content=json.dumps({} if body is None else body), headers=given)


def id_of(client, name):
    return re.search(rf'href="/result/([a-z0-9-]+)">{name}<', client.get("/").text)[1]


def test_a_stranger_sees_the_door_and_nothing_else(stranger):
    door = stranger.get("/")
    assert door.status_code == 200
    assert "compass" not in door.text
    assert ACCESS.token not in door.text
    for path in ("/progress", "/result/a", "/together?id=a", "/nothing"):
        assert stranger.get(path).status_code == 403
    assert post(stranger, "/enter", **{"x-mesascope-token": "wrong"}).status_code == 403
    assert "set-cookie" not in stranger.get("/").headers


def test_the_token_lets_in_with_a_cookie_that_no_script_reads_and_no_other_site_sends(stranger):
    found = post(stranger, "/enter").headers["set-cookie"]
    assert "HttpOnly" in found
    assert "SameSite=strict" in found
    assert ACCESS.token not in found


def test_the_list_has_the_verdicts_of_the_reports(client):
    page = Page(client.get("/").text)
    assert page.errors == []
    text = page.text()
    for words in ("three", "compass", "elsewhere", "searches inside", "pseudo-aligned", "In progress", "grid"):
        assert words in text
    assert HOSTILE in text  # as text, and not as markup
    assert [tag.get("src") for tag in page.tags("script")] == ["/explorer.js"]


def test_a_result_opens_as_its_report_with_the_same_script(client, root):
    found = client.get(f"/result/{id_of(client, 'three')}")
    page = Page(found.text)
    assert page.errors == []
    assert [tag.get("src") or tag.get("type") for tag in page.tags("script")] == [
        "application/json",
        "/explorer.js",
        None,
    ]
    data = json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', found.text)[1])
    assert [agent["agent"]["kind"] for agent in data["agents"]] == ["thinking"] * 3
    assert all(re.fullmatch(r"seed-\d-[0-9a-f]{10}", agent["id"]) for agent in data["agents"])
    meta = next(m["content"] for m in page.tags("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert found.headers["content-security-policy"] == f"{meta}; frame-ancestors 'none'"


def test_agents_that_the_page_cannot_run_are_answered_for_or_said_why_not(client):
    data = client.get(f"/together?id={id_of(client, 'compass')}&id={id_of(client, 'three')}").text
    kinds = json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', data)[1])["agents"]
    assert [agent["agent"]["kind"] for agent in kinds] == ["served", *["thinking"] * 3]
    assert "--outside-agents" in client.get(f"/result/{id_of(client, 'module')}").text
    assert "does not lie below" in client.get(f"/result/{id_of(client, 'elsewhere')}").text


def test_what_an_agent_does_on_a_level_is_answered(client, explorer):
    id_ = re.search(r"compass-[0-9a-f]{10}", client.get("/").text)[0]
    explorer.agents.answer(explorer.folders.audit(id_), [LEVEL])  # however long loading takes
    found = post(client, "/answer", {"agent": id_, "levels": [LEVEL]})
    assert found.status_code == 200
    (answer,) = found.json()["answers"]
    assert len(answer["policy"]) == len(answer["values"]) == 9
    assert sum(answer["policy"][0]) == pytest.approx(1.0)
    assert answer["policy"][0][3] == max(answer["policy"][0])  # it goes to the door, which lies to the right
    wrong = post(client, "/answer", {"agent": id_, "levels": [LEVEL.replace("R", "Q")]})
    assert wrong.status_code == 422
    assert "line 2, column 3" in wrong.json()["error"]["message"]


def test_an_organism_is_built_with_the_sizes_of_its_audit(explorer, monkeypatch):
    """What a table stores hangs on them."""
    asked = []

    class Source:
        def make(self, sizes, seed):
            asked.append((sizes.levels, sizes.contested, sizes.per_test))
            raise UsageError("enough")

    audit = {
        "world": {"name": "red-doors", "knobs": {}},
        "subject": {"kind": "organism", "ref": "organism:lookup"},
        "levels": {"per_distribution": 20, "contested": 30, "per_test": 4},
    }
    monkeypatch.setattr(agents, "find_source", lambda reference, world: Source())
    monkeypatch.setattr(explorer.agents._folders, "document", lambda path: audit)
    with pytest.raises(UsageError, match="enough"):
        explorer.agents.agent(Path("audit.json"))
    assert asked == [(20, 30, 4)]


def test_an_agent_that_may_not_be_loaded_is_not(client):
    id_ = re.search(r"module-[0-9a-f]{10}", client.get("/").text)[0]
    found = post(client, "/answer", {"agent": id_, "levels": [LEVEL]})
    assert found.status_code == 422
    assert "may run the code" in found.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"agent": 1, "levels": []}, {"agent": "x", "levels": "text"}, {"agent": "x", "levels": [1]}, [], "text",
        {"agent": "x", "levels": {"a": 1}},
    ],
)  # fmt: skip
def test_a_body_that_asks_for_nothing_is_refused(client, body):
    assert post(client, "/answer", body).status_code == 422


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"a":1,"a":2}', b"[" * 100, b'{"a":NaN}'])
def test_a_body_that_is_no_json_is_refused(client, content):
    given = {"content-type": "application/json", "x-mesascope-token": ACCESS.token}
    assert client.post("/answer", content=content, headers=given).status_code == 422


def test_sizes_are_bounded(client):
    id_ = re.search(r"compass-[0-9a-f]{10}", client.get("/").text)[0]
    assert post(client, "/answer", {"agent": id_, "levels": [LEVEL] * (MOST_LEVELS + 1)}).status_code == 422
    assert post(client, "/answer", {"agent": id_, "levels": ["#" * 5000]}).status_code == 422
    assert post(client, "/answer", {"agent": id_, "levels": ["x" * MOST_BYTES]}).status_code == 413
    given = {"content-type": "application/json", "x-mesascope-token": ACCESS.token}
    endless = client.post("/answer", content=(b"x" * 1000 for _ in range(2000)), headers=given)  # says no length
    assert endless.status_code == 422
    assert "bytes" in endless.json()["error"]["message"]


def test_a_body_that_does_not_arrive_is_not_waited_for(explorer, monkeypatch):
    monkeypatch.setattr(app, "SECONDS", 0.05)
    given = {"host": "127.0.0.1:8123", "content-type": "application/json", "x-mesascope-token": ACCESS.token}
    scope = {"type": "http", "method": "POST", "path": "/answer", "query_string": b"", "http_version": "1.1"}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in given.items()]
    sent = []

    async def receive():
        await asyncio.sleep(0 if sent else 30)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    asyncio.run(asyncio.wait_for(explorer.app()(scope, receive, send), 10))
    assert sent[0]["status"] == 422
    assert b"did not arrive" in sent[1]["body"]


def test_whoever_leaves_before_the_body_is_whole_is_no_fault_of_the_server(explorer):
    given = {"host": "127.0.0.1:8123", "content-type": "application/json", "x-mesascope-token": ACCESS.token}
    scope = {"type": "http", "method": "POST", "path": "/answer", "query_string": b"", "http_version": "1.1"}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in given.items()]
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    asyncio.run(asyncio.wait_for(explorer.app()(scope, receive, send), 10))  # nothing is raised
    assert sent[0]["status"] == 422


def test_no_more_answers_than_a_few_are_under_way(root):
    explorer = Explorer(Folders([root]), Agents(Folders([root])), ACCESS)
    client = TestClient(explorer.app(), base_url=BASE)
    assert post(client, "/enter").status_code == 204
    begun, go_on, codes = threading.Semaphore(0), threading.Event(), []

    def slow(path, texts):
        begun.release()
        go_on.wait(30)
        return []

    explorer.agents.answer = slow
    id_ = re.search(r"compass-[0-9a-f]{10}", client.get("/").text)[0]

    def ask():
        codes.append(post(client, "/answer", {"agent": id_, "levels": [LEVEL]}).status_code)

    threads = [threading.Thread(target=ask) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert begun.acquire(timeout=30)
    ask()
    assert codes == [503]
    go_on.set()
    for thread in threads:
        thread.join()
    assert codes == [503] + [200] * AT_ONCE


def test_an_agent_with_a_memory_is_followed_in_episodes(client, explorer, monkeypatch):
    monkeypatch.setattr(
        subjects, "stored_levels", lambda *_, **__: []
    )  # a planner stores none; to draw them takes long
    found = client.get(f"/result/{id_of(client, 'walker')}").text
    data = json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', found)[1])
    (agent,) = data["agents"]
    assert agent["agent"]["kind"] == "episodic"
    assert data["levels"][0]["text"].startswith("#####\n")
    path = explorer.folders.audit(agent["id"])
    twin = explorer.agents.episode(path, LEVEL, 4, 3, None)  # however long loading takes
    asked = {"agent": agent["id"], "level": LEVEL, "cell": 3, "heading": 0, "seed": 4}
    answered = post(client, "/episode", asked)
    assert answered.status_code == 200
    assert answered.json() == to_json(twin)
    assert answered.json()["touched"] == "red door"
    whole = {**asked, "cell": None, "seed": 0}
    assert post(client, "/episode", whole).json()["steps"][0]["cell"] == 0
    for wrong, why in (
        ({"cell": 1}, "free cell"), ({"cell": True}, "whole numbers"), ({"seed": "1"}, "whole numbers"), ({"seed": -1}, "seed"),
        ({"level": LEVEL + "\n\n" + LEVEL}, "1 level"), ({"level": "#" * 5000}, "at most"), ({"level": None}, "expected"),
        ({"heading": 2}, "heading"), ({"level": LEVEL.replace("R", "Q")}, "line 2, column 3"),
    ):  # fmt: skip
        refused = post(client, "/episode", {**asked, **wrong})
        assert refused.status_code == 422
        assert why in refused.json()["error"]["message"]
    refused = post(client, "/answer", {"agent": agent["id"], "levels": [LEVEL]})
    assert (refused.status_code, "memory" in refused.json()["error"]["message"]) == (422, True)


def test_an_episode_is_drawn(client):
    id_ = re.search(r"compass-[0-9a-f]{10}", client.get("/").text)[0]
    asked = {"agent": id_, "level": LEVEL, "path": [3, 0, 1], "policy": [[0.25] * 4] * 9}
    found = post(client, "/gif", asked)
    assert (found.status_code, found.headers["content-type"]) == (200, "image/gif")
    assert found.content.startswith(b"GIF89a")
    bare = post(client, "/gif", {**asked, "policy": None})
    assert bare.status_code == 200
    assert bare.content != found.content
    for change in (
        {"path": [99]},
        {"path": []},
        {"path": [True]},
        {"policy": [[0.25]]},
        {"policy": [["x"]]},
        {"level": "#"},
    ):
        assert post(client, "/gif", {**asked, **change}).status_code == 422


def test_progress_is_told(client):
    found = client.get("/progress").json()["running"]
    assert [(one["name"], one["done"], one["conditions"]) for one in found] == [("grid", 2, {"plain": 2})]


def test_what_is_not_there_is_said(client):
    for path, status in (
        ("/nothing", 404), ("/result/nothing", 404), ("/result/..%2f..%2fetc", 404), ("/together", 422),
        ("/together?" + "&".join(f"id=a{i}" for i in range(9)), 422), ("/enter", 405), ("/answer", 405),
    ):  # fmt: skip
        assert client.get(path).status_code == status, path
    assert post(client, "/answer", {"agent": "nothing", "levels": [LEVEL]}).status_code == 404
    assert post(client, "/progress").status_code == 405


def test_every_response_has_the_headers_of_security_and_none_shares(client, explorer, monkeypatch):
    responses = [
        client.get("/"), client.get("/explorer.js"), client.get("/progress"), client.get("/nothing"),
        client.get("/", headers={"host": "evil.example"}), client.options("/"), post(client, "/answer"), post(client, "/enter"),
        client.get(f"/result/{id_of(client, 'three')}"),
    ]  # fmt: skip
    monkeypatch.setattr(explorer.folders, "results", lambda: 1 / 0)
    responses.append(client.get("/"))
    assert [r.status_code for r in responses] == [200, 200, 200, 404, 421, 405, 422, 204, 200, 500]
    for found in responses:
        assert re.match(r"default-src 'none'.*frame-ancestors 'none'$", found.headers["content-security-policy"])
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["referrer-policy"] == "no-referrer"
        assert not [name for name in found.headers if name.startswith("access-control")]


def test_a_get_changes_nothing(client, root):
    def state():
        return sorted((str(p), p.stat().st_mtime_ns) for p in root.rglob("*"))

    before = state()
    for path in ("/", "/progress", f"/result/{id_of(client, 'three')}", "/explorer.js"):
        client.get(path)
    assert state() == before
