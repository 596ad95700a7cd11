from __future__ import annotations

import os
import subprocess
from pathlib import Path

from orchestrator.safety.git_isolation import ISOLATED


def test_git_hears_nothing_of_anybodys_configuration(tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = somebody\n")

    def name(environ: dict[str, str]) -> str:
        asked = ["git", "config", "--get", "user.name"]
        return subprocess.run(asked, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False).stdout

    mine = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    assert name(mine) == "somebody\n"
    assert name({**mine, **ISOLATED}) == ""
