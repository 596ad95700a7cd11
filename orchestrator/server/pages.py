"""Serve the page and its modules from ``static/``: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from orchestrator.errors import EnvironmentUnfit, OrchestrateError
from orchestrator.late_pattern import late_pattern
from orchestrator.server.access import PAGE_PATHS
from orchestrator.server.dependencies import hub_of
from orchestrator.server.problem_pages import HEADERS, page_without_session
from orchestrator.server.problems import Refusal

_PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = (_PACKAGE.parent / "static", _PACKAGE / "static")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_INLINE = late_pattern(r"<script[^>]*type=\"importmap\"[^>]*>(.*?)</script>", re.DOTALL)

router = APIRouter(include_in_schema=False)


@cache
def static_folder() -> Path:
    """Where the page lies.

    Raises:
        EnvironmentUnfit: It is missing: the installation is not whole.
    """
    for folder in FOLDERS:
        if (folder / "dashboard.html").is_file():
            return folder
    raise EnvironmentUnfit("the dashboard's page is missing", hint="install the program again")


def content_policy() -> str:
    """The content security policy: our own files only, and of inline scripts the import map alone (by its hash)."""
    page = (static_folder() / "dashboard.html").read_text("utf-8")
    maps = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in _INLINE.findall(page)]
    scripts = " ".join(["'self'", *(f"'sha256-{digest}'" for digest in maps)])
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _page() -> Response:
    return _file(static_folder() / "dashboard.html", "text/html; charset=utf-8")


@router.get("/")
def start(request: Request, session: str | None = None) -> Response:
    if session is not None:
        try:
            hub_of(request).folder(session)
        except OrchestrateError as error:
            page = page_without_session(error.message, error.hint)
            return Response(page, 404, headers={name.decode(): value.decode() for name, value in HEADERS})
    return _page()


for _path in sorted(PAGE_PATHS - {"/"}):
    router.add_api_route(_path, _page, methods=["GET"], name=_path.strip("/"))


@router.get("/favicon.ico")
def icon() -> Response:
    return _file(static_folder() / "icon.svg", "image/svg+xml")


@router.get("/static/{path:path}")
def static(path: str) -> Response:
    folder = static_folder()
    file = (folder / path).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise Refusal(404, f"there is no file {path}")
    kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "text/plain"
    return _file(file, f"{kind}; charset=utf-8")


def _file(path: Path, kind: str) -> Response:
    # Always asked for again: after an update an old module must not meet a new one.
    return Response(path.read_bytes(), media_type=None, headers={"content-type": kind, "cache-control": "no-cache"})
