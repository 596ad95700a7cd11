"""Small projects of many kinds (projects.toml), each run by its real runner; docs/evidence.md shows what came out."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.coordinator.project_files import detect_in
from orchestrator.coordinator.suite_runs import run_suite
from orchestrator.suites.results import Counts

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parent.parent / "docs" / "evidence.md"
NODE_RUNNERS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "orchestrate-tests", "node_modules")
"""Where .ci/run installs what tests/suites/node_runners/package.json names."""


@dataclass(frozen=True)
class Sample:
    """One row of projects.toml."""

    name: str
    language: str
    expected: Sequence[str]
    files: Mapping[str, str]
    links: Mapping[str, str] = field(default_factory=dict)
    needs: Sequence[str] = ()


SAMPLES = [Sample(**row) for row in tomllib.loads((HERE / "projects.toml").read_text(encoding="utf-8"))["project"]]


def lay_out(sample: Sample, folder: Path) -> None:
    for name, text in sample.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if text.startswith("#!") else 0o644)
    for name, place in sample.links.items():
        (folder / name).symlink_to(place)
    if any(need.startswith("npm:") for need in sample.needs):
        (folder / "node_modules/.bin").mkdir(parents=True)
        for entry in NODE_RUNNERS.iterdir():
            if not entry.name.startswith("."):
                (folder / "node_modules" / entry.name).symlink_to(entry)
        for entry in (NODE_RUNNERS / ".bin").iterdir():
            (folder / "node_modules/.bin" / entry.name).symlink_to(entry)


def is_there(need: str) -> bool:
    return (NODE_RUNNERS / need[4:]).is_dir() if need.startswith("npm:") else shutil.which(need) is not None


def environ(home: Path) -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("CARGO_HOME", "RUSTUP_HOME") if name in os.environ}
    for name, folder in (("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")):
        if name not in kept and (Path.home() / folder).is_dir():
            kept[name] = str(Path.home() / folder)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**kept, "PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
async def test_a_project_is_measured_as_was_written_down_beforehand(
    sample: Sample, tmp_path: Path, not_proven: Callable[[str], NoReturn]
) -> None:
    missing = [need for need in sample.needs if not is_there(need)]
    if missing:
        not_proven(f"{', '.join(missing)} is not installed")
    target = tmp_path / "project"
    target.mkdir()
    lay_out(sample, target)
    detection = detect_in(target, os.environ)
    measured = []
    for suite in detection.suites:
        result = await run_suite(
            suite, target=target, scratch=tmp_path / "scratch", wrap=lambda argv: argv, environ=environ(tmp_path)
        )
        measured.append((f"{result.suite}: {result.state}: {result.counts}", result.reason))
    if not detection.suites:
        assert sample.expected[0] in [f"no suite: {left.why}" for left in detection.not_taken]
        return
    assert [line for line, _ in measured] == sample.expected, measured


def table() -> str:
    """The rows of docs/evidence.md, as projects.toml and detection give them."""
    lines = ["| Project | Language | Found in | Run | Tests counted | Concluded |", "| - | - | - | - | - | - |"]
    for sample in SAMPLES:
        found = detected(sample)
        rows = [expectation(line) for line in sample.expected]
        runs = [row for row in rows if row[0] != "no suite"]
        places = "<br>".join(cell(place) for place, _ in found) or "-"
        commands = "<br>".join(f"`{cell(command)}`" for _, command in found) or "-"
        counts = "<br>".join(row[2] for row in runs) or "-"
        states = "<br>".join(f"**{row[1]}**" for row in runs) or f"no suite: {rows[0][1]}"
        lines.append(f"| {sample.name} | {sample.language} | {places} | {commands} | {counts} | {states} |")
    return "\n".join(lines)


def detected(sample: Sample) -> Sequence[tuple[str, str]]:
    from orchestrator.suites.detection import SETTINGS, detect, stated_commands
    from orchestrator.suites.project import WrittenProject

    settings = sample.files.get(SETTINGS, "")
    found = detect(WrittenProject(sample.files), stated=stated_commands(settings.encode()))
    return [(suite.found, suite.command.replace("@work@", "WORK")) for suite in found.suites]


def expectation(line: str) -> tuple[str, str, str]:
    name, _, rest = line.partition(": ")
    state, _, counts = rest.partition(": ")
    return name, state, counts


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def test_the_document_shows_the_table() -> None:
    """``python -m tests.suites.test_projects`` writes it anew."""
    shown = re.search(r"<!-- begin projects -->\n(.*?)\n<!-- end projects -->", DOCUMENT.read_text(), re.DOTALL)
    assert shown is not None
    assert shown[1] == table()


def test_the_table_is_as_wide_as_it_must_be() -> None:
    runners = {expectation(line)[0].partition(" in ")[0] for sample in SAMPLES for line in sample.expected}
    languages = {language for sample in SAMPLES for language in sample.language.split(", ")}
    with_pytest = [sample for sample in SAMPLES if any(line.startswith("pytest") for line in sample.expected)]
    assert len(SAMPLES) >= 30
    assert len(languages) >= 5
    assert len(runners - {"no suite"}) >= 10
    assert len(with_pytest) <= 10


def test_an_expectation_is_read() -> None:
    assert expectation("go test in a: failed: 1 passed") == ("go test in a", "failed", "1 passed")
    assert str(Counts()) == "no tests"


if __name__ == "__main__":
    text = DOCUMENT.read_text(encoding="utf-8")
    begin, end = "<!-- begin projects -->\n", "\n<!-- end projects -->"
    DOCUMENT.write_text(f"{text.partition(begin)[0]}{begin}{table()}{end}{text.partition(end)[2]}", encoding="utf-8")
