"""The documents as text, and a home and environment in which a stranger's first run can be made."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import orchestrator

ROOT = Path(orchestrator.__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def reference() -> str:
    return (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def pages(readme: str) -> str:
    """Everything that is written for people who use the program, as one text."""
    names = ("guide", "ci", "debugging", "reference", "architecture", "faq")
    return "\n".join([readme, *((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in names)])


@pytest.fixture(scope="session")
def blocks(reference: str) -> Callable[[str], list[str]]:
    """The reference's code blocks of one language."""

    def of(language: str) -> list[str]:
        return re.findall(rf"^```{language}\n(.*?)^```$", reference, re.MULTILINE | re.DOTALL)

    return of


@pytest.fixture
def orchestrate(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The real program, as somebody with an empty home starts it."""
    environ = {"HOME": str(tmp_path), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    environ["PYTHONPATH"] = str(ROOT)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "orchestrator", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120)

    return run
