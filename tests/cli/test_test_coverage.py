from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.test_coverage import _name


@pytest.mark.parametrize("words", [(), ("--target", "90"), ("--project-root", ".", "--current-coverage", "75")])
def test_the_workflow_that_is_not_there_yet_says_so(orchestrate: Callable[..., Any], words: tuple[str, ...]) -> None:
    ran = orchestrate("test-coverage", *words)

    assert (ran.code, ran.out) == (2, "")
    assert "has no workflow yet that writes them" in ran.err
    assert "orchestrate test-coverage check TEST_FILE" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Missing argument"),
        (("nowhere.py",), "there is no file nowhere.py"),
        (("nowhere.py", "--repeats", "0"), "0"),
        (("nowhere.py", "--project-root", "/nowhere/at/all"), "does not exist"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(orchestrate: Callable[..., Any], words: tuple[str, ...], said: str) -> None:
    ran = orchestrate("test-coverage", "check", *words)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_file_of_another_project_is_refused(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "test_x.py").write_text("")
    ran = orchestrate("test-coverage", "check", str(tmp_path / "test_x.py"), "--project-root", str(tmp_path / "shop"))

    assert (ran.code, ran.out) == (2, "")
    assert "is no file of" in ran.err


def test_a_file_is_named_from_here_or_from_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("here/tests/test_x.py", "shop/tests/test_x.py", "shop/..odd.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    shop = tmp_path.resolve() / "shop"

    monkeypatch.chdir(tmp_path / "here")
    assert _name(Path("tests/test_x.py"), shop) == "tests/test_x.py", "the one of the project, not the one from here"
    assert _name(Path("../shop/tests/test_x.py"), shop) == "tests/test_x.py"
    assert _name(shop / "..odd.py", shop) == "..odd.py"
