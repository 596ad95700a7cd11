"""Turn errors into problem documents (RFC 9457)."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from orchestrator.errors import JournalDamaged, OrchestrateError, SessionUnknown

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "The request is not sound",
    401: "No token, or not the right one",
    403: "Refused: it comes from another site",
    404: "There is no such thing",
    405: "Not this way",
    408: "Too slow",
    409: "Not as things stand",
    413: "Too large",
    415: "Not in this form",
    422: "The request does not say what it must",
    429: "Too many at once",
    431: "The head of the request is too large",
    500: "The server failed",
}


class Problem(BaseModel):
    """What went wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    hint: str | None = Field(default=None, description="What to do next.")


class Refusal(Exception):
    """The request is refused, and why."""

    def __init__(self, status: int, detail: str, *, hint: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.hint = hint


def document(status: int, detail: str, *, hint: str | None = None) -> bytes:
    """A problem document."""
    return _problem(status, detail, hint).model_dump_json(exclude_none=True).encode()


def _problem(status: int, detail: str, hint: str | None) -> Problem:
    # The name of a file may be no UTF-8, and is shown by its bytes.
    told, next_ = (text and text.encode("utf-8", "backslashreplace").decode() for text in (detail, hint))
    return Problem(title=TITLES.get(status, "Refused"), status=status, detail=told or "", hint=next_)


def answer(status: int, detail: str, *, hint: str | None = None, headers: dict[str, str] | None = None) -> JSONResponse:
    """The document as a response."""
    problem = _problem(status, detail, hint)
    return JSONResponse(problem.model_dump(exclude_none=True), status, media_type=MEDIA_TYPE, headers=headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of these errors."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": TITLES.get(status, "Refused"), "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Have every error of the app answered with a problem document."""

    @app.exception_handler(Refusal)
    async def refused(_: Request, error: Refusal) -> JSONResponse:
        return answer(error.status, error.detail, hint=error.hint)

    @app.exception_handler(OrchestrateError)
    async def known(_: Request, error: OrchestrateError) -> JSONResponse:
        status = 404 if isinstance(error, SessionUnknown) else 409 if isinstance(error, JournalDamaged) else 404
        return answer(status, error.message, hint=error.hint)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return answer(422, f"{where}: {first['msg']}")

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> JSONResponse:
        return answer(error.status_code, str(error.detail), headers=dict(error.headers or {}))
