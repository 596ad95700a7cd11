from __future__ import annotations

from pathlib import Path

from orchestrator.measurement.probe_programs import lay_probes


def test_each_of_our_small_programs_is_laid_out(tmp_path: Path) -> None:
    lay_probes(tmp_path)
    assert {"orchestrate_docs.py", "orchestrate_listed.py"} <= {path.name for path in tmp_path.iterdir()}
