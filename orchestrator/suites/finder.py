"""Turns the commands by which a project runs its tests into suites, each once."""

from __future__ import annotations

import fnmatch
import posixpath
import shlex
from collections.abc import Sequence
from dataclasses import replace

from orchestrator.suites.project import View
from orchestrator.suites.runners import (
    CONTAINERS,
    RUNNERS,
    Recognised,
    Runner,
    recognise,
    recognise_anywhere,
    selection,
)
from orchestrator.suites.shell_lines import Command, UnreadableTextError, Word, commands
from orchestrator.suites.suite import Detection, NotTaken, Setting, Suite
from orchestrator.value_class import value_class

MOST_SUITES = 16
MOST_DEPTH = 6
"""How many times one command may lead to another: a script to a script, a target to a target."""
TOOL_FOLDERS = (".venv/bin", "venv/bin", "node_modules/.bin", "vendor/bin")
"""A project's own tools, which come before the machine's."""

_LINTERS = {
    *("eslint", "prettier", "stylelint", "biome", "xo", "standard", "tslint", "oxlint", "ruff", "black", "mypy"),
    *("flake8", "pylint", "isort", "pyright", "golangci-lint", "shellcheck", "rubocop", "phpstan", "phpcs", "clippy"),
    *("pre-commit", "codespell", "clear", "rimraf", "echo", "printf"),
}
_SHELL_OPTIONS = {"set", "shopt", "trap", "ulimit", "umask", "true", ":"}
_IDLE = {"echo", "printf", "exit", "true", "false", ":", "sleep"}
_MAKERS = {"make": "make", "gmake": "make", "just": "just", "task": "task", "composer": "composer"}
_PACKAGE_MANAGERS = {"npm", "yarn", "pnpm", "bun"}
_MONOREPO_TOOLS = {"turbo", "lerna", "nx", "wsrun", "ultra", "rush", "moon", "wireit"}
_SCRIPT_LISTS = {"run-s", "run-p", "npm-run-all", "npm-run-all2", "concurrently"}
_WATCHING = {"--watch", "--watchAll", "--watch-all"}
_SHELLS = {"sh", "bash", "dash", "zsh"}


@value_class
class Source:
    """Where a command stands in the project."""

    found: str
    """For people: ``package.json: scripts.test``."""
    folder: str
    """The folder it runs in, relative to the target."""
    is_test: bool = True
    """Whether the place says that this runs tests, so that a command of no known runner is one all the same."""
    keeps_opening: bool = True
    """Whether the commands in front of a runner belong to it; in a CI workflow they install the machine."""
    stated: bool = False
    depth: int = 0
    seen: frozenset[tuple[str, str]] = frozenset()
    """Scripts and targets that led here, so that a circle ends."""

    def deeper(self, found: str, folder: str, key: tuple[str, str]) -> Source:
        return replace(self, found=found, folder=folder, depth=self.depth + 1, seen=self.seen | {key})


