"""Programs that start other programs: which of their words are the inner command.  One table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.safety.shell_words import UNKNOWN, Word

SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "rbash", "fish"})

_PYTHON = re.compile(r"python[\d.]*|pypy[\d.]*")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_SHORT_C = re.compile(r"-[A-Za-z]*c[A-Za-z]*")


@dataclass(frozen=True, slots=True)
class Wrapper:
    """How to find the inner command among a program's words."""

    valued: frozenset[str] = frozenset()
    """Options whose value is the next word."""
    leading: int = 0
    """Words of its own before the inner command, options aside."""
    verbs: frozenset[str] = frozenset()
    """It starts something only after one of these: ``docker run``, ``poetry run``."""
    elsewhere: bool = False
    """What it starts runs on another machine, in another root or another folder: paths mean other things there."""


def _wrapper(valued: str = "", *, leading: int = 0, verbs: str = "", elsewhere: bool = False) -> Wrapper:
    return Wrapper(frozenset(valued.split()), leading, frozenset(verbs.split()), elsewhere)


_CONTAINER = _wrapper(
    "-v --volume -e --env --env-file -w --workdir -u --user --name -p --publish --network --net --mount --entrypoint "
    "-l --label -m --memory --cpus --add-host -h --hostname --platform --device --cap-add --cap-drop --security-opt",
    leading=1,
    verbs="run exec",
    elsewhere=True,
)

WRAPPERS: Final[Mapping[str, Wrapper]] = {
    "sudo": _wrapper("-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot"),
    "doas": _wrapper("-u -C"),
    "env": _wrapper("-u -C --unset --chdir"),
    "nohup": _wrapper(),
    "setsid": _wrapper(),
    "time": _wrapper("-f -o --format --output"),
    "coproc": _wrapper(),
    "nice": _wrapper("-n --adjustment"),
    "ionice": _wrapper("-c -n -p --class --classdata"),
    "chrt": _wrapper(leading=1),
    "taskset": _wrapper(leading=1),
    "timeout": _wrapper("-k -s --kill-after --signal", leading=1),
    "stdbuf": _wrapper("-i -o -e --input --output --error"),
    "unbuffer": _wrapper(),
    "setpriv": _wrapper("--reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig"),
    "prlimit": _wrapper(),
    "systemd-run": _wrapper("-u --unit -p --property -M --machine -E --setenv"),
    "chroot": _wrapper("--userspec --groups", leading=1, elsewhere=True),
    "unshare": _wrapper(elsewhere=True),
    "nsenter": _wrapper("-t --target", elsewhere=True),
    "bwrap": _wrapper(elsewhere=True),
    "strace": _wrapper("-o -e -p -s -u"),
    "ltrace": _wrapper("-o -e -p -s -u"),
    "command": _wrapper(),
    "builtin": _wrapper(),
    "exec": _wrapper("-a"),
    "busybox": _wrapper(),
    "toybox": _wrapper(),
    "entr": _wrapper(),
    "xargs": _wrapper("-I -n -P -L -d -E -s -a --max-args --max-procs --max-lines --delimiter --arg-file --max-chars"),
    "parallel": _wrapper("-j -a --jobs --arg-file"),
    "flock": _wrapper("-w -E --timeout --conflict-exit-code", leading=1),
    "direnv": _wrapper(leading=1, verbs="exec"),
    "uv": _wrapper("--directory --project --with --python -p", verbs="run"),
    "poetry": _wrapper("-C --directory", verbs="run"),
    "pipenv": _wrapper(verbs="run"),
    "pdm": _wrapper(verbs="run"),
    "hatch": _wrapper("-e --env", verbs="run"),
    "rye": _wrapper(verbs="run"),
    "bundle": _wrapper(verbs="exec"),
    "npx": _wrapper("-p --package"),
    "bunx": _wrapper(),
    "ssh": _wrapper("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w", leading=1, elsewhere=True),
    "docker": _CONTAINER,
    "podman": _CONTAINER,
    "nerdctl": _CONTAINER,
    "kubectl": _wrapper("-n --namespace -c --container", leading=1, verbs="exec run", elsewhere=True),
}
"""``poetry run X`` starts X; so does ``docker run IMAGE X``, elsewhere."""

_TAKES_SCRIPT = SHELLS | {"su", "runuser", "script", "flock", "sg"}
_OWN_WAYS = frozenset({"eval", "watch", "trap"})
_SHELL_VALUED = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})


