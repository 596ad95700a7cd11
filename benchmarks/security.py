"""Hold the security deep dive against the planted set: recall, precision and traps, by tools alone and with agents.

``python -m benchmarks.security [--real]`` writes the project of ``security_cases.toml``, audits it twice, and prints
what was found beside what was expected.  The agents are scripted, so this proves measuring, selecting and merging, and
says nothing of how much a model finds.  ``--real`` plays the script to the real CLIs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.orchestration.rehearsed_answers import inline_tables
from orchestrator.toml_files import toml_text
from orchestrator.workflows.agent_points import SAME_PLACE
from orchestrator.workflows.security_agents import COMPLIANCE, PROVER, SYNTHESIZER, THREATS, VULNERABILITIES

CASES = Path(__file__).parent / "security_cases.toml"
# In two parts, so that no scanner takes it for a key of ours.
KEY = "AKIA" + "Q3EGRIT6XK7YVNPL"
FIND_EVERY = 2
"""The scripted auditors find every second plant."""


@dataclass(frozen=True, slots=True)
class Case:
    """One plant or trap."""

    file: str
    line: int
    kind: str
    severity: str
    tool: str
    """The rule by which a tool of ours reports it; empty: none does."""
    code: str
    besides: str = ""
    """What a tool reports of it besides: a kind that it is not."""

    @property
    def place(self) -> tuple[str, str]:
        """File and kind: no file has two of a kind."""
        return self.file, self.kind


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of an audit, held against the set."""

    reported: int
    found: frozenset[str]
    """The files of the plants that were found."""
    traps: frozenset[str]
    """The files of the traps that were reported."""
    others: frozenset[tuple[str, str]]
    """What was reported and is neither."""
    plants: int
    traps_total: int

    @property
    def recall(self) -> float:
        """Share of the plants."""
        return len(self.found) / self.plants

    @property
    def precision(self) -> float:
        """Share of what was reported; 1 where nothing was."""
        return len(self.found) / self.reported if self.reported else 1.0

    def words(self) -> str:
        """All on one line."""
        return (
            f"recall {self.recall:.3f} ({len(self.found)} of {self.plants}), "
            f"precision {self.precision:.3f} ({len(self.found)} of {self.reported}), "
            f"traps reported {len(self.traps)} of {self.traps_total}"
        )


def cases(of: str) -> Sequence[Case]:
    """The plants, or the traps."""
    found = []
    for row in tomllib.loads(CASES.read_text())[of]:
        code = row["code"].replace("<KEY>", KEY)
        line = next(number for number, text in enumerate(code.splitlines(), 1) if row["at"] in text)
        found.append(
            Case(
                row["file"],
                line,
                row["kind"],
                row.get("severity", ""),
                row.get("tool", ""),
                code,
                row.get("besides", ""),
            )
        )
    return found


def write_project(folder: Path) -> Path:
    """Write every case into one project."""
    for case in (*cases("plant"), *cases("trap")):
        path = folder / case.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(case.code)
    (folder / "app" / "__init__.py").write_text("")
    (folder / "requirements.txt").write_text("")
    return folder


def figures(findings: Sequence[Mapping[str, Any]], *, least: Sequence[str] = ()) -> Figures:
    """Hold the findings of a report against the set.

    Args:
        least: The severities that count; empty: all.
    """
    counted = [each for each in findings if not least or each["severity"] in least]
    plants, traps = cases("plant"), cases("trap")
    found = {case.file for case in plants for each in counted if _is_of(each, case)}
    trapped = {case.file for case in traps for each in counted if _is_of(each, case)}
    others = {
        (each["file"], each["kind"]) for each in counted if not any(_is_of(each, case) for case in (*plants, *traps))
    }
    return Figures(len(counted), frozenset(found), frozenset(trapped), frozenset(others), len(plants), len(traps))


def _is_of(finding: Mapping[str, Any], case: Case) -> bool:
    is_near = finding["line"] is not None and abs(finding["line"] - case.line) <= SAME_PLACE
    return finding["file"] == case.file and finding["kind"] == case.kind and is_near


# The script: who says what.  What is expected of it is computed from these tables alone.


