from __future__ import annotations

import json

from orchestrator.gates.gate import Command, Evidence, Reading, Subject, ToolRun, Unmeasured
from orchestrator.gates.lint_findings import GATE, plan, read
from tests.gates.test_ruff_output import ROW

SETTINGS = """
[tool.ruff]
exclude = ["pkg"]
[tool.ruff.lint]
ignore = ["F401"]
[tool.ruff.lint.per-file-ignores]
"pkg/*" = ["F"]
"""


def test_every_file_is_checked_by_name_and_no_setting_is_asked() -> None:
    command = plan(Subject(python_files=("a.py", "b.py")))
    assert isinstance(command, Command)
    assert command.files == ("a.py", "b.py")
    assert {"--isolated", "--ignore-noqa"} <= set(command.argv)
    assert isinstance(plan(Subject()), Unmeasured)


def test_what_settings_and_comments_would_hide_counts_and_is_said() -> None:
    subject = Subject(
        python_files=("pkg/a.py",),
        settings={"pyproject.toml": SETTINGS},
        lines=lambda _: ("", "import os  # noqa"),
    )
    found = read(subject, Evidence(ToolRun(1, json.dumps([ROW]).encode(), b"", "/there")))
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (1.0, 1)
    assert [(entry.asks, entry.hides) for entry in found.suppressions] == [
        ("# noqa", 1),
        ("exclude = pkg", 1),
        ("ignore = F401", 1),
        ("per-file-ignores pkg/* = F", 1),
    ]


def test_what_cannot_be_read_is_not_measured() -> None:
    assert isinstance(read(Subject(python_files=("a.py",)), Evidence(ToolRun(2, b"", b""))), Unmeasured)
    assert GATE.blocking
