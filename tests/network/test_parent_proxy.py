"""Whom to ask for a host, by the variables that people have."""

from __future__ import annotations

import pytest

from orchestrator.network.parent_proxy import Upstream, upstream_at, upstream_for

SECURE, PLAIN = Upstream("secure.test", 3128), Upstream("plain.test", 8080)
ENVIRON = {"HTTPS_PROXY": "http://secure.test:3128", "http_proxy": "http://plain.test:8080/"}


def test_tunnels_and_plain_requests_have_a_proxy_each() -> None:
    assert upstream_for(ENVIRON, "a.test", 443, is_tunnel=True) == SECURE
    assert upstream_for(ENVIRON, "a.test", 80, is_tunnel=False) == PLAIN
    assert upstream_for({}, "a.test", 443, is_tunnel=True) is None
    assert upstream_for({"ALL_PROXY": "http://secure.test:3128"}, "a.test", 80, is_tunnel=False) == SECURE


@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "is_spared"),
    [
        ("*", "a.test", 443, True),
        ("a.test", "a.test", 443, True),
        ("a.test", "b.a.test", 443, True),
        (".a.test", "b.a.test", 443, True),
        ("*.a.test", "b.a.test", 443, True),
        ("other.test, A.test", "a.TEST.", 443, True),
        ("a.test:8443", "a.test", 8443, True),
        ("10.0.0.0/8", "10.1.2.3", 80, True),
        ("10.1.2.3", "10.1.2.3", 80, True),
        ("a.test:8443", "a.test", 443, False),
        ("a.test", "nota.test", 443, False),
        ("10.0.0.0/8", "11.1.2.3", 80, False),
        ("10.0.0.0/8", "a.test", 80, False),
        ("", "a.test", 443, False),
        ("", "localhost", 443, True),
        ("", "127.0.0.1", 443, True),
        ("", "::1", 443, True),
    ],
)
def test_some_hosts_are_spared(no_proxy: str, host: str, port: int, is_spared: bool) -> None:
    environ = {**ENVIRON, "NO_PROXY": no_proxy}
    assert (upstream_for(environ, host, port, is_tunnel=True) is None) == is_spared


def test_a_proxy_is_named_with_a_scheme_or_without_and_with_a_login_or_without() -> None:
    assert upstream_at("secure.test:3128") == SECURE
    assert upstream_at("https://p.test") == Upstream("p.test", 443, is_tls=True)
    assert upstream_at("http://me:a%40b@p.test") == Upstream("p.test", 80, authorization="Basic bWU6YUBi")


@pytest.mark.parametrize("url", ["socks5://p.test:1080", "http://p.test:port", "http://", "ftp://p.test"])
def test_what_is_no_http_proxy_is_none(url: str) -> None:
    assert upstream_at(url) is None
