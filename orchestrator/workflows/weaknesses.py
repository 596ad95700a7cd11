"""Merge what tools and agents found by place and kind, and say who stands behind each weakness and what became of it.

Everything here is pure.  Nothing is dropped: what is suppressed is an entry with its rule, who did it and the evidence.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from typing import Any, Final

from orchestrator.measurement.project_tree import is_beside_the_source
from orchestrator.models.plan_tree import AgentResult
from orchestrator.models.quality_gates import QualityGate
from orchestrator.quotation import one_line
from orchestrator.value_class import value_class
from orchestrator.workflows.agent_points import SAME_PLACE
from orchestrator.workflows.reproduction import Reproduction
from orchestrator.workflows.weakness_kinds import NO_WEAKNESS, kind_of, kind_of_rule, mend_of

SEVERITIES: Final = ("critical", "high", "medium", "low")
"""From the worst down; what says another word, or none, is low."""
GRAVE: Final = frozenset({"critical", "high"})
ENOUGH_VENDORS: Final = 2
"""Of other vendors than the finders': so many have to refute what only agents found."""
COORDINATOR: Final = "coordinator"
_TOOL_GATES: Final = ("security", "secrets", "dependencies", "modules")
_MOST: Final = 200
"""So many findings of one agent are read."""


@value_class
class Source:
    """Who found a weakness, and in which words."""

    who: str
    """An agent's name in the plan, or the tool's."""
    vendor: str
    """Whose model it is; empty for a tool."""
    severity: str
    text: str
    mend: str = ""
    is_blind: bool = True
    """Whether it had not seen what others found."""

    @property
    def is_tool(self) -> bool:
        return not self.vendor


class Standing(StrEnum):
    """What stands behind a weakness, the strongest first."""

    REPRODUCED = "reproduced"
    MEASURED = "measured"
    """A tool holds it for grave."""
    AGREED = "two vendors"
    """Agents of two vendors found it without having seen each other's opinion."""
    REPORTED = "by a tool"
    """A tool found it and holds it for less than grave, and nobody else found it."""
    UNVERIFIED = "unverified"


@value_class
class Found:
    """One finding before it is merged."""

    file: str
    line: int | None
    kind: str
    source: Source


@value_class
class Dispute:
    """Somebody says that a weakness is none."""

    file: str
    line: int | None
    kind: str
    who: str
    vendor: str
    why: str


@value_class
class Weakness:
    """One weakness: one place and one kind."""

    id: str
    """The same as long as its line reads the same, wherever it stands in the file."""
    file: str
    line: int | None
    kind: str
    severity: str
    sources: tuple[Source, ...]
    standing: Standing = Standing.UNVERIFIED
    reproduction: str = ""
    """What came of its proofs, where there were any."""
    reproduced_by: str = ""
    disputes: tuple[Dispute, ...] = ()
    accepted: str = ""
    """Who accepted it and why; empty: nobody."""

    @property
    def is_grave(self) -> bool:
        return self.severity in GRAVE

    @property
    def is_verified(self) -> bool:
        """Whether more stands behind it than one vendor's word or a tool's doubt."""
        return self.standing not in (Standing.UNVERIFIED, Standing.REPORTED)

    @property
    def step(self) -> str:
        """What is to be done about it; empty where nobody knows."""
        return next((source.mend for source in self.sources if source.mend), "") or mend_of(self.kind)

    def words(self) -> str:
        """The weakness on one line, for people."""
        where = f"{self.file}:{self.line}" if self.line is not None else self.file
        who = ", ".join(dict.fromkeys(source.who for source in self.sources))
        return one_line(f"{self.severity}: {where}: {self.kind} ({self.standing}; {who}) [{self.id}]", 300)

    def to_dict(self) -> dict[str, Any]:
        """The weakness as values that JSON has."""
        return {**asdict(self), "standing": str(self.standing), "step": self.step}


@value_class
class Suppressed:
    """A finding that is not reported, and why."""

    rule: str
    who: str
    evidence: str
    weakness: Weakness

    def words(self) -> str:
        """The entry on one line, for people."""
        return one_line(f"{self.weakness.words()}: {self.rule}; by {self.who}: {self.evidence}", 500)

    def to_dict(self) -> dict[str, Any]:
        """The entry as values that JSON has."""
        return {"rule": self.rule, "who": self.who, "evidence": self.evidence, "finding": self.weakness.to_dict()}


def found_by_tools(gates: Sequence[QualityGate]) -> tuple[Found, ...]:
    """What the tools found, in the words of agents."""
    found = []
    for gate in gates:
        if gate.name not in _TOOL_GATES:
            continue
        for finding in gate.findings:
            kind = kind_of_rule(finding.rule, finding.message)
            severity = finding.severity or "low"
            if gate.name == "secrets":
                kind, severity = "hard-coded secret", "high" if finding.counted else "medium"
            elif gate.name in ("dependencies", "modules"):
                kind, severity = "known vulnerability", "high" if finding.counted else "medium"
            text = f"{finding.rule} {finding.message}".strip()
            found.append(Found(finding.file, finding.line, kind, Source(gate.tool, "", severity, text)))
    return tuple(found)


