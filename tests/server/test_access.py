from __future__ import annotations

import httpx
import pytest

from orchestrator.server.access import Guard
from tests.server.conftest import NO_TLS, Served

GUARD = Guard(token="secret-token", port=8000)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        pytest.param("127.0.0.1:8000", True, id="loopback"),
        pytest.param("localhost:9000", True, id="through a tunnel's port"),
        pytest.param("[::1]:8000", True, id="loopback of IPv6"),
        pytest.param("evil.example:8000", False, id="a rebound name"),
        pytest.param("localhost.evil.example", False, id="a name that begins well"),
        pytest.param("192.168.1.5:8000", False, id="another address"),
        pytest.param("", False, id="none"),
    ],
)
def test_only_our_own_names_are_hosts(host: str, own: bool) -> None:
    assert GUARD.is_own_host(host) is own


def test_listening_elsewhere_any_address_is_ours_but_no_foreign_name() -> None:
    guard = Guard(token="t", port=8000, names=frozenset({"localhost", "box"}), any_address=True)
    assert guard.is_own_host("192.168.1.5:8000")
    assert guard.is_own_host("box:8000")
    assert not guard.is_own_host("evil.example")


def test_the_cookie_is_not_the_token() -> None:
    assert "secret-token" not in GUARD.cookie_value
    assert GUARD.knows({"cookie": f"orchestrate-8000={GUARD.cookie_value}"})
    assert not GUARD.knows({"cookie": "orchestrate-8000=secret-token"})
    assert not GUARD.knows({"cookie": f"orchestrate-8001={GUARD.cookie_value}"})


async def bare(served: Served, method: str, path: str, **headers: str) -> httpx.Response:
    """A request without the client's token."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", verify=NO_TLS) as client:
        return await client.request(method, path, headers={name.replace("_", "-"): v for name, v in headers.items()})


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        pytest.param("GET", "/api/session", {}, 401, id="no token"),
        pytest.param("GET", "/api/session", {"authorization": "Bearer wrong"}, 401, id="a wrong token"),
        pytest.param("GET", "/api/events/stream", {}, 401, id="the stream without a token"),
        pytest.param("GET", "/openapi.json", {}, 401, id="the description without a token"),
        pytest.param("GET", "/", {}, 401, id="the page without a token"),
        pytest.param("GET", "/health", {}, 200, id="health needs none"),
        pytest.param("GET", "/health", {"host": "evil.example"}, 400, id="rebound name"),
        pytest.param("POST", "/api/control/stop", {"origin": "http://evil.example"}, 403, id="another origin"),
        pytest.param("POST", "/api/control/stop", {"origin": "null"}, 403, id="a sandboxed frame"),
        pytest.param("POST", "/api/control/stop", {"sec_fetch_site": "cross-site"}, 403, id="another site"),
        pytest.param("GET", "/api/session", {"sec_fetch_site": "same-site"}, 403, id="another port of this host"),
    ],
)
async def test_strangers_are_turned_away(
    served: Served, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = await bare(served, method, path, **headers)
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_foreign_origin_is_refused_even_with_the_cookie(served: Served) -> None:
    answer = await served.client.post("/api/control/stop", headers={"origin": "http://127.0.0.1:9"})
    assert answer.status_code == 403


async def test_the_token_is_traded_for_a_strict_cookie_and_leaves_the_address(served: Served) -> None:
    answer = await bare(served, "GET", f"/?token={served.token}&session=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?session=x")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"orchestrate-{served.port}=")
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in cookie
    assert served.token not in cookie
    answer = await bare(served, "GET", "/api/session", cookie=cookie.split(";")[0], sec_fetch_site="same-origin")
    assert answer.status_code == 200


async def test_a_wrong_token_sets_no_cookie(served: Served) -> None:
    answer = await bare(served, "GET", "/?token=wrong")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


async def test_a_browser_without_the_token_gets_a_page_and_a_program_a_document(served: Served) -> None:
    for path, words in (("/?token=wrong", "not, or no longer, the right one"), ("/sessions", "has no token")):
        answer = await bare(served, "GET", path, accept="text/html,*/*")
        assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
        assert words in answer.text
        assert "<code>orchestrate serve</code>" in answer.text
        assert "style-src 'sha256-" in answer.headers["content-security-policy"]
        document = await bare(served, "GET", path, accept="application/json")
        assert document.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/api/session", "/static/app.js", "/api/nothing"])
async def test_every_answer_forbids_framing_sniffing_and_referrers(served: Served, path: str) -> None:
    headers = (await served.client.get(path)).headers
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
