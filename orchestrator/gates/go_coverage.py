"""The gate ``go-coverage``: the share of the statements of every package that ``go test`` runs."""

from __future__ import annotations

from orchestrator.gates.folder_runs import GO_ENVIRONMENT, last_line, plan_in_folders, read_folders
from orchestrator.gates.gate import WORK, Command, Evidence, Gate, Reading, Subject, Unmeasured
from orchestrator.gates.line_coverage import ranges
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding

_PROFILE = f"{WORK}/profile"
_COMMANDS = (
    ("rm", "-f", _PROFILE),
    ("go", "list", "-m"),
    ("go", "test", "-count=1", "-covermode=set", "-coverpkg=./...", f"-coverprofile={_PROFILE}", "./..."),
    ("cat", _PROFILE),
)
_BLOCK = late_pattern(
    r"^(?P<file>\S.*\.go):(?P<first>\d+)\.(?P<from>\d+),(?P<last>\d+)\.(?P<to>\d+) (?P<n>\d+) (?P<count>\d+)$"
)
_BROKEN = late_pattern(r"\[(?:build|setup) failed\]")


def plan(subject: Subject) -> Command | Unmeasured:
    """Run every test once more, with every package of the module looked at."""
    return plan_in_folders(
        *(subject, "go", _COMMANDS, GO_ENVIRONMENT), tool="go", version_argv=("go", "version"), runs_project=True
    )


def read(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """The share of statements that ran, over every block that the profile names, whichever of the tests ran it."""
    assert evidence.run is not None
    folders = read_folders(subject, "go", evidence.run)
    if isinstance(folders, Unmeasured):
        return folders
    blocks: dict[tuple[str, int, int, int, int], tuple[int, bool]] = {}
    for _, module, tested, profile in folders:
        lines = profile.out.splitlines()
        if profile.code != 0 or not lines or not lines[0].startswith("mode: ") or _BROKEN.search(tested.out):
            return Unmeasured(f"go test left no profile{last_line(tested)}")
        prefix = f"{module.out.strip()}/"
        for line in lines[1:]:
            match = _BLOCK.match(line)
            if match is None:
                return Unmeasured(f"the profile of go test cannot be read: {line[:100]!r}")
            name = profile.at(match["file"].removeprefix(prefix))
            key = (name, int(match["first"]), int(match["from"]), int(match["last"]), int(match["to"]))
            _, has_run = blocks.get(key, (0, False))
            blocks[key] = (int(match["n"]), has_run or match["count"] != "0")
    statements = sum(number for number, _ in blocks.values())
    if not statements:
        return Unmeasured("no test of Go ran through a statement")
    covered = sum(number for number, has_run in blocks.values() if has_run)
    missing: dict[str, set[int]] = {}
    for (name, first, _, last, _), (_, has_run) in sorted(blocks.items()):
        if not has_run:
            missing.setdefault(name, set()).update(range(first, last + 1))
    findings = tuple(
        Finding(f"lines did not run: {ranges(sorted(lines))}", "", name, min(lines)) for name, lines in missing.items()
    )
    return Reading(100.0 * covered / statements, statements, f"{covered} of {statements} statements", findings)


GATE = Gate(
    name="go-coverage",
    title="Go test coverage",
    counts="statements",
    threshold=80.0,
    direction="at least",
    unit="%",
    plan=plan,
    read=read,
    languages=("go",),
    tool="go",
    version_argv=("go", "version"),
)
