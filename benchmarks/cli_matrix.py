"""Try the adapters against releases of the last six months, and write what differs to ``docs/cli-matrix.md``.

    python -m benchmarks.cli_matrix [--agents claude,codex] [--whole] [--again]

Each release is installed with npm into a cache folder and driven through the rehearsal's conformance tests as the
adapter launches it: one release a month and CLI (the highest that appeared in it), the newest, the pinned one, and the
one that the adapter says is the oldest to work.  By default the tests that an adapter rests on most; ``--whole`` runs
all of them.  It takes about an hour, downloads some 2 GB, and is not for CI.  What it finds is kept as it goes: a
second start goes on where the first stopped, and ``--again`` begins anew.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import AGENTS
from orchestrator.agents.versions import Version, parse_version
from orchestrator.errors import OrchestrateError
from orchestrator.models.identity import AgentName
from orchestrator.rehearsal.installing import default_cache, install_clis

ROOT: Final = Path(__file__).resolve().parent.parent
DOCUMENT: Final = ROOT / "docs" / "cli-matrix.md"
SUITE: Final = "tests/rehearsal/test_conformance.py"
HALF_A_YEAR: Final = timedelta(days=183)
RELEASE_S: Final = 900.0
"""Longest time for one release's tests; a hang of the CLI ends its own test after a minute."""
MOST_RELEASES: Final = 12
"""Of one CLI."""
CHOSEN: Final = (
    *("a_plain_turn", "a_tool_call_writes", "a_shell_command_runs", "a_structured_reply", "an_unknown_flag"),
    *("a_resumed_conversation", "an_http_error", "usage_is_reported"),
)
"""Of each release these tests are run: what an adapter rests on most."""


@dataclass(frozen=True, slots=True)
class Row:
    """How one release did."""

    agent: str
    version: str
    published: str
    """The day, or empty where the registry does not say."""
    passed: int
    failed: tuple[str, ...]
    """Names of tests; or one sentence, where it could not be installed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is still to be run; returns 0 when the document is written."""
    parser = argparse.ArgumentParser(prog="cli_matrix")
    parser.add_argument("--agents", default="", help="only these, with commas between them")
    parser.add_argument("--whole", action="store_true", help="every conformance test, not the chosen ones alone")
    parser.add_argument("--again", action="store_true", help="forget what an earlier run found")
    options = parser.parse_args(arguments)
    place = default_cache() / "matrix"
    place.mkdir(parents=True, exist_ok=True)
    kept = place / ("whole.json" if options.whole else "chosen.json")
    if options.again:
        kept.unlink(missing_ok=True)
    rows = read_rows(kept)
    wanted = [AgentName(name) for name in options.agents.split(",") if name]
    for agent in [AGENTS[name] for name in wanted] or [a for a in AGENTS.values() if a.package]:
        for version, published in releases_of(agent):
            if any((row.agent, row.version) == (agent.name, version) for row in rows):
                continue
            row = tried(agent, version, published, place=place, whole=options.whole)
            print(f"{row.agent} {row.version}: {row.passed} passed, {len(row.failed)} failed", flush=True)
            rows = [*rows, row]
            kept.write_text(json.dumps([[*_fields(one)] for one in rows], indent=1), encoding="utf-8")
            DOCUMENT.write_text(document(rows, whole=options.whole), encoding="utf-8")
    DOCUMENT.write_text(document(rows, whole=options.whole), encoding="utf-8")
    return 0


def read_rows(kept: Path) -> list[Row]:
    """What an earlier run found."""
    if not kept.exists():
        return []
    told = json.loads(kept.read_text(encoding="utf-8"))
    return [Row(agent, version, day, passed, tuple(failed)) for agent, version, day, passed, failed in told]


def _fields(row: Row) -> tuple[object, ...]:
    return row.agent, row.version, row.published, row.passed, list(row.failed)


# --- which ----------------------------------------------------------------------------------------------------------


