"""The explorer's routes. A request passes `guard` first; ids become paths in `folders` alone; nothing is written anywhere."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeGuard

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mesascope.core.errors import MesascopeError, StorageError, UsageError
from mesascope.core.jsonable import to_json
from mesascope.explorer import guard, pages
from mesascope.explorer.agents import Agents
from mesascope.explorer.folders import Folders, Missing, Result
from mesascope.explorer.progress import Progress, Watched
from mesascope.jobs.answering import Answering, BusyError
from mesascope.jobs.audit_folder import side_by_side
from mesascope.jobs.pages import other_page
from mesascope.reports.html.head import POLICY
from mesascope.store.strict_json import parse

AT_ONCE = 4
"""Answers of agents under way at once."""
SECONDS = 10.0
"""After which an answer is given up, and within which a body has to arrive."""
MOST_TOGETHER = 8
"""Results that are opened side by side."""


class Explorer:
    """What the routes share.

    Args:
        folders: What is explored.
        agents: The agents of its audits.
        access: Who is let in.
    """

    def __init__(self, folders: Folders, agents: Agents, access: guard.Access):
        self.folders, self.agents, self.access = folders, agents, access
        self.watched = Watched()
        self.reading = Answering(AT_ONCE, 6 * SECONDS)
        self.answering = Answering(AT_ONCE, SECONDS)

    def app(self) -> ASGIApp:
        """The application."""
        routes = [
            Route("/", self.door_or_list, methods=["GET"]),
            Route(f"/{pages.SCRIPT}", self.script, methods=["GET"]),
            Route("/enter", self.enter, methods=["POST"]),
            Route("/result/{id}", self.result, methods=["GET"]),
            Route("/together", self.together, methods=["GET"]),
            Route("/progress", self.progress, methods=["GET"]),
            Route("/answer", self.answer, methods=["POST"]),
            Route("/episode", self.episode, methods=["POST"]),
            Route("/gif", self.gif, methods=["POST"]),
        ]
        handlers: dict[Any, Any] = {
            404: _on(lambda error: (404, "There is nothing here.")),
            405: _on(lambda error: (405, "This is not answered.")),
            Missing: _on(lambda error: (404, "There is no such result: its folder may have been moved or removed.")),
            BusyError: _on(lambda error: (503, str(error))),
            MesascopeError: _on(lambda error: (422, str(error))),
            Exception: _on(lambda error: (500, "This is a fault of mesascope; the terminal says more.")),
        }
        return Guarded(Starlette(routes=routes, exception_handlers=handlers), self.access)

    def close(self) -> None:
        """Begin no answer any more."""
        self.reading.close()
        self.answering.close()

    async def door_or_list(self, request: Request) -> Response:
        """The list for whoever was let in, the door for everybody else."""
        if not guard.is_let_in(self.access, request.scope["headers"]):
            return _html(pages.door(), pages.DOOR_POLICY)
        return _html(await self.reading(self._list), pages.LIST_POLICY)

    def _list(self) -> str:
        entries: list[pages.Entry] = []
        problems = []
        for result in self.folders.results():
            try:
                entries.append((result, self.folders.pairs(result)))
            except StorageError as error:
                problems.append((result, str(error)))
        return pages.listing(entries, problems, self._progress(), self.access.token)

    def _progress(self) -> list[Progress]:
        return [self.watched.look(name, id_, folder) for id_, name, folder in self.folders.running()]

    async def script(self, request: Request) -> Response:
        """The explorer's script, which holds nothing of anybody."""
        return Response(pages.script(), media_type="text/javascript")

    async def enter(self, request: Request) -> Response:
        """Let in whoever has the token: the guard has compared it."""
        response = Response(status_code=204)
        response.set_cookie(self.access.cookie_name, self.access.cookie, httponly=True, samesite="strict", path="/")
        return response

    async def result(self, request: Request) -> Response:
        """The page of a result."""
        found = self.folders.result(request.path_params["id"])
        return await self._page([found])

    async def together(self, request: Request) -> Response:
        """The audits of several results in one report."""
        asked = list(dict.fromkeys(request.query_params.getlist("id")))
        if not 0 < len(asked) <= MOST_TOGETHER:
            raise UsageError(f"expected 1 to {MOST_TOGETHER} folders, found {len(asked)}: tick some in the list")
        return await self._page([self.folders.result(one) for one in asked])

    async def _page(self, results: list[Result]) -> Response:
        return await self.reading(lambda: self._rendered(results))

    def _rendered(self, results: list[Result]) -> Response:
        other = other_page(results[0].folder) if len(results) == 1 and not results[0].audits else None
        if other is not None:
            return _html(other.text, POLICY)
        found = [(result.folder, *pair) for result in results for pair in self.folders.pairs(result)]
        named = side_by_side([(folder, audit) for folder, _, audit in found])
        pairs = [self.agents.completed(path, audit) for (_, path, _), audit in zip(found, named, strict=True)]
        ids = [self.folders.id_of(path.parent) for _, path, _ in found]
        text = pages.report([audit for audit, _ in pairs], ids, [why for _, why in pairs], self.access.token)
        return _html(text, pages.report_policy())

    async def progress(self, request: Request) -> Response:
        """How far running studies are."""
        found = await self.reading(self._progress)
        return JSONResponse({"running": [one._asdict() for one in found]})

    async def answer(self, request: Request) -> Response:
        """What an agent does on levels."""
        asked = await _body(request)
        id_, texts = asked.get("agent"), asked.get("levels")
        if not isinstance(id_, str) or not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
            raise UsageError("expected an agent's id and a list of levels as text")
        path = self.folders.audit(id_)
        found = await self.answering(lambda: self.agents.answer(path, texts))
        return JSONResponse({"answers": [to_json(one) for one in found]})

    async def episode(self, request: Request) -> Response:
        """One episode of an agent on a level, step by step."""
        asked = await _body(request)
        id_, level, seed = asked.get("agent"), asked.get("level"), asked.get("seed", 0)
        cell, heading = asked.get("cell"), asked.get("heading")
        whole = all(type(one) is int for one in (seed, *(one for one in (cell, heading) if one is not None)))
        if not isinstance(id_, str) or not isinstance(level, str) or not whole:
            raise UsageError("expected an agent's id, a level as text, and whole numbers for seed, cell and heading")
        path = self.folders.audit(id_)
        found = await self.answering(lambda: self.agents.episode(path, level, seed, cell, heading))
        return JSONResponse(to_json(found))

    async def gif(self, request: Request) -> Response:
        """An episode as a moving picture."""
        asked = await _body(request)
        id_, level, path, policy = (asked.get(name) for name in ("agent", "level", "path", "policy"))
        if not isinstance(id_, str) or not isinstance(level, str) or not _integers(path):
            raise UsageError("expected an agent's id, a level as text, and a path of cells")
        if policy is not None and not _table(policy):
            raise UsageError("expected a policy with probabilities for each cell, or none")
        audit = self.folders.audit(id_)
        found = await self.answering(lambda: self.agents.moving(audit, level, path, policy))
        return Response(found, media_type="image/gif")


