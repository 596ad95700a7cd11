"""A coordinator of counting agents that can be killed: ``coordinating.py run ROOT SKEW_S``, or
``coordinating.py resume|continue FOLDER SKEW_S [ANSWER]``.

It says the session's folder first, then one line an entry, and at last how the session ended.  Its clock is moved
by ``SKEW_S`` seconds after half a second.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import anyio

from orchestrator.coordinator import resume_session, run_session
from orchestrator.coordinator.clocks import Clock, utc_now
from orchestrator.coordinator.session_request import FollowUpRequest, RunRequest, SessionResult
from orchestrator.errors import OrchestrateError
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.entries import JournalEntry
from orchestrator.prompts import load_templates
from orchestrator.review_engine.decision_policies import STANDARD
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.session.state import Session
from tests.chaos.teams import TEAMS


def tell(session: Session, entry: JournalEntry) -> None:
    if entry.n == 1:
        print("session", session.options.session_dir, flush=True)
    print("entry", entry.n, flush=True)


def request(root: Path) -> RunRequest:
    limits = {
        "orphan_grace_s": float(os.environ["CHAOS_GRACE_S"]),
        "max_relaunches": 10_000,
        "max_review_rounds": 10_000,
        "least_free_bytes": int(os.environ["CHAOS_LEAST_FREE"]),
    }
    sandbox = load_sandbox_policy(os.environ["CHAOS_SANDBOX"])
    names = ("CHAOS_SEED", "CHAOS_COUNT", "CHAOS_PACE_S", "CHAOS_TEAM")
    return RunRequest(
        task="Count",
        target=root / "target",
        workspace=root / "workspace",
        policy=STANDARD,
        sandbox=replace(sandbox, environment=(*sandbox.environment, *names)),
        templates=load_templates(None),
        limits=limits,
        plan=TEAMS.get(os.environ["CHAOS_TEAM"]),
    )


def wrong_clock(skew_s: float) -> Clock:
    begun = time.monotonic()
    return Clock(lambda: utc_now() + timedelta(seconds=skew_s if time.monotonic() > begun + 0.5 else 0.0))


def main(mode: str, where: str, skew_s: str, *answer: str) -> int:
    clock = wrong_clock(float(skew_s))
    if mode == "run":
        begin = partial(run_session, request(Path(where)), environ=os.environ, observe=tell, clock=clock)
    else:
        begin = partial(
            resume_session,
            SessionFolder(Path(where)),
            environ=os.environ,
            answer=answer[0] if answer else None,
            observe=tell,
            clock=clock,
            follow_up=FollowUpRequest("Count on") if mode == "continue" else None,
        )
    try:
        result: SessionResult = anyio.run(begin)
    except OrchestrateError as error:
        print("refused", error.message, flush=True)
        return int(error.exit_code)
    print("ended", result.outcome, result.reason, flush=True)
    return int(result.exit_code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
