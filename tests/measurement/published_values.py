"""What tools say in their own words of packages as their authors publish them, copied by hand on 30 November 2026.

Nothing here went through a parser of the program.  Each tool was called without any setting of the package, and told to
obey no comment of it: ruff 0.17.6 (``--isolated --ignore-noqa``, for complexity ``--select C901`` with 0 allowed),
mypy 2.4.1 on a copy without "type: ignore", bandit 1.9.4 (``--ignore-nosec``), the report and the XML of coverage.py
7.17.5 with no line left out, interrogate 1.7.0 (``-m -p -s -i -n -S --ignore-overloaded-functions``) over files that
are neither empty nor private nor tests, detect-secrets 1.5.0 without its entropy and address detectors and a ``grep``
in its JSON, pip-audit 2.10.1 with its columns, ``find`` and ``grep -c`` for files and lines, GNU time, and
``grep ^License`` in the METADATA of what is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

VULNERABLE: Final = ("pygments", "pytest-asyncio")
"""What the stand-in of OSV knows."""
SETTINGS: Final = """
[gates]
allowed_licences = ["MIT", "BSD-2-Clause"]

[gates.performance]
command = "python3 -c 'x = b\\"x\\" * (200 << 20)'"
seconds = 60
memory_mib = 400
"""
_PYTEST: Final = ("iniconfig==2.3.1", "packaging==26.4", "pluggy==1.7.0")
INSTALLED: Final[Mapping[str, tuple[str, ...]]] = {
    "itsdangerous==2.2.0": (
        *(*_PYTEST, "pygments==2.21.0", "pytest==9.2.0"),
        *("freezegun==1.5.5", "python-dateutil==4.0.0", "tzdata==2026.6"),
    ),
    "toolz==1.0.0": (*_PYTEST, "pygments==2.21.0", "pytest==9.2.0"),
    # Their settings and hooks do not go with later ones.
    "blinker==1.9.0": (*_PYTEST, "pygments==2.21.0", "pytest==8.4.2", "pytest-asyncio==0.23.8"),
    "boltons==25.0.0": (*_PYTEST, "pytest==7.4.4"),
}
"""All that its tests need: their versions are counted, too."""


class Said(NamedTuple):
    """One value, and the words that it was read from."""

    state: str
    value: float
    counted: int
    words: str


class Unsaid(NamedTuple):
    """No value: what the gate has to say of it, and why that is right."""

    message: str
    words: str


NO_TESTS: Final = Unsaid("no tests were found", "its archive has no file of tests")
_TIME: Final = "time -v: 'Maximum resident set size (kbytes): 218208', which is 213.1 of 400 MiB"
MEMORY: Final = Said("pass", 53.3, 3, _TIME)
VALUES: Final[Mapping[str, Mapping[str, Said | Unsaid]]] = {
    "itsdangerous==2.2.0": {
        "tests": Said("pass", 0, 297, "pytest: '297 passed'"),
        "coverage": Said("pass", 100 * 436 / 454, 454, "coverage: 436 of 454 statements"),
        "branches": Said("pass", 100 * 103 / 120, 120, "coverage: 103 of 120 branches"),
        "lint": Said("pass", 0, 15, "ruff: 'All checks passed!'; find: 15"),
        "types": Said("fail", 13, 14, "mypy: 'Found 13 errors in 3 files (checked 14 source files)'"),
        "complexity": Said("pass", 13, 62, "ruff: '62 C901', 'unsign is too complex (13 > 12)'"),
        "documentation": Said(
            *("fail", 100 * 45 / 61, 61),
            "interrogate: 'TOTAL 63 18 45', of which 2 are methods of the private _PDataSerializer",
        ),
        "security": Said("fail", 1, 15, "bandit: 'High: 1'"),
        "secrets": Said(
            *("pass", 0, 42),
            "detect-secrets: 6 'Secret Keyword', which are doubtful; find: 44, and grep: 2 with NUL bytes",
        ),
        "dependencies": Said("fail", 1, 8, "pip-audit: 'Found 1 known vulnerability in 1 package'"),
        "licences": Said(
            *("fail", 3, 8),
            "freezegun and tzdata 'License: Apache-2.0', python-dateutil 'License-Expression: BSD-3-Clause'",
        ),
        "performance": MEMORY,
        "quality": Said(
            "pass", 7.76, 1377, "bc: 3 + 3*(1-13/1.377/20) + 2*(30-13)/20 + 2*45/61 = 7.759289; grep: 1377"
        ),
    },
    "sortedcontainers==2.4.0": {
        "tests": NO_TESTS,
        "coverage": NO_TESTS,
        "branches": NO_TESTS,
        "lint": Said("pass", 0, 5, "ruff: 'All checks passed!'; find: 5"),
        "types": Unsaid(
            "the project imports thread, dummy_thread, _dummy_thread, which is not installed",
            "python3: \"ModuleNotFoundError: No module named 'thread'\", and so for the others, all of Python 2 to 3.8",
        ),
        "complexity": Said("fail", 17, 134, "ruff: '134 C901', 'index is too complex (17 > 12)'"),
        "documentation": Said("pass", 100, 75, "interrogate: 'TOTAL 75 0 75'"),
        "security": Said("pass", 0, 5, "bandit: 'High: 0'"),
        "secrets": Said("pass", 0, 14, "detect-secrets: no 'type'; find: 14"),
        "dependencies": Unsaid(
            "the project imports _dummy_thread (sortedcontainers/sortedlist.py:52)",
            "it names no package, and grep: '52:        from _dummy_thread import get_ident'",
        ),
        "licences": Unsaid("the project imports _dummy_thread (sortedcontainers/sortedlist.py:52)", "the same"),
        "performance": MEMORY,
        "quality": Unsaid("types was not measured", "a part is not measured"),
    },
    "docopt==0.6.2": {
        "tests": NO_TESTS,
        "coverage": NO_TESTS,
        "branches": NO_TESTS,
        "lint": Said("fail", 4, 19, "ruff: 'Found 4 errors.'; find: 19"),
        "types": Said("pass", 0, 1, "mypy: 'Success: no issues found in 1 source file'"),
        "complexity": Said("pass", 10, 43, "ruff: '43 C901', '`parse_long` is too complex (10 > 9)'"),
        "documentation": Said("fail", 100 * 14 / 47, 47, "interrogate: 'TOTAL 47 33 14 29.8%'"),
        "security": Said("pass", 0, 19, "bandit: 'High: 0'"),
        "secrets": Said("pass", 0, 28, "detect-secrets: no 'type'; find: 28"),
        "dependencies": Said("pass", 0, 1, "it names no package, and grep import: sys, re of the standard library"),
        "licences": Said("pass", 0, 1, "the same"),
        "performance": MEMORY,
        "quality": Said("pass", 7.91, 878, "bc: 3*(1-4/.878/20) + 3 + 2 + 2*14/47 = 7.912374; grep: 878"),
    },
    "toolz==1.0.0": {
        "tests": Said("pass", 0, 180, "pytest: '180 passed'"),
        "coverage": Said("fail", 100 * (1864 - 644) / 1864, 1864, "coverage: 'TOTAL 1864 644 682 11 64.2969%'"),
        "branches": Said("fail", 100 * 417 / 682, 682, 'coverage xml: \'branches-valid="682" branches-covered="417"\''),
        "lint": Said("fail", 76, 31, "ruff: 'Found 76 errors.'; find: 31"),
        "types": Unsaid(
            "the project imports ConfigParser, cx_Freeze, py2exe, tlzthisisabadname, cytoolz, which is not installed",
            "grep finds these imports, and none is in its environment",
        ),
        "complexity": Said("fail", 22, 196, "ruff: '196 C901', '`join` is too complex (22 > 9)'"),
        "documentation": Said(
            *("fail", 100 * 103 / 130, 130),
            "interrogate: 'TOTAL 143 40 103', of which 13 stand within the function get_cmdclass",
        ),
        "security": Said("pass", 0, 31, "bandit: 'High: 0'"),
        "secrets": Said("pass", 0, 42, "detect-secrets: no 'type'; find: 42"),
        "dependencies": Said("fail", 1, 5, "pip-audit: 'Found 1 known vulnerability in 1 package'"),
        "licences": Said("pass", 0, 5, "MIT, but 'Apache-2.0 OR BSD-2-Clause' (packaging), BSD-2-Clause (pygments)"),
        "performance": MEMORY,
        "quality": Unsaid("types was not measured", "a part is not measured"),
    },
    "blinker==1.9.0": {
        "tests": Said("pass", 0, 25, "pytest: '25 passed'"),
        "coverage": Said("pass", 100 * (218 - 13) / 218, 218, "coverage: '218 13 74 8 93%'"),
        "branches": Said("pass", 100 * (74 - 8) / 74, 74, "the same; each of the 8 has one branch missing"),
        "lint": Said("pass", 0, 7, "ruff: 'All checks passed!'; find: 7"),
        "types": Said("fail", 4, 6, "mypy: 'Found 4 errors in 2 files (checked 6 source files)'"),
        "complexity": Said("pass", 7, 30, "ruff: '30 C901', '`receivers_for` is too complex (7 > 6)'"),
        "documentation": Said("fail", 100 * 15 / 17, 17, "interrogate: 'TOTAL 17 2 15 88.2%'"),
        "security": Said("pass", 0, 7, "bandit: 'High: 0'"),
        "secrets": Said("pass", 0, 24, "detect-secrets: no 'type'; find: 25, and grep: 1 with NUL bytes"),
        "dependencies": Said("fail", 2, 6, "pip-audit: 'Found 2 known vulnerabilities in 2 packages'"),
        "licences": Said("fail", 1, 6, "pytest-asyncio 'License: Apache 2.0'"),
        "performance": MEMORY,
        "quality": Said("pass", 9.1, 907, "bc: 3 + 3*(1-4/.907/20) + 2 + 2*15/17 = 9.103184; grep: 907"),
    },
    "boltons==25.0.0": {
        "tests": Said("pass", 0, 423, "pytest: '423 passed'"),
        # It passes by a folder without one, so its ``misc`` was given an empty ``__init__.py``.
        "coverage": Said("fail", 100 * (7399 - 2689) / 7399, 7399, "coverage: '7399 2689 2614 362 59.9820%'"),
        "branches": Said("fail", 100 * 1296 / 2614, 2614, "the same: .599820 * (7399 + 2614) - 4710 = 1296"),
        "lint": Said("fail", 89, 64, "ruff: 'Found 89 errors.'; find: 64"),
        "types": Unsaid(
            "the project imports lithoxyl, werkzeug, clastic, urllib2, which is not installed",
            "grep finds these imports, and none is in its environment",
        ),
        "complexity": Said("fail", 33, 939, "ruff: '939 C901', '`wrap_trace` is too complex (33 > 9)'"),
        "documentation": Said(
            *("fail", 100 * 438 / 626, 626),
            "interrogate: 'TOTAL 627 189 438', of which the class Sentinel stands within the function make_sentinel",
        ),
        "security": Said("pass", 0, 64, "bandit: 'High: 0'"),
        "secrets": Said(
            *("pass", 0, 109),
            "detect-secrets: 7 'Basic Auth Credentials', 2 'Secret Keyword', which are doubtful; find: 109",
        ),
        "dependencies": Said("pass", 0, 4, "pip-audit: 'No known vulnerabilities found'"),
        "licences": Said("pass", 0, 4, "MIT, but 'Apache-2.0 OR BSD-2-Clause' (packaging)"),
        "performance": MEMORY,
        "quality": Unsaid("types was not measured", "a part is not measured"),
    },
}