class Finder:
    """Collects suites; the first that covers a set of tests is taken, later ones are said to be the same."""

    def __init__(self, view: View) -> None:
        self.top = view
        self.suites: list[Suite] = []
        self.not_taken: list[NotTaken] = []
        self._idle: list[str] = []
        self._keys: dict[tuple[str, str, tuple[str, ...]], Suite] = {}

    def detection(self) -> Detection:
        return Detection(tuple(self.suites), tuple(dict.fromkeys(self.not_taken)))

    def leave(self, what: str, found: str, why: str) -> None:
        self.not_taken.append(NotTaken(what[:200], found, why))

    def view(self, folder: str) -> View:
        return self.top.view(folder) if folder else self.top

    def runs_in(self, folder: str) -> Sequence[str]:
        """The runners of the suites that run in this folder."""
        return [suite.runner for suite in self.suites if suite.cwd == folder]

    def not_covered(self, names: Sequence[str], folder: str, runners: Sequence[str]) -> Sequence[str]:
        """Of files of a folder, those that lie in no deeper folder where one of these runners runs already."""
        start = f"{folder}/" if folder else ""
        inner = tuple(
            f"{suite.cwd[len(start) :]}/"
            for suite in self.suites
            if suite.runner in runners and suite.cwd.startswith(start) and suite.cwd != folder
        )
        return [name for name in names if not name.startswith(inner)] if inner else names

    # Texts

    def take_text(self, text: str, source: Source) -> bool:
        """Take the suites that a shell text runs.

        Returns:
            Whether it led to any suite, be it one that was known already or one that is not taken for a reason.
        """
        if source.depth > MOST_DEPTH:
            self.leave(text, source.found, "it leads to itself or through too many others")
            return True
        try:
            found = commands(text)
        except UnreadableTextError as error:
            return self._take_unread(text, source, str(error))
        if not found or all(_program(command) in _IDLE for command in found):
            if source.is_test:
                why = "npm's placeholder" if "no test specified" in text else "it runs no test"
                self.leave(text, source.found, why)
            return False
        if not source.is_test and all(
            _is_linter(command) or _program(command) in _IDLE | _SHELL_OPTIONS for command in found
        ):
            self._idle.append(text)
            return False
        return self._take_commands(text, found, source)

    def _take_unread(self, text: str, source: Source, why: str) -> bool:
        if not source.is_test:
            return False
        self._add_command(text, source, f" ({why})")
        return True

    def _take_commands(self, text: str, found: Sequence[Command], source: Source) -> bool:
        opening: list[str] = []
        folder = source.folder
        took = False
        behind_runner = False
        for command in found:
            if command.joined_by == "||" or (command.joined_by == "|" and behind_runner):
                continue
            program = _program(command)
            if program in ("cd", "pushd") and len(command.words) == 2 and not opening:
                entered = _joined(folder, command.words[1].text)
                if entered is None or command.words[1].needs_shell:
                    self.leave(text, source.found, "it leaves the project")
                    return True
                folder = entered
                continue
            behind_runner = self._take_command(command, replace(source, folder=folder), opening)
            took = took or behind_runner
        if not took and source.is_test:
            if not opening:
                self.leave(text, source.found, "it runs no test")
                return False
            self._add_command(text, source)
            return True
        return took

    def _take_command(self, command: Command, source: Source, opening: list[str]) -> bool:
        """Take what one command runs, or keep it in ``opening`` for a runner that follows."""
        program = _program(command)
        idle = len(self._idle)
        if self._follow(command, replace(source, is_test=False)):
            return True
        recognised = recognise(command.texts)
        if recognised is not None:
            self._add_runner(command, recognised, source, opening)
            return True
        if program in CONTAINERS and recognise_anywhere(command.texts):
            self.leave(command.raw, source.found, "it runs in a container or on another machine")
            return True
        if self._take_node_script(command, source, opening):
            return True
        if len(self._idle) > idle or _is_linter(command) or program in _SHELL_OPTIONS:
            return False  # it runs no test, and nothing that one needs
        if source.keeps_opening or program == "export":
            opening.append(command.raw if program else f"export {command.raw}")
        return False

    def _take_node_script(self, command: Command, source: Source, opening: Sequence[str]) -> bool:
        """Take a test file that is run as a program, where it uses Node's own runner."""
        words = command.texts
        name = next((word for word in words[1:] if not word.startswith("-")), "").removeprefix("./")
        view = self.view(source.folder)
        if _program(command) != "node" or name not in view.names or "node:test" not in view.text(name):
            return False
        self._add_runner(command, Recognised(RUNNERS["node --test"], 0, 1), source, opening)
        return True

    # Commands that lead to others

    def _follow(self, command: Command, source: Source) -> bool:
        """Go where the command leads, and say whether any runner was found there."""
        words = command.texts
        program = _program(command)
        if program in _PACKAGE_MANAGERS:
            return self._follow_package_manager(program, words, source)
        if program in _MONOREPO_TOOLS or (program == "npx" and words[1:2] and words[1] in _MONOREPO_TOOLS):
            script = next((word.partition(":")[0] for word in words[1:] if "test" in word), "test")
            return self.take_workspaces(script, source)
        if program in _SCRIPT_LISTS:
            names = [word.removeprefix("npm:") for word in words[1:] if not word.startswith("-")]
            took = [self._take_scripts(name, source) for name in names]
            return any(took)
        if program in _MAKERS:
            return self._follow_task_runner(_MAKERS[program], words, source)
        if program in ("tox", "nox"):
            return self.take_environments(program, source)
        script = words[1] if program in _SHELLS and len(words) > 1 else words[0] if words else ""
        return self._follow_script_file(script, source)

    def _follow_package_manager(self, program: str, words: Sequence[str], source: Source) -> bool:
        folder, everywhere, chosen, names = source.folder, False, list[str](), list[str]()
        position = 1
        while position < len(words):
            word = words[position]
            name, sign, value = word.partition("=")
            following = value if sign else words[position + 1] if position + 1 < len(words) else ""
            if word == "--":
                break
            if name in ("--prefix", "-C", "--cwd", "--dir"):
                folder = _joined(folder, following) or folder
                position += 1 if sign else 2
            elif name in ("-w", "--workspace", "--filter", "-F"):
                chosen.append(following)
                position += 1 if sign else 2
            else:
                everywhere = everywhere or word in ("--workspaces", "-ws", "-r", "--recursive", "workspaces")
                if not word.startswith("-") and word not in ("workspaces", "foreach"):
                    names.append(word)
                position += 1
        if names[:1] in (["run"], ["run-script"], ["rum"]):
            names = names[1:]
        elif names[:1] in (["t"], ["tst"]):
            names = ["test"]
        elif program == "npm" and names[:1] != ["test"]:
            return False
        if program == "yarn" and names[:1] == ["workspace"]:
            chosen, names = names[1:2], [name for name in names[2:] if name != "run"]
        if not names or (program == "bun" and words[1:2] == ["test"]):
            return False
        here = replace(source, folder=folder)
        if everywhere or chosen:
            return self.take_workspaces(names[0], here, chosen)
        return self._take_scripts(names[0], here)

    def _take_scripts(self, pattern: str, source: Source) -> bool:
        scripts = self.view(source.folder).json("package.json").get("scripts")
        names = [name for name in scripts if fnmatch.fnmatchcase(name, pattern)] if isinstance(scripts, dict) else []
        took = [self.take_script(name, source) for name in names]
        return any(took)

    def take_script(self, name: str, source: Source) -> bool:
        """Take the script of this name of the folder's ``package.json``, with what runs in front of it."""
        scripts = self.view(source.folder).json("package.json").get("scripts")
        text = scripts.get(name) if isinstance(scripts, dict) else None
        key = (f"script {name}", source.folder)
        if not isinstance(text, str) or not isinstance(scripts, dict):
            return False
        if key in source.seen:
            self.leave(text, source.found, "it leads to itself")
            return True
        before = scripts.get(f"pre{name}")
        whole = f"{before} && {text}" if isinstance(before, str) and before and text else text
        found = f"{_in(source.folder)}package.json: scripts.{name}"
        return self.take_text(whole, source.deeper(found, source.folder, key))

    def take_workspaces(self, script: str, source: Source, chosen: Sequence[str] = ()) -> bool:
        """Take the script of every workspace, or of those that are named."""
        from orchestrator.suites.node_workspaces import workspaces

        took = False
        for folder in workspaces(self.view(source.folder)):
            below = _joined(source.folder, folder) or folder
            name = self.view(below).json("package.json").get("name")
            short = folder.rpartition("/")[2]
            if chosen and not any(
                wanted.strip("./{}") in (name, folder, short) or fnmatch.fnmatchcase(str(name), wanted)
                for wanted in chosen
            ):
                continue
            took = self.take_script(script, replace(source, folder=below, is_test=True)) or took
        return took

    def _follow_task_runner(self, program: str, words: Sequence[str], source: Source) -> bool:
        from orchestrator.suites.task_targets import TASK_FILES

        folder, names = source.folder, list[str]()
        position = 1
        while position < len(words):
            word = words[position]
            if word in ("-C", "--directory", "-d", "--working-directory") and position + 1 < len(words):
                folder = _joined(folder, words[position + 1]) or folder
                position += 2
                continue
            if not word.startswith("-") and "=" not in word and word not in ("run", "run-script"):
                names.append(word)
            position += 1
        took: list[bool] = []
        for name in names:
            key = (f"{program} {name}", folder)
            for file in TASK_FILES:
                if file.program != program or key in source.seen:
                    continue
                found = file.texts(self.view(folder)).get(name)
                if found is not None:
                    where = f"{_in(folder)}{file.name_in(self.view(folder))}: {name}"
                    took.append(self.take_text(found, source.deeper(where, folder, key)))
                    break
        return any(took)

    def take_environments(self, program: str, source: Source) -> bool:
        """Take what tox or nox would run, in the project's own interpreter: making new ones needs a network."""
        from orchestrator.suites.task_targets import environment_texts

        took: list[bool] = []
        for found, text in environment_texts(self.view(source.folder), program):
            key = (found, source.folder)
            if key not in source.seen:
                took.append(self.take_text(text, source.deeper(f"{_in(source.folder)}{found}", source.folder, key)))
        return any(took)

    def _follow_script_file(self, name: str, source: Source) -> bool:
        path = name.removeprefix("./")
        folder = self.view(source.folder)
        key = (f"file {path}", source.folder)
        if not path or path not in folder.names or key in source.seen:
            return False
        text = folder.text(path, 64 * 1024)
        first = text.partition("\n")[0]
        if not (path.endswith((".sh", ".bash")) or (first.startswith("#!") and first.rstrip().endswith("sh"))):
            return False
        return self.take_text(text, source.deeper(f"{_in(source.folder)}{path}", source.folder, key))

    # Suites

    def _add_command(self, text: str, source: Source, why: str = "") -> None:
        """Take a command of no runner that we know."""
        runner = RUNNERS["command"]
        suite = Suite(
            "",
            runner.name,
            ("sh", "-c", text),
            source.found + why,
            runner.form,
            source.folder,
            env=(*tool_settings(self.top, source.folder), *runner.env),
            from_output=True,
            shown=text,
            stated=source.stated,
        )
        self.add(suite, (text,))

    def _add_runner(self, command: Command, recognised: Recognised, source: Source, opening: Sequence[str]) -> None:
        runner = recognised.runner
        if runner.why_not:
            self.leave(command.raw, source.found, runner.why_not)
            return
        words, env = asked(command, recognised, has_tools=bool(_tool_folders(self.top, source.folder)))
        is_plain = not opening and not runner.closing and not any(word.needs_shell for word in words)
        line = " ".join(word.raw for word in words)
        if is_plain and not command.assignments:
            argv: tuple[str, ...] = tuple(word.text for word in words)
        else:
            assigned = " ".join(f"{word.raw}" for word in _assigned(command, env))
            argv = ("sh", "-c", _script(opening, f"{assigned} {line}".strip(), runner))
        arguments = command.texts[recognised.end :]
        suite = Suite(
            "",
            runner.name,
            argv,
            source.found,
            runner.form,
            source.folder,
            env=(*tool_settings(self.top, source.folder), *env),
            from_output=runner.from_output,
            shown=" && ".join([*opening, command.raw]),
            stated=source.stated,
        )
        self.add(suite, selection(runner, arguments))

    def add(self, suite: Suite, chosen: tuple[str, ...] = ()) -> None:
        """Take a suite unless its tests are another's already."""
        for key in ((suite.runner, suite.cwd, chosen), (suite.runner, suite.cwd, ())):
            known = self._keys.get(key)
            if known is not None:
                if known.found != suite.found or known.command != suite.command:
                    self.leave(suite.command, suite.found, f"its tests are those of {known.name!r}")
                return
        if len(self.suites) >= MOST_SUITES:
            self.leave(suite.command, suite.found, f"there are more than {MOST_SUITES} suites")
            return
        named = replace(suite, name=self._name(suite))
        self._keys[suite.runner, suite.cwd, chosen] = named
        self.suites.append(named)

    def _name(self, suite: Suite) -> str:
        base = suite.command if suite.runner == "command" else suite.runner
        base = base if len(base) <= 40 else base[:39] + "…"
        name = f"{base} in {suite.cwd}" if suite.cwd else base
        taken = {other.name for other in self.suites}
        number, free = 2, name
        while free in taken:
            free = f"{name} ({number})"
            number += 1
        return free