def releases_of(agent: Agent) -> list[tuple[str, str]]:
    """The releases to try and their days, the newest first."""
    npm = shutil.which("npm")
    assert npm is not None, "npm is not installed"
    command = [npm, "view", agent.package, "time", "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)
    return chosen_releases(told, agent, datetime.now(UTC))


def chosen_releases(times: Mapping[str, str], agent: Agent, now: datetime) -> list[tuple[str, str]]:
    """The highest release of each month, the newest, the pinned one, and the oldest that is said to work."""
    days = {version: day[:10] for version, day in times.items() if version.replace(".", "").isdigit()}
    since = (now - HALF_A_YEAR).date().isoformat()
    highest: dict[str, str] = {}
    for version, day in days.items():
        month = day[:7]
        if day >= since and (month not in highest or number(version) > number(highest[month])):
            highest[month] = version
    # A registry may tell the day on which it copied an old release.
    floor = ".".join(str(part) for part in (*agent.oldest, 0, 0)[:3])
    wanted = {version for version in (*highest.values(), agent.pinned, floor) if version in days}
    wanted.add(max(days, key=number))
    return [(version, days[version]) for version in sorted(wanted, key=number, reverse=True)][:MOST_RELEASES]


def number(version: str) -> Version:
    """For comparing; empty for what is no version."""
    return parse_version(version) or ()


# --- how ------------------------------------------------------------------------------------------------------------


def tried(agent: Agent, version: str, published: str, *, place: Path, whole: bool) -> Row:
    """Install one release, run the tests with it, and take it away again."""
    name = str(agent.name)
    try:
        folder = install_clis({agent.package: version}, place, report=lambda line: None)
    except OrchestrateError as error:
        return Row(name, version, published, 0, (f"not installed: {error.message.splitlines()[0]}",))
    with tempfile.TemporaryDirectory(prefix="orchestrate-matrix-") as scratch:
        report = Path(scratch, "report.xml")
        tests = "" if whole else f" and ({' or '.join(CHOSEN)})"
        command = [sys.executable, "-m", "pytest", "-q", SUITE, "-m", "real or not real", "-p", "no:cacheprovider"]
        command += ["-k", f"real and {name}{tests} and not stand_in", f"--junitxml={report}", f"--basetemp={scratch}/t"]
        environ = {**os.environ, "ORCHESTRATE_CLIS": str(folder)}
        try:
            subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=RELEASE_S, check=False)
        except subprocess.TimeoutExpired:
            return Row(name, version, published, 0, (f"the tests did not end within {RELEASE_S:.0f} s",))
        passed, failed = results(report)
    if place in folder.parents:
        shutil.rmtree(folder.parents[1], ignore_errors=True)
    return Row(name, version, published, passed, failed)


def results(report: Path) -> tuple[int, tuple[str, ...]]:
    """How many tests passed, and the names of those that did not."""
    if not report.exists():
        return 0, ("the tests did not start",)
    cases: list[Any] = list(ElementTree.parse(report).getroot().iter("testcase"))  # noqa: S314 -- pytest's own file
    bad = [case for case in cases if any(child.tag in ("failure", "error", "skipped") for child in case)]
    return len(cases) - len(bad), tuple(str(case.get("name")) for case in bad)


# --- what ------------------------------------------------------------------------------------------------------------

HEAD: Final = """# Releases the adapters were tried against

Written by `python -m benchmarks.cli_matrix`; do not edit. Of each release {what}
(in the conformance suite, `{suite}`) were run with the real CLI,
launched as its adapter launches it, against the rehearsal's model.
`oldest` in an adapter is the lowest release of this table from which on everything passes; what is older is not used.

| Agent | Release | Published | Passed | Failed |
| --- | --- | --- | ---: | --- |
"""


def document(rows: Sequence[Row], *, whole: bool) -> str:
    """The page, one row a release."""
    ordered = sorted(rows, key=lambda row: (row.agent, [-part for part in number(row.version)]))
    what = "all tests" if whole else "the tests of what an adapter rests on most"
    lines = [
        f"| {row.agent} | {row.version} | {row.published} | {row.passed} | "
        f"{'; '.join(name.replace('|', '/') for name in row.failed)} |"
        for row in ordered
    ]
    return HEAD.format(what=what, suite=SUITE) + "\n".join(lines) + "\n"


def read_document(text: str) -> list[Row]:
    """The rows of the page."""
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 5 and cells[3].isdigit():
            failed = tuple(name for name in cells[4].split("; ") if name)
            rows.append(Row(cells[0], cells[1], cells[2], int(cells[3]), failed))
    return rows


if __name__ == "__main__":
    sys.exit(main())
