"""The user's login: only the same account's newer one takes its place (C6, E9)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.conftest import Program


def login(access: str, expires: int, *, refresh: str = "mine") -> str:
    value = {"accessToken": access, "refreshToken": refresh, "expiresAt": expires, "scopes": ["user:inference"]}
    return json.dumps({"claudeAiOauth": value})


BEFORE = login("first", 4_000_000_000_000)


def run_with(program: Program, left: str) -> Path:
    """Run a session whose agent leaves this at its home's login; returns the user's own."""
    own = program.home / ".claude" / ".credentials.json"
    own.parent.mkdir(parents=True, exist_ok=True)
    kept = program.home / "kept.json"
    kept.write_text(BEFORE)
    own.symlink_to(kept)
    program.claude(f"f=$HOME/.claude/.credentials.json; {left}; echo >>a.py")
    ran = program.run(program.target(files={"a.py": "x = 1\n"}))
    assert ran.code == 0, ran.text
    return own


@pytest.mark.fault("C6")
@pytest.mark.parametrize(
    "content",
    [login("other", 4_000_003_600_000, refresh="another's"), "invented", "{}"],
    ids=["other", "none", "empty"],
)
def test_an_agent_cannot_replace_the_users_login(program: Program, content: str) -> None:
    quoted = content.replace("'", "'\\''")
    own = run_with(program, f"printf %s '{quoted}' >\"$f\"")
    assert own.read_text() == BEFORE


@pytest.mark.fault("E9")
def test_a_renewed_login_leaves_the_users_link_a_link(program: Program) -> None:
    renewed = login("second", 4_000_003_600_000)
    own = run_with(program, f"printf %s '{renewed}' >\"$f\"")
    assert own.is_symlink()
    assert own.read_text() == renewed
    assert [path.name for path in own.parent.iterdir()] == [own.name]
