from __future__ import annotations

import pytest

from orchestrator.safety.command_rules import AGENT, parse_rule, parse_rules
from orchestrator.safety.shell.words import Word


def as_words(text: str) -> tuple[Word, ...]:
    return tuple(Word("", dynamic=True) if part == "?" else Word(part) for part in text.split())


@pytest.mark.parametrize(
    ("rule", "command", "fit"),
    [
        ("rm -rf", "rm -fvr x", "yes"),
        ("rm -rf", "rm --force -R x", "yes"),
        ("rm -rf", "rm -r x", "no"),
        ("rm -rf", "rmdir -rf x", "no"),
        ("rm -rf", "rm ? x", "perhaps"),
        ("git push", "git -C d push", "yes"),
        ("git push", "git stash push", "no"),
        ("git push", "git ?", "perhaps"),
        ("git push", "git", "no"),
        ("git push --force", "git push --force=yes", "yes"),
        ("git push --force", "git push", "no"),
        ("pip install", "pip3 install x", "yes"),
        ("docker build --push", "docker buildx build --output=type=registry .", "yes"),
        ("docker build --push", "docker build -o type=image,push=true .", "yes"),
        ("docker build --push", "docker build -o out .", "no"),
        ("mkfs", "mkfs.ext4 x", "yes"),
        ("mkfs", "mkfsx", "no"),
        ("sh", "zsh x", "yes"),
        ("", "rm", "no"),
    ],
)
def test_a_rule_means_a_command(rule: str, command: str, fit: str) -> None:
    assert parse_rule(rule).fits(as_words(command), []) == fit


@pytest.mark.parametrize(
    ("upstream", "fit"),
    [(["curl x"], "yes"), (["curl x", "tee y"], "yes"), (["cat x"], "no"), ([], "no")],
)
def test_a_pipe_means_anywhere_before(upstream: list[str], fit: str) -> None:
    assert parse_rule("curl | sh").fits(as_words("bash"), [as_words(text) for text in upstream]) == fit


@pytest.mark.parametrize(
    ("command", "fits"),
    [
        ("codex exec x", True),
        ("/x/gemini -p x", True),
        ("claude-code x", True),
        ("qwen-code -p x", True),
        ("goose run x", True),
        ("goose status", False),
        ("codex --version", False),
        ("codex mcp list --help", False),
        ("codex -m --help x", True),
        ("ls", False),
    ],
)
def test_one_word_means_the_cli_of_any_agent(command: str, fits: bool) -> None:
    found = [rule for rule in parse_rules(AGENT) if rule.fits(as_words(command), []) == "yes"]
    assert bool(found) is fits
    assert all(rule.agent for rule in found)
    assert [rule.text for rule in parse_rules("rm -rf")] == ["rm -rf"]
