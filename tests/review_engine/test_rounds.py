from __future__ import annotations

from orchestrator.models.identity import WorkerId
from orchestrator.review_engine.rounds import Rounds, fingerprint, forget, may_review

CLAUDE, CODEX = WorkerId("claude"), WorkerId("codex")


def test_a_worker_is_reviewed_up_to_the_cap_and_then_by_a_person() -> None:
    rounds = Rounds()
    for text in ("one", "two"):
        rounds, reason = may_review(rounds, CLAUDE, text, cap=2)
        assert reason is None
    after, reason = may_review(rounds, CLAUDE, "three", cap=2)
    assert reason == "claude has been reviewed 2 times, and 2 is the most"
    assert after is rounds


def test_the_same_text_is_not_reviewed_again() -> None:
    rounds, _ = may_review(Rounds(), CLAUDE, "The tests pass", cap=9)
    after, reason = may_review(rounds, CLAUDE, "the  tests\npass ", cap=9)
    assert reason is not None
    assert "the same again" in reason
    assert after is rounds


def test_each_worker_has_a_count_of_its_own() -> None:
    rounds, _ = may_review(Rounds(), CLAUDE, "one", cap=1)
    assert may_review(rounds, CODEX, "one", cap=1)[1] is None


def test_a_person_who_has_looked_lets_the_count_begin_anew() -> None:
    rounds, _ = may_review(Rounds(), CLAUDE, "one", cap=1)
    rounds, _ = may_review(rounds, CODEX, "one", cap=1)
    rounds = forget(rounds, CLAUDE)
    assert may_review(rounds, CLAUDE, "one", cap=1)[1] is None
    assert may_review(rounds, CODEX, "two", cap=1)[1] is not None


def test_fingerprints_tell_texts_apart() -> None:
    assert fingerprint("Step 1 is done") != fingerprint("Step 2 is done")
