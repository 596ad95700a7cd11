"""The workflows are rehearsed with the real CLIs on the shop that comes along, as the guide says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import orchestrator

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1_200)]

ROOT = Path(orchestrator.__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "examples"


def rehearsed(folder: Path, command: str, scenario: str, *words: str) -> tuple[Mapping[str, Any], int]:
    """The report of a command on a copy of the shop, played to the real CLIs, and its exit code."""
    shop = folder / "shop"
    shutil.copytree(EXAMPLES / "shop", shop)
    argv = [sys.executable, "-m", "orchestrator", command, "--path", str(shop), "--offline", "--json"]
    done = subprocess.run(
        [*argv, "--scenario", str(EXAMPLES / scenario), *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "ORCHESTRATOR_WORKSPACE": str(folder / "workspace")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1_000,
        check=False,
    )
    assert done.returncode in (0, 1, 3), done.stderr
    report: Mapping[str, Any] = json.loads(done.stdout)
    return report, done.returncode


def test_the_security_deep_dive_reproduces_what_is_there_and_nothing_else(tmp_path: Path) -> None:
    report, code = rehearsed(tmp_path, "security-deep-dive", "shop-audit.toml")
    standings = {(row["file"], row["kind"]): row["standing"] for row in report["findings"]}

    assert code == 1
    assert standings == {
        ("shop/invoices.py", "missing authorisation"): "reproduced",
        ("shop/pages.py", "cross-site scripting"): "reproduced",
        ("shop/tokens.py", "weak hash"): "measured",
        ("shop/tokens.py", "timing comparison"): "unverified",
    }
    assert [row["rule"] for row in report["suppressed"]] == ["refuted by two other vendors"]
    assert {gate["name"]: gate["state"] for gate in report["quality_gates"]} == {
        "critical-findings": "fail",
        "compliance": "fail",
        "remediation-plan": "pass",
    }
    assert {row["id"] for row in report["compliance"] if row["state"] == "fail"} == {"4.2.1", "5.3.3", "6.2.2"}
    assert len(report["vendors"]) >= 2
    assert "threat_auditor (round 2)" in report["agent_results"], "they answer one another"
    finders = {source["vendor"] for row in report["findings"] for source in row["sources"]}
    assert all(row["reproduced_by"] for row in report["findings"] if row["standing"] == "reproduced")
    assert finders - {""}


def test_a_release_is_kept_back_by_what_a_proof_shows(tmp_path: Path) -> None:
    allowed = "dependencies,performance,licences"
    report, code = rehearsed(tmp_path, "release-prep", "shop-release.toml", "--allow-unmeasured", allowed)

    assert code == 1
    assert len(report["blockers"]) == 2
    assert report["blockers"][0].startswith("security: 1 of high severity")
    assert "shop/pages.py:8" in report["blockers"][1]
    assert "(reproduced: a test fails here" in report["blockers"][1]
    assert any("it fails with the change as well" in warning for warning in report["warnings"])
    assert {name: row["success"] for name, row in report["agent_results"].items()} == dict.fromkeys(
        ("security_auditor", "test_coverage_analyzer", "code_reviewer", "documentation_writer"), True
    )
