"""Values in, the JSON documents of ``--json`` out."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from orchestrator.journal.folder import SessionFolder
from orchestrator.session.state import Session
from orchestrator.session.summary import summarise


def document(value: Any) -> str:
    """Any value of ours as one indented JSON document."""
    return to_json(value, indent=2).decode()


def session_document(session: Session, folder: SessionFolder) -> str:
    """A session's summary with the paths and the next command a program needs."""
    from dataclasses import asdict

    return document(
        {
            **asdict(summarise(session)),
            "folder": folder.path,
            "journal": folder.journal_file,
            "report": folder.report_text_file if folder.report_text_file.exists() else None,
        }
    )
