"""List which paths a command destroys or writes, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.safety.shell.words import UNKNOWN, Word

_IN_PLACE: Final = late_pattern(r"-[A-Za-z0-9]*i(?:\.\w*|[A-Za-z]*)?|--in-place(?:=.*)?|--inplace|inplace")


def _positional(words: Sequence[Word]) -> list[Word]:
    found: list[Word] = []
    ended = False
    for word in words[1:]:
        if ended or word.dynamic or not word.text.startswith("-") or word.text == "-":
            found.append(word)
        elif word.text == "--":
            ended = True
    return found


def _last(words: Sequence[Word]) -> list[Word]:
    target = next(
        (w._replace(text=w.text.partition("=")[2]) for w in words if w.text.startswith("--target-directory=")), None
    )
    if target is not None:
        return [target]
    for at, word in enumerate(words[:-1]):
        if word.text in ("-t", "--target-directory"):
            return [words[at + 1]]
    return _positional(words)[-1:]


def _of_dd(words: Sequence[Word]) -> list[Word]:
    return [word._replace(text=word.text[3:]) for word in words[1:] if word.text.startswith("of=")] or [
        word for word in words[1:] if word.dynamic and "=" not in word.text
    ]


def _of_disk_tool(words: Sequence[Word]) -> list[Word]:
    """The device or image among the words: whatever looks like a path, else the last word."""
    given = _positional(words)
    return [word for word in given if "/" in word.text or word.dynamic] or given[-1:] or [UNKNOWN]


def _behind_first(words: Sequence[Word]) -> list[Word]:
    """``chmod +x FILE``: the first word that is no option says what is to be done."""
    return _positional(words)[1:]


def _in_place(words: Sequence[Word]) -> list[Word]:
    """The files of ``sed -i`` and its like; nothing where they only read."""
    if not any(_IN_PLACE.fullmatch(word.text) for word in words[1:]):
        return []
    return _positional(words)


def _by_option(*names: str) -> Callable[[Sequence[Word]], list[Word]]:
    """The value of one of these options, apart or attached."""

    def find(words: Sequence[Word]) -> list[Word]:
        found = [words[n + 1] for n, word in enumerate(words[:-1]) if word.text in names or _ends_in(word.text, names)]
        for word in words[1:]:
            for name in names:
                text = word.text.removeprefix(f"{name}=" if name.startswith("--") else name)
                if text and text != word.text:
                    found.append(word._replace(text=text))
        return found

    return find


_GIT_OUTPUT: Final = _by_option("--output", "--output-directory", "-o")
_GIT_FILE: Final = _by_option("--file", "-f")
_READS_SETTINGS: Final = frozenset({"--get", "--get-all", "--get-regexp", "--list", "-l", "get", "list"})


def _of_git(words: Sequence[Word]) -> list[Word]:
    """Files that git is told to write: where it moves one, by its ``--output``, and as the settings it changes."""
    for at, word in enumerate(words[1:4]):
        verb = word.text
        if verb == "mv":
            return _last(words[1:]) if at == 0 and len(words) > 3 else []
        if verb == "config":
            return [] if any(each.text in _READS_SETTINGS for each in words) else _GIT_FILE(words)
        if verb in ("archive", "diff", "format-patch"):
            return _GIT_OUTPUT(words)
    return []


def _ends_in(text: str, names: Sequence[str]) -> bool:
    """Letters that stand together, the last of which takes the next word: ``curl -fsSLo FILE``."""
    return text[:1] == "-" and text[1:].isalpha() and len(text) > 2 and any(name == f"-{text[-1]}" for name in names)


DESTROYS: Final[Mapping[str, Callable[[Sequence[Word]], list[Word]]]] = {
    "rm": lambda words: _positional(words) or [UNKNOWN],
    "dd": _of_dd,
    "mkfs": lambda words: _positional(words)[-1:] or [UNKNOWN],
    **dict.fromkeys(
        ("sfdisk", "cfdisk", "gdisk", "sgdisk", "parted", "wipefs", "mkswap", "blkdiscard", "badblocks"), _of_disk_tool
    ),
}
"""Programs that a policy blocks for what they do to their operands: harmless where those are the worker's own."""

WRITES: Final[Mapping[str, Callable[[Sequence[Word]], list[Word]]]] = {
    "tee": _positional,
    "cp": _last,
    "mv": _last,
    "ln": _last,
    "install": _last,
    "truncate": _positional,
    "shred": _positional,
    "touch": _positional,
    "rm": _positional,
    "dd": _of_dd,
    "sponge": _positional,
    **dict.fromkeys(("chmod", "chown", "chgrp", "setfacl", "patch"), _behind_first),
    **dict.fromkeys(("sed", "gsed", "perl", "ruby", "awk", "gawk", "yq", "sd"), _in_place),
    "curl": _by_option("-o", "--output"),
    "wget": _by_option("-O", "--output-document"),
    **dict.fromkeys(("rsync", "scp", "ditto", "gcp", "gmv", "gln", "ginstall"), _last),
    **dict.fromkeys(
        ("gcc", "cc", "clang", "go", "rustc", "sort", "pandoc", "openssl"), _by_option("-o", "-out", "--output")
    ),
    "git": _of_git,
}
"""What each writes; looked at for paths that are never writable and for devices."""
