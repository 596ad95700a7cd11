"""Tests of every useless kind, and good ones, in one file of a small project; it is judged once, from outside."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import orchestrator
from tests.measurement.conftest import written

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]

ROOT = Path(orchestrator.__file__).resolve().parent.parent
# Plugins of our own environment that the project does not use and that take most of the time of a start.
QUICK = '[tool.pytest.ini_options]\naddopts = "-p no:schemathesis -p no:hypothesispytest -p no:xdist -p no:anyio"\n'
PRICES = """\
LIMIT = 100


def total(prices):
    return sum(prices)


def discounted(price, percent):
    if percent > 50:
        raise ValueError("too much")
    return price - price * percent // 100


def is_large(amount):
    return amount >= LIMIT
"""
HEAD = """\
import hashlib, os, random, socket
from pathlib import Path

import pytest

import shop.prices
from shop.prices import discounted, is_large, total

SOURCE = Path(shop.prices.__file__)
"""
KEPT = {
    "test_discount": "assert discounted(200, 10) == 180",
    "TestLarge::test_limit": "assert is_large(100)\n        assert not is_large(99)",
}
REFUSED = {
    "test_useless": ("assert total([2, 2]) == 4", "it is useless"),
    "test_failing": ("assert discounted(200, 10) == 10", "it does not pass"),
    "test_flaky": ("assert hash('a') % 2 == {parity}\n    assert discounted(200, 10) == 180", "it is flaky"),
    "test_silent": ("discounted(200, 10)", "it asserts nothing"),
    "test_true": ("discounted(200, 10)\n    assert True", "its assertions cannot fail"),
    "test_weak": ("assert discounted(200, 10) is not None or is_large", "it notices none of"),
    "test_skipped": ("pytest.skip('no')\n    assert discounted(200, 10) == 180", "it is skipped"),
    "test_edits": (
        "SOURCE.write_text(SOURCE.read_text())\n    assert discounted(200, 10) == 180",
        "it writes files of the project: shop/prices.py",
    ),
    "test_network": (
        "try:\n        socket.create_connection(('example.com', 80), timeout=1)\n    except OSError:\n        pass\n"
        "    assert discounted(200, 10) == 180",
        "it asks for the network: example.com",
    ),
    "test_text": (
        "discounted(200, 10)\n    assert hashlib.sha256(SOURCE.read_bytes()).hexdigest() == '{digest}'",
        "it compares texts",
    ),
    "test_dies": ("assert discounted(200, 10) == 180\n    os._exit(0)", "it does not pass"),
}
SEED = 1


def parity_under(seed: int) -> int:
    """What ``hash('a') % 2`` is where the interpreter's hashes have this seed."""
    environ = {**os.environ, "PYTHONHASHSEED": str(seed)}
    code = "print(hash('a') % 2)"
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, check=True, timeout=60)
    return int(done.stdout)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Mapping[str, Any], int, Path]:
    """The report, the exit code and the project."""
    # A seed under which the first run passes and a later one does not.
    other = next(seed for seed in range(SEED + 1, 100) if parity_under(seed) != parity_under(SEED))
    filled = {"parity": parity_under(SEED), "digest": hashlib.sha256(PRICES.encode()).hexdigest()}
    bodies = {name: body.format(**filled) for name, (body, _) in REFUSED.items()}
    functions = [f"\n\ndef {name}():\n    {body}\n" for name, body in bodies.items()]
    functions += [f"\n\ndef test_discount():\n    {KEPT['test_discount']}\n"]
    functions += [f"\n\nclass TestLarge:\n    def test_limit(self):\n        {KEPT['TestLarge::test_limit']}\n"]
    files = {
        "pyproject.toml": QUICK,
        "shop/__init__.py": "",
        "shop/prices.py": PRICES,
        "shop/prices_copy.py": "X = 1\n",
        "tests/conftest.py": "",
        "tests/test_own.py": "from shop.prices import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
        "tests/test_new.py": HEAD + "".join(functions),
        "tests/test_broken.py": "import nothing_of_this_name\n\n\ndef test_x():\n    assert nothing_of_this_name.x()\n",
    }
    folder = written(tmp_path_factory.mktemp("shop").resolve(), files)
    (folder / "tests/test_odd.py").write_bytes(b"def test_x():\n    assert '\xff'\n")
    names = [
        "tests/test_new.py",
        "tests/test_broken.py",
        "tests/test_odd.py",
        "shop/prices_copy.py",
        "tests/conftest.py",
    ]
    done = check(folder, *names, "--json", "--repeats", str(other - SEED + 1), "--mutants", "2", "--seed", str(SEED))
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout), done.returncode, folder


