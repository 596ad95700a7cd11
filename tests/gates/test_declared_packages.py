from __future__ import annotations

import pytest

from orchestrator.gates.declared_packages import declared_by
from orchestrator.gates.gate import Subject

POETRY = """
[tool.poetry]
name = "shop"
[tool.poetry.dependencies]
python = "^3.11"
idna = "^3"
six = "1.16.0"
attrs = { version = "==25.1", python = "^3.11" }
wanted = [{ version = "^1", markers = "python_version < '3.9'" }, { version = "^2", platform = "darwin" }]
extra = { version = "*", optional = true }
ui = { git = "https://example.org/ui.git" }
[tool.poetry.group.worker.dependencies]
celery = "*"
[tool.poetry.group.dev.dependencies]
black = "*"
[tool.poetry.group.gpu]
optional = true
[tool.poetry.group.gpu.dependencies]
torch = "*"
"""


def of(name: str, text: str, *others: str) -> tuple[set[str], tuple[str, ...]]:
    found = declared_by(Subject(settings={name: text, **dict.fromkeys(others, "")}, text_files=(name, *others)))
    return set(found.names), found.gaps


def test_poetry_names_them_in_tables_and_groups() -> None:
    found = declared_by(Subject(settings={"pyproject.toml": POETRY}))
    assert found.names == {"idna", "six", "attrs", "ui", "celery"}
    assert found.own == {"shop"}
    assert {"six==1.16.0", "attrs==25.1"} <= set(found.requirements)
    assert found.gaps == ()


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        ("pyproject.toml", '[project]\ndependencies = ["ui @ git+https://example.org/ui", "six>=1"]\n', {"ui", "six"}),
        (
            "pyproject.toml",
            '[dependency-groups]\nworker = ["celery", {include-group = "x"}]\ntest = ["x"]\n',
            {"celery"},
        ),
        ("pyproject.toml", '[tool.flit.metadata]\nrequires = ["idna (>=3)"]\n', {"idna"}),
        ("setup.cfg", "[options]\ninstall_requires =\n    idna>=3\n    six; python_version > '3'\n", {"idna", "six"}),
        ("setup.py", "from setuptools import setup\nsetup(install_requires=['idna>=3'])\n", {"idna"}),
        ("setup.py", "import setuptools\nNEEDS = ('six',)\nsetuptools.setup(install_requires=NEEDS)\n", {"six"}),
        ("Pipfile", '[packages]\nidna = "*"\nnear = {path = "."}\n[dev-packages]\nx = "*"\n', {"idna"}),
        ("requirements.in", "idna\n", {"idna"}),
        ("requirements-prod.txt", "idna\n", {"idna"}),
        ("requirements.txt", "-e git+https://example.org/x.git@1#egg=shop_ui\n-e .[all]\n.\n", {"shop_ui"}),
        ("requirements.txt", "idna \\\n  --hash=sha256:0\n--index-url https://x\n-c constraints.txt\n", {"idna"}),
    ],
)
def test_every_manifest_is_read(name: str, text: str, names: set[str]) -> None:
    assert of(name, text) == (names, ())


@pytest.mark.parametrize(
    ("name", "text", "gap"),
    [
        ("requirements.txt", "git+https://example.org/x\n", "git+https://example.org/x (requirements.txt)"),
        ("requirements.txt", "https://example.org/x-1.whl\n", "https://example.org/x-1.whl (requirements.txt)"),
        ("requirements.txt", "-e ./libs/x\n", "./libs/x (requirements.txt)"),
        ("requirements.txt", "libs/x.whl\n", "libs/x.whl (requirements.txt)"),
        ("requirements.txt", "i\0d\0n\0a\0", "requirements.txt, which is no UTF-8"),
        ("requirements.txt", "<<<<<<< ours\n", "<<<<<<< ours (requirements.txt)"),
        ("pyproject.toml", "[project\n", "pyproject.toml, which is no TOML"),
        ("pyproject.toml", '[project]\ndependencies = "idna"\n', "pyproject.toml (dependencies)"),
        ("pyproject.toml", '[project]\ndynamic = ["dependencies"]\n', "pyproject.toml (dynamic dependencies)"),
        ("setup.cfg", "no section\n", "setup.cfg, which cannot be read"),
        ("setup.cfg", "[options]\ninstall_requires = file: more.txt\n", "more.txt"),
        ("setup.py", "setup(install_requires=read('x'))\n", "setup.py (install_requires)"),
        ("setup.py", "setup(**{'install_requires': ['x']})\n", "setup.py (install_requires)"),
        ("setup.py", "setup(\n", "setup.py, which cannot be parsed"),
        ("Pipfile", "[packages\n", "Pipfile, which is no TOML"),
        ("environment.yml", "dependencies: [numpy]\n", "environment.yml"),
    ],
)
def test_what_does_not_tell_its_packages_is_a_gap(name: str, text: str, gap: str) -> None:
    assert of(name, text) == (set(), (gap,))


def test_a_folder_of_the_project_with_a_manifest_of_its_own_is_no_gap() -> None:
    assert of("requirements.txt", "-e ./libs/x\n", "libs/x/pyproject.toml") == (set(), ())
    assert of("pyproject.toml", '[tool.setuptools.dynamic]\n[project]\ndynamic = ["dependencies"]\n', "setup.py") == (
        set(),
        (),
    )


def test_a_program_that_names_its_file_of_requirements_is_read_by_that_file() -> None:
    program = "setup(install_requires=[line for line in read('requirements.txt')])\n"
    subject = Subject(settings={"setup.py": program, "requirements.txt": "idna\n"})
    assert declared_by(subject).names == {"idna"}
    assert declared_by(subject).gaps == ()
    assert declared_by(Subject(settings={"setup.py": program})).gaps == ("setup.py (install_requires)",)


def test_what_lies_there_and_cannot_be_read_is_a_gap() -> None:
    assert declared_by(Subject(unread=("requirements.txt", ".flake8"))).gaps == (
        "requirements.txt, which cannot be read",
    )
