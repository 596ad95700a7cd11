"""Reproduce findings: a proof has to fail here at the named place, and to pass once the fault is mended.

Whoever proves a finding gives a test and the change that mends the fault.  Nothing is believed that was not seen in
the sandbox: a test that fails anyway, or for another reason, reproduces nothing.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.files.time_limits import off_loop
from orchestrator.measurement.gate_run import LOOK_TIME_S
from orchestrator.measurement.project_tree import MOST_SOURCE_BYTES, is_beside_the_source
from orchestrator.measurement.proof_runs import Place, ProofRun, ProofRuns, ProofTest
from orchestrator.models.plan_tree import AgentResult
from orchestrator.quotation import one_line
from orchestrator.value_class import value_class
from orchestrator.workflows.agent_points import PROOFS, SAME_PLACE, Point
from orchestrator.workflows.mended_files import (
    Change,
    UnfitChange,
    as_comments,
    mended,
    span_around,
    without_place,
)

TIMES: Final = 2
"""So often a proof fails, and passes with the change, in turn."""
MOST_CHARS: Final = 20_000
"""Of a test."""
MOST_PROOFS: Final = 20
"""So many are run for one report."""
ANSWER: Final[Mapping[str, Any]] = {
    "proofs": {
        "type": "array",
        "description": (
            "For each finding that is critical or high, as far as you can: a test that fails on the project as it is, "
            "because of the fault, and passes once your changes are made. It is run in a sandbox without a network."
        ),
        "items": {
            "type": "object",
            "properties": {
                "file": {"type": "string", "description": "Of the finding."},
                "line": {"type": "integer", "description": "Of the finding; the test has to run it."},
                "kind": {"type": "string", "description": "Of the finding, in its own words."},
                "test": {
                    "type": "string",
                    "description": (
                        "A Python file with functions test_… without parameters (tmp_path may be one) that assert what "
                        "should hold; it imports the project, and writes no file of it. Empty where there is a command."
                    ),
                },
                "command": {
                    "type": "string",
                    "description": "Where Python cannot show it: a line for sh, which ends with 1 here, else with 0.",
                },
                "changes": {
                    "type": "array",
                    "description": "What mends the fault, at its own place and no further; no test among it.",
                    "items": {
                        "type": "object",
                        "properties": {
                            "file": {"type": "string"},
                            "old": {"type": "string", "description": "Text that stands once in the file."},
                            "new": {"type": "string", "description": "What stands in its place."},
                        },
                    },
                },
            },
        },
    }
}
"""What an agent is asked for besides its findings."""


@value_class
class Proof:
    """What somebody offers as the proof of a finding."""

    agent: str
    vendor: str
    file: str
    line: int | None
    run: ProofTest
    changes: tuple[Change, ...]
    kind: str = ""
    """Of the finding, in whoever's words it is."""


@value_class
class Reproduction:
    """Whether a proof reproduces its finding, and why, in one clause for people."""

    is_reproduced: bool
    reason: str
    by: str = ""
    """The agent whose proof it is."""
    vendor: str = ""


@dataclass(slots=True)
class Reproducer:
    """Judges proofs for one project."""

    runs: ProofRuns
    files: Collection[str]
    """Every file of the project."""
    _texts: dict[str, str] = field(default_factory=dict)

    async def judge(self, file: str, line: int | None, proof: Proof) -> Reproduction:
        """Whether the proof reproduces the finding at this place."""
        try:
            reason, is_reproduced = await self._judged(posixpath.normpath(file), line, proof), True
        except UnfitChange as error:
            reason, is_reproduced = str(error), False
        return Reproduction(is_reproduced, one_line(reason, 400), proof.agent, proof.vendor)

    async def _judged(self, file: str, line: int | None, proof: Proof) -> str:
        """How it was reproduced; raises :class:`UnfitChange` with the reason where it was not."""
        if file not in self.files:
            raise UnfitChange(f"the project has no file {file}")
        if line is None:
            raise UnfitChange("the finding names no line")
        if bool(proof.run.test.strip()) is bool(proof.run.command.strip()):
            raise UnfitChange("there is no test, or there are a test and a command")
        if len(proof.run.test) + len(proof.run.command) > MOST_CHARS:
            raise UnfitChange("the test is too long")
        _require_text(proof.run.test, proof.run.command, *(f"{each.file}{each.new}" for each in proof.changes))
        if is_beside_the_source(file):
            raise UnfitChange(f"{file} is a test or the like, and no part of what is released")
        names = {file, *(posixpath.normpath(change.file) for change in proof.changes)}
        await off_loop(partial(self._read, names), within_s=LOOK_TIME_S, what="the look at the sources")
        if file not in self._texts:
            raise UnfitChange(f"{file} cannot be read")
        after = mended(proof.changes, self._texts, self.files)
        if file not in after:
            raise UnfitChange(f"its changes leave {file} as it is")
        before = self._texts[file]
        span = span_around(before, line, file=file)
        rest = without_place(before, after[file], line, file=file)
        if rest is None:
            raise UnfitChange(f"its changes touch nothing around line {line}")
        place = Place(file, max(1, line - SAME_PLACE), line + SAME_PLACE, span.first, span.last)
        return await self._tried(proof.run, place, after, rest)

    async def _tried(self, proof: ProofTest, place: Place, after: Mapping[str, str], rest: str) -> str:
        before = self._texts[place.file]
        for time in range(TIMES):
            here = await self.runs.run(proof, place, {})
            _require_failure(here, proof, place, is_first=time == 0)
            there = await self.runs.run(proof, place, after)
            _require_pass(there)
        others = {name: text for name, text in after.items() if name != place.file}
        if rest != before or others:
            seen = await self.runs.run(proof, place, {**others, place.file: rest})
            if seen.outcome == "passed":
                raise UnfitChange("it passes without the change at the named place, so the fault is not there")
        commented = as_comments(before, after[place.file], file=place.file)
        if commented is None and proof.command:
            raise UnfitChange(f"nobody can tell whether the command looks at more than the text of {place.file}")
        if commented is not None:
            seen = await self.runs.run(proof, place, {place.file: commented})
            if seen.outcome != "failed":
                raise UnfitChange("it passes when the change stands there as a comment: it compares texts")
        broken = await self.runs.broken_tests(after)
        if broken:
            raise UnfitChange(f"what it calls mended breaks the project's own tests: {', '.join(broken[:3])}")
        spoke = "" if broken is not None else "; no test of the project speaks for the change"
        return f"a test fails here and passes with the change{spoke}"

    def _read(self, names: Collection[str]) -> None:
        folder = ForeignFolder(self.runs.at.target)
        for name in names:
            if name in self._texts or name not in self.files:
                continue
            content = folder.read(name, most_bytes=MOST_SOURCE_BYTES)
            if not isinstance(content, Unread):
                try:
                    self._texts[name] = content.decode("utf-8")
                except UnicodeDecodeError:
                    continue


