"""Refuse requests of those who may not talk to the dashboard: pure ASGI, in front of everything else.

The dashboard steers processes, so every web page the user visits is a possible attacker: by DNS rebinding (``Host``),
by requests across sites (``Origin``, ``Sec-Fetch-Site``, a strict cookie), by framing (the policy below).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from orchestrator.server.asgi import App, Event, Receive, Scope, Send
from orchestrator.server.problem_pages import HEADERS, page_refused, page_without_token
from orchestrator.server.problems import MEDIA_TYPE, document

PAGE_PATHS = frozenset({"/", "/sessions", "/compare", "/teams", "/builder", "/gates", "/metrics"})
"""Where a page begins: what a browser opens there is answered with a page, a refusal too."""
OPEN_PATHS = frozenset({"/health", "/favicon.ico"})
"""Answered without a token: they say nothing about any session."""
COOKIE_AGE_S = 30 * 24 * 3600


@dataclass(frozen=True)
class Guard:
    """Decides which requests are let through."""

    token: str
    port: int
    """The cookie is named by it: browsers share cookies between the ports of a host."""
    names: frozenset[str] = frozenset({"localhost"})
    """Host names we are reached by; addresses are judged by :attr:`any_address`."""
    any_address: bool = False
    """Any literal address may stand in ``Host``, not loopback ones alone: an address cannot be rebound."""
    content_policy: str = "default-src 'none'"

    @property
    def cookie_name(self) -> str:
        return f"orchestrate-{self.port}"

    @property
    def cookie_value(self) -> str:
        """A keyed hash, so that whoever reads the cookie jar has not got the token."""
        return hmac.new(self.token.encode(), b"orchestrate dashboard cookie", hashlib.sha256).hexdigest()

    def is_own_host(self, host: str) -> bool:
        """Whether a ``Host`` header names this machine and not somebody's rebound domain."""
        name = urlsplit(f"//{host}").hostname or ""
        if name in self.names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.any_address or address.is_loopback

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether the cookie, or an ``Authorization: Bearer`` header, is right."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.is_token(given.strip())
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self.cookie_name)
        except CookieError:
            return False
        return morsel is not None and hmac.compare_digest(morsel.value.encode(), self.cookie_value.encode())

    def is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Why the request is not let through; ``None`` if it is."""
        headers = _headers(scope)
        host = headers.get("host", "")
        try:
            own = self.is_own_host(host)
        except ValueError:
            own = False
        if not own:
            return 400, "the Host header does not name this dashboard"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, "the request comes from another origin"
        if scope["type"] == "websocket" and origin is None and "sec-fetch-site" in headers:
            return 403, "a browser's WebSocket must say where it comes from"
        # A page on another port of this host is "same-site": it would be sent with the cookie.
        opens_page = scope.get("method") == "GET" and scope["path"] in PAGE_PATHS
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not opens_page:
            return 403, "the request comes from another site"
        if scope["path"] not in OPEN_PATHS and not self.knows(headers):
            return 401, "open the address that orchestrate printed, with its token"
        return None


class GuardedApp:
    """The app behind its guard."""

    def __init__(self, app: App, guard: Guard) -> None:
        self._app = app
        self._guard = guard
        self._headers = [
            (b"content-security-policy", guard.content_policy.encode()),
            (b"referrer-policy", b"no-referrer"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http" and await self._traded_token(scope, send):
            return
        refusal = self._guard.refusal(scope)
        if refusal is None:
            await self._app(scope, receive, self._with_headers(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        elif _is_browser(scope):
            page = page_without_token(given=False) if refusal[0] == 401 else page_refused(*refusal)
            await self._answer(send, refusal[0], page, list(HEADERS))
        else:
            await self._refuse(send, *refusal)

    def _with_headers(self, send: Send) -> Send:
        async def send_with_headers(event: Event) -> None:
            if event["type"] == "http.response.start":
                headers = list(event.get("headers", ()))
                names = {name.lower() for name, _ in headers}
                headers += [header for header in self._headers if header[0] not in names]
                if b"cache-control" not in names:
                    headers.append((b"cache-control", b"no-store"))
                event = {**event, "headers": headers}
            await send(event)

        return send_with_headers

    async def _traded_token(self, scope: Scope, send: Send) -> bool:
        """``/?token=…`` sets the cookie and leads to the address without it, which history and referrers may keep."""
        if scope["method"] != "GET" or scope["path"] != "/":
            return False
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = query.pop("token", None)
        headers = _headers(scope)
        if given is None or not self._guard.is_own_host(headers.get("host", "")):
            return False
        if not self._guard.is_token(given[0]):
            if _is_browser(scope):
                await self._answer(send, 401, page_without_token(given=True), list(HEADERS))
            else:
                await self._refuse(send, 401, "this token is not, or no longer, the right one")
            return True
        attributes = f"Path=/; HttpOnly; SameSite=Strict; Max-Age={COOKIE_AGE_S}"
        cookie = f"{self._guard.cookie_name}={self._guard.cookie_value}; {attributes}"
        where = "/" + (f"?{urlencode(query, doseq=True)}" if query else "")
        await self._answer(send, 303, b"", [(b"location", where.encode()), (b"set-cookie", cookie.encode())])
        return True

    async def _refuse(self, send: Send, status: int, detail: str) -> None:
        extra = [(b"content-type", MEDIA_TYPE.encode())]
        if status == 401:
            extra.append((b"www-authenticate", b"Bearer"))
        await self._answer(send, status, document(status, detail), extra)

    async def _answer(self, send: Send, status: int, body: bytes, extra: list[tuple[bytes, bytes]]) -> None:
        headers = [*extra, (b"content-length", str(len(body)).encode())]
        await self._with_headers(send)({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _is_browser(scope: Scope) -> bool:
    """Whether a person asked for a page, rather than a program for data."""
    return scope["path"] in PAGE_PATHS and "text/html" in _headers(scope).get("accept", "")


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