_POLICY = b"content-security-policy"


def _html(text: str, policy: str) -> Response:
    return HTMLResponse(text, headers={_POLICY.decode(): policy})


def _said(method: str, status: int, reason: str) -> Response:
    """Why there is no answer: as JSON to a script, as a page to a reader."""
    if method == "POST":
        return JSONResponse({"error": {"status": status, "message": reason}}, status)
    page = _html(pages.trouble("This cannot be shown", reason), POLICY)
    page.status_code = status
    return page


def _integers(found: Any) -> TypeGuard[list[int]]:
    return isinstance(found, list) and all(type(one) is int for one in found)


def _table(found: Any) -> TypeGuard[list[list[float]]]:
    rows = found if isinstance(found, list) else [None]
    return all(isinstance(row, list) and all(type(one) in (int, float) for one in row) for row in rows)


def _on(tell: Callable[[Exception], tuple[int, str]]) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What is sent where an error of a kind was raised."""

    async def handle(request: Request, error: Exception) -> Response:
        return _said(request.method, *tell(error))

    return handle


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that a request holds. A body that is too long or too slow is not waited for."""
    data = b""
    try:
        async with asyncio.timeout(SECONDS):
            async for piece in request.stream():
                data += piece
                if len(data) > guard.MOST_BYTES:
                    raise UsageError(f"a body has at most {guard.MOST_BYTES} bytes")
    except TimeoutError:
        raise UsageError(f"the body did not arrive within {SECONDS:g} seconds") from None
    except ClientDisconnect:  # nobody is there to be told, and it is no fault of ours
        raise UsageError("the body did not arrive whole") from None
    try:
        found = parse(data)
    except ValueError as error:
        raise UsageError(f"the body is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"expected a JSON object, found a {type(found).__name__}")
    return found


class Guarded:
    """An application behind the guard, whose every response has the headers of security.

    Args:
        app: The application.
        access: Who is let in.
    """

    def __init__(self, app: ASGIApp, access: guard.Access):
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(k, v) for k, v in message["headers"] if k.lower() != _POLICY]
                policy = next((v.decode("latin-1") for k, v in message["headers"] if k.lower() == _POLICY), pages.BARE)
                message = {**message, "headers": [*own, *guard.security_headers(policy)]}
            await send(message)

        refused = guard.refusal(self._access, scope["method"], scope["headers"])
        if refused is None and not self._may_see(scope):
            refused = guard.Refusal(
                403, "open the link that mesascope explore printed: it holds the token of this start"
            )
        if refused is not None:
            await _said(scope["method"], refused.status, refused.reason)(scope, receive, sealed)
            return
        await self._app(scope, receive, sealed)

    def _may_see(self, scope: Scope) -> bool:
        """A token lets in by itself; the door and the script, which hold nothing, are open."""
        if scope["method"] == "POST" or scope["path"] in ("/", f"/{pages.SCRIPT}"):
            return True
        return guard.is_let_in(self._access, scope["headers"])
