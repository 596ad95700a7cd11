from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.test_coverage import _name


@pytest.mark.parametrize("path", ["./x", "~/shop", "shop", "/", "90/", "nan"])
def test_a_path_as_target_is_told_where_paths_go(orchestrate: Callable[..., Any], path: str) -> None:
    ran = orchestrate("test-coverage", "--target", path)

    assert (ran.code, ran.out) == (2, "")
    assert "is no percentage" in ran.err
    assert "--project-root" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--target", "101"), "101"),
        (("--target", "-1"), "-1"),
        (("--current-coverage", "full"), "is no percentage"),
        (("--budget", "0"), "longer than nothing"),
        (("--project-root", "/nowhere/at/all"), "does not exist"),
        (("--sandbox", "nowhere"), "nowhere"),
        (("--python", "/nowhere/at/all", "--agents", "none"), "/nowhere/at/all"),
        (("--target", "90", "check", "x.py"), "options of check stand behind it"),
    ],
)
def test_what_the_boost_cannot_mean_ends_with_2(
    orchestrate: Callable[..., Any], words: tuple[str, ...], said: str
) -> None:
    ran = orchestrate("test-coverage", *words)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


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