@dataclass(frozen=True, slots=True)
class Script:
    """What the scripted auditors say."""

    found: Sequence[Case]
    """True findings, by the first auditor."""
    agreed: Sequence[Case]
    """Those of them that the second one finds as well, blind."""
    trapped: Sequence[Case]
    """False findings at traps, by the first auditor."""
    refuted: Sequence[Case]
    """Those of them that both others and the reviewer refute."""
    invented: Sequence[tuple[str, int]]
    """False findings where there is no such file or line."""
    wrong: Sequence[tuple[str, int, str]]
    """False findings in files that have another weakness, or none."""


def script() -> Script:
    """Half of the plants, and ten false findings."""
    plants, traps = cases("plant"), cases("trap")
    silent = [trap for trap in traps if not trap.tool]
    return Script(
        found=plants[::FIND_EVERY],
        agreed=plants[: 10 * FIND_EVERY : 2 * FIND_EVERY],
        trapped=silent[:6],
        refuted=silent[:3],
        invented=(("app/nowhere.py", 3), ("app/search.py", 4_000)),
        wrong=(("app/search.py", 6, "open redirect"), ("app/labels.py", 8, "race")),
    )


def expected_by_tools() -> Figures:
    """What the tools alone should come to, by the column of the set that names their rules."""
    plants, traps = cases("plant"), cases("trap")
    found = {case.file for case in plants if case.tool}
    trapped = {case.file for case in traps if case.tool}
    others = {(case.file, case.besides) for case in (*plants, *traps) if case.besides}
    reported = len(found) + len(trapped) + len(others)
    return Figures(reported, frozenset(found), frozenset(trapped), frozenset(others), len(plants), len(traps))


def expected_with_agents() -> Figures:
    """What both should come to: what is refuted by two vendors or is nowhere is not reported."""
    tools, told = expected_by_tools(), script()
    found = tools.found | {case.file for case in told.found}
    trapped = tools.traps | {case.file for case in told.trapped} - {case.file for case in told.refuted}
    others = tools.others | {(file, kind) for file, _, kind in told.wrong}
    reported = len(found) + len(trapped) + len(others)
    return Figures(reported, found, trapped, others, tools.plants, tools.traps_total)


PROOFS: Mapping[str, tuple[str, str, str]] = {
    "app/search.py": (
        "from app.search import find\n\n\nclass Seen:\n    def execute(self, text, *rest):\n        self.text = text\n"
        "        return self\n\n    def fetchall(self):\n        return []\n\n\n"
        "def test_it():\n    seen = Seen()\n    find(seen, \"' OR 1=1 --\")\n    assert 'OR 1=1' not in seen.text\n",
        "\"SELECT id, name FROM customers WHERE name = '%s'\" % name",
        '"SELECT id, name FROM customers WHERE name = ?", (name,)',
    ),
    "app/greetings.py": (
        "from app.greetings import page\n\n\ndef test_it():\n    assert '<script>' not in page({'name': '<script>'})\n",
        "{request['name']}",
        "{request['name'].replace('<', '&lt;')}",
    ),
    "app/invoices.py": (
        "from app.invoices import invoice\n\n\nclass Store:\n    invoices = {1: {'of': 'ann'}}\n\n\n"
        "def test_it():\n    assert invoice(Store, 'bob', {'id': 1}) is None\n",
        '    return store.invoices[request["id"]]',
        '    found = store.invoices[request["id"]]\n    return found if found["of"] == user else None',
    ),
}
"""Honest proofs: test, text and what stands in its place."""


