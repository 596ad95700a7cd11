"""Packages as their authors publish them: each value is the one that the tool's own text says of the same files.

The figures were copied by hand from what these said on 30 November 2026: pytest 9 ("297 passed"), coverage.py of a
run with no line left out (436 of 454 statements, 103 of 120 branches), the summary of bandit 1.9.4 ("High: 1"), ruff
0.17.6 ("unsign is too complex (13 > 12)", "index is too complex (17 > 12)"), interrogate ("actual: 100.0%").
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.measurement.conftest import gates

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1_800)]
NEEDED: Mapping[str, tuple[str, ...]] = {"itsdangerous": ("pytest==9.*", "freezegun==1.*")}
VALUES: Mapping[str, Mapping[str, tuple[str, float | None, int | None]]] = {
    "itsdangerous==2.2.0": {
        "tests": ("pass", 0.0, 297),
        "coverage": ("pass", 100.0 * 436 / 454, 454),
        "branches": ("pass", 100.0 * 103 / 120, 120),
        "lint": ("pass", 0.0, 15),
        "complexity": ("pass", 13.0, 62),
        "security": ("fail", 1.0, 15),
    },
    "sortedcontainers==2.4.0": {
        "tests": ("not measured", None, None),
        "complexity": ("fail", 17.0, 134),
        "documentation": ("pass", 100.0, 75),
        "security": ("pass", 0.0, 5),
        "lint": ("pass", 0.0, 5),
    },
}


def fetched(folder: Path, package: str) -> Path:
    """The package's source, unpacked, with an environment of its own where its tests need one."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    source = [*pip, "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder), package]
    subprocess.run(source, check=True, timeout=600)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    project = archive.with_name(archive.name.removesuffix(".tar.gz"))
    needed = NEEDED.get(package.partition("==")[0], ())
    if needed:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(project / ".venv")], check=True, timeout=600)
        (site,) = (project / ".venv").glob("lib/python3*/site-packages")
        subprocess.run([*pip, "install", "-q", "--target", str(site), *needed], check=True, timeout=600)
        (site / "source.pth").write_text(f"{project / 'src'}\n")
    return project


@pytest.mark.parametrize("package", VALUES)
def test_every_value_is_the_one_of_the_tools_own_text(tmp_path: Path, package: str) -> None:
    wanted = VALUES[package]
    done = gates(str(fetched(tmp_path, package)), "--json", "--only", ",".join(wanted))
    found = {
        gate["name"]: (gate["state"], gate["actual"], gate["counted"]) for gate in json.loads(done.stdout)["gates"]
    }
    assert found == {name: pytest.approx(values) if values[1] else values for name, values in wanted.items()}
