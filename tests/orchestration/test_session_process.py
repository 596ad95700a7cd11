from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.composition.agent_nodes import strategy_node
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.session_lock import session_holder
from orchestrator.models.plan_tree import Strategy
from orchestrator.orchestration.agent_templates import TEMPLATES
from orchestrator.orchestration.session_order import ORDER, REPORT, SessionOrder

HANGS = 'name = "hangs"\n[[turn]]\nworker = "*"\nrepeat = true\n[[turn.step]]\nhang_s = 600\n'


@pytest.mark.slow
def test_when_the_caller_goes_the_session_stops_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    plan = strategy_node(Strategy.PARALLEL, [TEMPLATES["code_reviewer"]])
    order = SessionOrder(
        "Look", tmp_path / "project", tmp_path / "w", plan, rehearse=True, scenario=HANGS, stand_ins=True
    )
    with subprocess.Popen(
        [sys.executable, "-m", "orchestrator.orchestration.session_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(ORDER.dump_json(order) + b"\n")
        process.stdin.flush()
        for line in process.stderr:
            if line.startswith(b"code_reviewer:"):
                break
        process.stdin.close()
        report = REPORT.validate_json(process.stdout.read())
    assert report.outcome == "interrupted"
    assert (report.result, report.exit_code) == (None, 130)
    assert session_holder(SessionFolder(Path(report.folder))) is None
