"""Two sessions that share a target on purpose: each says so in its report, and neither claims the other's files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.faults.conftest import Program
from tests.faults.conftest import program as program
from tests.faults.test_target_lock import WAITS, WITHIN_S, wait_for, words

if TYPE_CHECKING:
    from pathlib import Path


def reports(session: Path) -> tuple[str, Any]:
    return (session / "report.md").read_text("utf-8"), json.loads((session / "report.json").read_text("utf-8"))


def test_whoever_shares_a_target_is_in_both_reports(program: Program) -> None:
    target = program.target(files={"form.py": "one\n"})
    program.claude(WAITS)
    first = program.start(*words(target))
    wait_for(target / "first.txt")
    session = program.session()
    another = program.root / "another"
    second = program.run(target, "--workspace", str(another), "--share-target")
    assert second.code != 2, second.text
    [other] = [path for path in another.iterdir() if (path / "session.json").exists()]
    (target / "finish").touch()
    first.communicate(timeout=WITHIN_S)
    for mine, theirs in ((session, other), (other, session)):
        text, data = reports(mine)
        assert theirs.name in text
        assert {one["session"] for one in data["change"]["shared_with"]} == {theirs.name}
        whose = {one["path"]: one["is_certain"] for one in data["change"]["whose"]}
        assert whose
        assert not any(whose.values())
        assert "not certain whose" in text


def test_a_resumed_session_may_share_its_target_too(program: Program) -> None:
    target = program.target(files={"form.py": "one\n"})
    program.claude("true")
    asked = program.run(target)
    assert asked.code == 3, asked.text
    stopped = program.session()
    program.claude(WAITS)
    another = program.root / "another"
    first = program.start(*words(target, "--workspace", str(another)))
    wait_for(target / "first.txt")
    resume = ("resume", stopped.name, "--answer", "write it", "--no-dashboard", "--no-interactive")
    refused = program.orchestrate(*resume)
    assert refused.code == 2, refused.text
    assert "--share-target" in refused.text
    allowed = program.orchestrate(*resume, "--share-target")
    assert allowed.code != 2, allowed.text
    assert "shared with" in allowed.text
    (target / "finish").touch()
    first.communicate(timeout=WITHIN_S)
    _, data = reports(stopped)
    assert not any(one["is_certain"] for one in data["change"]["whose"])
