"""Who may ask the explorer, and what: every request is checked before any of it is acted on.

A page of another site can make a browser send requests to this machine. It cannot choose `Host`, `Origin` and `Sec-Fetch-Site`,
and can set neither the content type `application/json` nor a header of its own without being asked for permission, which
is never given: no response has a CORS header.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mesascope.core.errors import UsageError

LOOPBACK = ("127.0.0.1", "::1")
"""Addresses that the explorer may listen on: those that no other machine reaches."""

TOKEN_HEADER = "x-mesascope-token"  # noqa: S105  # the name of a header
MOST_BYTES = 1_000_000
"""Of the body of a request."""

_AUTHORITY = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(?::([1-9]\d{0,4}))?", re.ASCII)
_ONCE = ("host", "origin", "sec-fetch-site", "content-length", "content-type", "cookie", TOKEN_HEADER)
"""Headers that a request has once at the most: of two, whoever checks and whoever acts might read another one."""
_PLAIN_PORT = 80

Headers = Sequence[tuple[bytes, bytes]]


class Refusal(NamedTuple):
    """Why a request is not answered: the status code, and a sentence."""

    status: int
    reason: str


class Access(NamedTuple):
    """The secret of one start of the explorer, and where it listens.

    Attributes:
        token: What the printed link holds, in its fragment, which browsers never send.
        host: The address, one of `LOOPBACK`.
        port: The port.
    """

    token: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as a link has them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def link(self) -> str:
        """The link that opens the explorer."""
        return f"http://{self.authority}/#token={self.token}"

    @property
    def cookie_name(self) -> str:
        """A cookie is sent to every port of a host: each explorer's has its own name."""
        return f"mesascope-{self.port}"

    @property
    def cookie(self) -> str:
        """What a browser shows once it was let in. It follows from the token and does not tell it."""
        return hmac.new(self.token.encode(), b"cookie", hashlib.sha256).hexdigest()


def new_access(host: str, port: int) -> Access:
    """Access with a fresh token."""
    return Access(secrets.token_urlsafe(24), check_host(host), port)


def check_host(host: str) -> str:
    """The address to listen on; `UsageError` for one that other machines might reach.

    Example:
        >>> check_host("127.0.0.1")
        '127.0.0.1'
    """
    if host not in LOOPBACK:
        raise UsageError(
            f"--host {host}: the explorer listens on {' or '.join(LOOPBACK)} alone; to look from another machine, forward the "
            "port: ssh -L PORT:127.0.0.1:PORT"
        )
    return host


def refusal(access: Access, method: str, headers: Headers) -> Refusal | None:
    """Why a request is refused whatever it asks for; None for one that may be looked at.

    Args:
        access: Where the explorer listens.
        method: The request's method.
        headers: Names in lower case with their values, as they came.
    """
    found: dict[str, str] = {}
    for raw, value in headers:
        name = raw.decode("latin-1").lower()
        if name in found and name in _ONCE:
            return Refusal(400, f"the header {name} is there twice")
        found[name] = value.decode("latin-1")
    if not _is_here(access, found.get("host", "")):
        return Refusal(421, "this host is not the explorer's: open the link that mesascope explore printed")
    origin = found.get("origin")
    if origin is not None and not (origin.startswith("http://") and _is_here(access, origin[len("http://") :])):
        return Refusal(403, "the request comes from another page")
    if origin is not None and origin[len("http://") :].lower() != found["host"].lower():
        return Refusal(403, "the request comes from another page")
    if found.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return Refusal(403, "the request comes from another page")
    if method in ("GET", "HEAD"):
        return None
    if method != "POST":
        return Refusal(405, "only GET and POST are answered")
    if found.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return Refusal(415, "expected a body of type application/json")
    length = found.get("content-length", "0")
    if not length.isdecimal() or len(length) > len(str(MOST_BYTES)) or int(length) > MOST_BYTES:
        return Refusal(413, f"a body has at most {MOST_BYTES} bytes")
    if not same(found.get(TOKEN_HEADER, ""), access.token):
        return Refusal(403, "the token is missing or of an earlier start: open the link that mesascope explore printed")
    return None


def same(given: str, wanted: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def is_let_in(access: Access, headers: Headers) -> bool:
    """Whether a request shows the cookie of this start."""
    cookies = b"; ".join(value for name, value in headers if name.lower() == b"cookie").decode("latin-1")
    pairs = (part.strip().partition("=") for part in cookies.split(";"))
    return any(name == access.cookie_name and same(value, access.cookie) for name, _, value in pairs)


def _is_here(access: Access, authority: str) -> bool:
    """Whether an authority (host and port) is where the explorer listens, or `localhost` with its port."""
    match = _AUTHORITY.fullmatch(authority.lower())
    if match is None:
        return False
    host, port = match[1].strip("[]"), int(match[2] or _PLAIN_PORT)
    return host in (access.host, "localhost") and port == access.port


def security_headers(policy: str) -> Iterable[tuple[bytes, bytes]]:
    """Headers of every response, also of an error; `policy` is the content security policy of what is sent."""
    given = {
        "content-security-policy": f"{policy}; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }
    return [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
