from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.completion import SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_for_each_shell_is_printed(orchestrate: Callable[..., Any], shell: str) -> None:
    ran = orchestrate("completion", shell)

    assert ran.code == 0
    assert f"_ORCHESTRATE_COMPLETE={shell}_complete" in ran.out


def test_bash_takes_it(orchestrate: Callable[..., Any], tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(orchestrate("completion", "bash").out)
    bash = shutil.which("bash")
    assert bash is not None

    done = subprocess.run(
        [bash, "-c", f". {script} && complete -p orchestrate"], capture_output=True, text=True, check=True
    )

    assert "orchestrate" in done.stdout