def _require_text(*texts: str) -> None:
    """Refuse what no file and no command line can hold; JSON can."""
    for text in texts:
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise UnfitChange("it holds what is no text") from None
        if "\0" in text:
            raise UnfitChange("it holds what is no text")


def _require_failure(seen: ProofRun, proof: ProofTest, place: Place, *, is_first: bool) -> None:
    _require_manners(seen)
    if seen.outcome == "passed":
        when = "it passes here" if is_first else "it does not fail every time"
        raise UnfitChange(f"{when}, so it shows no fault")
    if seen.outcome != "failed":
        raise UnfitChange(f"it shows nothing: {seen.why}")
    if proof.command:
        return
    if place.file.endswith((".py", ".pyw")) and not seen.place_ran:
        raise UnfitChange(f"it fails without having run {place.file}:{place.first + SAME_PLACE} ({seen.why})")
    if seen.by not in ("assertion", "place"):
        raise UnfitChange(f"it fails for another reason: {seen.why}")


def _require_pass(seen: ProofRun) -> None:
    _require_manners(seen)
    if seen.outcome == "failed":
        raise UnfitChange(f"it fails with the change as well: {seen.why}")
    if seen.outcome != "passed":
        raise UnfitChange(f"with the change it shows nothing: {seen.why}")


def _require_manners(seen: ProofRun) -> None:
    if seen.edited:
        raise UnfitChange(f"it writes files of the project: {', '.join(seen.edited[:3])}")
    if seen.network:
        raise UnfitChange(f"it asks for the network: {', '.join(seen.network[:3])}")
    if seen.sources:
        raise UnfitChange(f"it reads the project's source as text: {', '.join(seen.sources[:3])}")


def proofs_of(result: AgentResult) -> tuple[Proof, ...]:
    """The proofs in an agent's answer; what is not of their form is none."""
    agent, vendor = result.agent_id, result.vendor or str(result.agent or result.agent_id)
    rows = result.output.get(PROOFS)
    found = []
    for row in rows[:50] if isinstance(rows, list) else ():
        if not isinstance(row, Mapping) or not isinstance(row.get("file"), str):
            continue
        line = row.get("line")
        changes = row.get("changes")
        made = [_change(each) for each in (changes if isinstance(changes, list) else ())]
        found.append(
            Proof(
                agent,
                vendor,
                row["file"].removeprefix("./"),
                line if isinstance(line, int) and not isinstance(line, bool) and line > 0 else None,
                ProofTest(_text(row.get("test")), _text(row.get("command"))),
                tuple(change for change in made if change is not None),
                one_line(_text(row.get("kind")), 300),
            )
        )
    return tuple(found)


async def reproduced(
    reproducer: Reproducer, points: Sequence[Point], proofs: Sequence[Proof], *, most: int = MOST_PROOFS
) -> Mapping[Point, Reproduction]:
    """Try the proofs of each place until one holds, and return what was said last of each.

    Args:
        most: So many proofs are run at most; what is left after them is not tried.
    """
    found: dict[Point, Reproduction] = {}
    for point in points:
        for proof in proofs_for(point, proofs):
            if most == 0:
                found.setdefault(point, Reproduction(False, "it was not tried: there are too many proofs"))
                break
            most -= 1
            found[point] = await reproducer.judge(point.file, point.line, proof)
            if found[point].is_reproduced:
                break
    return found


def proofs_for(point: Point, proofs: Sequence[Proof]) -> tuple[Proof, ...]:
    """Those that are offered for this place, whoever offers them."""
    return tuple(
        proof
        for proof in proofs
        if posixpath.normpath(proof.file) == posixpath.normpath(point.file)
        and proof.line is not None
        and point.line is not None
        and abs(proof.line - point.line) <= SAME_PLACE
    )


def _change(row: object) -> Change | None:
    if not isinstance(row, Mapping):
        return None
    file, old, new = (row.get(key) for key in ("file", "old", "new"))
    if not isinstance(file, str) or not isinstance(old, str) or not isinstance(new, str):
        return None
    return Change(file.removeprefix("./"), old, new)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
