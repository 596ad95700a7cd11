"""What projects ask for, and which versions that is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.suites.project import View, WrittenProject
from orchestrator.suites.version_pins import Version, best_of, fits, pins_of, version_in


@pytest.mark.parametrize(
    ("files", "folder", "pin"),
    [
        ({".nvmrc": "v18.17.0\n"}, "", ("node", "v18.17.0", ".nvmrc")),
        ({".node-version": "20\n"}, "", ("node", "20", ".node-version")),
        ({".nvmrc": "18", ".node-version": "20"}, "", ("node", "18", ".nvmrc")),
        ({".nvmrc": "# ours\nlts/iron # for now\n"}, "", ("node", "lts/iron", ".nvmrc")),
        ({".tool-versions": "erlang 26\nnodejs 18.19.0\n"}, "", ("node", "18.19.0", ".tool-versions")),
        ({"mise.toml": '[tools]\nnode = "22"\n'}, "", ("node", "22", "mise.toml")),
        ({".mise.toml": '[tools]\npython = ["3.12", "3.11"]\n'}, "", ("python", "3.12", ".mise.toml")),
        ({"mise.toml": '[tools]\nruby = { version = "3.3" }\n'}, "", ("ruby", "3.3", "mise.toml")),
        ({"package.json": '{"volta": {"node": "16.20.0"}}'}, "", ("node", "16.20.0", "package.json: volta")),
        ({"package.json": '{"engines": {"node": ">=18"}}'}, "", ("node", ">=18", "package.json: engines")),
        ({"package.json": '{"engines": {"node": ">=18"}}', "a/.nvmrc": "16"}, "a", ("node", "16", "a/.nvmrc")),
        ({".nvmrc": "16", "a/package.json": '{"engines": {"node": ">=18"}}'}, "a", ("node", "16", ".nvmrc")),
        ({".nvmrc": "16", "a/b/.nvmrc": "18"}, "a/b/c", ("node", "18", "a/b/.nvmrc")),
        ({".python-version": "3.12.1\n3.11.7\n"}, "", ("python", "3.12.1", ".python-version")),
        (
            {"pyproject.toml": '[project]\nrequires-python = ">=3.10"\n'},
            "",
            ("python", ">=3.10", "pyproject.toml: requires-python"),
        ),
        ({".ruby-version": "ruby-3.1.2\n"}, "", ("ruby", "ruby-3.1.2", ".ruby-version")),
        ({".python-version": "system\n"}, "", None),
        ({".nvmrc": "\n# nothing\n"}, "", None),
        ({"package.json": '{"engines": {"node": 18}, "volta": []}'}, "", None),
        ({"mise.toml": "tools = 3\n"}, "", None),
        ({"b/.nvmrc": "18"}, "a", None),
    ],
)
def test_a_pin_is_found_nearest_first(files: dict[str, str], folder: str, pin: tuple[str, str, str] | None) -> None:
    found = list(pins_of(View(WrittenProject(files)), folder).values())
    assert [(one.language, one.wanted, one.found) for one in found] == ([] if pin is None else [pin])


@pytest.mark.parametrize(
    ("wanted", "right", "wrong"),
    [
        ("18", (18, 19, 0), (20, 0, 0)),
        ("v18.17.0", (18, 17, 0), (18, 17, 1)),
        ("18.x", (18, 1, 0), (19, 0, 0)),
        ("lts/hydrogen", (18, 1, 0), (20, 1, 0)),
        (">=18 <21", (20, 9, 9), (21, 0, 0)),
        (">= 18", (18, 0, 0), (17, 9, 9)),
        (">18", (19, 0, 0), (18, 9, 9)),
        ("<=18", (18, 9, 9), (19, 0, 0)),
        ("^18.2.0", (18, 9, 0), (18, 1, 9)),
        ("^0.2.3", (0, 2, 4), (0, 3, 0)),
        ("~18.2.0", (18, 2, 9), (18, 3, 0)),
        ("14 - 16", (16, 9, 0), (17, 0, 0)),
        ("^16.14 || >=18", (18, 0, 0), (17, 0, 0)),
        (">=3.9,<3.13", (3, 12, 1), (3, 13, 0)),
        (">=3.9,!=3.11.*", (3, 12, 1), (3, 11, 2)),
        ("~=3.10", (3, 13, 0), (4, 0, 0)),
        ("~=3.10.2", (3, 10, 9), (3, 11, 0)),
        ("ruby-3.1.2", (3, 1, 2), (3, 1, 3)),
        ("~> 3.1.0", (3, 1, 9), (3, 2, 0)),
    ],
)
def test_a_version_fits_what_is_asked_for(wanted: str, right: Version, wrong: Version) -> None:
    assert fits(right, wanted) is True
    assert fits(wrong, wanted) is False


@pytest.mark.parametrize("wanted", ["", "*", "latest", "lts/*", "node", "stable"])
def test_any_version_fits_what_asks_for_none(wanted: str) -> None:
    assert fits((1, 2, 3), wanted)


@pytest.mark.parametrize("wanted", ["pypy3.9", "jruby-9.4", "lts/-1", "ours", "file:./node", ">=banana", "18 and more"])
def test_what_is_not_understood_fits_nothing_and_refuses_nothing(wanted: str) -> None:
    assert fits((18, 0, 0), wanted) is None
    assert best_of([(18, 0, 0)], wanted) is None


def test_the_newest_that_fits_is_taken() -> None:
    assert best_of([(18, 9, 0), (18, 19, 0), (20, 1, 0)], "18") == (18, 19, 0)
    assert best_of([(20, 1, 0)], "18") is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v18.19.0", (18, 19, 0)),
        ("Python 3.12.1", (3, 12, 1)),
        ("ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]", (3, 1, 2)),
        ("cpython-3.12.1-linux-x86_64-gnu", (3, 12, 1)),
        ("pypy3.9-7.3.11", None),
        ("system", None),
        ("", None),
    ],
)
def test_a_version_is_read_from_a_name_or_an_answer(text: str, version: Version | None) -> None:
    assert version_in(text) == version


@given(st.text(alphabet="018.xX*<>=~^| -,v\n\u00b2lts/", max_size=30))
def test_whatever_is_asked_for_there_is_an_answer(wanted: str) -> None:
    assert fits((18, 1, 0), wanted) in (True, False, None)
