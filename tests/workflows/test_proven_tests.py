from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from orchestrator.errors import OrchestrateError
from orchestrator.workflows.coverage_verdicts import JudgedTest
from orchestrator.workflows.proven_tests import (
    PROVEN_FILE,
    BoostOrder,
    ProvenTests,
    keep_proven,
    order_from,
    order_in,
    order_text,
    patch_of,
    proven_in,
)

TEXTS = {
    "tests/test_a.py": "def test_a():\n    assert 1\n",
    "tests/deep/test_b.py": "# no end of line, a form feed \x0c and \u2028 in it",
}


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    proven = ProvenTests("/p", "sha256:0", {"a.py": "0"}, TEXTS, (JudgedTest("t", covered=(("a.py", 1),)),), 61.5)
    keep_proven(tmp_path, proven)

    assert proven_in(tmp_path) == proven


def test_a_session_that_is_no_boost_has_neither(tmp_path: Path) -> None:
    assert proven_in(tmp_path) is None
    assert order_in(tmp_path) is None


def test_a_file_that_somebody_spoilt_is_told(tmp_path: Path) -> None:
    (tmp_path / PROVEN_FILE).write_text("{}")
    with pytest.raises(OrchestrateError, match="cannot be read"):
        proven_in(tmp_path)


def test_an_order_is_the_same_on_the_other_side() -> None:
    order = BoostOrder(90.0, 61.5, "sha256:0", {"a.py": "0"}, 1e9)
    assert order_from(order_text(order)) == order


def test_git_takes_the_patch(tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text(patch_of(TEXTS))
    subprocess.run(["git", "apply", "x.patch"], cwd=tmp_path, check=True, timeout=60)

    assert {name: (tmp_path / name).read_text() for name in TEXTS} == TEXTS


def test_nothing_is_an_empty_patch() -> None:
    assert patch_of({}) == ""
