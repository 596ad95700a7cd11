from __future__ import annotations

import pytest

from orchestrator.gates.gate import InstalledPackage, Reading, Subject, Unmeasured
from orchestrator.gates.licences import ALLOWED, is_allowed, licence_of, of_packages, plan

GPL = InstalledPackage("gnu", "1.0", classifiers=("License :: OSI Approved :: GNU General Public License v3 (GPLv3)",))
MIT = InstalledPackage("mit", "1.0", expression="MIT OR GPL-3.0-only")
NONE = InstalledPackage("silent", "1.0")
USUAL = frozenset(map(str.lower, ALLOWED))


def test_what_is_not_allowed_or_says_nothing_is_named() -> None:
    found = of_packages(Subject(installed=(GPL, MIT, NONE)))
    assert isinstance(found, Reading)
    assert (found.value, found.counted) == (2.0, 3)
    assert [finding.message for finding in found.findings] == ["gnu 1.0: GPL", "silent 1.0: it names no licence"]


def test_the_projects_own_list_counts_in_place_of_the_usual_one() -> None:
    found = of_packages(Subject(installed=(GPL, MIT), allowed_licences=("GPL", "GPL-3.0-only")))
    assert isinstance(found, Reading)
    assert found.value == 0.0


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        (Subject(), "names no package, and there is no Python file"),
        (
            Subject(settings={"pyproject.toml": "[project]\nname = 'mit'\n"}, installed=(MIT,)),
            "nothing but the project itself",
        ),
        (Subject(settings={"requirements.txt": "a==1\n"}, installed=(MIT,)), "a is not installed"),
    ],
)
def test_what_is_not_installed_has_no_licence_to_read(subject: Subject, why: str) -> None:
    found = plan(subject)
    assert isinstance(found, Unmeasured)
    assert why in found.reason


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("mit AND (Apache-2.0 OR GPL-3.0-only)", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-2.0-only OR LGPL-2.1-only", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("(MIT", False),
        ("MIT)", False),
        ("MIT OR", True),
        ("AND", False),
        ("", False),
        ("(" * 5_000, False),
    ],
)
def test_expressions(expression: str, allowed: bool) -> None:
    assert is_allowed(expression, USUAL) is allowed


@pytest.mark.parametrize(
    ("package", "licence"),
    [
        (InstalledPackage("a", "1", licence="Apache License, Version 2.0\nlong text"), "Apache-2.0"),
        (InstalledPackage("a", "1", licence="BSD"), "BSD-3-Clause"),
        (InstalledPackage("a", "1", licence="LGPLv2+"), "LGPL"),
        (InstalledPackage("a", "1", licence="UNKNOWN"), "UNKNOWN"),
        (InstalledPackage("a", "1", "ISC", "MIT"), "ISC"),
    ],
)
def test_older_fields_are_understood(package: InstalledPackage, licence: str) -> None:
    assert licence_of(package) == licence
