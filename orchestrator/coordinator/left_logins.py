"""Give back what CLIs renewed of the user's logins in a session whose coordinator was killed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from orchestrator.agents.registry import get_agent
from orchestrator.errors import OrchestrateError
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.identity import AgentName, SessionId
from orchestrator.sandbox.homes import noted_home, notes_in, return_credentials
from orchestrator.value_class import value_class


@value_class
class LeftLogin:
    """One login that a worker left changed in its home, and whether it was given back."""

    session: SessionId
    file: Path
    why: str = ""
    """Why it was not given back; empty where it was."""

    def __str__(self) -> str:
        done = f"was left as it is, though a worker left another: {self.why}" if self.why else "was renewed by a worker"
        return f"{self.session}: {self.file} {done}"


def return_left_logins(folder: SessionFolder) -> Iterator[LeftLogin]:
    """Give back, or refuse, what lies in the homes of a session of which nothing runs; its lock must be held.

    The homes stay as they are: whoever resumes the session works on in them.
    """
    for note in notes_in(folder.path):
        noted = noted_home(note)
        if noted is None:
            continue
        agent, found = noted
        try:
            home = replace(found, newer_login=get_agent(AgentName(agent)).credential.newer_login)
        except OrchestrateError:
            continue  # an agent that this version of the program does not know
        for path in return_credentials(home):
            yield LeftLogin(folder.id, path)
        for credential in home.credentials:
            if credential.name in home.refused:
                yield LeftLogin(folder.id, credential.original, home.refused[credential.name])
