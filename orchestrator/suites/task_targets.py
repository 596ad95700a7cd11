"""Reads the files of task runners: each target's commands as one shell text."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from orchestrator.late_pattern import late_pattern
from orchestrator.suites.project import View, table
from orchestrator.value_class import value_class

TEST_TARGETS = ("test", "tests", "check", "unit", "unittest", "unit-test", "unit-tests", "test-unit", "spec", "pytest")
"""What projects call the target that runs their tests, the likeliest first."""
_RULE = late_pattern(r"^([^\s#:=][^:=#]*?)\s*::?(?!=)\s*([^=#]*)(?:#.*)?$")
_VARIABLE = late_pattern(r"^(?:export\s+)?([A-Za-z_][\w.]*)\s*(?::{1,3}|\?|\+)?=\s*(.*)$")
_JUST_RECIPE = late_pattern(r"^@?([A-Za-z_][\w-]*)((?:\s+[^:]+)?):(?!=)\s*(.*)$")


@value_class
class TaskFile:
    """A kind of file that names commands."""

    program: str
    """The task runner that reads it."""
    names: tuple[str, ...]
    read: Callable[[View, str], Mapping[str, str]]

    def name_in(self, view: View) -> str:
        """The file that the task runner would take; empty where there is none."""
        return next((name for name in self.names if name in view.names_here), "")

    def texts(self, view: View) -> Mapping[str, str]:
        """Commands by target."""
        name = self.name_in(view)
        return self.read(view, name) if name else {}


def makefile(view: View, name: str) -> Mapping[str, str]:
    """Targets of a Makefile; prerequisites that have commands come first, and simple variables are filled in."""
    variables, recipes, needs = _rules(view.text(name))
    made: dict[str, str] = {}
    for target in recipes:
        lines = [f"make {need}" for need in needs[target] if need in recipes and need != target]
        lines += [_recipe_line(line, target) for line in recipes[target]]
        made[target] = "\n".join(_filled_in(line, variables) for line in lines if line)
    return made


def _rules(text: str) -> tuple[dict[str, str], dict[str, list[str]], dict[str, list[str]]]:
    variables: dict[str, str] = {"MAKE": "make", "CURDIR": ".", "SHELL": "/bin/sh"}
    recipes: dict[str, list[str]] = {}
    needs: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            for target in current:
                recipes[target].append(line.strip())
        elif found := _VARIABLE.match(line):
            variables[found[1]] = found[2].strip()
        elif found := _RULE.match(line):
            before, _, recipe = found[2].partition(";")
            current = [target for target in found[1].split() if "%" not in target and not target.startswith(".")]
            for target in current:
                recipes.setdefault(target, []).extend([recipe.strip()] if recipe.strip() else [])
                needs.setdefault(target, []).extend(before.replace("|", " ").split())
        elif line.strip() and not line.startswith("#"):
            current = []
    return variables, recipes, needs


def _recipe_line(line: str, target: str) -> str:
    return line.lstrip("@-+ ").replace("$@", target)


def _filled_in(line: str, variables: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return variables.get(name, "" if name.isupper() or name.islower() else found[0])

    for _ in range(5):
        filled = re.sub(r"(?<!\$)\$(?:\((\w+)\)|\{(\w+)\})", value, line)
        if filled == line:
            break
        line = filled
    return line.replace("$$", "$")


def justfile(view: View, name: str) -> Mapping[str, str]:
    """Recipes of a justfile."""
    made: dict[str, list[str]] = {}
    current: list[str] = []
    for line in view.text(name).splitlines():
        if line[:1] in (" ", "\t"):
            current.append(re.sub(r"\{\{[^}]*\}\}", "", line.strip().lstrip("@-")))
        elif found := _JUST_RECIPE.match(line):
            current = made.setdefault(found[1], [])
            current += [f"just {need}" for need in found[3].split() if re.fullmatch(r"[\w-]+", need)]
        elif line.strip() and not line.startswith("#"):
            current = []
    return {target: "\n".join(lines) for target, lines in made.items()}


def taskfile(view: View, name: str) -> Mapping[str, str]:
    """Tasks of a Taskfile."""
    made: dict[str, list[str]] = {}
    current: list[str] | None = None
    inside = False
    indent = 0
    for line in view.text(name).splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        depth = len(line) - len(line.lstrip())
        if depth == 0:
            inside, indent, current = line.startswith("tasks:"), 0, None
            continue
        if not inside:
            continue
        indent = indent or depth
        text = line.strip()
        if depth == indent and (found := re.fullmatch(r"['\"]?([\w:.-]+)['\"]?:\s*(.*)", text)):
            current = made.setdefault(found[1], [])
            current += [unquoted(found[2])] if found[2] and not found[2].startswith(("{", "[", "|")) else []
        elif current is not None and (found := re.fullmatch(r"(?:- )?(?:cmd: |cmds?: )?(.+)", text)):
            is_command = text.startswith("- ") or text.startswith(("cmd:", "cmds: "))
            if text.startswith("- task:"):
                current.append(f"task {unquoted(text.partition(':')[2])}")
            elif is_command and not re.match(r"- \w+:( |$)", text.replace("- cmd:", "- ")):
                current.append(re.sub(r"\{\{[^}]*\}\}", "", unquoted(found[1])))
    return {target: "\n".join(lines) for target, lines in made.items()}


def unquoted(text: str) -> str:
    """A YAML scalar of one line without its quotes."""
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def composer_scripts(view: View, name: str) -> Mapping[str, str]:
    """Scripts of a composer.json; ``@other`` is a reference to another, ``@php`` the interpreter."""
    made: dict[str, str] = {}
    for target, value in table(view.json(name), "scripts").items():
        lines = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        made[target] = "\n".join(_composer_line(line) for line in lines if isinstance(line, str))
    return made


def _composer_line(line: str) -> str:
    if line.startswith("@php "):
        return line[1:]
    return f"composer {line[1:]}" if line.startswith("@") and not line.startswith("@putenv") else line


TASK_FILES = (
    TaskFile("make", ("GNUmakefile", "makefile", "Makefile"), makefile),
    TaskFile("just", ("justfile", "Justfile", ".justfile"), justfile),
    TaskFile("task", ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml", "taskfile.yaml"), taskfile),
    TaskFile("composer", ("composer.json",), composer_scripts),
)


def pyproject_tasks(view: View) -> Mapping[str, tuple[str, str]]:
    """Test tasks that tools keep in pyproject.toml: where each stands, and its commands."""
    document = view.toml("pyproject.toml")
    places: list[tuple[str, Mapping[str, Any]]] = [
        ("tool.poe.tasks", table(document, "tool", "poe", "tasks")),
        ("tool.taskipy.tasks", table(document, "tool", "taskipy", "tasks")),
        ("tool.pdm.scripts", table(document, "tool", "pdm", "scripts")),
        ("tool.rye.scripts", table(document, "tool", "rye", "scripts")),
        ("tool.hatch.scripts", table(document, "tool", "hatch", "scripts")),
    ]
    for name, environment in table(document, "tool", "hatch", "envs").items():
        places.append((f"tool.hatch.envs.{name}.scripts", table(environment, "scripts")))
    found: dict[str, tuple[str, str]] = {}
    for place, tasks in places:
        target = next((name for name in (*TEST_TARGETS, "run") if name in tasks), None)
        if target is not None:
            text = _task_text(tasks[target], tasks)
            if text:
                found[place] = (f"pyproject.toml: {place}.{target}", text)
    return found


def _task_text(value: object, tasks: Mapping[str, Any]) -> str:
    if isinstance(value, dict):
        value = next((value[key] for key in ("cmd", "shell", "composite", "sequence") if key in value), "")
    if isinstance(value, list):
        parts = [tasks[part] if isinstance(part, str) and part in tasks else part for part in value]
        return "\n".join(_task_text(part, {}) for part in parts)
    return re.sub(r"\{args(?::([^}]*))?\}", lambda found: found[1] or "", value) if isinstance(value, str) else ""


def environment_texts(view: View, program: str) -> Iterator[tuple[str, str]]:
    """What tox or nox runs: where each list of commands stands, and the commands.

    Of tox the plain ``testenv`` alone is taken, or else the environments that have commands of their own.
    """
    if program == "nox":
        yield from _nox_texts(view)
        return
    for name in ("tox.ini", "setup.cfg"):
        prefix = "" if name == "tox.ini" else "tox:"
        sections = ini(view, name)
        plain = sections.get(f"{prefix}testenv", {}).get("commands")
        if plain:
            yield f"{name}: {prefix}testenv.commands", _tox_text(plain)
            continue
        for section, values in sections.items():
            if section.startswith(f"{prefix}testenv:") and "commands" in values:
                yield f"{name}: {section}.commands", _tox_text(values["commands"])
    document = view.toml("pyproject.toml")
    legacy = table(document, "tool", "tox").get("legacy_tox_ini")
    if isinstance(legacy, str):
        plain = _parsed(legacy).get("testenv", {}).get("commands")
        if plain:
            yield "pyproject.toml: tool.tox.legacy_tox_ini", _tox_text(plain)
    listed = table(document, "tool", "tox", "env_run_base").get("commands")
    if isinstance(listed, list):
        lines = [" ".join(word for word in line if isinstance(word, str)) for line in listed if isinstance(line, list)]
        yield "pyproject.toml: tool.tox.env_run_base.commands", _tox_text("\n".join(lines))


def _tox_text(text: str) -> str:
    text = re.sub(r"\{posargs:?([^{}]*)\}", r"\1", text).replace("{toxinidir}/", "").replace("{tox_root}/", "")
    text = text.replace("{envpython}", "python").replace("{envbindir}/", "").replace("[]", "")
    lines = (line.strip().lstrip("-!").strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and "{" not in line)


def ini(view: View, name: str) -> Mapping[str, Mapping[str, str]]:
    """The sections of an INI file; empty where it holds none."""
    return _parsed(view.text(name))


def _parsed(text: str) -> Mapping[str, Mapping[str, str]]:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, default_section="no default section")
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {name: {key: value or "" for key, value in parser.items(name)} for name in parser.sections()}


def _nox_texts(view: View) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(view.text("noxfile.py"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            lines = [" ".join(words) for words in _sessions_runs(node) if words]
            if lines:
                yield f"noxfile.py: {node.name}", "\n".join(lines)


def _sessions_runs(function: ast.FunctionDef) -> Iterator[Sequence[str]]:
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("run", "run_always")
        ):
            words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            yield [word for word in words if isinstance(word, str)]