def scenario() -> str:
    """The script as a scenario."""
    told = script()
    first = [_row(case.file, case.line, case.kind, case.severity or "high") for case in (*told.found, *told.trapped)]
    first += [_row(file, line, "sql injection", "high") for file, line in told.invented]
    first += [_row(file, line, kind, "high") for file, line, kind in told.wrong]
    second = [_row(case.file, case.line, case.kind, case.severity) for case in told.agreed]
    refuted = [
        {"file": case.file, "line": case.line, "kind": case.kind, "why": "it is checked before"}
        for case in told.refuted
    ]
    own = {"unsettled": [], "looked_at": [], "summary": "done", "confidence": 0.8}
    answers: list[tuple[str, Mapping[str, Any]]] = [
        (VULNERABILITIES, {**own, "position": "many", "findings": first, "disputed": []}),
        (THREATS, {**own, "position": "some", "findings": second, "disputed": refuted}),
        (COMPLIANCE, {**own, "position": "none", "findings": [], "disputed": refuted, "items": []}),
        (SYNTHESIZER, {"steps": [], "disputed": [], "summary": "done", "confidence": 0.8}),
        (f"{PROVER}-*", {"proofs": _proofs(told), "disputed": [], "summary": "done", "confidence": 0.8}),
    ]
    parts = ['name = "an audit"\nabout = "Half of the plants, ten false findings, honest proofs and cheats."\n']
    for worker, answer in answers:
        for name in (worker, f"{worker}-[0-9]*"):
            parts.append(f"\n[[turn]]\n{toml_text({'worker': name, 'repeat': True})}")
            parts.append(f"\n[[turn.step]]\n{inline_tables({'reply': answer})}")
    return "".join(parts)


def _row(file: str, line: int, kind: str, severity: str) -> Mapping[str, Any]:
    words = {"path": "from the request to here", "effect": "data of others", "mend": ""}
    return {"severity": severity, "kind": kind, "file": file, "line": line, **words}


def _proofs(told: Script) -> Sequence[Mapping[str, Any]]:
    """Honest ones for some plants, and two cheats for traps: one fails anyway, one compares texts."""
    plants = {case.file: case for case in cases("plant")}
    rows = []
    for file, (test, old, new) in PROOFS.items():
        changes = [{"file": file, "old": old, "new": new}]
        rows.append(_proof(plants[file], test, changes))
    for case in told.trapped[len(told.refuted) :][:2]:
        text = case.code.splitlines()[case.line - 1]
        changes = [{"file": case.file, "old": text, "new": f"{text}  # mended"}]
        module = case.file.removesuffix(".py").replace("/", ".")
        test = f"import {module} as module\n\n\ndef test_it():\n    assert False\n"
        rows.append(_proof(case, test, changes))
    return rows


def _proof(case: Case, test: str, changes: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:
    place = {"file": case.file, "line": case.line, "kind": case.kind}
    return {**place, "test": test, "command": "", "changes": changes}


def audit(folder: Path, workspace: Path, *words: str) -> Mapping[str, Any]:
    """Audit the project through the command line.

    Raises:
        RuntimeError: It ended otherwise than with a report.
    """
    argv = [sys.executable, "-m", "orchestrator", "security-deep-dive", "--path", str(folder), "--json", "--offline"]
    done = subprocess.run(
        [*argv, "--allow-unmeasured", "dependencies", *words],
        env={**os.environ, "ORCHESTRATOR_WORKSPACE": str(workspace)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1_800,
        check=False,
    )
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(done.stderr[-4_000:])
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def main() -> int:
    """Audit by tools alone and with scripted agents; 1 where something else than expected came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", action="store_true", help="play the script to the real CLIs")
    options = parser.parse_args()
    top = Path(tempfile.mkdtemp(prefix="orchestrate-security-"))
    try:
        folder = write_project(top / "shop")
        (top / "audit.toml").write_text(scenario())
        alone = audit(folder, top / "w", "--agents", "none")
        kind = () if options.real else ("--stand-ins",)
        both = audit(folder, top / "w", "--scenario", str(top / "audit.toml"), *kind)
    finally:
        shutil.rmtree(top, ignore_errors=True)
    failed = False
    for name, report, expected in (
        ("tools alone", alone, expected_by_tools()),
        ("tools and scripted agents", both, expected_with_agents()),
    ):
        found = figures(report["findings"])
        print(f"{name}: {found.words()}; {len(report['suppressed'])} suppressed")
        grave = figures(report["findings"], least=("critical", "high"))
        print(f"{name}, critical and high: {grave.words()}")
        if found != expected:
            failed = True
            print(f"  expected: {expected.words()}")
            for what in ("found", "traps", "others"):
                print(f"  {what}: {sorted(getattr(found, what) ^ getattr(expected, what))}")
    reproduced = sorted(each["file"] for each in both["findings"] if each["standing"] == "reproduced")
    print(f"reproduced by another vendor: {', '.join(reproduced)}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
