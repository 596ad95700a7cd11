from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from orchestrator.composition.team_text import comments_in, fault_of, same_data, team_text

ROOT = Path(__file__).parents[2]
CANONICAL = '''description = "Look, mend, measure."

[plan]
strategy = "sequential"

[[plan.children]]
strategy = "debate"
rounds = 2
synthesizer = {id = "judge", instructions = "Decide."}

[[plan.children.children]]
template = "security_auditor"
instructions = """
Look for what is grave.

Leave "style" alone."""

[[plan.children.children]]
strategy = "parallel"
children = [{template = "code_reviewer", agent = "codex"}, {template = "code_reviewer", tier = "CHEAP"}]

[[plan.children]]
id = "mender"
instructions = "Mend it."
access = "write"

[[plan.children]]
gates = ["tests", "coverage"]
thresholds = {coverage = 80.5}
'''


def texts() -> Iterator[str]:
    """Every text in the docs' examples and in the tests' sources."""
    for path in sorted(ROOT.joinpath("docs").rglob("*.md")):
        yield from re.findall(r"```toml\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    for path in sorted(ROOT.joinpath("tests").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "[plan]" in source:
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def team_files() -> Iterator[str]:
    """Every team that the docs and the tests write down."""
    for text in texts():
        with suppress(tomllib.TOMLDecodeError):
            if "[plan]" in text and "plan" in tomllib.loads(text):
                yield text


TEAMS = tuple(dict.fromkeys(team_files()))


def test_there_are_teams_to_try_it_with() -> None:
    assert len(TEAMS) >= 8


@pytest.mark.parametrize("text", TEAMS, ids=range(len(TEAMS)))
def test_what_is_written_says_the_same_and_is_written_so_again(text: str) -> None:
    data = tomllib.loads(text)
    written = team_text(data)
    assert tomllib.loads(written) == data
    assert team_text(tomllib.loads(written)) == written
    assert same_data(tomllib.loads(written), data)
    assert comments_in(written) == 0


def turned(value: Any) -> Any:
    """The same with the keys of each table the other way round."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(part) for part in value] if isinstance(value, list) else value


def test_the_canonical_form_stays_as_it_is_in_whichever_order_it_was_made() -> None:
    data = tomllib.loads(CANONICAL)
    assert team_text(data) == CANONICAL
    assert team_text(turned(data)) == CANONICAL


@pytest.mark.parametrize(
    "text",
    ["a\nb", 'ends "so"\n"', "\\n is none\n", 'three """ of\nthem', "\n\nbegins", "a\r\nb", "\x7f\n", "tab\there\n"],
)
def test_no_text_is_lost_by_its_quotes_and_breaks(text: str) -> None:
    data = {"plan": {"id": "a", "instructions": text}}
    assert tomllib.loads(team_text(data)) == data


def test_comments_are_told_from_texts_with_the_sign_in_them() -> None:
    assert comments_in('a = "# no" # yes\n# yes\nb = \'# no\'\nc = """\n# no \\" # no""" # yes\n') == 3
    assert comments_in("d = '''\n# no ' # no'''\n") == 0
    assert comments_in(CANONICAL) == 0


def nested(levels: int) -> Any:
    found: Any = "x"
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"plan": None}, "None is nothing"),
        ({"a": float("nan")}, "nan is no number"),
        ({"a": float("inf")}, "inf is no number"),
        ({"a": 2**60}, "no number"),
        ({"\ud800": 1}, "half of a character"),
        ({"a": "\udfff"}, "half of a character"),
        ({"a": [0] * 30_000}, "at most 20,000 values"),
        ({"a": nested(5_000)}, "at most 64 tables"),
    ],
)
def test_what_no_file_could_say_is_refused(data: dict[str, Any], why: str) -> None:
    assert why in fault_of(data)


def test_what_a_file_can_say_is_not() -> None:
    assert fault_of(tomllib.loads(CANONICAL)) == ""
