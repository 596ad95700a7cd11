from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.suites.report import Draft, Report, TestOutcome
from orchestrator.suites.xml_reports import read_junit, read_trx

if TYPE_CHECKING:
    from collections.abc import Callable


def read(content: str, reader: Callable[[bytes, Draft], None] = read_junit) -> Report:
    draft = Draft()
    reader(content.encode(), draft)
    return draft.report()


def test_each_kind_of_ending_is_told_apart() -> None:
    report = read(
        "<testsuites><testsuite><testcase classname='c' name='p'/><testcase name='f'><failure/></testcase>"
        "<testcase name='e'><error/></testcase><testcase name='s'><skipped/></testcase>"
        "<testcase name='n' status='notrun'/></testsuite></testsuites>"
    )
    assert report.tests == {
        "c: p": TestOutcome.PASSED,
        "f": TestOutcome.FAILED,
        "e": TestOutcome.ERROR,
        "s": TestOutcome.SKIPPED,
        "n": TestOutcome.SKIPPED,
    }


def test_two_tests_of_one_name_are_two_tests() -> None:
    report = read("<testsuite><testcase name='a'/><testcase name='a'><failure/></testcase></testsuite>")
    assert list(report.tests.values()) == [TestOutcome.PASSED, TestOutcome.FAILED]


def test_what_a_test_printed_is_not_read_as_its_outcome() -> None:
    report = read("<testsuite><testcase name='a'><system-out><failure/></system-out></testcase></testsuite>")
    assert report.tests == {"a": TestOutcome.PASSED}


def test_an_error_outside_of_tests_is_a_failure() -> None:
    assert read("<testsuite><error message='setup'/></testsuite>").failures == ("setup",)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param('<!DOCTYPE a [<!ENTITY x "y">]><testsuite>&x;</testsuite>', id="entities"),
        pytest.param('<!DOCTYPE a SYSTEM "file:///etc/passwd"><testsuite/>', id="an outside document type"),
        pytest.param("<a>" * 500 + "</a>" * 500, id="deep"),
        pytest.param("<testsuite><testcase name='a'/>", id="cut"),
        pytest.param("", id="empty"),
        pytest.param("no xml", id="text"),
    ],
)
def test_what_no_runner_writes_is_a_problem(content: str) -> None:
    assert len(read(content).problems) == 1


def test_trx_is_read() -> None:
    report = read(
        '<TestRun xmlns="http://x"><Results><UnitTestResult testName="a" outcome="Passed"/>'
        '<UnitTestResult testName="b" outcome="Failed"/><UnitTestResult testName="c" outcome="NotExecuted"/>'
        "</Results></TestRun>",
        read_trx,
    )
    assert report.tests == {"a": TestOutcome.PASSED, "b": TestOutcome.FAILED, "c": TestOutcome.SKIPPED}


def test_a_name_holds_no_line_number_and_nothing_twice() -> None:
    report = read("<t><testcase classname='spec/a.lua:12' name='adds'/><testcase classname='good' name='good'/></t>")
    assert list(report.tests) == ["spec/a.lua: adds", "good"]


def test_a_file_that_node_calls_a_test_is_none() -> None:
    report = read(
        "<t><testcase classname='test' name='/x/y/z/test/a.test.mjs'/>"
        "<testcase classname='test' name='/x/y/z/test/b.test.mjs'><failure/></testcase></t>"
    )
    assert report.tests == {}
    assert report.silent == ("z/test/a.test.mjs",)
    assert report.failures == ("z/test/b.test.mjs ended badly",)
