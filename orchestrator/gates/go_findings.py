"""The gate ``go-vet``: how many findings ``go vet`` has, errors of the compiler among them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.gates.folder_runs import GO_ENVIRONMENT, FolderRun, last_line, plan_in_folders, read_folders
from orchestrator.gates.gate import Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding, Suppression

_LIST = "P {{.ImportPath}}\n{{$dir := .Dir}}{{range .IgnoredGoFiles}}I {{$dir}}/{{.}}\n{{end}}"
_COMMANDS = (
    ("go", "list", "-e", "-f", _LIST.replace("\n", '{{"\\n"}}'), "./..."),
    ("go", "vet", "./..."),
)
_FINDING = late_pattern(r"^(?:vet: )?(?P<file>[^\s:]+\.go):(?P<line>\d+)(?::\d+)?: (?P<message>.+)$", re.MULTILINE)


def plan(subject: Subject) -> Command | Unmeasured:
    """List the packages, and check all of them with their tests."""
    return plan_in_folders(subject, "go", _COMMANDS, GO_ENVIRONMENT, tool="go", version_argv=("go", "version"))


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """Count the findings; a code that does not go with them leaves the whole unmeasured."""
    assert evidence.run is not None
    folders = read_folders(subject, "go", evidence.run)
    if isinstance(folders, Unmeasured):
        return folders
    packages, findings, left_out = 0, list[Finding](), list[Suppression]()
    for listed, vetted in folders:
        lines = [line.strip() for line in listed.out.splitlines()]
        packages += sum(line.startswith("P ") for line in lines)
        left_out += _left_out(lines, evidence.run.at)
        found = [
            Finding(match["message"], "vet", vetted.at(match["file"]), int(match["line"]))
            for match in _FINDING.finditer(vetted.err)
        ]
        if (vetted.code != 0) != bool(found):
            return Unmeasured(f"go vet ended with {vetted.code}, and named {len(found)} findings{last_line(vetted)}")
        findings += found
    if not packages:
        return Unmeasured(f"there is no Go package{_why(folders[0][0])}")
    message = f"{len(findings)} findings in {packages} packages"
    return Reading(float(len(findings)), packages, message, tuple(findings), tuple(left_out))


def _left_out(lines: list[str], at: str) -> Iterator[Suppression]:
    """Files that a build constraint keeps from being looked at here."""
    for line in lines:
        if line.startswith("I "):
            name = line[2:].removeprefix(at).lstrip("/")
            yield Suppression("a build constraint leaves the file out", name, None, 0, "a file")


def _why(run: FolderRun) -> str:
    return last_line(run) if run.code else ""


GATE = Gate(
    name="go-vet",
    title="Go findings",
    counts="packages",
    threshold=0.0,
    direction="at most",
    unit="findings",
    plan=plan,
    read=read,
    languages=("go",),
    tool="go",
    version_argv=("go", "version"),
)
