"""Random requests that nobody means well, as bytes, each with the answers that it may get."""

import json
import random
from collections.abc import Callable
from typing import NamedTuple

CUT = 0
"""Stands for the status of a connection that is closed without an answer."""
BUSY = 503
LEVEL = "#####\n#.R.#\n#...#\n#.b.#\n#####"


class Target(NamedTuple):
    """An explorer, its secrets, and the ids that it knows, first that of an agent that it answers for."""

    port: int
    token: str
    cookie: str
    ids: tuple[str, ...]

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"


class Hostile(NamedTuple):
    """A request: its kind, its bytes, the statuses that may come back, and whether a stranger sends it, who knows no secret."""

    kind: str
    data: bytes
    allowed: frozenset[int]
    stranger: bool = False
    half: bool = False


def request(target, method, path, headers=(), body=b"", *, host=None, cookie=True, length=True):
    """The bytes of a request that is well formed as far as its parts are."""
    given = [("Host", target.host if host is None else host)]
    if cookie:
        given.append(("Cookie", f"mesascope-{target.port}={target.cookie}"))
    given += headers
    if body and length:
        given.append(("Content-Length", str(len(body))))
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in given)
    return head.encode("utf-8", "surrogatepass") + b"\r\n" + body


def post(target, path, body, *headers, token=None, kind="application/json", length=True):
    own = [("Content-Type", kind), ("X-Mesascope-Token", target.token if token is None else token)]
    return request(target, "POST", path, [*own, *headers], body, length=length)


HOSTS = (
    "",
    "localhost",
    "evil.example",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1.evil.example:{port}",
    "evil@127.0.0.1:{port}",
    "0.0.0.0:{port}",
    "[::1]:{port}",
    "127.0.0.1:{port}, evil.example",
    "127.1:{port}",
    "2130706433:{port}",
    "127.0.0.1:0{port}",
    "localhost.:{port}",
)
ORIGINS = (
    "null",
    "http://evil.example",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1",
    "http://localhost:{port}",
    "file://",
    "",
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}.evil.example",
    "chrome-extension://abc",
)
PATHS = (
    "/result/{up}etc/passwd",
    "/result/..%2f..%2fsecret.txt",
    "/result/%2e%2e%2f%2e%2e%2fsecret.txt",
    "/../{up}secret.txt",
    "//secret.txt",
    "/result/secret.txt",
    "/result/link",
    "/result/%00",
    "/result/" + "a" * 65,
    "/result/" + "a" * 4000,
    "/result/A",
    "/result/%F0%9F%92%A9",
    "/result/..;/secret.txt",
    "/result/{up}",
    "/%2e%2e/secret.txt",
    "/explorer.js/../../secret.txt",
    "/explorer.js%00.html",
    "/result/CON",
    "/static/{up}secret.txt",
    "/result/..\\..\\secret.txt",
    "/together?id={up}secret.txt",
    "/together?id=",
    "/together" + "?id=a" * 50,
    "/together?id=%00&id=link",
    "/result/a/b",
    "/progress/",
    "/answer",
    "/gif",
    "/enter",
    "/.git/config",
    "/result/file:///etc/passwd",
)
BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"1e999",
    b'"text"',
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"[" * 5_000,
    b'{"a":' * 5_000,
    b'{"agent":NaN}',
    b'{"agent":"x","levels":Infinity}',
    b'{"agent":1,"agent":2}',
    b'{"agent":"\\ud800","levels":[]}',
    b'{"agent":"x","levels":[1]}',
    b"9" * 5_000,
    b'{"agent":' + b"9" * 5_000 + b"}",
    b'{"__proto__":1}',
    b"{'agent':1}",
    b'{"agent":"x","levels":"x"}',
    b"\x00" * 100,
    b'{"agent":["x"],"levels":{}}',
    b'{"agent":null,"levels":null}',
    b"{}" * 100,
    b'{"agent":"x","levels":[],}',
)
LEVELS = (
    "",
    "#",
    "x" * 5_000,
    "#" * 4_096,
    "\n" * 4_000,
    LEVEL.replace("R", "Q"),
    LEVEL.replace("#", "."),
    LEVEL + "\n\n" + LEVEL,
    "\x00\x1b[2J",
    "####\n#.R#\n#####",
    LEVEL.replace("R", "\u202e"),
    LEVEL.replace(".", "R"),
    LEVEL.replace("b", "\t"),
    "<script>alert(1)</script>",
    "\ud800",
)
METHODS = ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "BREW", "get", "post", "G" * 100)


def _host(rng, target):
    host = rng.choice(HOSTS).format(port=target.port)
    return request(target, rng.choice(("GET", "POST")), "/", host=host), {421, 400}


def _twice(rng, target):
    name = rng.choice(("Host", "Origin", "Cookie", "Sec-Fetch-Site"))
    return request(target, "GET", "/", [(name, "a"), (name, "b")]), {400}


def _origin(rng, target):
    origin = rng.choice(ORIGINS).format(port=target.port)
    return post(target, rng.choice(("/enter", "/answer")), b"{}", ("Origin", origin)), {403}


def _site(rng, target):
    site = rng.choice(("cross-site", "same-site", "x", ""))
    return request(target, "GET", "/progress", [("Sec-Fetch-Site", site)]), {403}


def _method(rng, target):
    return request(target, rng.choice(METHODS), rng.choice(("/", "/answer", "*"))), {405, 400}