def program_of(words: Sequence[Word]) -> str:
    """The program's name without its folder; empty without words."""
    return words[0].text.rpartition("/")[2] if words else ""


def runs_elsewhere(words: Sequence[Word]) -> bool:
    """Whether paths in the inner command mean other files than here."""
    name = program_of(words)
    wrapper = WRAPPERS.get(name)
    if wrapper is None:
        return False
    moved = name in ("env", "sudo") and any(w.text in ("-C", "-D", "-R") or w.text.startswith("--ch") for w in words)
    return wrapper.elsewhere or moved


def starts_others(name: str) -> bool:
    """Whether a program of this name may start what stands in its words."""
    return name in WRAPPERS or name in _TAKES_SCRIPT or name in _OWN_WAYS or _PYTHON.fullmatch(name) is not None


def inner_commands(words: Sequence[Word], piped: Sequence[Word] = ()) -> Iterator[tuple[Word, ...]]:
    """The commands that this one starts, as far as its words say.

    Args:
        piped: What it reads from its pipe, for ``xargs``.
    """
    name = program_of(words)
    if _PYTHON.fullmatch(name):
        module = next((n for n, word in enumerate(words) if word.text == "-m"), None)
        if module is not None:
            yield tuple(words[module + 1 :])
    elif name == "env" and (split := _env_split(words)) is not None:
        yield split
    elif name == "xargs":
        yield _of_xargs(words, piped)
    elif name == "uv" and words[1:2] and words[1].text == "pip":
        yield tuple(words[1:])
    elif name in WRAPPERS:
        yield _after_own(words[1:], WRAPPERS[name])


def script_of(words: Sequence[Word]) -> Word | None:
    """The word that the program runs as a command line of its own: of ``sh -c``, ``eval``, ``trap``, ``watch``."""
    name = program_of(words)
    if name in ("eval", "watch"):
        given = words[1:] if name == "eval" else _after_own(words[1:], _wrapper("-n --interval"))
        return _joined(given) if given else None
    if name == "ssh":
        given = _after_own(words[1:], WRAPPERS["ssh"])
        return _joined(given) if given else None
    if name == "trap":
        return words[1] if len(words) > 2 else None
    if name == "parallel":
        given = _after_own(words[1:], WRAPPERS["parallel"])
        return given[0] if given and " " in given[0].text else None
    if name not in _TAKES_SCRIPT:
        return None
    return _shell_script(words)


def _shell_script(words: Sequence[Word]) -> Word | None:
    wanted = False
    at = 1
    while at < len(words):
        text = words[at].text
        if text == "--command" or (text[:2] != "--" and _SHORT_C.fullmatch(text)):
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
    """What is left after a wrapper's options, assignments, verb and leading words."""
    leading = wrapper.leading
    wants_verb = bool(wrapper.verbs)
    at = 0
    while at < len(words):
        text = words[at].text
        if text == "--":
            at += 1
            return () if wants_verb else tuple(words[at + leading :])
        if text in wrapper.valued:
            at += 2
        elif (text.startswith("-") and len(text) > 1) or _ASSIGNMENT.match(text):
            at += 1
        elif wants_verb:
            if text in wrapper.verbs:
                wants_verb = False
            elif text not in ("compose", "container", "tool"):
                return ()
            at += 1
        elif leading > 0:
            leading -= 1
            at += 1
        else:
            return tuple(words[at:])
    return ()


def _of_xargs(words: Sequence[Word], piped: Sequence[Word]) -> tuple[Word, ...]:
    """The command with what it is given: in place of ``{}``, or behind."""
    inner = _after_own(words[1:], WRAPPERS["xargs"])
    mark = next((words[n + 1].text for n, w in enumerate(words[:-1]) if w.text == "-I"), None)
    mark = mark or next((w.text[2:] for w in words if w.text.startswith("-I") and len(w.text) > 2), None)
    if not inner:
        return ()
    given = tuple(piped) or (UNKNOWN,)
    if mark is None:
        return (*inner, *given)
    filled: list[Word] = []
    for word in inner:
        if word.text == mark:
            filled.extend(given)
        elif mark in word.text:
            filled.extend(one._replace(text=word.text.replace(mark, one.text)) for one in given)
        else:
            filled.append(word)
    return tuple(filled)


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


def _joined(words: Sequence[Word]) -> Word:
    return Word(" ".join(word.text for word in words), any(word.dynamic for word in words))
