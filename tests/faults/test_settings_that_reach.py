"""What an agent tried and was refused stands in the report (E16)."""

from __future__ import annotations

import json

import pytest

from tests.faults.conftest import CLAUDE_SAYS, Program


@pytest.mark.fault("E16")
@pytest.mark.parametrize(
    "output",
    [
        "cat: /home/dev/.ssh/id_ed25519: Permission denied",
        "one\n/bin/sh: 1: cannot create /etc/x: Read-only file system\ntwo",
        "Error: EROFS: read-only file system, open '/usr/x'",
    ],
)
def test_what_was_refused_inside_a_call_that_went_well_is_told(program: Program, output: str) -> None:
    returned = json.loads(CLAUDE_SAYS["returned"])
    returned["message"]["content"][0]["content"] = output
    records = (CLAUDE_SAYS["init"], CLAUDE_SAYS["call"], json.dumps(returned), CLAUDE_SAYS["result"])
    written = "\n".join(f"cat <<'E'\n{record}\nE" for record in records)
    program.agent("claude", f"echo >>a.py\n{written}")
    program.run(program.target(files={"a.py": "x = 1\n"}))
    line = next(line for line in output.splitlines() if "/" in line)
    text = (program.session() / "report.md").read_text(encoding="utf-8")
    assert line[:20] in json.dumps(program.report()["workers"])
    assert line.split("/")[-1][:12] in text
