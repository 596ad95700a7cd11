"""Prepare releases of ten clean projects and of those with one thing planted: each blocks for exactly that.

``python -m benchmarks.releases [--rehearse] [--stand-ins] [NAME]...`` prints a row for each and ends with 1 where one
blocks for something else.  By default no agent looks.  ``--rehearse`` lets the real CLIs play a script in which an
auditor calls a clean line a grave weakness and offers proofs that prove nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.orchestration.rehearsed_answers import inline_tables
from orchestrator.toml_files import toml_text
from tests.measurement.clean_projects import PROJECTS
from tests.measurement.planted import PLANTS, clean, osv_stand_in, project

FALSE_FINDING = {
    "severity": "critical",
    "kind": "code injection",
    "file": "shop/steps.py",
    "line": 9,
    "path": "from the request to here",
    "effect": "an outsider runs code",
    "mend": "",
}
CHANGES = [{"file": "shop/steps.py", "old": '"""Steps."""', "new": '"""Steps, mended."""'}]
CHEATS = (
    "def test_it():\n    assert False\n",
    "import shop.steps\n\n\ndef test_it():\n    assert shop.steps.__doc__ == 'Steps, mended.'\n",
)


@dataclass(frozen=True, slots=True)
class Release:
    """One project, and what keeps its release back."""

    name: str
    files: Mapping[str, str]
    blocks: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of it."""

    blocks: frozenset[str]
    """The gates that block."""
    others: Sequence[str]
    """Blockers that are no gate's."""
    is_approved: bool
    agents: int
    """So many gave a result."""
    seconds: float

    def is_expected(self, release: Release) -> bool:
        """Whether exactly what was planted blocks."""
        return self.blocks == release.blocks and not self.others and self.is_approved is not bool(release.blocks)


def releases() -> Iterator[Release]:
    """All of them, the clean ones first."""
    for name, files in PROJECTS.items():
        yield Release(f"clean: {name}", files)
    for name, plant in PLANTS.items():
        yield Release(name, {**clean(), **plant.files}, plant.blocks, plant.arguments)


def scenario() -> str:
    """An auditor who is wrong, and cheats; the others answer as their schemas ask."""
    row = {"file": "shop/steps.py", "line": 9, "kind": "code injection", "command": "", "changes": CHANGES}
    answer = {
        "findings": [FALSE_FINDING],
        "unsettled": [],
        "looked_at": ["shop"],
        "proofs": [{**row, "test": test} for test in CHEATS],
        "summary": "It is open to all.",
        "confidence": 0.9,
    }
    turn = toml_text({"worker": "security_auditor*", "repeat": True})
    return f'name = "a wrong auditor"\n\n[[turn]]\n{turn}\n[[turn.step]]\n{inline_tables({"reply": answer})}'


def prepare(release: Release, folder: Path, osv: str, *words: str) -> Seen:
    """Prepare one release through the command line.

    Raises:
        RuntimeError: It ended otherwise than with a report.
    """
    at = project(folder / "project", release.files)
    argv = [sys.executable, "-m", "orchestrator", "release-prep", "--path", str(at), "--json", "--trust-project"]
    began = time.monotonic()
    done = subprocess.run(
        [*argv, "--osv-url", osv, *release.words, *words],
        env={**os.environ, "no_proxy": "127.0.0.1", "ORCHESTRATOR_WORKSPACE": str(folder / "workspace")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1_800,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr[-4_000:])
    report = json.loads(done.stdout)
    blocking = frozenset(gate["name"] for gate in report["quality_gates"] if gate["blocks"])
    others = [text for text in report["blockers"] if text.partition(":")[0].partition(" ")[0] not in blocking]
    agents = sum(row["success"] for row in report["agent_results"].values())
    return Seen(blocking, others, report["approved"], agents, time.monotonic() - began)


def main() -> int:
    """Prepare them all, and print what blocked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--rehearse", action="store_true", help="with the real CLIs and a scripted model")
    parser.add_argument("--stand-ins", action="store_true", help="with stand-ins in place of the CLIs")
    options = parser.parse_args()
    wrong = 0
    top = Path(tempfile.mkdtemp(prefix="orchestrate-releases-"))
    script = top / "wrong.toml"
    script.write_text(scenario())
    words = ["--scenario", str(script)] if options.rehearse or options.stand_ins else ["--agents", "none"]
    words += ["--stand-ins"] if options.stand_ins else []
    try:
        with osv_stand_in() as osv:
            for number, release in enumerate(releases()):
                if options.names and release.name not in options.names:
                    continue
                seen = prepare(release, top / str(number), osv, *words)
                good = seen.is_expected(release)
                wrong += not good
                what = ", ".join(sorted(seen.blocks)) or "nothing"
                print(
                    f"{'as planted' if good else 'WRONG'}: {release.name}: blocked by {what}; "
                    f"{seen.agents} agents; {seen.seconds:.0f} s",
                    *(f"\n  {text}" for text in seen.others),
                    flush=True,
                )
    finally:
        shutil.rmtree(top, ignore_errors=True)
    print(f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
