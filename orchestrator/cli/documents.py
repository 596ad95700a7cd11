"""Make the JSON documents that ``--json`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, to_json, to_jsonable_python

from orchestrator.quotation import safe_json

if TYPE_CHECKING:
    from orchestrator.journal.folder import SessionFolder
    from orchestrator.session.state import Session


def document(value: Any) -> str:
    """Render a value as one indented JSON document.

    A file may be called by bytes that are no UTF-8, which JSON cannot say: they are shown as ``\\udcff``.
    """
    try:
        rendered = to_json(value, indent=2)
    except PydanticSerializationError:
        rendered = to_json(_encodable(value), indent=2)
    return safe_json(rendered.decode())


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return str(value).encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_encodable(name): _encodable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return list(map(_encodable, value))
    plain = to_jsonable_python(value)
    return plain if plain is value else _encodable(plain)


def session_document(session: Session, folder: SessionFolder, *, exit_code: int | None = None) -> str:
    """A session's summary, and where its record lies.

    Args:
        exit_code: The exit code of the run that this document ends; ``None`` for a document that ends no run.
    """
    return located_document(summary_values(session), folder, exit_code=exit_code)


def summary_values(session: Session) -> dict[str, Any]:
    """A session's summary by the names of its facts."""
    from dataclasses import asdict

    from orchestrator.session.summary import summarise

    return asdict(summarise(session))


def located_document(summary: Mapping[str, Any], folder: SessionFolder, *, exit_code: int | None = None) -> str:
    """A summary by the names of its facts, and where the session's record lies."""
    report = folder.report_text_file if folder.report_text_file.exists() else None
    where = {"folder": folder.path, "journal": folder.journal_file, "report": report}
    return document({**summary, "exit_code": exit_code, **where})
