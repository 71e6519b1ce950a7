"""Who may ask the explorer: hosts, origins, methods, tokens, each refused or let through by its headers alone."""

import pytest

from mesascope.core.errors import UsageError
from mesascope.explorer.guard import (
    MOST_BYTES,
    Access,
    check_host,
    is_let_in,
    new_access,
    refusal,
    security_headers,
)

ACCESS = Access("t0ken", "127.0.0.1", 8123)
SIX = Access("t0ken", "::1", 8123)


def headers(*pairs, **given):
    found = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in given.items()]
    return [*found, *((name.encode(), value.encode("latin-1")) for name, value in pairs)]


def status(access=ACCESS, method="GET", /, *pairs, **given):
    found = refusal(access, method, headers(*pairs, **given))
    return 200 if found is None else found.status


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost:8123", "LOCALHOST:8123", "LocalHost:8123"])
def test_a_host_that_is_the_explorers_is_let_through(host):
    assert status(host=host) == 200


@pytest.mark.parametrize("host", ["[::1]:8123", "localhost:8123"])
def test_the_other_loopback_has_its_own_address(host):
    assert status(SIX, host=host) == 200


def test_the_port_that_is_usual_may_be_left_out():
    assert status(Access("t", "127.0.0.1", 80), host="127.0.0.1") == 200
    assert status(Access("t", "127.0.0.1", 80), host="127.0.0.1:80") == 200


@pytest.mark.parametrize(
    "host",
    [
        "", "127.0.0.1", "localhost", "127.0.0.1:8124", "127.0.0.1:80", "localhost:81230", "[::1]:8123", "::1:8123",
        "127.0.0.1:08123", "127.0.0.1:8123 ", " 127.0.0.1:8123", "127.0.0.1:8123:8123", "127.0.0.1:", "127.0.0.1:+8123",
        "127.0.0.1:8123/", "127.0.0.1:8123#", "127.0.0.1:8123@evil.example", "user@127.0.0.1:8123", "evil.example",
        "evil.example:8123", "127.0.0.1.evil.example:8123", "localhost.evil.example:8123", "evil-localhost:8123",
        "localhost.:8123", "127.1:8123", "2130706433:8123", "0x7f.0.0.1:8123", "0.0.0.0:8123", "127.0.0.2:8123",
        "[::ffff:127.0.0.1]:8123", "[0:0:0:0:0:0:0:1]:8123", "[::1%25lo]:8123", "127.0.0.1:8123,evil.example",
        "http://127.0.0.1:8123", "127.0.0.1\t:8123", "127\u00b70.0.1:8123",
    ],
)  # fmt: skip
def test_any_other_host_is_refused(host):
    assert status(host=host) == 421


def test_a_header_that_is_there_twice_is_refused():
    for name in ("host", "origin", "sec-fetch-site", "content-type", "content-length", "x-mesascope-token", "cookie"):
        twice = [(name, "127.0.0.1:8123"), (name.upper(), "127.0.0.1:8123")]
        assert refusal(ACCESS, "GET", headers(*twice)).status == 400


def test_no_host_is_refused():
    assert status() == 421


OWN = {"host": "127.0.0.1:8123"}


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8123", "http://127.0.0.1:8123".upper().replace("HTTP", "http")])
def test_the_own_origin_is_let_through(origin):
    assert status(**OWN, origin=origin) == 200


@pytest.mark.parametrize(
    "origin",
    [
        "null", "", "https://127.0.0.1:8123", "http://127.0.0.1", "http://127.0.0.1:8124", "http://localhost:8123",
        "http://evil.example", "http://127.0.0.1:8123.evil.example", "http://127.0.0.1:8123/", "file://", "http://[::1]:8123",
        "http://127.0.0.1:8123 http://evil.example", "HTTP:127.0.0.1:8123",
    ],
)  # fmt: skip
def test_any_other_origin_is_refused(origin):
    assert status(**OWN, origin=origin) == 403


@pytest.mark.parametrize(
    ("site", "expected"), [("none", 200), ("same-origin", 200), ("same-site", 403), ("cross-site", 403), ("x", 403)]
)
def test_browsers_say_where_a_request_comes_from(site, expected):
    assert status(**OWN, sec_fetch_site=site) == expected


POST = {**OWN, "content_type": "application/json", "x_mesascope_token": "t0ken"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 200),
        ({"content_type": "Application/JSON; charset=utf-8"}, 200),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_type": "multipart/form-data"}, 415),
        ({"content_type": ""}, 415),
        ({"x_mesascope_token": ""}, 403),
        ({"x_mesascope_token": "t0kem"}, 403),
        ({"x_mesascope_token": "t0ken "}, 403),
        ({"x_mesascope_token": "t\u00f8ken"}, 403),
        ({"content_length": str(MOST_BYTES)}, 200),
        ({"content_length": str(MOST_BYTES + 1)}, 413),
        ({"content_length": "9" * 5000}, 413),
        ({"content_length": "-1"}, 413),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
    ],
)
def test_what_changes_or_computes_needs_type_and_token(change, expected):
    assert status(ACCESS, "POST", **{**POST, **change}) == expected


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "post"])
def test_other_methods_are_refused(method):
    assert status(ACCESS, method, **POST) == 405


def test_the_cookie_lets_in_and_nothing_like_it():
    own = f"{ACCESS.cookie_name}={ACCESS.cookie}"
    assert is_let_in(ACCESS, headers(cookie=f"a=b; {own}; c=d"))
    for other in (
        "",
        own[:-1],
        own.upper(),
        f"x{own}",
        f"mesascope-8124={ACCESS.cookie}",
        f"{ACCESS.cookie_name}=t0ken",
    ):
        assert not is_let_in(ACCESS, headers(cookie=other))
    assert ACCESS.token not in ACCESS.cookie
    assert Access("other", "127.0.0.1", 8123).cookie != ACCESS.cookie


def test_only_this_machine_is_listened_to():
    assert {check_host(host) for host in ("127.0.0.1", "::1")} == {"127.0.0.1", "::1"}
    for host in ("0.0.0.0", "::", "localhost", "192.168.0.1", "127.0.0.2", ""):
        with pytest.raises(UsageError, match="ssh -L"):
            check_host(host)


def test_every_start_has_its_own_token_in_the_fragment():
    one, two = new_access("::1", 80), new_access("::1", 80)
    assert one.token != two.token
    assert one.link == f"http://[::1]:80/#token={one.token}"
    assert len(one.token) >= 32


def test_headers_of_security_are_whole():
    found = dict(security_headers("default-src 'none'"))
    assert found[b"content-security-policy"] == b"default-src 'none'; frame-ancestors 'none'"
    assert found[b"x-content-type-options"] == b"nosniff"
    assert found[b"referrer-policy"] == b"no-referrer"
    assert not [name for name in found if name.startswith(b"access-control")]
