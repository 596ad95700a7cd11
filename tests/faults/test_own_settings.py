"""What the user has set up for a CLI is not dropped without a word: the kind of E12 beyond certificates."""

from __future__ import annotations

import json

import pytest

from tests.faults.conftest import CLAUDE_SAYS, Program

FILES = {"a.py": "x = 1\n"}


@pytest.mark.fault("E12")
@pytest.mark.parametrize(
    ("place", "text", "words"),
    [
        (".claude.json", '{"mcpServers": {"files": {"command": "x"}}}', "MCP servers"),
        (".claude/CLAUDE.md", "Answer in English.", "instructions"),
        (".claude/settings.json", '{"hooks": {"Stop": []}, "env": {"A": "b"}}', "settings"),
    ],
)
def test_settings_that_reach_no_worker_are_said_once(program: Program, place: str, text: str, words: str) -> None:
    (program.home / place).parent.mkdir(parents=True, exist_ok=True)
    (program.home / place).write_text(text)
    program.claude("echo >>a.py")
    ran = program.run(program.target(files=FILES))
    said = [line for line in ran.out.splitlines() if words in line and f"~/{place}" in line]
    assert said, ran.text
    report = (program.session() / "report.md").read_text(encoding="utf-8")
    assert report.count("its workers get nothing of") == 1
    assert f"~/{place}" in report


@pytest.mark.fault("E12")
def test_a_cloud_that_the_user_has_chosen_reaches_its_cli(program: Program) -> None:
    (program.home / ".aws").mkdir()
    (program.home / ".aws" / "credentials").write_text("[default]\naws_secret_access_key = canary-in-the-file\n")
    chosen = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "eu-west-1", "AWS_SECRET_ACCESS_KEY": "canary-in-the-air"}
    said = json.loads(CLAUDE_SAYS["result"])
    said["result"] = "$CLAUDE_CODE_USE_BEDROCK $AWS_REGION $AWS_SECRET_ACCESS_KEY $(tail -n 1 ~/.aws/credentials)"
    lines = [CLAUDE_SAYS["init"], CLAUDE_SAYS["call"], CLAUDE_SAYS["returned"]]
    told = "\n".join(f"echo '{line}'" for line in lines)
    program.agent("claude", f"echo >>a.py\n{told}\ncat <<RESULT\n{json.dumps(said)}\nRESULT")
    program.environ |= chosen
    ran = program.run(program.target(files=FILES))
    assert "1 eu-west-1" in ran.text
    assert "aws_secret_access_key" in ran.text
    assert "canary-in" not in ran.text
    # A cloud counts as a login.
    del program.environ["ANTHROPIC_API_KEY"]
    assert program.run(program.target("other", files=FILES)).code == 0
