"""What doctor says of the machine's own means."""

from __future__ import annotations

import os
from pathlib import Path

from orchestrator.sandbox.enforcement import means


def test_every_means_is_told_with_what_it_does_here() -> None:
    found = means(os.environ)
    assert [one.name for one in found] == ["bubblewrap", "seccomp", "landlock", "limits", "bounds", "freezing"]
    assert all(one.text for one in found)


def test_an_old_bubblewrap_is_told_with_a_next_step(tmp_path: Path) -> None:
    old = tmp_path / "bwrap"
    old.write_text("#!/bin/sh\n")
    old.chmod(0o755)
    first = means({"PATH": str(tmp_path)})[0]
    assert first.there
    assert "older than 0.8" in first.text
    assert first.next_step
