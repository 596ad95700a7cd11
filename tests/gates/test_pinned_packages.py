from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

import pytest

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


def reader(files: Mapping[str, str]) -> Callable[[str], Sequence[str]]:
    return lambda name: files.get(name, "").splitlines()


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
    settings = {"requirements.txt": "\n".join(lines)}
    assert unknown_versions(Subject(settings=settings)) == ("future", "idna", "requests", "uvloop")
    assert unknown_versions(Subject(settings=settings, python_version="3.10")) == (
        *("idna", "requests", "tomli", "uvloop"),
    )


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pylock.toml", '[[packages]]\nname = "shop-ui"\n[packages.vcs]\nurl = "https://x"\n'),
        ("Pipfile.lock", '{"default": {"shop-ui": {"git": "https://x", "ref": "1"}}}'),
        ("Pipfile.lock", '{"default": {"shop-ui": {"version": "*"}}}'),
        ("services/api/requirements.txt", "shop-ui\n"),
        ("services/api/poetry.lock", '[[package]]\nname = "shop_ui"\n'),
    ],
)
def test_a_package_that_is_locked_without_a_version_is_not_known(file: str, text: str) -> None:
    settings = {"requirements.txt": "six==1.16.0\n"}
    files = {**settings, file: text}
    subject = Subject(settings=files if "/" not in file else settings, text_files=tuple(files), lines=reader(files))
    assert unknown_versions(subject) == ("shop-ui",)
    assert pins_of(subject) == {"six": {"1.16.0"}}


@pytest.mark.parametrize("file", ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock"])
def test_a_lock_file_that_cannot_be_read_is_said(file: str) -> None:
    files = {"requirements.txt": "six==1.16.0\n", file: "<<<<<<< ours\n"}
    assert unknown_versions(Subject(settings=files)) == (f"{file}, which cannot be read",)
    assert unknown_versions(Subject(settings={}, unread=(file,))) == (f"{file}, which cannot be read",)


def test_the_parts_of_a_project_are_no_packages_that_it_depends_on() -> None:
    files = {
        "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["shop-core", "idna==3.10"]\n',
        "core/pyproject.toml": '[project]\nname = "shop_core"\ndependencies = ["six"]\n',
        "uv.lock": '[[package]]\nname = "shop"\nversion = "1"\nsource = { virtual = "." }\n'
        '[[package]]\nname = "shop-core"\nversion = "1"\nsource = { editable = "core" }\n'
        '[[package]]\nname = "six"\nversion = "1.16.0"\nsource = { registry = "x" }\n',
    }
    top = {name: text for name, text in files.items() if "/" not in name}
    subject = Subject(settings=top, text_files=tuple(files), lines=reader(files))
    assert unknown_versions(subject) == ()
    assert pins_of(subject) == {"idna": {"3.10"}, "six": {"1.16.0"}}


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
