"""The user's login: only the same account's newer one takes its place (C6, E9)."""

from __future__ import annotations

import json
import time
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


@pytest.mark.fault("E9")
def test_what_one_session_renewed_reaches_another_before_that_renews_too(program: Program) -> None:
    own = program.home / ".claude" / ".credentials.json"
    own.parent.mkdir(parents=True)
    # By the clock of the program, which is that of the file system, wherever the test's own stands.
    ends = int(own.parent.stat().st_mtime + 60) * 1000
    own.write_text(login("first", ends, refresh="first"))
    renewed = login("second", ends + 8 * 3_600_000, refresh="second")
    script = (
        "f=$HOME/.claude/.credentials.json; n=0; echo >started\n"
        f"if [ -e renews ]; then printf %s '{renewed}' >$f; fi\n"
        "while ! grep -q second $f && [ $n -lt 150 ]; do n=$((n+1)); sleep 0.1; done\n"
        "grep -q second $f && echo yes >has-it; true"
    )
    program.claude(script)
    second, first = program.target("second", files={"a.py": ""}), program.target("first", files={"renews": "x\n"})
    words = ("--agents", "claude", "--no-dashboard", "--no-interactive")
    waits = program.start("run", "do it", "--target", str(second), *words)
    deadline = time.monotonic() + 60
    while not (second / "started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    program.run(first)
    said = waits.communicate(timeout=90)
    assert own.read_text() == renewed
    assert (second / "has-it").exists(), said
