from __future__ import annotations

import json

from orchestrator.gates.gate import InstalledPackage, Subject
from orchestrator.gates.pinned_packages import normalised, pins_of, unknown_versions

PROJECT = (
    '[project]\nname = "My.Shop"\ndependencies = ["requests>=2", "attrs==25.1", "tomli; python_version < \'3.11\'"]\n'
)
REQUIREMENTS = """
# comment
Flask_Login[x]==0.6.3 \\
    --hash=sha256:00
six===1.16.0 ; python_version > "3"
unpinned>=1
-r other.txt
git+https://example.org/x
"""


def test_pins_locks_and_what_is_installed_are_put_together() -> None:
    subject = Subject(
        settings={
            "pyproject.toml": PROJECT,
            "requirements.txt": REQUIREMENTS,
            "uv.lock": '[[package]]\nname = "urllib3"\nversion = "2.5.0"\n',
            "Pipfile.lock": json.dumps({"default": {"idna": {"version": "==3.10"}, "local": {"path": "."}}}),
            "poetry.lock": "no TOML [",
        },
        installed=(InstalledPackage("requests", "2.32.0"), InstalledPackage("my-shop", "1.0")),
    )
    assert pins_of(subject) == {
        "attrs": {"25.1"},
        "flask-login": {"0.6.3"},
        "idna": {"3.10"},
        "requests": {"2.32.0"},
        "six": {"1.16.0"},
        "urllib3": {"2.5.0"},
    }
    assert unknown_versions(subject) == ("unpinned",)


def test_a_marker_that_holds_everywhere_leaves_nothing_out() -> None:
    lines = [
        'requests>=2; python_version >= "3.8"',
        "idna ; python_full_version > '3.7.2'  # why",
        'tomli; python_version < "3.11"',
        'future; python_version >= "3.14"',
        'pywin32; sys_platform == "win32"',
        'uvloop; python_version >= "3.8" and sys_platform != "win32"',
        "six==1.16.0",
    ]
    assert unknown_versions(Subject(settings={"requirements.txt": "\n".join(lines)})) == ("idna", "requests")


def test_a_file_that_is_included_and_not_read_leaves_versions_unknown() -> None:
    files = {"requirements.txt": "six==1.16.0\n-r requirements/base.txt\n--requirement=more/prod.txt  # all\n"}
    subject = Subject(settings={**files, "requirements/base.txt": "-r ../requirements.txt\nidna==3.10\n"})
    assert unknown_versions(subject) == ("more/prod.txt",)
    assert unknown_versions(Subject(settings=files)) == ("requirements/base.txt", "more/prod.txt")
    # What is installed shows what they brought.
    assert unknown_versions(Subject(settings=files, installed=(InstalledPackage("six", "1.16.0"),))) == ()


def test_a_row_that_is_no_package_is_never_passed_on() -> None:
    row = '[[package]]\nname = "x\\n-r /etc/passwd"\nversion = "1"\n'
    subject = Subject(settings={"uv.lock": row}, installed=(InstalledPackage("ok", "1 --index-url http://x"),))
    assert pins_of(subject) == {}
    assert len(unknown_versions(subject)) == 2


def test_names_are_compared_as_indexes_do() -> None:
    assert normalised("Flask_Login") == normalised("flask.-login") == "flask-login"
