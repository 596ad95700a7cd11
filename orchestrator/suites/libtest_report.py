"""Reads runners that write their report as lines of text: Rust's libtest, and the totals of Tcl's tcltest."""

from __future__ import annotations

import re

from orchestrator.late_pattern import late_pattern
from orchestrator.suites.report import Draft, TestOutcome

_RUNNING = late_pattern(r"running (\d+) tests?")
_TEST = late_pattern(r"test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored(?:, .*)?)")
_RESULT = late_pattern(r"test result: (ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored")
_CRATE = late_pattern(r"\s*(?:Running (?:unittests )?(\S+)|Doc-tests (\S+))")
_NOT_BUILT = late_pattern(r"error: could not compile `?([\w-]+)")
_LINE = late_pattern(r" \(line \d+\)$")
"""Of a documentation test: it would be another one whenever a line is added above."""
_ENDS = {"ok": TestOutcome.PASSED, "FAILED": TestOutcome.FAILED}
_TCL = late_pattern(r"\S*:\s+Total\s+(\d+)\s+Passed\s+(\d+)\s+Skipped\s+(\d+)\s+Failed\s+(\d+)")
_TCL_TEST = late_pattern(r"(?:\+\+\+\+ (\S+) (PASSED|SKIPPED)|==== (\S+) .*FAILED$)")


def read(content: bytes, draft: Draft) -> None:
    """Add one run of ``cargo test``: every test program announces its number of tests and closes with a result."""
    crate, announced, seen = "", 0, 0
    waiting = False
    for line in content.decode("utf-8", "replace").splitlines():
        if found := _CRATE.match(line):
            crate = found[1] or found[2]
        elif found := _RUNNING.fullmatch(line.strip()):
            draft.written = True
            if waiting:
                draft.problems.append("a test program was ended before it was done")
            announced, seen, waiting = int(found[1]), len(draft.tests), True
        elif found := _TEST.fullmatch(line.strip()):
            title = _LINE.sub("", found[1])
            name = f"{crate}: {title}" if crate else title
            draft.add(name, _ENDS.get(found[2], TestOutcome.SKIPPED))
        elif found := _RESULT.match(line.strip()):
            waiting = False
            _settle(draft, found, announced, len(draft.tests) - seen)
        elif found := _NOT_BUILT.match(line):
            draft.written = True
            draft.failures.append(f"{found[1]} does not build")
    if waiting:
        draft.problems.append("a test program was ended before it was done")


def _settle(draft: Draft, result: re.Match[str], announced: int, named: int) -> None:
    passed, failed, ignored = (int(result[number]) for number in (2, 3, 4))
    if passed + failed + ignored > announced:
        draft.problems.append("a test program reports more tests than it announced")
    # ``--quiet`` prints dots, so that tests have no names.
    if named == 0:
        for outcome, number in (
            (TestOutcome.PASSED, passed),
            (TestOutcome.FAILED, failed),
            (TestOutcome.SKIPPED, ignored),
        ):
            for position in range(min(number, 10_000)):
                draft.add(f"unnamed {outcome} test {position + 1}", outcome)


def read_tcltest(content: bytes, draft: Draft) -> None:
    """Add the totals that ``::tcltest::cleanupTests`` prints at the end of each file of tests."""
    named: set[str] = set()
    for line in content.decode("utf-8", "replace").splitlines():
        if found := _TCL_TEST.match(line.strip()):
            name = found[1] or found[3]
            if name not in named:
                named.add(name)
                skipped = TestOutcome.SKIPPED if found[2] == "SKIPPED" else TestOutcome.FAILED
                draft.put(name, TestOutcome.PASSED if found[2] == "PASSED" else skipped)
        elif found := _TCL.match(line.strip()):
            draft.written = True
            if named:
                continue
            for outcome, number in zip(
                (TestOutcome.PASSED, TestOutcome.SKIPPED, TestOutcome.FAILED), found.groups()[1:], strict=True
            ):
                for position in range(min(int(number), 10_000)):
                    draft.add(f"unnamed {outcome} test {position + 1}", outcome)
