"""A coordinator that can be killed: runs a rehearsal with stand-ins, or resumes one, and says every entry it took.

``coordinating.py run ROOT SCENARIO GRACE_S SERVER_URL [real] [AGENT...]`` or
``coordinating.py resume SESSION_FOLDER [ANSWER]``
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import anyio

from orchestrator.coordinator import resume_session, run_session
from orchestrator.coordinator.session_request import RehearsalRequest, RunRequest, SessionResult
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.entries import EffectIntended, JournalEntry, Told
from orchestrator.models.identity import AgentName
from orchestrator.prompts import load_templates
from orchestrator.review_engine.decision_policies import STANDARD
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.session.state import Session


def tell(session: Session, entry: JournalEntry) -> None:
    if entry.n == 1:
        print("session", session.options.session_dir, flush=True)
    kind: str = entry.body.kind
    if isinstance(entry.body, EffectIntended):
        kind = f"effect {entry.body.effect.kind}"
    elif isinstance(entry.body, Told):
        kind = f"told {entry.body.fact.kind}"
    worker = getattr(entry.body, "worker", None) or getattr(getattr(entry.body, "effect", None), "worker", "-")
    print("entry", entry.n, kind, worker, flush=True)


def request(root: Path, scenario: Path, *, grace_s: float, server: str, words: Sequence[str]) -> RunRequest:
    return RunRequest(
        task="Add input validation to the signup form",
        target=root / "target",
        workspace=root / "workspace",
        policy=STANDARD,
        sandbox=load_sandbox_policy(str(own) if (own := root / "policy.toml").exists() else "default"),
        templates=load_templates(None),
        agents=tuple(AgentName(word) for word in words if word != "real") or None,
        rehearsal=RehearsalRequest(scenario, stand_ins="real" not in words, server=server),
        timeout_s=100.0,
        limits={"orphan_grace_s": grace_s},
    )


def main(mode: str, where: str, *rest: str) -> int:
    # Shims are started by the interpreter that runs the coordinator.
    sys.executable = os.environ.get("INTERPRETER", sys.executable)
    if mode == "run":
        scenario, grace_s, server, *words = rest
        asked = request(Path(where), Path(scenario), grace_s=float(grace_s), server=server, words=words)
        begin = partial(run_session, asked, environ=os.environ, observe=tell)
    else:
        answer = rest[0] if rest else None
        begin = partial(resume_session, SessionFolder(Path(where)), environ=os.environ, answer=answer, observe=tell)
    result: SessionResult = anyio.run(begin)
    print("ended", result.outcome, result.reason, flush=True)
    return int(result.exit_code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
