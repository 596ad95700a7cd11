"""The rehearsal of a boost, played once; which tests are kept follows from the script, written down here beforehand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.workflows.proven_tests import PATCH_FILE, order_in, proven_in
from orchestrator.workflows.rehearsed_project import lay_shop
from tests.workflows.test_coverage_check import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

KEPT = {
    "tests/test_discounts.py::test_a_discount_is_taken",
    "tests/test_stocking.py::test_what_was_put_can_be_taken",
    "tests/test_stocking.py::test_nothing_cannot_be_put",
    "tests/test_stocking.py::test_large_amounts_begin_at_the_limit",
}
REFUSED = {
    "conftest.py": "nothing else may be touched",
    "shop/prices.py": "it was put back",
    "tests/test_discounts.py::test_useless": "it is useless",
    "tests/test_discounts.py::test_failing": "it does not pass",
    "tests/test_discounts.py::test_flaky": "it is flaky",
    "tests/test_discounts.py::test_asserts_nothing": "it asserts nothing",
    "tests/test_discounts.py::test_cannot_fail": "its assertions cannot fail",
    "tests/test_discounts.py::test_is_skipped": "it is skipped",
    "tests/test_discounts.py::test_compares_texts": "it compares texts",
    "tests/test_discounts.py::test_writes_the_code": "it writes files of the project: shop/prices.py",
    "tests/test_discounts.py::test_asks_the_network": "it asks for the network: example.com",
    "tests/test_stocking.py::test_notices_nothing": "it notices none of",
}
STATEMENTS, RAN_BEFORE = 22, 10
"""Nine of the prices, five of which run; thirteen of the stock, five of which run."""


def orchestrate(*words: str) -> subprocess.CompletedProcess[str]:
    """The command as a user types it."""
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1_700,
        check=False,
    )


@pytest.fixture(scope="module")
def boosted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Mapping[str, Any], int, Path]:
    """The report, the exit code and the home."""
    home = tmp_path_factory.mktemp("home").resolve()
    shop = ["--project-root", str(lay_shop(home)), "--python", sys.executable]
    words = ["--stand-ins", "--json", "--workspace", str(home / "work"), "--budget", "28m", *shop]
    few = ["--repeats", "3", "--mutants", "1", "--sample", "2", "--current-coverage", "90"]
    done = orchestrate("test-coverage", *words, *few)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout), done.returncode, home


def test_exactly_the_good_tests_are_kept_and_each_cheat_is_refused_for_its_reason(
    boosted: tuple[Mapping[str, Any], int, Path],
) -> None:
    rows = {row["test"]: row for row in boosted[0]["tests"]}

    assert {name for name, row in rows.items() if row["kept"]} == KEPT
    assert rows.keys() == KEPT | REFUSED.keys()
    for name, reason in REFUSED.items():
        assert any(reason in said for said in rows[name]["reasons"]), rows[name]


def test_coverage_and_changes_are_measured_before_and_after(boosted: tuple[Mapping[str, Any], int, Path]) -> None:
    report, code, _ = boosted

    assert report["coverage_before"] == pytest.approx(100 * RAN_BEFORE / STATEMENTS, abs=0.01)
    assert (report["coverage_after"], report["gaps"], report["tests_generated"]) == (100.0, [], len(KEPT))
    assert report["mutants"]["after"]["caught"] >= report["mutants"]["before"]["caught"]
    assert report["mutants"]["after"]["tried"] == report["mutants"]["before"]["tried"] == 2
    assert min(report["suite_seconds"].values()) > 0
    assert report["test_quality"] >= 8
    assert (code, report["success"], report["target_reached"], report["outcome"]) == (0, True, True, "done")
    assert report["notes"][0].startswith("the coverage is said to be 90 %, and measured 45.5 %")


def test_nothing_refused_is_left_in_what_was_proven(boosted: tuple[Mapping[str, Any], int, Path]) -> None:
    report, _, home = boosted
    folder = home / "work" / report["session"]
    proven = proven_in(folder)
    assert proven is not None
    assert order_in(folder) is not None

    for name in REFUSED:
        _, separator, test = name.partition("::")
        if separator:
            assert not any(f"def {test}(" in text for text in proven.texts.values())
    # The copy that the reviewer saw holds the same.
    copy = {str(path.relative_to(folder / "target")): path for path in (folder / "target").rglob("*.py")}
    assert copy["tests/test_discounts.py"].read_text() == proven.texts["tests/test_discounts.py"]
    assert "conftest.py" not in copy
    assert "return True" not in copy["shop/prices.py"].read_text()


def test_the_tests_are_taken_and_refused_where_the_project_has_changed(
    boosted: tuple[Mapping[str, Any], int, Path],
) -> None:
    report, _, home = boosted
    shop = home / "rehearsed-shop"
    apply = ["apply", report["session"], "--workspace", str(home / "work")]
    prices = (shop / "shop" / "prices.py").read_text()

    (shop / "shop" / "prices.py").write_text(prices + "\n")
    refused = orchestrate(*apply)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "shop/prices.py is changed" in refused.stderr
    assert PATCH_FILE in refused.stderr

    (shop / "shop" / "prices.py").write_text(prices)
    dry = orchestrate(*apply, "--dry-run")
    assert (dry.returncode, "to be added" in dry.stdout) == (0, True)
    assert not (shop / "tests" / "test_stocking.py").exists()

    taken = orchestrate(*apply)
    assert (taken.returncode, taken.stderr) == (0, "")
    done = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=shop, capture_output=True, text=True, timeout=300)
    assert f"{2 + len(KEPT)} passed" in done.stdout
    assert "are in" in orchestrate(*apply).stdout
