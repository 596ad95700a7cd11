"""How large the parts of the package are: printed, and each large one has its reason."""

from __future__ import annotations

import pytest

from benchmarks import rooms


def test_every_part_is_small_or_has_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert rooms.main() == 0
    said = capsys.readouterr().out
    assert "no reason is known" not in said
    assert f"all{sum(files for files, _ in rooms.sizes().values()):>19}" in said