def found_by_agents(results: Sequence[AgentResult]) -> tuple[Found, ...]:
    """What agents found, each in its first opinion and in every reply; a finding without a file is none."""
    found = []
    for result in results:
        rows = result.output.get("findings") if result.success else None
        for row in rows[:_MOST] if isinstance(rows, list) else ():
            if not isinstance(row, Mapping) or not isinstance(row.get("file"), str) or not row["file"]:
                continue
            severity = str(row.get("severity", "")).lower()
            source = Source(
                who=result.agent_id,
                vendor=vendor_of(result),
                severity=severity if severity in SEVERITIES else "low",
                text=one_line("; ".join(str(row.get(key, "")) for key in ("kind", "path", "effect")), 1_000),
                mend=one_line(str(row.get("mend", "")), 500),
                is_blind="@" not in result.path,
            )
            kind = kind_of(f"{row.get('kind', '')}")
            found.append(Found(_name(row["file"]), _line(row.get("line")), kind, source))
    return tuple(found)


def disputes_in(results: Sequence[AgentResult]) -> tuple[Dispute, ...]:
    """What agents call no weakness, with their reason; one without a reason is none."""
    found = []
    for result in results:
        rows = result.output.get("disputed") if result.success else None
        for row in rows[:_MOST] if isinstance(rows, list) else ():
            if isinstance(row, Mapping) and isinstance(row.get("file"), str) and str(row.get("why", "")).strip():
                kind = kind_of(str(row.get("kind", "")))
                why = one_line(str(row["why"]), 500)
                place = _name(row["file"]), _line(row.get("line"))
                found.append(Dispute(*place, kind, result.agent_id, vendor_of(result), why))
    return tuple(found)


def vendor_of(result: AgentResult) -> str:
    """Whose model an agent's result is; its CLI, where nobody knows."""
    return result.vendor or str(result.agent or result.agent_id)


def merged(found: Sequence[Found], lines: Callable[[str], Sequence[str]]) -> tuple[Weakness, ...]:
    """One weakness for each place and kind, the worst first.

    Args:
        lines: The lines of a file of the project.
    """
    groups: list[list[Found]] = []
    for each in found:
        group = next((group for group in groups if any(_is_same(each, other) for other in group)), None)
        if group is None:
            groups.append([each])
        else:
            group.append(each)
    counts: dict[str, int] = {}
    weaknesses = [_weakness(group, lines, counts) for group in groups]
    return tuple(sorted(weaknesses, key=lambda each: (SEVERITIES.index(each.severity), each.file, each.line or 0)))


def _weakness(group: Sequence[Found], lines: Callable[[str], Sequence[str]], counts: dict[str, int]) -> Weakness:
    # A tool's line is where it looked; agents mean the same place.
    first = min(group, key=lambda each: (not each.source.is_tool, each.line is None))
    sources = tuple(dict.fromkeys(each.source for each in group))
    severity = min((source.severity for source in sources), key=SEVERITIES.index)
    text = lines(first.file) if first.line is not None else ()
    content = " ".join(text[first.line - 1].split()) if first.line is not None and first.line <= len(text) else ""
    words = f"{first.kind}\0{first.file}\0{content}"
    counts[words] = counts.get(words, 0) + 1
    name = hashlib.sha256(f"{words}\0{counts[words]}".encode("utf-8", "surrogateescape")).hexdigest()[:12]
    weakness = Weakness(name, first.file, first.line, first.kind, severity, sources)
    return replace(weakness, standing=_standing(weakness))


def _standing(weakness: Weakness) -> Standing:
    tools = [source for source in weakness.sources if source.is_tool]
    vendors = {source.vendor for source in weakness.sources if not source.is_tool and source.is_blind}
    if any(source.severity in GRAVE for source in tools):
        return Standing.MEASURED
    if len(vendors) >= ENOUGH_VENDORS:
        return Standing.AGREED
    return Standing.REPORTED if len(tools) == len(weakness.sources) else Standing.UNVERIFIED


def with_reproduction(weakness: Weakness, found: Reproduction) -> Weakness:
    """The weakness with what came of a proof; only one of another vendor than all finders' verifies it."""
    finders = {source.vendor for source in weakness.sources if not source.is_tool}
    if not found.is_reproduced:
        return replace(weakness, reproduction=f"{found.by}: {found.reason}")
    if found.vendor in finders:
        return replace(weakness, reproduction=f"{found.by}: proved by its own vendor, {found.vendor}, alone")
    return replace(
        weakness, standing=Standing.REPRODUCED, reproduction=found.reason, reproduced_by=f"{found.by} ({found.vendor})"
    )