def asked(command: Command, recognised: Recognised, *, has_tools: bool) -> tuple[list[Word], tuple[Setting, ...]]:
    """The command's words with those that ask for the report, and the settings that go with them."""
    runner = recognised.runner
    # What watches for changes never ends.
    words = [word for word in command.words if word.text.partition("=")[0] not in _WATCHING]
    added = [Word(word, word) for word in runner.args]
    end = len(words)
    if runner.at_end:
        stop = next((n for n in range(recognised.end, end) if words[n].text == "--"), end)
        words[stop:stop] = added
    elif runner.after_program:
        words[recognised.program + 1 : recognised.program + 1] = added
    else:
        words[recognised.end : recognised.end] = added
    env = runner.env
    if runner.name == "rspec" and words[recognised.program].text.rpartition("/")[2] == "rake":
        words = list(command.words)
        env = (*env, Setting("SPEC_OPTS", " ".join(runner.args), " "))
    if runner.replaces_module and recognised.module is not None:
        words[recognised.module : recognised.module + 2] = [Word(runner.replaces_module, runner.replaces_module)]
    first, last = recognised.launcher
    # The project's own tools stand first on PATH, so that nothing has to look for them, or to make them anew.
    words = words[:first] + words[last:] if has_tools else words
    return words, env


def _assigned(command: Command, env: Sequence[Setting]) -> Sequence[Word]:
    """The command's own assignments, joined with ours where both set the same variable."""
    ours = {setting.name: setting for setting in env if setting.join is not None}
    found = []
    for word in command.assignments:
        name, _, value = word.raw.partition("=")
        setting = ours.get(name)
        if setting is None:
            found.append(word)
            continue
        # A folder's mark is quoted when it is filled in.
        ours_raw = setting.value if "@" in setting.value else shlex.quote(setting.value)
        raw = f"{name}={ours_raw}{shlex.quote(setting.join or '')}{value}"
        found.append(Word(raw, raw))
    return found


