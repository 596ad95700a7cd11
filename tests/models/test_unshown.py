from __future__ import annotations

from datetime import UTC, datetime

from orchestrator.models.unshown import HiddenFile, IgnoredChange, Unshown


def test_where_there_is_nothing_to_say_nothing_is_said() -> None:
    assert Unshown().lines() == ()


def test_everything_that_a_diff_does_not_show_is_said() -> None:
    at = datetime(2026, 11, 30, 12, 0, 5, tzinfo=UTC)
    unshown = Unshown(
        hidden=(HiddenFile("backdoor.py", ".gitignore:2"),),
        hidden_count=1,
        ignored=(
            IgnoredChange("build/a", "went", 10, 10),
            IgnoredChange(".env", "changed", 12, 10, at),
            IgnoredChange("a.log", "new", 1, None, at),
        ),
        went=30,
        changed=1,
        new=1,
        is_cut=True,
        nameless=(".GIT",),
        nameless_count=1,
        doubts=("its index: is a pipe",),
    )
    assert unshown.lines() == (
        "new ignore rules hide 1 file from git status: backdoor.py (.gitignore:2)",
        "30 ignored files went: build/a (10 bytes) and 29 more",
        "1 ignored file changed: .env (10 → 12 bytes, 2026-11-30 12:00:05 UTC)",
        "1 ignored file is new: a.log (1 bytes, 2026-11-30 12:00:05 UTC)",
        "there are more ignored files than are looked at: some of them may have changed unseen",
        "1 name could not be recorded by git: .GIT",
        "could not tell: its index: is a pipe",
    )
