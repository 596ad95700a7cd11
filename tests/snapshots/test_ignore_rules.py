"""Our reading of ignore rules is held against git's own, on patterns and names that are made up."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.snapshots.ignore_rules import IgnoreRules, read_rules

NAMES = (
    b"a",
    b"b",
    b"ab",
    b"abc",
    b".x",
    b"a b",
    b"a ",
    b"[",
    b"a-b",
    b"A",
    b"1",
    b"]",
    b"a]",
    b"\\",
    b"!a",
    b"#a",
    b"a*",
)
ATOMS = (
    *(
        b"a",
        b"b",
        b"ab",
        b"*",
        b"**",
        b"?",
        b"[ab]",
        b"[!a]",
        b"[a-c]",
        b"[]a]",
        b"[[:alpha:]]",
        b"/",
        b"/",
        b"\\a",
        b"\\*",
    ),
    *(b".x", b" ", b"!", b"#", b"[a", b"\\", b"[^/]", b"[[:x:]]", b"[\\]]", b"[a-]"),
)
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(b"/".join)
LINES = st.lists(st.sampled_from(ATOMS), min_size=1, max_size=6).map(b"".join)


def hides(rules: bytes, path: bytes) -> bool:
    return IgnoreRules(inside={b"": read_rules(rules, source=".gitignore")}).hides(path) is not None


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    lines=st.lists(LINES, min_size=1, max_size=3),
    paths=st.lists(PATHS, min_size=10, max_size=40, unique=True),
)
def test_a_path_is_ignored_just_where_git_says_so(repository: Path, lines: list[bytes], paths: list[bytes]) -> None:
    rules = b"\n".join(lines) + b"\n"
    (repository / ".gitignore").write_bytes(rules)
    argv = ["git", "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"]
    done = subprocess.run(argv, cwd=repository, input=b"\0".join(paths) + b"\0", capture_output=True, check=False)
    fields = done.stdout.split(b"\0")
    theirs = {
        fields[n + 3]: bool(fields[n + 1]) and not fields[n + 2].startswith(b"!") for n in range(0, len(fields) - 1, 4)
    }
    assert {path: hides(rules, path) for path in paths} == theirs


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        pytest.param(b"*.log\n!kept.log\n", b"kept.log", False, id="the last rule holds"),
        pytest.param(b"build/\n", b"build/a/b.js", True, id="what lies in an ignored folder"),
        pytest.param(b"build/\n", b"build", False, id="a file that is called like an ignored folder"),
        pytest.param(b"/a.txt\r\n", b"a.txt", True, id="lines of Windows"),
        pytest.param(b"\xef\xbb\xbfa.txt\n", b"a.txt", True, id="a byte order mark"),
        pytest.param(b"a/**/z\n", b"a/z", True, id="no folder is any number of folders"),
        pytest.param(b"a/**\n", b"a", False, id="a folder is not what lies in it"),
        pytest.param(b"\\!a\n\\#b\n", b"!a", True, id="an escaped mark"),
    ],
)
def test_what_a_rule_means(rules: bytes, path: bytes, expected: bool) -> None:
    assert hides(rules, path) is expected


def test_a_deeper_file_holds_before_one_above_and_both_before_the_users_own() -> None:
    rules = IgnoreRules(
        outside=(read_rules(b"*.me\n!*.py\n", source="mine"),),
        inside={
            b"": read_rules(b"*.py\n", source=".gitignore"),
            b"src/": read_rules(b"!kept.py\n", source="src/.gitignore", folder=b"src/"),
        },
    )
    assert str(rules.hides(b"a.py")) == ".gitignore:1"
    assert rules.hides(b"src/kept.py") is None
    assert str(rules.hides(b"src/other.py")) == ".gitignore:1"
    assert str(rules.hides(b"src/b.me")) == "mine:1"


def test_a_repository_that_takes_no_care_of_case_is_taken_at_its_word() -> None:
    rules = IgnoreRules(inside={b"": read_rules(b"*.LOG\n", source=".gitignore", ignore_case=True)})
    assert rules.hides(b"a.log") is not None


def test_no_pattern_takes_long() -> None:
    begun = time.process_time()
    for pattern in (b"*a" * 40 + b"b", b"**/a/" * 40 + b"b", b"[" * 2000, b"*" * 5000):
        hides(pattern + b"\n", b"a" * 250)
        hides(pattern + b"\n", b"/".join([b"a"] * 800))
    assert time.process_time() - begun < 20
