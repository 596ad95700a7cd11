"""Find what a command runs of the files that the same text has written: ``cat > x.sh <<E … E; sh x.sh``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.safety.carried_texts import Carried, operands
from orchestrator.safety.shell.scope import Scope
from orchestrator.safety.shell.words import Word

_BY_SUFFIX: Final[Mapping[str, str]] = {
    **{"py": "python", "js": "node", "mjs": "node", "cjs": "node", "ts": "node", "mts": "node", "pl": "perl"},
    **{"rb": "ruby", "php": "php", "lua": "lua", "mk": "make", "exp": "tcl", "awk": "awk"},
}
_BY_INTERPRETER: Final = late_pattern(r"#!.*?\b(python|node|deno|bun|perl|ruby|php|lua|make|expect|awk)")
_SPOKEN: Final[Mapping[str, str]] = {"deno": "node", "bun": "node", "expect": "tcl"}
_BUILD_FILES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "make": ("make", ("GNUmakefile", "makefile", "Makefile")),
    "gmake": ("make", ("GNUmakefile", "makefile", "Makefile")),
    "just": ("recipes", ("justfile", "Justfile", ".justfile")),
    "task": ("recipes", ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml")),
    "go-task": ("recipes", ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml")),
    "rake": ("ruby", ("Rakefile", "rakefile", "Rakefile.rb")),
    "nox": ("python", ("noxfile.py",)),
    "fab": ("python", ("fabfile.py",)),
    "invoke": ("python", ("tasks.py",)),
    "scons": ("python", ("SConstruct",)),
}
"""What a build tool reads where it is given no file: the language, and the names it looks for."""
_FOLDER_OPTIONS: Final = frozenset({"-C", "--directory", "-d", "--dir", "--working-directory", "--prefix", "--cwd"})
_FILE_OPTIONS: Final = frozenset({"-f", "--file", "--makefile", "--justfile", "-t", "--taskfile", "--rakefile"})
_SCRIPT_RUNNERS: Final = frozenset({"npm", "pnpm", "yarn", "bun"})
_RUN_VERBS: Final = frozenset({"run", "run-script", "rum", "urn"})
_ALWAYS_RUN: Final = ("install", "prepare", "prepack", "prepublishOnly")
"""Scripts that come along where packages are installed or packed."""
_INSTALLS: Final = frozenset({"install", "i", "ci", "add", "pack", "publish", "rebuild", "link"})


def run_from_files(name: str, words: Sequence[Word], scope: Scope) -> Iterator[Carried]:
    """Every text that this program runs out of files the text has written before."""
    content = words[0].content
    if content is not None:
        yield Carried(language_of(words[0].text, content.text), content)
    if name in _BUILD_FILES:
        yield from _of_build_file(*_BUILD_FILES[name], words, scope)
    elif name in _SCRIPT_RUNNERS:
        yield from _of_package(words, scope)
    if name in ("deno", "bun"):
        for word in words[1:]:
            if word.content is not None:
                yield Carried("node", word.content)


def language_of(path: str, text: str) -> str:
    """The language of a file that is run: by its first line, else by its name."""
    named = _BY_INTERPRETER.match(text)
    if named is not None:
        return _SPOKEN.get(named[1], named[1])
    return "shell" if text.startswith("#!") else _BY_SUFFIX.get(path.rpartition(".")[2], "shell")


def scripts_set_by(words: Sequence[Word]) -> Word | None:
    """What ``npm pkg set scripts.x="…"`` writes into ``package.json``."""
    given = [word.text for word in words[1:] if not word.dynamic]
    if given[:2] != ["pkg", "set"]:
        return None
    pairs = [text.removeprefix("scripts.").partition("=") for text in given[2:] if text.startswith("scripts.")]
    return Word(json.dumps({name: text for name, _, text in pairs})) if pairs else None


def _of_build_file(language: str, names: Sequence[str], words: Sequence[Word], scope: Scope) -> Iterator[Carried]:
    files = [_read(scope, f"{folder}/{name}") for folder in _folders(words) for name in names]
    files += [words[n + 1].content for n, word in enumerate(words[:-1]) if word.text in _FILE_OPTIONS]
    for content in files:
        if content is None:
            continue
        if language != "recipes":
            yield Carried(language, content)
            continue
        for line in content.text.splitlines():
            recipe = re.sub(r"^\s+(?:- )?(?:cmds?: *)?|^- ", "", line)
            if recipe != line and recipe.strip():
                yield Carried("shell", Word(recipe.strip().lstrip("@-").strip("\"'")))


def _of_package(words: Sequence[Word], scope: Scope) -> Iterator[Carried]:
    content = next((c for folder in _folders(words) if (c := _read(scope, f"{folder}/package.json")) is not None), None)
    if content is None:
        return
    given = [word.text for word in operands(words, _FOLDER_OPTIONS)]
    wanted = given[1:2] if given[:1] and given[0] in _RUN_VERBS else given[:1]
    if given[:1] and given[0] in _INSTALLS:
        wanted = [*wanted, *_ALWAYS_RUN]
    for script in wanted:
        form = rf'"(?:pre|post)?{re.escape(script)}"\s*:\s*("(?:[^"\\]|\\.)*")'
        for text in re.findall(form, content.text):
            yield Carried("shell", Word(_plain(text)))


def _plain(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted[1:-1]


def _folders(words: Sequence[Word]) -> Sequence[str]:
    given = [words[n + 1].text for n, word in enumerate(words[:-1]) if word.text in _FOLDER_OPTIONS]
    return [".", *given]


def _read(scope: Scope, path: str) -> Word | None:
    return scope.read(Word(path)).content
