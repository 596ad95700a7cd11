"""How many files one has to open to follow a line of an agent: the figures may fall, and rise only on purpose."""

from __future__ import annotations

from benchmarks.walks import guarded_call, quiet_record


def test_a_quiet_record_runs_through_few_files() -> None:
    files = quiet_record()
    assert {"session/fold.py", "journal/writer.py", "journal/tailing.py"} <= set(files)
    assert len(files) <= 21, files


def test_what_nobody_asked_for_is_not_run_for_a_quiet_record() -> None:
    assert not [name for name in quiet_record() if name.startswith(("safety/shell", "review_engine", "recovery"))]


def test_a_guarded_call_that_is_reviewed_is_followed_to_its_end() -> None:
    files = guarded_call()
    assert {"session/guarded_commands.py", "session/review_cycle.py", "safety/command_filter.py"} <= set(files)
    assert len(files) <= 60, files
