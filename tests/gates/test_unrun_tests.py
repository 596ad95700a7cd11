from __future__ import annotations

import pytest

from orchestrator.gates.gate import Subject
from orchestrator.gates.unrun_tests import forgiven_tests, selection_of


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\naddopts = \"-q -k 'not bad' --maxfail=1\"\n",
            ["-k not bad", "--maxfail=1"],
        ),
        ("pyproject.toml", '[tool.pytest]\naddopts = ["--deselect", "a.py::b", "-x"]\n', ["--deselect a.py::b", "-x"]),
        (
            "pytest.ini",
            "[pytest]\naddopts = -mslow --ignore=tests/x --strict-markers\n",
            ["-m slow", "--ignore=tests/x"],
        ),
        ("setup.cfg", "[tool:pytest]\naddopts = --lf\n", ["--lf"]),
        ("tox.ini", "[pytest]\naddopts = -k 'torn\n", ["-k 'torn"]),
        ("pytest.ini", "[pytest]\naddopts = -n auto -p no:cacheprovider --import-mode=importlib\n", []),
        ("pytest.ini", "no section", []),
    ],
)
def test_options_that_leave_tests_out_are_found(file: str, text: str, words: list[str]) -> None:
    subject = Subject(settings={file: text})
    assert selection_of(subject) == tuple(f"{file}: {word}" for word in words)
    assert [(found.file, found.counted) for found in forgiven_tests(subject)] == [(file, False)] * len(words)


def test_marks_that_forgive_a_test_are_shown_where_they_stand() -> None:
    lines = [
        "@pytest.mark.xfail(reason='later')",
        "@pytest.mark.skipif(True)",
        "@unittest.expectedFailure",
        "        self.skipTest('no')",
        "collect_ignore = ['bad']",
        "# @pytest.mark.skip",
        "@pytest.mark.slow",
        "def skip_me(): ...",
    ]
    subject = Subject(python_files=("a.py", "tests/test_a.py"), source_files=("a.py",), lines=lambda _: lines)
    assert [(found.file, found.line) for found in forgiven_tests(subject)] == [
        ("tests/test_a.py", number) for number in range(1, 6)
    ]
