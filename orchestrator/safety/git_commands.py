"""What ``git`` is told to start by its own words: aliases, hooks by configuration, loops over commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from orchestrator.safety.shell_words import Word

_VALUED: Final = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"})
_PROGRAMS: Final = (
    *("core.sshcommand", "core.pager", "core.editor", "core.fsmonitor", "core.askpass", "core.gitproxy"),
    *("diff.external", "sequence.editor", "credential.helper", "gpg.program", "uploadpack.packobjectshook"),
)
_SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = {
    "rebase": ("-x", "--exec"),
    "filter-branch": (
        *("--tree-filter", "--index-filter", "--env-filter", "--msg-filter", "--commit-filter", "--setup"),
        *("--parent-filter", "--tag-name-filter"),
    ),
}


def scripts_of_git(words: Sequence[Word]) -> Iterator[Word]:
    """Shell command lines that this ``git`` runs."""
    settings, verb = _settings(words)
    rest = words[verb + 1 :]
    name = words[verb].text if verb < len(words) else ""
    for setting in settings:
        key, _, value = setting.text.partition("=")
        lower = key.lower()
        if lower.startswith("alias.") and key[len("alias.") :] == name:
            after = " ".join(word.text for word in rest)
            line = value[1:] if value.startswith("!") else f"git {value}"
            yield Word(f"{line} {after}", setting.dynamic)
        elif lower in _PROGRAMS or lower.startswith(("filter.", "pager.", "difftool.", "mergetool.")):
            yield Word(value.removeprefix("!"), setting.dynamic)
    if name == "submodule" and rest and rest[0].text == "foreach":
        yield _joined([word for word in rest[1:] if not word.text.startswith("--")])
    if name == "bisect" and rest and rest[0].text == "run":
        yield _joined(rest[1:])
    for option in _SCRIPTS.get(name, ()):
        for at, word in enumerate(rest):
            if word.text == option and at + 1 < len(rest):
                yield rest[at + 1]
            elif word.text.startswith(option + "="):
                yield Word(word.text[len(option) + 1 :], word.dynamic)


def verb_at(argv: Sequence[str]) -> int:
    """Where the first word stands that is neither an option nor an option's value."""
    at = 1
    while at < len(argv) and argv[at].startswith("-"):
        at += 2 if argv[at] in _VALUED else 1
    return at


def _settings(words: Sequence[Word]) -> tuple[list[Word], int]:
    """Values of ``-c``, and where the verb stands."""
    verb = verb_at([word.text for word in words])
    return [value for option, value in pairwise(words[1:verb]) if option.text == "-c"], verb


def _joined(words: Sequence[Word]) -> Word:
    return Word(" ".join(word.text for word in words), any(word.dynamic for word in words))
