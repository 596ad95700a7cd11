"""Programs that start other programs: which of their words are the inner command.  One table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.safety.shell import Word

SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "rbash", "fish"})

_PYTHON = re.compile(r"python[\d.]*|pypy[\d.]*")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True, slots=True)
class Wrapper:
    """How to find the inner command among a program's words."""

    valued: frozenset[str] = frozenset()
    """Options whose value is the next word."""
    leading: int = 0
    """Words of its own before the inner command, options aside."""


def _wrapper(valued: str = "", *, leading: int = 0) -> Wrapper:
    return Wrapper(frozenset(valued.split()), leading)


WRAPPERS: Final[Mapping[str, Wrapper]] = {
    "sudo": _wrapper("-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot"),
    "doas": _wrapper("-u -C"),
    "env": _wrapper("-u -C --unset --chdir"),
    "nohup": _wrapper(),
    "setsid": _wrapper(),
    "time": _wrapper("-f -o --format --output"),
    "nice": _wrapper("-n --adjustment"),
    "ionice": _wrapper("-c -n -p --class --classdata"),
    "timeout": _wrapper("-k -s --kill-after --signal", leading=1),
    "stdbuf": _wrapper("-i -o -e --input --output --error"),
    "chroot": _wrapper("--userspec --groups", leading=1),
    "unshare": _wrapper(),
    "strace": _wrapper("-o -e -p -s -u"),
    "command": _wrapper(),
    "builtin": _wrapper(),
    "exec": _wrapper("-a"),
    "busybox": _wrapper(),
    "toybox": _wrapper(),
    "xargs": _wrapper("-I -n -P -L -d -E -s -a --replace --max-args --max-procs --max-lines --delimiter --arg-file"),
    "parallel": _wrapper("-j -a --jobs --arg-file"),
    "flock": _wrapper("-w -E --timeout --conflict-exit-code", leading=1),
    "uv": _wrapper("--directory --project"),
}
"""``uv pip install`` is ``pip install``; ``uv run X`` starts X."""

_TAKES_SCRIPT = SHELLS | {"su", "runuser", "script", "flock"}
_SHELL_VALUED = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})


def program_of(words: Sequence[Word]) -> str:
    """The program's name without its folder; empty without words."""
    return words[0].text.rpartition("/")[2] if words else ""


def inner_commands(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """The commands that this one starts, as far as its words say."""
    name = program_of(words)
    if name == "find":
        yield from _of_find(words)
    elif _PYTHON.fullmatch(name):
        module = next((n for n, word in enumerate(words) if word.text == "-m"), None)
        if module is not None:
            yield tuple(words[module + 1 :])
    elif name == "env" and (split := _env_split(words)) is not None:
        yield split
    elif name in WRAPPERS:
        inner = _after_own(words[1:], WRAPPERS[name])
        if name == "uv" and inner and inner[0].text == "run":
            inner = _after_own(inner[1:], WRAPPERS[name])
        yield inner


def script_of(words: Sequence[Word]) -> Word | None:
    """The word that the program runs as a command line of its own: of ``sh -c``, ``eval``, ``trap``, ``watch``."""
    name = program_of(words)
    if name in ("eval", "watch"):
        given = words[1:] if name == "eval" else _after_own(words[1:], _wrapper("-n --interval"))
        return _joined(given) if given else None
    if name == "trap":
        return words[1] if len(words) > 2 else None
    if name not in _TAKES_SCRIPT:
        return None
    wanted = False
    at = 1
    while at < len(words):
        text = words[at].text
        if text == "--command" or (re.fullmatch(r"-[A-Za-z]*c[A-Za-z]*", text) and not text.startswith("--")):
            wanted = True
        elif text.startswith("--command="):
            return Word(text.partition("=")[2], words[at].dynamic)
        elif text in _SHELL_VALUED:
            at += 1
        elif wanted and (words[at].dynamic or not text.startswith(("-", "+"))):
            return words[at]
        at += 1
    return None


def _after_own(words: Sequence[Word], wrapper: Wrapper) -> tuple[Word, ...]:
    """What is left after a wrapper's options, assignments and leading words."""
    leading = wrapper.leading
    at = 0
    while at < len(words):
        text = words[at].text
        if text == "--":
            at += 1
            return tuple(words[at + leading :])
        if text in wrapper.valued:
            at += 2
        elif (text.startswith("-") and len(text) > 1) or _ASSIGNMENT.match(text):
            at += 1
        elif leading > 0:
            leading -= 1
            at += 1
        else:
            return tuple(words[at:])
    return ()


def _env_split(words: Sequence[Word]) -> tuple[Word, ...] | None:
    """``env -S "rm -rf x"``: one word that env itself splits."""
    for at, word in enumerate(words):
        for option in ("-S", "--split-string=", "--split-string"):
            if word.text.startswith(option):
                rest = word.text[len(option) :]
                split = [Word(part, word.dynamic) for part in rest.split()]
                after = list(words[at + 1 :])
                if not rest and after:
                    split = [Word(part, after[0].dynamic) for part in after[0].text.split()]
                    after = after[1:]
                return (*split, *after)
    return None


def _of_find(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    at = 1
    while at < len(words):
        if words[at].text in ("-exec", "-execdir", "-ok", "-okdir"):
            begin = at + 1
            # What stands up to the end is all the inner command's, another ``-exec`` included.
            at = next((n for n in range(begin, len(words)) if words[n].text in (";", "+")), len(words))
            yield tuple(words[begin:at])
        elif words[at].text == "-delete":
            # It does to whatever it finds what a recursive, unasked rm does.
            yield (Word("rm"), Word("-r"), Word("-f"))
        at += 1


def _joined(words: Sequence[Word]) -> Word:
    return Word(" ".join(word.text for word in words), any(word.dynamic for word in words))
