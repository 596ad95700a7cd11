from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.cli.named_workflows import find_workflow
from orchestrator.errors import UsageError


def test_a_file_is_found_by_its_path_and_a_name_is_not_one(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('gates = ["lint"]\n')
    assert find_workflow(str(tmp_path / "a.toml"), tmp_path).name == "a"
    with pytest.raises(UsageError, match="there is no workflow 'a'"):
        find_workflow("a", tmp_path)


def test_a_projects_own_count_only_where_it_is_trusted(tmp_path: Path) -> None:
    (tmp_path / ".orchestrator" / "workflows").mkdir(parents=True)
    (tmp_path / ".orchestrator" / "workflows" / "ours.toml").write_text('gates = ["lint"]\n')
    with pytest.raises(UsageError, match="there is no workflow 'ours'"):
        find_workflow("ours", tmp_path)
    assert find_workflow("ours", tmp_path, trust=True).name == "ours"
