from __future__ import annotations

import json

from orchestrator.suites.go_report import read
from orchestrator.suites.report import Draft, Report, TestOutcome


def reported(*lines: object) -> Report:
    draft = Draft()
    read("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode(), draft)
    return draft.report()


def event(action: str, test: str | None = None, **more: str) -> dict[str, object]:
    return {"Action": action, "Package": "m/p", **({"Test": test} if test else {}), **more}


def passing(test: str) -> list[dict[str, object]]:
    return [event("run", test), event("output", test, Output=f"    --- PASS: {test} (0.00s)\n"), event("pass", test)]


def test_a_pass_that_the_test_program_did_not_say_is_none() -> None:
    report = reported(event("run", "TestA"), event("output", "TestA", Output="ok  m/p"), event("pass", "TestA"))
    assert "within m/p.TestA" in report.problems[0]
    assert report.tests == {}


def test_tests_are_named_by_package() -> None:
    report = reported(
        *("# some text", *passing("TestA"), event("run", "TestB"), event("skip", "TestB")),
        event("pass"),
    )
    assert report.tests == {"m/p.TestA": TestOutcome.PASSED, "m/p.TestB": TestOutcome.SKIPPED}
    assert report.problems == report.failures == ()


def test_a_package_that_does_not_build_is_a_failure() -> None:
    assert "m/p does not build" in reported("# m/p", "x.go:1: syntax error", event("fail")).failures[0]


def test_a_package_whose_test_failed_is_counted_once() -> None:
    report = reported(event("run", "TestA"), event("fail", "TestA"), event("fail"))
    assert report.failures == ()
    assert report.tests == {"m/p.TestA": TestOutcome.FAILED}


def test_a_test_without_an_end_makes_the_report_unbelievable() -> None:
    assert "within m/p.TestA" in reported(event("run", "TestA"), event("pass")).problems[0]


def test_packages_without_tests_have_none() -> None:
    report = reported(event("output"), event("skip"))
    assert report == Report(written=True)
    assert reported("?   m [no test files]") == Report()