def _token(rng, target):
    wrong = rng.choice(
        ("", "x", target.token[:-1], target.token + "x", target.token.swapcase(), target.cookie, "\u00f8")
    )
    return post(target, rng.choice(("/enter", "/answer", "/gif")), b"{}", token=wrong), {403}


def _type(rng, target):
    kind = rng.choice(
        ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/jsonx")
    )
    return post(target, "/answer", b"{}", kind=kind), {415}


def _length(rng, target):
    length = rng.choice(("-1", "x", "1e3", "9" * 50, "1000001", "0x10", "", "1, 2"))
    return post(target, "/answer", b"{}", ("Content-Length", length), length=False), {400, 413}


def _body(rng, target):
    return post(target, rng.choice(("/answer", "/gif")), rng.choice(BODIES)), {422}


def _endless(rng, target):
    """A body without a length that is longer than any may be: it is refused, or cut while it is still being sent."""
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    return post(target, "/answer", chunk * 24 + b"0\r\n\r\n", ("Transfer-Encoding", "chunked"), length=False), {
        422,
        CUT,
    }


def _asked(rng, target, **asked):
    return json.dumps({"agent": rng.choice(target.ids), **asked}).encode()


def _level(rng, target):
    levels = [rng.choice(LEVELS) for _ in range(rng.choice((1, 1, 1, 2, 65)))]
    return post(target, "/answer", _asked(rng, target, levels=levels)), {404, 422, BUSY}


def _nobody(rng, target):
    agent = rng.choice(
        ("", "x", "../secret", "..", "a" * 65, "A", "link-0123456789", "\x00", 7, None, ["x"], {"a": 1}, True)
    )
    asked = {"agent": agent, "levels": [LEVEL], "level": LEVEL, "path": [0], "policy": []}
    return post(target, rng.choice(("/answer", "/gif")), json.dumps(asked).encode()), {404, 422}


def _gif(rng, target):
    path = rng.choice(([-1], [10**30], [0] * 5_000, [], [1.5], ["x"], [True], None, [8, 8, 8]))
    policy = rng.choice(([], [[]], [[1e308] * 4] * 9, [[-1.0] * 4] * 9, [["x"]], None, [[10**400]], [[0.25] * 3] * 9))
    level = rng.choice((*LEVELS, LEVEL, LEVEL))
    return post(target, "/gif", _asked(rng, target, level=level, path=path, policy=policy)), {404, 422, BUSY, 200}


def _path(rng, target):
    path = rng.choice(PATHS).format(up="../" * rng.randint(1, 9))
    return request(target, rng.choice(("GET", "HEAD")), path), {400, 404, 405, 307, 422}


def _stranger(rng, target):
    path = rng.choice(
        ("/", "/progress", f"/result/{rng.choice(target.ids)}", "/together?id=a", "/secret.txt", "/explorer.js")
    )
    headers = rng.choice(
        ([], [("Cookie", f"mesascope-{target.port}={'0' * 64}")], [("Cookie", f"mesascope-{target.port}=")])
    )
    return request(target, "GET", path, headers, cookie=False), {200 if path in ("/", "/explorer.js") else 403}


def _noise(rng, target):
    starts = (
        b"",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
    )
    return rng.choice(starts) + rng.randbytes(rng.randint(1, 400)) + b"\r\n\r\n", {400, 403, 405, 421, CUT}


def _headers(rng, target):
    many = [(f"X-{number}", "x" * rng.choice((1, 100))) for number in range(rng.choice((200, 2_000)))]
    long = [("X-Long", "x" * rng.choice((30_000, 100_000)))]
    return request(target, "GET", "/", rng.choice((many, long))), {200, BUSY, 400, 431, CUT}


def _upgrade(rng, target):
    given = [("Connection", "Upgrade"), ("Upgrade", rng.choice(("websocket", "h2c"))), ("Sec-WebSocket-Version", "13")]
    return request(target, "GET", "/progress", given), {200, 400, 404, BUSY}


def _half(rng, target):
    whole = rng.choice((request(target, "GET", "/"), post(target, "/answer", _asked(rng, target, levels=[LEVEL]))))
    return whole[: rng.randint(0, len(whole) - 1)], {CUT, 400}


def _good(rng, target):
    path = rng.choice(("/", "/progress", f"/result/{rng.choice(target.ids)}", f"/together?id={rng.choice(target.ids)}"))
    asked = post(target, "/answer", json.dumps({"agent": target.ids[0], "levels": [LEVEL]}).encode())
    return rng.choice((request(target, "GET", path), asked, asked)), {200, BUSY}


KINDS: dict[str, Callable] = {
    "wrong host": _host,
    "header twice": _twice,
    "wrong origin": _origin,
    "wrong site": _site,
    "wrong method": _method,
    "wrong token": _token,
    "wrong type": _type,
    "wrong length": _length,
    "hostile body": _body,
    "endless body": _endless,
    "hostile level": _level,
    "unknown agent": _nobody,
    "hostile episode": _gif,
    "path": _path,
    "stranger": _stranger,
    "noise": _noise,
    "too many headers": _headers,
    "upgrade": _upgrade,
    "half a request": _half,
    "good request": _good,
}


def draw(rng: random.Random, target: Target) -> Hostile:
    """One request of a random kind."""
    kind = rng.choice(tuple(KINDS))
    data, allowed = KINDS[kind](rng, target)
    return Hostile(kind, data, frozenset(allowed), kind == "stranger", kind == "half a request")
