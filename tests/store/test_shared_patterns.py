from __future__ import annotations

from typing import Any

import pytest

from orchestrator.store.composition_view import Composition, Tally
from orchestrator.store.log_records import ConfigurationSaved
from orchestrator.store.shared_patterns import Pattern, PatternLibrary, contributed


def pattern(name: str = "release_prep", successes: int = 9, failures: int = 1, **fields: Any) -> Pattern:
    counts = {"usage_count": successes + failures, "success_count": successes, "failure_count": failures}
    return Pattern(f"p_{name}", "me", "agent_composition", name, **{**counts, **fields})


def used(successes: int, failures: int, unknown: int = 0) -> Composition:
    saved = ConfigurationSaved("/s", "a", "release_prep", ({"role": "x"},), "parallel", {}, ("big",), "2026-11-30")
    tally = Tally(successes + failures + unknown, successes, failures)
    return Composition("/s", "a", saved, by_callers=tally)


@pytest.mark.parametrize(
    ("composition", "becomes"),
    [
        (used(3, 0), True),
        (used(7, 3), True),
        (used(2, 0), False),
        (used(2, 1), False),
        (used(69, 31), False),
        (used(2, 0, unknown=1), True),
        (used(0, 0, unknown=9), False),
    ],
)
def test_a_composition_is_contributed_after_three_uses_at_seventy_percent(
    composition: Composition, becomes: bool
) -> None:
    found = contributed(composition)
    assert (found is not None) is becomes
    if found is not None:
        assert found.confidence == found.interval[0]


def test_patterns_of_other_kinds_of_task_are_found_and_come_after_those_of_the_same() -> None:
    library = PatternLibrary()
    for name in ("release_prep", "security_deep_dive", "docs"):
        library.contribute_pattern("me", pattern(name))
    found = library.query_patterns("me", {"task_pattern": "release_prep", "task": "a security look at the release"})
    assert [one.pattern.name for one in found] == ["release_prep", "security_deep_dive", "docs"]
    assert [one.relevance_score for one in found] == [1.0, 0.3, 0.0]
    assert found[1].matching_factors == ("shared words: security",)


def test_confidence_is_an_interval_and_little_evidence_a_wide_one() -> None:
    library = PatternLibrary()
    library.contribute_pattern("me", pattern("few", 3, 0))
    library.contribute_pattern("me", pattern("many", 30, 0))
    assert [one.pattern.name for one in library.query_patterns("me", min_confidence=0.8)] == ["many"]
    assert [one.name for one in library.get_top_patterns("usage_count", limit=1)] == ["many"]
    assert len(library.get_agent_patterns("me")) == 2
    assert library.get_agent_patterns("you") == []


def test_an_outcome_of_a_pattern_counts() -> None:
    library = PatternLibrary()
    library.contribute_pattern("me", pattern("x", 0, 0))
    library.record_pattern_outcome("p_x", True)
    library.record_pattern_outcome("p_x", False)
    found = library.get_pattern("p_x")
    assert found is not None
    assert (found.usage_count, found.success_rate) == (2, 0.5)
    with pytest.raises(ValueError, match="no pattern"):
        library.record_pattern_outcome("p_y", True)


def test_a_quality_score_is_a_hundredth_of_itself_as_confidence() -> None:
    assert pattern(confidence=87.5).confidence == 0.875
    assert pattern(confidence=0.5).confidence == 0.5


@pytest.mark.parametrize(
    "call",
    [
        lambda library: library.contribute_pattern("", pattern()),
        lambda library: library.contribute_pattern("me", {"id": "x"}),
        lambda library: library.query_patterns(" ", {}),
        lambda library: library.query_patterns("me", {}, min_confidence=1.5),
        lambda library: library.query_patterns("me", {}, limit=0),
        lambda library: library.get_top_patterns("beauty"),
        lambda _: pattern(""),
        lambda _: pattern(confidence=101),
        lambda _: pattern(confidence=float("nan")),
    ],
)
def test_what_is_wrong_is_refused(call: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        call(PatternLibrary())
