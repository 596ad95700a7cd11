from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_raw_logs_of_nobody_name_those_there_are(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    (story.folder.path / "claude.jsonl").write_bytes(b"")

    for arguments in (("logs", "--raw"), ("logs", "--raw", "../../etc/passwd")):
        ran = orchestrate(*arguments)
        assert ran.code == 2
        assert "raw output is there of: claude" in ran.err
