"""Packages as their authors publish them: each value of every gate is the one that was read without the program."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.gates.gate_table import OWN
from tests.measurement.conftest import gates, written
from tests.measurement.planted import osv_stand_in
from tests.measurement.published_values import INSTALLED, SETTINGS, VALUES, VULNERABLE, Said, Unsaid

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1_800)]
MEMORY_VARIES = 3.0
"""By so many percent of the budget: an interpreter of another build is some MiB larger."""


def fetched(folder: Path, package: str) -> Path:
    """The package's source, unpacked, with an environment of its own where its tests need one."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    source = [*pip, "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder), package]
    subprocess.run(source, check=True, timeout=600)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    project = archive.with_name(archive.name.removesuffix(".tar.gz"))
    needed = INSTALLED.get(package, ())
    if needed:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(project / ".venv")], check=True, timeout=600)
        (site,) = (project / ".venv").glob("lib/python3*/site-packages")
        subprocess.run([*pip, "install", "-q", "--no-deps", "--target", str(site), *needed], check=True, timeout=600)
        (site / "source.pth").write_text(f"{project / 'src'}\n")
    return written(project, {".orchestrator/settings.toml": SETTINGS})


@pytest.fixture(scope="module")
def osv() -> Iterator[str]:
    with osv_stand_in(*VULNERABLE) as url:
        yield url


def agrees(gate: Mapping[str, Any], wanted: Said | Unsaid) -> bool:
    """Whether a gate of a report says what was read by hand."""
    if isinstance(wanted, Unsaid):
        nothing = (gate["state"], gate["actual"]) == ("not measured", None)
        return nothing and gate["message"].startswith(wanted.message)
    exact = 1e-6 if gate["name"] != "performance" else MEMORY_VARIES
    value = gate["actual"] == pytest.approx(wanted.value, abs=exact)
    return value and (gate["state"], gate["counted"]) == (wanted.state, wanted.counted)


@pytest.mark.parametrize("package", VALUES)
def test_every_value_is_the_one_of_the_tools_own_text(tmp_path: Path, osv: str, package: str) -> None:
    asked = (str(fetched(tmp_path, package)), "--json", "--trust-project", "--osv-url", osv)
    done = gates(*asked, environ={"no_proxy": "127.0.0.1"})
    found = {gate["name"]: gate for gate in json.loads(done.stdout)["gates"]}
    wrong = {name: gate for name, gate in found.items() if not agrees(gate, VALUES[package][name])}
    assert wrong == {}
    assert found.keys() == {gate.name for gate in OWN if not gate.languages or "python" in gate.languages}