def sifted(
    weaknesses: Sequence[Weakness],
    disputes: Sequence[Dispute],
    *,
    files: Collection[str],
    lines: Callable[[str], Sequence[str]],
) -> tuple[tuple[Weakness, ...], tuple[Suppressed, ...]]:
    """What is reported, and what is not; the table of rules is :data:`RULES`, the first that fits decides."""
    kept, suppressed = [], []
    facts = Facts(files, lines)
    for weakness in weaknesses:
        own = tuple(each for each in disputes if _is_about(each, weakness))
        weakness = replace(weakness, disputes=own)
        rule = next((rule for rule in RULES if rule.fits(weakness, facts)), None)
        if rule is None or not rule.suppresses:
            kept.append(weakness)
        else:
            suppressed.append(Suppressed(rule.name, rule.who(weakness), rule.evidence(weakness), weakness))
    return tuple(kept), tuple(suppressed)


@value_class
class Facts:
    """What rules look at besides the weakness."""

    files: Collection[str]
    lines: Callable[[str], Sequence[str]]


@value_class
class SuppressionRule:
    """One row of the table."""

    name: str
    fits: Callable[[Weakness, Facts], bool]
    suppresses: bool = True
    who: Callable[[Weakness], str] = lambda _: COORDINATOR
    evidence: Callable[[Weakness], str] = lambda _: ""


def _is_gone(weakness: Weakness, facts: Facts) -> bool:
    return not any(source.is_tool for source in weakness.sources) and weakness.file not in facts.files


def _is_past_the_end(weakness: Weakness, facts: Facts) -> bool:
    return weakness.line is not None and weakness.line > len(facts.lines(weakness.file)) and _of_agents(weakness)


def _of_agents(weakness: Weakness) -> bool:
    return not any(source.is_tool for source in weakness.sources)


def _is_held(weakness: Weakness, _: Facts) -> bool:
    """Whether more than words of agents stands behind it, so that no words can take it away."""
    grave_tool = any(source.is_tool and source.severity in GRAVE for source in weakness.sources)
    return grave_tool or weakness.is_verified


def _is_refuted(weakness: Weakness, _: Facts) -> bool:
    finders = {source.vendor for source in weakness.sources if not source.is_tool}
    return len({each.vendor for each in weakness.disputes} - finders) >= ENOUGH_VENDORS


def _is_withdrawn(weakness: Weakness, _: Facts) -> bool:
    finders = {source.who for source in weakness.sources if not source.is_tool}
    others = {each.vendor for each in weakness.disputes if each.who not in finders}
    return bool(finders) and finders <= {each.who for each in weakness.disputes} and bool(others)


def _disputed_by(weakness: Weakness) -> str:
    return ", ".join(dict.fromkeys(f"{each.who} ({each.vendor})" for each in weakness.disputes))


def _reasons(weakness: Weakness) -> str:
    return one_line(" / ".join(dict.fromkeys(each.why for each in weakness.disputes)), 500)


RULES: Final = (
    SuppressionRule("a file that the project does not have", _is_gone, evidence=lambda each: f"no {each.file}"),
    SuppressionRule(
        "a line that the file does not have",
        _is_past_the_end,
        evidence=lambda each: f"{each.file} ends before line {each.line}",
    ),
    SuppressionRule(
        "no weakness by itself: an import, a program started without a shell, an assertion",
        lambda each, _: each.kind == NO_WEAKNESS and not each.is_grave,
        evidence=lambda each: each.sources[0].text,
    ),
    SuppressionRule("more than words stands behind it", _is_held, suppresses=False),
    SuppressionRule(
        "a low finding in a test",
        lambda each, _: each.severity == "low" and is_beside_the_source(each.file),
        evidence=lambda each: f"{each.file} is a test or the like",
    ),
    SuppressionRule("refuted by two other vendors", _is_refuted, who=_disputed_by, evidence=_reasons),
    SuppressionRule("withdrawn by whoever found it", _is_withdrawn, who=_disputed_by, evidence=_reasons),
)


def _is_same(one: Found, other: Found) -> bool:
    if one.file != other.file or one.kind != other.kind:
        return False
    if one.line is None or other.line is None:
        return one.line is other.line and one.source.text == other.source.text
    return abs(one.line - other.line) <= SAME_PLACE


def _is_about(dispute: Dispute, weakness: Weakness) -> bool:
    if dispute.file != weakness.file or dispute.kind != weakness.kind:
        return False
    if dispute.line is None or weakness.line is None:
        return dispute.line is weakness.line
    return abs(dispute.line - weakness.line) <= SAME_PLACE


def _name(file: str) -> str:
    # Half a pair of surrogates, which JSON may hold, is no byte of a name: reports could not be written with it.
    return posixpath.normpath(file.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"))


def _line(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


@value_class
class Acceptance:
    """A person's word that a weakness may stay."""

    id: str
    who: str
    why: str


def accepted(weaknesses: Sequence[Weakness], words: Sequence[Acceptance]) -> tuple[Weakness, ...]:
    """The same weaknesses, with what people accepted of them."""
    by_id = {each.id: each for each in words}
    return tuple(
        replace(each, accepted=f"{by_id[each.id].who}: {by_id[each.id].why}") if each.id in by_id else each
        for each in weaknesses
    )
