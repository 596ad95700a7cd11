"""Make the JSON documents that ``--json`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from orchestrator.quotation import safe_json

if TYPE_CHECKING:
    from orchestrator.journal.folder import SessionFolder
    from orchestrator.session.state import Session


def document(value: Any) -> str:
    """Render a value as one indented JSON document."""
    return safe_json(to_json(value, indent=2).decode())


def session_document(session: Session, folder: SessionFolder, *, exit_code: int | None = None) -> str:
    """A session's summary, and where its record lies.

    Args:
        exit_code: The exit code of the run that this document ends; ``None`` for a document that ends no run.
    """
    from dataclasses import asdict

    from orchestrator.session.summary import summarise

    return document(
        {
            **asdict(summarise(session)),
            "exit_code": exit_code,
            "folder": folder.path,
            "journal": folder.journal_file,
            "report": folder.report_text_file if folder.report_text_file.exists() else None,
        }
    )
