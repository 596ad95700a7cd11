from __future__ import annotations

from orchestrator.suites.libtest_report import read, read_tcltest
from orchestrator.suites.report import Draft, Report, TestOutcome

WHOLE = """\
   Compiling shop v0.1.0 (/x)
     Running unittests src/lib.rs (target/debug/deps/shop-1)

running 3 tests
test adds ... ok
test later ... ignored, not yet
test fails ... FAILED

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests shop

running 1 test
test src/lib.rs - add (line 3) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out
"""


def reported(text: str) -> Report:
    draft = Draft()
    read(text.encode(), draft)
    return draft.report()


def test_tests_are_named_by_crate() -> None:
    assert reported(WHOLE) == Report(
        {
            "src/lib.rs: adds": TestOutcome.PASSED,
            "src/lib.rs: later": TestOutcome.SKIPPED,
            "src/lib.rs: fails": TestOutcome.FAILED,
            "shop: src/lib.rs - add": TestOutcome.PASSED,
        },
        written=True,
    )


def test_a_test_program_that_exits_by_itself_is_not_believed() -> None:
    assert reported("running 2 tests\ntest a ... ok\n").problems == ("a test program was ended before it was done",)


def test_a_result_that_exceeds_what_was_announced_is_not_believed() -> None:
    text = "running 0 tests\ntest result: ok. 5 passed; 0 failed; 0 ignored\n"
    assert "more tests than it announced" in reported(text).problems[0]


def test_quiet_output_is_counted_without_names() -> None:
    report = reported("running 2 tests\n..\ntest result: ok. 2 passed; 0 failed; 0 ignored\n")
    assert list(report.tests.values()) == [TestOutcome.PASSED] * 2


def test_a_crate_that_does_not_build_is_a_failure() -> None:
    assert reported("error: could not compile `shop` (lib test)").failures == ("shop does not build",)


def test_no_test_is_no_test() -> None:
    report = reported("running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured\n")
    assert report == Report(written=True)


def test_totals_of_tcltest_are_read() -> None:
    draft = Draft()
    lines = "++++ a-1 PASSED\n++++ a-2 SKIPPED: x\n==== a-3 adds FAILED\n"
    read_tcltest(f"{lines}all.tcl:\tTotal\t3\tPassed\t1\tSkipped\t1\tFailed\t1\n".encode(), draft)
    assert draft.report().tests == {
        "a-1": TestOutcome.PASSED,
        "a-2": TestOutcome.SKIPPED,
        "a-3": TestOutcome.FAILED,
    }
    totals = Draft()
    read_tcltest(b"all.tcl:\tTotal\t2\tPassed\t1\tSkipped\t0\tFailed\t1\n", totals)
    assert list(totals.tests.values()) == [TestOutcome.PASSED, TestOutcome.FAILED]
