"""Tests that failed before the agents came do not count against them; tests that no longer run do (A4)."""

from __future__ import annotations

import json

import pytest

from tests.faults.conftest import Program

NEEDS_PERSON = 3
CHANGE = "echo x >new.txt"


def module(**tests: str) -> str:
    """A module of tests, each with a body of one line."""
    body = "".join(f"    def test_{name}(self):\n        {does}\n" for name, does in tests.items())
    return f"import pathlib, unittest\n\nclass T(unittest.TestCase):\n{body}"


HOLDS, FAILS = "self.assertTrue(True)", "self.fail('broken for years')"


def put(name: str, text: str) -> str:
    return f"cat >{name} <<'X'\n{text}\nX"


@pytest.mark.fault("A4")
def test_what_failed_before_is_said_and_does_not_count_against_the_worker(program: Program) -> None:
    target = program.target(files={"test_it.py": module(old=FAILS, good=HOLDS)})
    program.claude(CHANGE)
    ran = program.run(target)
    (review,) = program.report()["reviews"]
    (answer,) = review["answers"]
    assert answer["verdict"] == "approved", ran.text
    assert ran.code == 0
    assert "failed before" in json.dumps(answer)
    assert "test_old" in json.dumps(answer)


@pytest.mark.fault("A4")
def test_what_fails_now_and_did_not_before_keeps_the_work_from_being_done(program: Program) -> None:
    target = program.target(files={"test_it.py": module(old=FAILS, good=HOLDS), "value.txt": "1"})
    program.claude(put("test_new.py", module(new=FAILS)))
    ran = program.run(target)
    assert ran.code == NEEDS_PERSON, ran.text
    assert "test_new" in ran.text


@pytest.mark.fault("A4")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param("rm test_b.py", id="deleted"),
        pytest.param(put("test_b.py", module(other=HOLDS)), id="renamed"),
        pytest.param(put("test_b.py", module(b="self.skipTest('later')")), id="skipped"),
    ],
)
def test_a_test_that_ran_before_and_does_not_now_is_named_and_a_concern(program: Program, change: str) -> None:
    target = program.target(files={"test_a.py": module(a=HOLDS), "test_b.py": module(b=HOLDS)})
    program.claude(change)
    ran = program.run(target)
    assert ran.code == NEEDS_PERSON, ran.text
    assert "test_b" in json.dumps(program.report()["reviews"]), ran.text
    assert "test_b" in ran.text


@pytest.mark.fault("A4")
def test_a_suite_that_is_gone_altogether_is_named_and_a_concern(program: Program) -> None:
    target = program.target(files={"test_a.py": module(a=HOLDS), "README.md": "x\n"})
    program.claude(f"rm test_a.py; {CHANGE}")
    ran = program.run(target)
    assert ran.code == NEEDS_PERSON, ran.text


@pytest.mark.fault("A4")
def test_the_baseline_sees_the_target_as_it_was_whatever_the_agent_does_meanwhile(program: Program) -> None:
    ignored = ("kept/value.txt", "top.env", "src/deep/local.env")
    reads = f"self.assertEqual({{pathlib.Path(n).read_text() for n in {(*ignored, 'link.env')}}}, {{'as it was'}})"
    rules, tests = "kept/\n*.env\n", module(a=reads, b=FAILS)
    target = program.target(files={".gitignore": rules, "test_a.py": tests, "src/deep/x.txt": "x\n"})
    (target / "kept").mkdir()
    for name in ignored:
        (target / name).write_text("as it was")
    (target / "link.env").symlink_to("top.env")
    # The change is there before the baseline can have been measured.
    program.claude(f"rm test_a.py; {put('test_a.py', module(a=HOLDS, b=FAILS))}")
    ran = program.run(target)
    assert ran.code == 0, ran.text
    assert "failed before" in json.dumps(program.report()["reviews"])


@pytest.mark.fault("A4")
def test_the_report_says_what_was_found_and_what_it_did_before_and_after(program: Program) -> None:
    target = program.target(files={"test_it.py": module(old=FAILS, good=HOLDS)})
    program.claude(CHANGE)
    program.run(target)
    report = program.report()
    for told in (
        json.dumps(report),
        (program.session() / "report.md").read_text(),
        program.orchestrate("show").text,
    ):
        assert "1 passed, 1 failed" in told
    assert report.get("baseline"), "report.json says what the tests did before"
    assert report["suites"]["suites"][0]["failed"] == 1
