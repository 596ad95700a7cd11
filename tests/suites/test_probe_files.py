from __future__ import annotations

from orchestrator.suites.probe_files import probe_files


def test_every_recorder_is_there() -> None:
    assert {"orchestrate_pytest.py", "orchestrate_records.py", "orchestrate_unittest.py"} < set(probe_files())
    assert {"ruby/minitest/orchestrate_plugin.rb"} <= set(probe_files())
