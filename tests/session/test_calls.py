from __future__ import annotations

import pytest

from orchestrator.models.events import BackgroundEnded, BackgroundStarted, Denied, ToolCalled, ToolReturned
from orchestrator.session.calls import MOST_LISTED, MOST_OPEN, Calls, OfCalls


def after(*events: OfCalls) -> Calls:
    calls = Calls()
    for event in events:
        calls = calls.heard(event)
    return calls


def shell(number: int, parent: str | None = None) -> ToolCalled:
    return ToolCalled("Bash", f"t{number}", f"command {number}", parent=parent)


def test_only_calls_that_returned_well_are_counted_as_work() -> None:
    calls = after(shell(1), ToolReturned("t1", ok=True), shell(2), ToolReturned("t2", ok=False, text="no\nroom"))
    assert (calls.returned, calls.failed) == (1, 1)
    assert calls.failures == ("Bash: command 2: no room",)
    assert calls.unfinished() == ()


def test_a_return_that_nobody_called_for_is_no_work() -> None:
    assert after(ToolReturned("t9", ok=True)) == Calls()
    assert after(shell(1), ToolReturned("t1", ok=True), ToolReturned("t1", ok=True)).returned == 1


def test_a_call_that_never_returned_is_unfinished_but_not_one_of_a_subagent() -> None:
    assert after(shell(1), shell(2, parent="t1")).unfinished() == ("Bash: command 1 (never returned)",)


def test_a_denied_call_is_denied_and_not_failed() -> None:
    calls = after(shell(1), Denied("not allowed", "Bash"), ToolReturned("t1", ok=False, text="denied"))
    assert (calls.denied, calls.failed, calls.denials) == (1, 0, ("Bash: not allowed",))


def test_a_tool_that_only_says_denied_has_failed() -> None:
    assert after(shell(1), ToolReturned("t1", ok=False, text="denied")).failed == 1


@pytest.mark.parametrize(
    ("how", "returned", "failed", "unfinished"),
    [
        pytest.param("completed", 1, 0, (), id="completed"),
        pytest.param("failed", 0, 1, (), id="failed"),
        pytest.param("ended", 0, 0, (), id="ended by the agent"),
        pytest.param("stopped", 0, 0, ("Bash: command 1 (stopped)",), id="stopped"),
        pytest.param(None, 0, 0, ("Bash: command 1 (never ended)",), id="never ended"),
    ],
)
def test_a_task_in_the_background_counts_by_its_own_end(
    how: str | None, returned: int, failed: int, unfinished: tuple[str, ...]
) -> None:
    events: list[OfCalls] = [shell(1), BackgroundStarted("b1", "t1", "a task"), ToolReturned("t1", ok=True)]
    if how is not None:
        events.append(BackgroundEnded("b1", how))  # type: ignore[arg-type]  # of a table
        events.append(BackgroundEnded("b1", "completed"))  # only the first word counts
    calls = after(*events)
    assert (calls.returned, calls.failed, calls.unfinished()) == (returned, failed, unfinished)


def test_what_was_cut_off_with_an_attempt_is_no_task_of_the_next() -> None:
    calls = after(shell(1), ToolReturned("t1", ok=True), shell(2), BackgroundStarted("b1", "", "x")).for_next_attempt()
    assert calls.unfinished() == ()
    assert calls.returned == 1


def test_what_is_kept_is_bounded_and_what_is_counted_is_not() -> None:
    failing = [event for number in range(50) for event in (shell(number), ToolReturned(f"t{number}", ok=False))]
    calls = after(*failing)
    assert (calls.failed, len(calls.failures)) == (50, MOST_LISTED)
    assert len(after(*(shell(number) for number in range(MOST_OPEN + 5))).open) == MOST_OPEN


def test_a_refusal_is_told_even_where_the_call_went_well() -> None:
    calls = Calls().heard(ToolCalled("Bash", "c1", "ls /root"))
    calls = calls.heard(ToolReturned("c1", ok=True, text="a\nls: /root: Permission denied\nb"))
    assert (calls.returned, calls.refused) == (1, 1)
    assert calls.refusals == ("Bash: ls /root: ls: /root: Permission denied",)
    quiet = Calls().heard(ToolCalled("Bash", "c1", "cat it")).heard(ToolReturned("c1", ok=True, text="no permission"))
    assert quiet.refused == 0
