from __future__ import annotations

import pytest

from orchestrator.suites.project import View, WrittenProject
from orchestrator.suites.task_targets import TASK_FILES, TaskFile, environment_texts, ini, pyproject_tasks, unquoted


def file_of(program: str) -> TaskFile:
    return next(file for file in TASK_FILES if file.program == program)


def target(name: str, text: str, program: str, wanted: str = "test") -> str | None:
    return file_of(program).texts(View(WrittenProject({name: text}))).get(wanted)


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("test:\n\tpytest\n", "pytest"),
        ("test: ; pytest\n", "pytest"),
        ("test tests: build\n\t@pytest -x\n\t-rm x\nbuild:\n\tcc\n", "make build\npytest -x\nrm x"),
        ("PY := python3\nRUN = $(PY) -m\ntest:\n\t$(RUN) pytest $$HOME\n", "python3 -m pytest $HOME"),
        ("test::\n\tpytest\n", "pytest"),
        (".PHONY: test\ntest:\n\tpytest \\\n\t  -q\n", "pytest  \t  -q"),
        ("other:\n\tx\n", None),
        ("test = 3\n", None),
    ],
)
def test_a_makefile_is_read(text: str, commands: str | None) -> None:
    assert target("Makefile", text, "make") == commands


def test_a_justfile_is_read() -> None:
    text = "default: test\n\n# all\ntest *args: build\n    @pytest {{args}}\n\nbuild:\n    cc\n"
    assert target("justfile", text, "just") == "just build\npytest "


def test_a_taskfile_is_read() -> None:
    text = "version: '3'\ntasks:\n  test:\n    desc: x\n    cmds:\n      - task: build\n      - cmd: pytest\n      - 'go test'\n  build: cc\n"  # noqa: E501 - one row
    assert target("Taskfile.yml", text, "task") == "task build\npytest\ngo test"
    assert target("Taskfile.yml", text, "task", "build") == "cc"


def test_composer_scripts_are_read() -> None:
    text = '{"scripts": {"test": ["@lint", "@php vendor/bin/phpunit"], "lint": "phpcs"}}'
    assert target("composer.json", text, "composer") == "composer lint\nphp vendor/bin/phpunit"


@pytest.mark.parametrize("text", ["", "\t\t\n:::", "a: b: c\n\tx", "{", "tasks:\n- 3"])
def test_any_text_is_read_without_raising(text: str) -> None:
    for file in TASK_FILES:
        file.texts(View(WrittenProject({name: text for name in file.names})))


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ('[tool.poe.tasks]\ntest = "pytest"', "pytest"),
        ('[tool.poe.tasks.test]\ncmd = "pytest -q"', "pytest -q"),
        ('[tool.taskipy.tasks]\ntest = "pytest"', "pytest"),
        ('[tool.pdm.scripts]\ntest = {composite = ["unit"]}\nunit = "pytest"', "pytest"),
        ('[tool.hatch.envs.default.scripts]\ntest = "pytest {args:tests}"', "pytest tests"),
        ('[tool.hatch.envs.default.scripts]\ntest = ["a", "b"]', "a\nb"),
    ],
)
def test_tasks_of_pyproject_are_read(text: str, commands: str) -> None:
    view = View(WrittenProject({"pyproject.toml": text}))
    assert [found[1] for found in pyproject_tasks(view).values()] == [commands]


@pytest.mark.parametrize(
    ("name", "text", "commands"),
    [
        ("tox.ini", "[testenv]\ncommands =\n    pytest {posargs:tests}\n    mypy {toxinidir}/src", ["pytest tests\nmypy src"]),  # noqa: E501 - one row
        ("tox.ini", "[testenv:py]\ncommands = pytest", ["pytest"]),
        ("setup.cfg", "[tox:testenv]\ncommands = pytest", ["pytest"]),
        ("pyproject.toml", "[tool.tox]\nlegacy_tox_ini = '''\n[testenv]\ncommands = pytest\n'''", ["pytest"]),
        ("pyproject.toml", '[tool.tox.env_run_base]\ncommands = [["pytest", "-q"]]', ["pytest -q"]),
        ("tox.ini", "[broken", []),
    ],
)  # fmt: skip
def test_what_tox_runs_is_read(name: str, text: str, commands: list[str]) -> None:
    assert [found[1] for found in environment_texts(View(WrittenProject({name: text})), "tox")] == commands


def test_what_nox_runs_is_read() -> None:
    text = "import nox\n@nox.session\ndef tests(session):\n    session.install('.')\n    session.run('pytest', *session.posargs)\n"  # noqa: E501 - one row
    assert list(environment_texts(View(WrittenProject({"noxfile.py": text})), "nox")) == [
        ("noxfile.py: tests", "pytest")
    ]
    assert list(environment_texts(View(WrittenProject({"noxfile.py": "def ("})), "nox")) == []


def test_scalars_and_sections() -> None:
    assert unquoted(" 'a' ") == "a"
    assert ini(View(WrittenProject({"x.ini": "[a]\nb\nc = 1"})), "x.ini") == {"a": {"b": "", "c": "1"}}
