"""A project is blocked for exactly what is planted in it, and a clean one for nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.measurement.clean_projects import PROJECTS
from tests.measurement.conftest import gates
from tests.measurement.planted import PLANTS, clean, osv_stand_in, project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]


@pytest.fixture(scope="module")
def osv() -> Iterator[str]:
    with osv_stand_in() as url:
        yield url


def measured(folder: Path, osv: str, *arguments: str) -> Mapping[str, Any]:
    done = gates(
        str(folder), "--json", "--trust-project", "--osv-url", osv, *arguments, environ={"no_proxy": "127.0.0.1"}
    )
    assert done.returncode in (0, 1), done.stderr
    report: Mapping[str, Any] = json.loads(done.stdout)
    assert report["approved"] is (done.returncode == 0)
    return report


@pytest.mark.real
@pytest.mark.parametrize("name", PROJECTS)
def test_a_clean_project_is_measured_whole_and_nothing_blocks(tmp_path: Path, osv: str, name: str) -> None:
    files = PROJECTS[name]
    lines = [line for file, text in files.items() if file.endswith(".py") for line in text.splitlines() if line.strip()]
    assert len(lines) >= 200
    report = measured(project(tmp_path / "project", files), osv)
    assert {gate["name"]: gate["message"] for gate in report["gates"] if gate["state"] != "pass"} == {}
    assert (report["approved"], report["confidence"]) == (True, "high")
    assert report["gates"][0]["counted"] >= 10


# Each is a whole measurement, and CI's first step alone has the time.
@pytest.mark.real
@pytest.mark.parametrize("name", PLANTS)
def test_a_project_is_blocked_for_exactly_what_is_planted(tmp_path: Path, osv: str, name: str) -> None:
    plant = PLANTS[name]
    report = measured(project(tmp_path / "project", {**clean(), **plant.files}), osv, *plant.arguments)
    assert {gate["name"] for gate in report["gates"] if gate["blocks"]} == plant.blocks, report["blockers"]
    not_passing = {gate["name"] for gate in report["gates"] if gate["state"] != "pass"}
    assert not_passing == plant.blocks | plant.warns
