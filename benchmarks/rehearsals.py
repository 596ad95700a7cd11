"""Rehearse the agents that are asked for by name: each as implementer and as reviewer, under two sandbox policies.

    python -m benchmarks.rehearsals [--write]

The agents are OpenCode, which comes with orchestrate, and Qwen Code, which comes with a package of its own.  Both are
in every session, one implements and the other reviews, so twelve sessions show twenty-four rows.  Everything is
installed by pip into an environment of its own first, and the real CLIs play against the scripted model.  ``--write``
puts the table into ``docs/agents.md``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = ROOT / "tests" / "packages" / "orchestrate-qwen"
PERMISSION: Final = PACKAGE / "permission.toml"
PARTS: Final = (
    *("orchestrator", "static", "sandbox_policies", "setup.py", "pyproject.toml"),
    *("requirements.txt", "requirements-search.txt", "LICENSE"),
)
PAGE: Final = ROOT / "docs" / "agents.md"
BEGINNING, END = "<!-- rehearsals -->", "<!-- end rehearsals -->"
INSTALL_S: Final = 600.0
SESSION_S: Final = 400.0


@dataclass(frozen=True, slots=True)
class Row:
    """One session: who implements, who reviews, what is played, and under which policy."""

    implementer: str
    reviewer: str
    scenario: str
    policy: str

    def __str__(self) -> str:
        return f"{self.implementer}-{self.reviewer}-{self.scenario}-{self.policy}"


ROWS: Final = tuple(
    Row(*pair, scenario, policy)
    for policy in ("default", "strict")
    for scenario in ("default", "blocker", "permission")
    for pair in (("opencode", "qwen"), ("qwen", "opencode"))
)


class CannotInstall(Exception):
    """pip could not install here; says why."""


def install(folder: Path) -> Path:
    """Install this checkout and the package with pip into a new environment; returns its folder of programs.

    Raises:
        CannotInstall: pip failed.
    """
    for part in PARTS:  # pip builds where the sources lie, so it gets copies
        source, copy = ROOT / part, folder / "sources" / part
        copy.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy)
    shutil.copytree(PACKAGE, folder / "package", ignore=shutil.ignore_patterns("__pycache__"))
    made = run(sys.executable, "-m", "venv", str(folder / "env"), cwd=folder, within_s=INSTALL_S)
    programs = folder / "env" / "bin"
    given = ("install", "--quiet", "--disable-pip-version-check", str(folder / "sources"), str(folder / "package"))
    done = made if made.returncode else run(str(programs / "pip"), *given, cwd=folder, within_s=INSTALL_S)
    if done.returncode:
        raise CannotInstall(f"pip cannot install here: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    return programs


def run(*words: str, cwd: Path, within_s: float) -> subprocess.CompletedProcess[str]:
    """Run a program to its end with little of this process's environment."""
    names = ("PATH", "HOME", "LANG", "XDG_CACHE_HOME")
    environ = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.run(words, cwd=cwd, env=environ, capture_output=True, text=True, check=False, timeout=within_s)


def rehearse(row: Row, programs: Path, folder: Path) -> Sequence[str]:
    """Play one session in a new folder; returns what is wrong with how it ended, and nothing if all is right."""
    target, workspace = folder / "target", folder / "workspace"
    target.mkdir(parents=True)
    (target / "README.md").write_text("A form.\n", encoding="utf-8")
    scenario = {"default": (), "blocker": ("--scenario", "blocker")}.get(row.scenario, ("--scenario", str(PERMISSION)))
    ran = run(
        *(str(programs / "orchestrate"), "run", "Add input validation", "--rehearse", *scenario),
        *("--agents", f"{row.implementer},{row.reviewer}", "--sandbox", row.policy),
        *("--target", str(target), "--workspace", str(workspace), "--no-dashboard", "--no-interactive"),
        cwd=folder,
        within_s=SESSION_S,
    )
    text = ran.stdout + ran.stderr
    wanted = [f"plan (tier 4): {row.implementer} implements, {row.reviewer} reviews", *_wanted(row)]
    wrong = [f"it does not say {words!r}" for words in wanted if words not in text]
    wrong += [f"it says {words!r}" for words in ("is left out", "is asked again", "stand-in") if words in text]
    code = 3 if row.scenario == "blocker" else 0
    if ran.returncode != code:
        wrong.append(f"it ended with {ran.returncode}, not {code}")
    reports = list(workspace.glob("*/report.json"))
    report: Any = json.loads(reports[0].read_text(encoding="utf-8")) if reports else {}
    if report.get("status") != ("needs_person" if code else "done"):
        wrong.append(f"its report says {report.get('status')!r}")
    return [*wrong, text] if wrong else []


def _wanted(row: Row) -> Sequence[str]:
    match row.scenario:
        case "blocker":
            reviewer = f"review-001-{row.reviewer} reviews: done: answered: blocker"
            return (reviewer, "STOP_AND_ESCALATE: any blocker (policy standard, review 001-blocker)")
        case "permission":
            return (
                f"{row.implementer}-permission",
                f"{row.reviewer}-permission",
                "refused `mkfs.ext4 /dev/sdz9`",
                f"changed    {row.implementer}: 1 file, +1 -0: hello.txt",
                f"{row.reviewer} reviews: done: answered: approved",
            )
        case _:
            return (
                f"review-001-{row.reviewer} reviews: done: answered: approved",
                f"{row.reviewer} reviews: done: answered: approved",
                "unittest: passed: 4 passed",
            )


def main() -> int:
    """Play every row and print the table; 1 if a row did not end as it must."""
    lines = ["| Implements | Reviews | Scenario | Policy | Ended | Seconds |", "| --- | --- | --- | --- | --- | ---: |"]
    failed = False
    with tempfile.TemporaryDirectory(prefix="rehearsals-") as made:
        programs = install(Path(made))
        for row in ROWS:
            began = time.monotonic()
            wrong = rehearse(row, programs, Path(made) / str(row))
            failed = failed or bool(wrong)
            ended = "; ".join(wrong[:-1]) or ("stopped by the reviewer" if row.scenario == "blocker" else "done")
            seconds = time.monotonic() - began
            lines.append(
                f"| {row.implementer} | {row.reviewer} | {row.scenario} | {row.policy} | {ended} | {seconds:.0f} |"
            )
            print(lines[-1], flush=True)
            if wrong:
                sys.stderr.write(f"{wrong[-1]}\n")
    if "--write" in sys.argv[1:]:
        page = PAGE.read_text(encoding="utf-8")
        before, rest = page.split(BEGINNING)
        after = rest.split(END)[1]
        PAGE.write_text(f"{before}{BEGINNING}\n{chr(10).join(lines)}\n{END}{after}", encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
