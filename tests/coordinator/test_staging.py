from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.coordinator.staging import open_stage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.coordinator.conftest import Stage


async def test_a_rehearsal_never_sees_the_users_home_or_keys(stage: Stage, tmp_path: Path) -> None:
    request = stage.request("plain")
    folder = tmp_path / "session"
    folder.mkdir()
    async with open_stage(request, folder, environ=stage.environ, progress=lambda text: None) as opened:
        assert "HOME" not in opened.environ
        assert not any("canary" in value for value in opened.environ.values())
        assert all(found.stand_in and found.usable for found in opened.found)
        assert opened.target != stage.target
        assert opened.rehearsal is not None
        assert all(end.url.startswith("http://127.0.0.1:") for end in opened.rehearsal.endpoints.values())
