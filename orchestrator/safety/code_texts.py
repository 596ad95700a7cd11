"""A program given in an argument (``python -c``, ``perl -e``, ``awk``) in, the shell commands it starts out.

As far as they stand there as plain texts: a program can hide anything.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.safety.shell_words import UNKNOWN, Word

_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
_CALLS: Final = re.compile(
    r"\b(?:system|exec|execSync|execFileSync|spawnSync|popen|Open3\.\w+|IO\.popen|shell_exec|passthru)\b\s*\(?\s*"
    r"(?:(\"(?:[^\"\\]|\\.)*\")|('(?:[^'\\]|\\.)*'))?"
)
_REMOVES: Final = re.compile(r"\b(?:rmtree|rmSync|rmdirSync|rm_rf|remove_tree|removedirs)\b")
_SWITCHES: Final = {
    "perl": ("-e", "-E"),
    "ruby": ("-e",),
    "node": ("-e", "--eval", "-p", "--print"),
    "nodejs": ("-e", "--eval"),
    "deno": ("eval",),
    "bun": ("-e",),
    "php": ("-r",),
    "lua": ("-e",),
    "osascript": ("-e",),
}
_AWKS: Final = frozenset({"awk", "gawk", "mawk", "nawk"})
_SHELL_CALLS: Final = frozenset({"os.system", "os.popen", "commands.getoutput", "subprocess.getoutput"})
_RUNS: Final = frozenset({"run", "call", "check_call", "check_output", "Popen", "getstatusoutput"})


@dataclass(frozen=True, slots=True)
class Started:
    """Something a program in an argument starts."""

    script: str | None = None
    """A shell command line."""
    words: tuple[Word, ...] = ()
    """A command given word by word."""


UNSEEN: Final = Started()
"""It starts or removes something that does not stand there as a text."""


def runs_code(name: str) -> bool:
    """Whether a program of this name takes code in an argument."""
    return name in _SWITCHES or name in _AWKS or _PYTHON.fullmatch(name) is not None


def started_by(name: str, words: Sequence[Word]) -> Iterator[Started]:
    """What the program ``name`` is told to start by its own arguments."""
    if _PYTHON.fullmatch(name):
        code = _after(words, ("-c",))
        if code is not None and not code.dynamic:
            yield from _of_python(code.text)
    elif name in _AWKS:
        for word in words[1:]:
            if not word.text.startswith("-"):
                yield from _of_calls(word.text)
    elif name in _SWITCHES:
        code = _after(words, _SWITCHES[name])
        if code is not None:
            yield from _of_calls(code.text)


def _after(words: Sequence[Word], switches: Sequence[str]) -> Word | None:
    for at, word in enumerate(words[1:], 1):
        if word.text in switches:
            return words[at + 1] if at + 1 < len(words) else None
        short = next((s for s in switches if len(s) == 2 and word.text.startswith(s) and len(word.text) > 2), None)
        if short is not None and not word.text.startswith("--"):
            return word._replace(text=word.text[2:])
        combined = re.fullmatch(r"-[A-Za-z]+", word.text)
        if combined and any(len(s) == 2 and word.text.endswith(s[1]) for s in switches) and at + 1 < len(words):
            return words[at + 1]
    return None


def _of_calls(code: str) -> Iterator[Started]:
    for match in _CALLS.finditer(code):
        text = match[1] or match[2]
        if text:
            yield Started(script=re.sub(r"\\(.)", r"\1", text[1:-1]))
    if _REMOVES.search(code):
        yield UNSEEN


def _of_python(code: str) -> Iterator[Started]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from _of_calls(code)
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node)


def _of_call(node: ast.Call) -> Iterator[Started]:
    name = ast.unparse(node.func)
    last = name.rpartition(".")[2]
    first = node.args[0] if node.args else None
    if last == "rmtree":
        path = Word(first.value) if isinstance(first, ast.Constant) and isinstance(first.value, str) else UNKNOWN
        # What it removes is worth a look; where it stands there as a text it is as good as ``rm -rf``.
        yield UNSEEN if path.dynamic else Started(words=(Word("rm"), Word("-r"), Word("-f"), path))
    elif name in _SHELL_CALLS or last == "system" or last in _RUNS:
        yield from _of_argument(first)


def _of_argument(given: ast.expr | None) -> Iterator[Started]:
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        yield Started(script=given.value)
    elif isinstance(given, ast.List | ast.Tuple):
        words = [
            Word(item.value) if isinstance(item, ast.Constant) and isinstance(item.value, str) else UNKNOWN
            for item in given.elts
        ]
        if words:
            yield Started(words=tuple(words))
    elif given is not None:
        yield UNSEEN
