from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("--min-coverage", "101"), "101", id="a share above all"),
        pytest.param(("--min-quality", "-1"), "-1", id="a score below none"),
        pytest.param(("--max-critical", "-1"), "-1", id="less than no finding"),
        pytest.param(("--agents", "nobody"), "no agent template 'nobody'", id="an agent that is not there"),
        pytest.param(("--allow-unmeasured", "tests,tpyes"), "no gate 'tpyes'", id="a gate that is not there"),
        pytest.param(("--python", "/nowhere/python"), "is no program", id="an interpreter that is not there"),
        pytest.param(("--path", "/nowhere/at/all"), "no folder", id="a path that is not there"),
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_measures_nothing(
    orchestrate: Callable[..., Any], arguments: tuple[str, ...], said: str
) -> None:
    ran = orchestrate("release-prep", *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "running" not in ran.err


def test_a_file_is_no_project(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert orchestrate("release-prep", "--path", str(tmp_path / "file")).code == 2
