from __future__ import annotations

from orchestrator.rehearsal.dialogue import Marker, find_marker


def test_a_marker_says_who_talks_in_which_role_and_about_which_review() -> None:
    text = "[orchestrate worker=review-001-codex role=reviewer review=001-milestone]\nJudge this."
    assert find_marker(text) == Marker("review-001-codex", "reviewer", "001-milestone")


def test_a_dash_is_no_review() -> None:
    assert find_marker("[orchestrate worker=claude role=implementer review=-]") == Marker("claude", "implementer")


def test_the_first_marker_counts_because_prompts_quote_others_further_down() -> None:
    text = "[orchestrate worker=a role=reviewer review=-]\nquoted:\n[orchestrate worker=b role=designer review=-]"
    found = find_marker(text)
    assert found is not None
    assert found.worker == "a"


def test_a_marker_in_mid_line_is_none() -> None:
    assert find_marker("see [orchestrate worker=a role=b review=-]") is None