def check(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command on a project, as a user types it there."""
    given = [sys.executable, "-m", "orchestrator", "test-coverage", "check", "--project-root", str(folder)]
    return subprocess.run(
        [*given, "--python", sys.executable, *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1_800,
        check=False,
    )


def row(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(each for each in report["tests"] if each["test"] == name)
    return found


def test_each_bad_test_is_refused_for_its_reason_and_the_good_ones_stay(
    judged: tuple[Mapping[str, Any], int, Path],
) -> None:
    report, code, _ = judged

    assert code == 1
    for name, (_, reason) in REFUSED.items():
        refused = row(report, f"tests/test_new.py::{name}")
        assert not refused["kept"], name
        assert any(reason in each for each in refused["reasons"]), (name, refused["reasons"])
    for name in KEPT:
        kept = row(report, f"tests/test_new.py::{name}")
        assert (kept["kept"], kept["reasons"]) == (True, []), kept
        assert kept["caught"] >= 1
        assert kept["repeats"] >= 2
    assert (report["kept"], report["refused"]) == (len(KEPT), len(REFUSED) + 4)
    assert report["coverage_after"] > report["coverage_before"]
    assert 0 < report["test_quality"] <= 10


def test_files_that_cannot_be_tests_are_refused_whole(judged: tuple[Mapping[str, Any], int, Path]) -> None:
    report, _, _ = judged

    assert "none of its tests can be run" in row(report, "tests/test_broken.py")["reasons"][0]
    assert "it cannot be read" in row(report, "tests/test_odd.py")["reasons"][0]
    for name in ("shop/prices_copy.py", "tests/conftest.py"):
        assert "it is no test file" in row(report, name)["reasons"][0]


def test_the_project_is_as_it_was(judged: tuple[Mapping[str, Any], int, Path]) -> None:
    _, _, folder = judged

    assert (folder / "shop/prices.py").read_text() == PRICES
    assert sorted(path.name for path in folder.iterdir()) == ["pyproject.toml", "shop", "tests"]


def test_where_the_projects_own_tests_fail_nothing_is_said(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": QUICK,
        "tests/test_own.py": "def test_own():\n    assert 1 == 2\n",
        "tests/test_new.py": "def test_new():\n    assert 1\n",
        "shop.py": "x = 1\n",
    }
    done = check(written(tmp_path.resolve(), files), "tests/test_new.py")

    assert (done.returncode, done.stdout) == (2, "")
    assert "the project's own tests do not pass" in done.stderr


def test_of_two_that_do_not_agree_the_one_that_spoils_the_other_is_refused(tmp_path: Path) -> None:
    head = "from shop import prices\n\n\n"
    good = f"{head}def test_large():\n    assert prices.is_large(100)\n    assert not prices.is_large(99)\n"
    spoils = f"{head}def test_raised():\n    prices.LIMIT = 300\n    assert not prices.is_large(299)\n"
    files = {
        "pyproject.toml": QUICK,
        "shop/__init__.py": "",
        "shop/prices.py": PRICES,
        # Under this seed the one that spoils comes first.
        **{f"tests/test_{name}.py": text for name, text in (("a", good), ("b", spoils), ("c", good))},
    }
    names = ["tests/test_a.py", "tests/test_b.py", "tests/test_c.py"]
    done = check(
        written(tmp_path.resolve(), files), *names, "--json", "--repeats", "2", "--mutants", "1", "--seed", "3"
    )
    report = json.loads(done.stdout)

    assert {each["test"]: each["kept"] for each in report["tests"]} == {
        "tests/test_a.py::test_large": True,
        "tests/test_b.py::test_raised": False,
        "tests/test_c.py::test_large": True,
    }
    assert "it makes tests/test_" in row(report, "tests/test_b.py::test_raised")["reasons"][0]