def _script(opening: Sequence[str], line: str, runner: Runner) -> str:
    script = " && ".join([*opening, line])
    if runner.closing:
        script = f"{runner.opening}; {script}; code=$?; {runner.closing}; exit $code"
    return script


def tool_settings(top: View, folder: str) -> tuple[Setting, ...]:
    """What puts the project's own tools in front of the machine's."""
    found = _tool_folders(top, folder)
    return (Setting("PATH", ":".join(f"@target@/{path}" for path in found), ":"),) if found else ()


def _tool_folders(top: View, folder: str) -> Sequence[str]:
    found, at = list[str](), folder
    while True:
        found += [posixpath.join(at, tools) for tools in TOOL_FOLDERS if top.exists(posixpath.join(at, tools))]
        if not at:
            return found
        at = posixpath.dirname(at)


def _is_linter(command: Command) -> bool:
    """Whether it only looks at the code; a compiler that is told to write nothing does as well."""
    program = _program(command)
    return program in _LINTERS or (program in ("tsc", "vue-tsc") and "--noEmit" in command.texts)


def _program(command: Command) -> str:
    return command.words[0].text.rpartition("/")[2] if command.words else ""


def _joined(folder: str, name: str) -> str | None:
    """The folder below; ``None`` where it leads out of the project."""
    path = posixpath.normpath(posixpath.join(folder, name))
    if path.startswith(("/", "..")):
        return None
    return "" if path == "." else path


def _in(folder: str) -> str:
    return f"{folder}/" if folder else ""
