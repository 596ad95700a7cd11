"""A project of JavaScript, Go or Rust is blocked for exactly what is planted in it, and a clean one for nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.measurement.conftest import gates, written
from tests.measurement.planted import osv_stand_in
from tests.measurement.planted_languages import CLEAN, PLANTED
from tests.suites.test_projects import NODE_RUNNERS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]
PROGRAMS = {"javascript": "node", "go": "go", "rust": "cargo-clippy"}


TYPED: Mapping[str, str] = {
    "package.json": '{"type": "module", "devDependencies": {"eslint": "10.15.0", "typescript": "7.0.2"}}\n',
    "tsconfig.json": '{"compilerOptions": {"strict": true, "noCheck": true}, "exclude": ["src"]}\n',
    "eslint.config.js": 'export default [{ ignores: ["**"] }];\n',
    "src/a.ts": 'export const a: number = "x";\n// @ts-ignore\nexport const b: number = "y";\n',
    "src/b.js": "/* eslint-disable */\nexport function f(x) {\n  var y = 1;\n  return x;\n}\n",
}


def measured(folder: Path, *arguments: str) -> Mapping[str, Any]:
    done = gates(str(folder), "--json", "--trust-project", *arguments, environ={"no_proxy": "127.0.0.1"})
    assert done.returncode in (0, 1), done.stderr
    report: Mapping[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.parametrize("language", CLEAN)
def test_a_clean_project_is_measured_whole_and_nothing_blocks(
    tmp_path: Path, language: str, not_proven: Callable[[str], NoReturn]
) -> None:
    if shutil.which(PROGRAMS[language]) is None:
        not_proven(f"{PROGRAMS[language]} is not installed")
    report = measured(written(tmp_path, CLEAN[language]()))
    assert {gate["name"]: gate["message"] for gate in report["gates"] if gate["state"] != "pass"} == {}
    assert (report["approved"], report["confidence"]) == (True, "high")
    assert any(gate["name"].startswith(language) for gate in report["gates"])


@pytest.mark.parametrize("language", PLANTED)
def test_a_project_is_blocked_for_exactly_what_is_planted(
    tmp_path: Path, language: str, not_proven: Callable[[str], NoReturn]
) -> None:
    if shutil.which(PROGRAMS[language]) is None:
        not_proven(f"{PROGRAMS[language]} is not installed")
    files, blocks = PLANTED[language]
    with osv_stand_in() as url:
        report = measured(written(tmp_path, {**CLEAN[language](), **files}), "--osv-url", url)
    assert {gate["name"] for gate in report["gates"] if gate["blocks"]} == blocks, report["blockers"]
    assert {gate["name"] for gate in report["gates"] if gate["state"] != "pass"} == blocks


def test_the_projects_own_tools_are_run_and_nothing_that_silences_them_is_obeyed(
    tmp_path: Path, not_proven: Callable[[str], NoReturn]
) -> None:
    if not (NODE_RUNNERS / "eslint").is_dir() or not (NODE_RUNNERS / "typescript").is_dir():
        not_proven("eslint and typescript are not installed")
    project = written(tmp_path / "project", TYPED)
    (project / "node_modules").symlink_to(NODE_RUNNERS)
    policy = tmp_path / "policy.toml"
    policy.write_text(f'name = "here"\nextends = "default"\nreadable = ["{NODE_RUNNERS}"]\n')
    report = measured(project, "--sandbox", str(policy), "--only", "javascript-lint,typescript")
    lint, types = report["gates"]
    assert (lint["tool"], lint["actual"], lint["findings"][0]["rule"]) == ("eslint", 1.0, "no-unused-vars"), lint
    assert [row["hides"] for row in lint["suppressions"]] == [1]
    assert (types["tool"], types["actual"], types["counted"]) == ("tsc", 2.0, 1), types
    assert [row["hides"] for row in types["suppressions"]] == [2, 1]
