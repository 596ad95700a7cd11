"""The gate ``licences``: how many packages of the project's environment have a licence that is not allowed."""

from __future__ import annotations

import re
from collections.abc import Collection

from orchestrator.gates.gate import Command, Gate, InstalledPackage, Reading, Subject, Unmeasured
from orchestrator.gates.imported_packages import plan_imports, read_imports
from orchestrator.gates.pinned_packages import normalised, pins_of, unknown_versions
from orchestrator.late_pattern import late_pattern
from orchestrator.models.quality_gates import Finding

ALLOWED: tuple[str, ...] = (
    *("MIT", "MIT-0", "MIT-CMU", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0", "ISC", "PSF-2.0", "Python-2.0"),
    *("MPL-2.0", "Unlicense", "Zlib", "CC0-1.0", "HPND", "BlueOak-1.0.0", "BSL-1.0", "CNRI-Python", "OFL-1.1"),
)
"""Where the project's settings name none: what asks for no more than to be named, and MPL."""
_WORDS = (
    (r"apache", "Apache-2.0"),
    (r"\blgpl|lesser general", "LGPL"),
    (r"\bagpl|affero", "AGPL"),
    (r"\bgpl|gnu general public|general public license", "GPL"),
    (r"mozilla|\bmpl", "MPL-2.0"),
    (r"bsd[- ]?2|2-clause|simplified bsd", "BSD-2-Clause"),
    (r"\bbsd\b|3-clause", "BSD-3-Clause"),
    (r"\bisc\b", "ISC"),
    (r"unlicense", "Unlicense"),
    (r"python software foundation|\bpsf", "PSF-2.0"),
    (r"zlib", "Zlib"),
    (r"\bmit\b|expat", "MIT"),
)
"""What licences were called before there were expressions; the first that fits counts."""
_TOKENS = late_pattern(r"\(|\)|[^\s()]+")


def plan(subject: Subject) -> Command | Reading | Unmeasured:
    """What is installed was read beforehand; of a project that names no package, look at what it imports."""
    if not subject.installed and not pins_of(subject) and not unknown_versions(subject):
        return plan_imports(subject)
    return of_packages(subject)


def of_packages(subject: Subject) -> Reading | Unmeasured:
    """Look at what each installed package says of itself; one that says nothing is not allowed."""
    own = set(pins_of(subject))
    rows = [row for row in subject.installed if normalised(row.name) in own]
    unknown = [name for name in unknown_versions(subject)]
    installed = {normalised(row.name) for row in rows}
    unknown += sorted(name for name in own if name not in installed)
    if unknown:
        return Unmeasured(f"{', '.join(unknown[:10])} is not installed in the project's environment")
    if not rows:
        return Unmeasured("nothing but the project itself is installed in its environment")
    allowed = frozenset(map(str.lower, subject.allowed_licences or ALLOWED))
    findings = []
    for row in rows:
        licence = licence_of(row)
        if not is_allowed(licence, allowed):
            findings.append(Finding(f"{row.name} {row.version}: {licence or 'it names no licence'}"))
    return Reading(float(len(findings)), len(rows), f"{len(findings)} of {len(rows)} packages", tuple(findings))


def licence_of(package: InstalledPackage) -> str:
    """Its SPDX expression, or what its older fields come to; empty where it says nothing that is known."""
    if package.expression:
        return package.expression
    named = [text.rpartition(" :: ")[2] for text in package.classifiers if text.startswith("License ::")]
    known = [found for text in named if (found := _known(text))]
    if known:
        return " AND ".join(dict.fromkeys(known))
    first = package.licence.strip().splitlines()[0] if package.licence.strip() else ""
    return _known(first) or first[:80]


def _known(text: str) -> str:
    lowered = text.lower()
    return next((licence for pattern, licence in _WORDS if re.search(pattern, lowered)), "")


def is_allowed(expression: str, allowed: Collection[str]) -> bool:
    """Whether an SPDX expression is satisfied by these licences, given in small letters."""
    tokens = _TOKENS.findall(expression)
    value, left = _either(tokens, allowed)
    return value and not left and bool(tokens)


def _either(tokens: list[str], allowed: Collection[str]) -> tuple[bool, list[str]]:
    value, tokens = _both(tokens, allowed)
    while tokens and tokens[0].upper() == "OR":
        other, tokens = _both(tokens[1:], allowed)
        value = value or other
    return value, tokens


def _both(tokens: list[str], allowed: Collection[str]) -> tuple[bool, list[str]]:
    value, tokens = _one(tokens, allowed)
    while tokens and tokens[0].upper() == "AND":
        other, tokens = _one(tokens[1:], allowed)
        value = value and other
    return value, tokens


def _one(tokens: list[str], allowed: Collection[str]) -> tuple[bool, list[str]]:
    if not tokens:
        return False, []
    if tokens[0] == "(":
        if len(tokens) > 200:
            return False, []
        value, left = _either(tokens[1:], allowed)
        return value, left[1:] if left[:1] == [")"] else ["unbalanced"]
    value, rest = tokens[0].lower() in allowed, tokens[1:]
    if rest and rest[0].upper() == "WITH":
        # An exception only adds permissions.
        rest = rest[2:]
    return value, rest


GATE = Gate(
    name="licences",
    title="Licences",
    counts="packages",
    threshold=0.0,
    direction="at most",
    unit="not allowed",
    plan=plan,
    read=read_imports,
    languages=("python",),
    tool="orchestrate",
)
