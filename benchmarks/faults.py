"""Run ``tests/faults`` on an older commit and on this checkout, and print what each test says of both.

    python -m benchmarks.faults [--base COMMIT] [--here-only] [PYTEST-ARGUMENT]...

A test of a fault is worth something only if it fails where the fault still is, and by its own assertion: a test that
ends there in an import error, an unknown option or a time-out shows nothing.  Such rows are marked.  A test without an
entry guards what was right already.  The exit code is 1 if a row is marked, or if a test fails here.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BASE: Final = "b00069d"
"""The commit on which the listed faults were found."""
NO_PROOF: Final = ("No such option", "TimeoutExpired", "ModuleNotFoundError", "ImportError", "fixture", "Timeout >")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one test said of one commit."""

    passed: bool
    reason: str = ""
    """The first line of the failure; empty where it passed."""

    @property
    def shows_the_fault(self) -> bool:
        """It failed by an assertion of its own."""
        return (
            not self.passed
            and self.reason.startswith(("AssertionError", "assert", "Failed"))
            and not any(word in self.reason for word in NO_PROOF)
        )

    def __str__(self) -> str:
        return "right" if self.passed else self.reason[:100]


def verdicts(checkout: Path, arguments: Sequence[str]) -> dict[str, tuple[str, Verdict]]:
    """Run the tests against a checkout; the entry and the verdict of each test, by its name."""
    with tempfile.TemporaryDirectory(prefix="orchestrate-faults-") as folder:
        report = Path(folder, "report.xml")
        environ = {**os.environ, "ORCHESTRATE_CHECKOUT": str(checkout)}
        options = ("-q", "-p", "no:cacheprovider", f"--junit-xml={report}", *(arguments or ["tests/faults"]))
        subprocess.run([sys.executable, "-m", "pytest", *options], cwd=ROOT, env=environ, check=False)
        # Written by the run above, in a folder of its own.
        cases = ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314 - our own report
        found: dict[str, tuple[str, Verdict]] = {}
        for case in cases:
            name = f"{case.get('classname')}::{case.get('name')}"
            entry, verdict = _verdict_of(case)
            # What its teardown complains about, processes left behind say, is a second row: its own word counts.
            if name not in found or found[name][1].passed:
                found[name] = (entry, verdict)
        return found


def _verdict_of(case: ElementTree.Element) -> tuple[str, Verdict]:
    entries = [prop.get("value", "") for prop in case.iter("property") if prop.get("name") == "fault"]
    for kind in ("failure", "error", "skipped"):
        found = case.find(kind)
        if found is not None:
            first = (found.get("message") or found.text or kind).strip().splitlines()[0]
            return ", ".join(entries), Verdict(False, first if kind == "failure" else f"{kind}: {first}")
    return ", ".join(entries), Verdict(True)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__.splitlines()[0])
    parser.add_argument("--base", default=BASE, help=f"the commit to compare with (default: {BASE})")
    parser.add_argument("--here-only", action="store_true", help="leave the older commit out")
    chosen, further = parser.parse_known_args(arguments)
    before: Mapping[str, tuple[str, Verdict]] = {}
    if not chosen.here_only:
        with tempfile.TemporaryDirectory(prefix="orchestrate-base-") as folder:
            base = Path(folder, "checkout")
            git = ("git", "-C", str(ROOT), "worktree")
            subprocess.run([*git, "add", "--detach", "--force", str(base), chosen.base], check=True)
            try:
                before = verdicts(base, further)
            finally:
                subprocess.run([*git, "remove", "--force", str(base)], check=True)
    return print_table(before, verdicts(ROOT, further), base=chosen.base)


def print_table(
    before: Mapping[str, tuple[str, Verdict]], here: Mapping[str, tuple[str, Verdict]], *, base: str
) -> int:
    """One row a test; the exit code."""
    code = 0
    print(f"{'entry':<8} {'test':<90} {'on ' + base:<12} here")
    for name, (entry, verdict) in sorted(here.items(), key=lambda row: (row[1][0], row[0])):
        old = before.get(name, ("", None))[1]
        proves = old is None or old.shows_the_fault or (not entry and old.passed)
        shown = "not run" if old is None else "fails" if old.shows_the_fault else str(old)
        if not verdict.passed or not proves:
            code = 1
        shown = shown if proves else f"NO PROOF: {shown}"
        print(f"{entry:<8} {name.removeprefix('tests.faults.'):<90} {shown:<12} {verdict}")
    print(f"{sum(v.passed for _, v in here.values())} of {len(here)} right here")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
