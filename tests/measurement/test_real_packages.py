"""Packages as their authors publish them: each value is the one that the tool's own text says of the same files.

The figures were copied by hand from what these said on 30 November 2026: pytest 9 ("297 passed"), coverage.py of a
run with no line left out (436 of 454 statements, 103 of 120 branches), the summary of bandit 1.9.4 ("High: 1"), ruff
0.17.6 ("unsign is too complex (13 > 12)", "index is too complex (17 > 12)"), interrogate ("actual: 100.0%").

Of the other four, of which docopt has no tests, on the same day: pytest 9.1 ("180 passed", toolz), 8.4.2 ("25
passed", blinker) and 7.4.4 ("423 passed", boltons). The rows of coverage.py 7.17.5 for what is no test, document or
setup.py: toolz 1864 statements, 644 missed; blinker "218 13 74 8 93%", where each of the 8 has one branch missing;
boltons "7399 2689 2614 362 59.9820%", which are 1296 branches, with an empty ``__init__.py`` in its ``misc``, for it
passes by a folder without one. The last line of ruff 0.17.6, "Found 4 errors." (docopt), "Found 76 errors." (toolz),
"All checks passed!" (blinker), "Found 89 errors." (boltons); with C901 and 0 allowed 43, 196, 30 and 939;
"`parse_long` is too complex (10 > 9)", "`join` is too complex (22 > 9)", "`receivers_for` is too complex (7 > 6)",
"`wrap_trace` is too complex (33 > 9)". The summaries of bandit 1.9.4: "High: 0" of each. mypy 2.4.1: "Success: no
issues found in 1 source file" (docopt.py), and of blinker without its four comments "type: ignore" "Found 4 errors in
2 files (checked 6 source files)". interrogate without magic, private and nested names: "TOTAL 47 33 14 29.8%"
(docopt).
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
NEEDED: Mapping[str, tuple[str, ...]] = {
    "itsdangerous": ("pytest==9.*", "freezegun==1.*"),
    "toolz": ("pytest==9.*",),
    # Their settings and hooks do not go with later ones.
    "blinker": ("pytest==8.*", "pytest-asyncio==0.23.*"),
    "boltons": ("pytest==7.*",),
}
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
    "docopt==0.6.2": {
        "tests": ("not measured", None, None),
        "coverage": ("not measured", None, None),
        "lint": ("fail", 4.0, 19),
        "complexity": ("pass", 10.0, 43),
        "types": ("pass", 0.0, 1),
        "documentation": ("fail", 100.0 * 14 / 47, 47),
        "security": ("pass", 0.0, 19),
    },
    "toolz==1.0.0": {
        "tests": ("pass", 0.0, 180),
        "coverage": ("fail", 100.0 * (1864 - 644) / 1864, 1864),
        "lint": ("fail", 76.0, 31),
        "complexity": ("fail", 22.0, 196),
        "security": ("pass", 0.0, 31),
    },
    "blinker==1.9.0": {
        "tests": ("pass", 0.0, 25),
        "coverage": ("pass", 100.0 * (218 - 13) / 218, 218),
        "branches": ("pass", 100.0 * (74 - 8) / 74, 74),
        "lint": ("pass", 0.0, 7),
        "complexity": ("pass", 7.0, 30),
        "types": ("fail", 4.0, 6),
        "security": ("pass", 0.0, 7),
    },
    "boltons==25.0.0": {
        "tests": ("pass", 0.0, 423),
        "coverage": ("fail", 100.0 * (7399 - 2689) / 7399, 7399),
        "branches": ("fail", 100.0 * 1296 / 2614, 2614),
        "lint": ("fail", 89.0, 64),
        "complexity": ("fail", 33.0, 939),
        "security": ("pass", 0.0, 64),
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
