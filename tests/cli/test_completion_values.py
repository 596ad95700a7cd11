from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.shell_completion import BashComplete

from orchestrator.cli.group import build_group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.cli.conftest import Story


def completed(*words: str) -> Sequence[str]:
    """What bash offers for the last of these words."""
    complete = BashComplete(build_group(), {}, "orchestrate", "_ORCHESTRATE_COMPLETE")
    return [str(item.value) for item in complete.get_completions(list(words[:-1]), words[-1])]


@pytest.fixture(autouse=True)
def own_workspace(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_WORKSPACE", str(workspace))


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("run", "--policy", ""), "cautious"),
        (("run", "--sandbox", "str"), "strict"),
        (("run", "--scenario", "b"), "blocker"),
        (("run", "--team", "so"), "solo"),
        (("scenarios", "--show", ""), "default"),
        (("templates", "show", "security"), "security_auditor"),
        (("teams", "show", ""), "answer"),
        (("completion", "b"), "bash"),
        (("run", "--model", "cl"), "claude=sonnet"),
        (("policies", "show", "str"), "strict"),
    ],
)
def test_values_of_options_and_arguments_are_offered(words: tuple[str, ...], offered: str) -> None:
    found = completed(*words)

    assert offered in found
    assert all(value.startswith(words[-1]) for value in found)


def test_sessions_and_their_workers_are_offered(story: Story) -> None:
    story.write()

    assert completed("show", "") == [story.folder.id]
    assert completed("logs", "--session", "2026") == [story.folder.id]
    assert set(completed("logs", "")) >= {"gemini", "claude", "codex"}
    assert completed("logs", "cl") == ["claude"]
    assert completed("review", "--worker", "cl") == ["claude"]
    assert completed("answer", "--question", "") == []


def test_open_questions_are_offered(story: Story) -> None:
    story.asks()
    story.write()

    assert completed("answer", "--question", "") == completed("question", "--question", "") == ["q1"]


def test_what_cannot_be_listed_offers_nothing(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (workspace / "file").write_text("")
    monkeypatch.setenv("ORCHESTRATOR_WORKSPACE", str(workspace / "file"))

    assert completed("show", "") == []
    assert completed("logs", "") == []
