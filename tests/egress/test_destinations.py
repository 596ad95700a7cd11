from __future__ import annotations

import pytest

from orchestrator.egress.destinations import destination, without_login


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "path"),
    [
        ("https://example.org/x/y.git", "https", "example.org", 443, "/x/y.git"),
        ("https://me@example.org:8443/y", "https", "example.org", 8443, "/y"),
        ("ssh://git@example.org:2222/x", "ssh", "example.org", 2222, "/x"),
        ("git@example.org:x/y.git", "ssh", "example.org", 22, "x/y.git"),
        ("http://127.0.0.1:8080/x", "http", "127.0.0.1", 8080, "/x"),
        ("file:///srv/x.git", "file", "", 0, "/srv/x.git"),
        ("/srv/x.git", "file", "", 0, "/srv/x.git"),
    ],
)
def test_an_address_is_read(url: str, scheme: str, host: str, port: int, path: str) -> None:
    where = destination(url)
    assert (where.scheme, where.host, where.port, where.path) == (scheme, host, port, path)
    assert where.url.endswith(url)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("ext::sh -c 'touch x'", "no address", id="a program"),
        pytest.param("ext::true", "no address", id="a program in one word"),
        pytest.param("--upload-pack=x", "no address", id="an option"),
        pytest.param("ssh://-oProxyCommand=x/y", "no https", id="an option for ssh"),
        pytest.param("-oProxyCommand=x:y", "no address", id="an option for ssh in the short form"),
        pytest.param("https://example.org/a b", "no address", id="a space"),
        pytest.param("../far.git", "no https", id="a relative path"),
        pytest.param("ftp://example.org/x", "no https", id="another scheme"),
        pytest.param("https:///x", "no https", id="no host"),
        pytest.param("https://example.org:99999/x", "out of range", id="no port"),
        pytest.param("https://me:word@example.org/x", "password", id="a password in it"),
        pytest.param("http://example.org/x", "in the clear", id="no encryption"),
        pytest.param("https://10.0.0.7/x", "bare address", id="a bare address"),
    ],
)
def test_nothing_is_sent_to_what_is_none(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        destination(url)


def test_a_login_is_left_out_of_an_address() -> None:
    assert without_login("https://me:secret@example.org/x") == "https://example.org/x"
    assert without_login("https://token@example.org/x@y") == "https://example.org/x@y"
    assert without_login("https://example.org/x@y:z@w") == "https://example.org/x@y:z@w"
    assert without_login("ssh://git:secret@example.org/x") == "ssh://git@example.org/x"
    assert without_login("git@example.org:x") == "git@example.org:x"
