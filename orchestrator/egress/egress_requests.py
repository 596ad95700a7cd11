"""Read what exactly a push or publish command asks for, or say why that is not done.  This module is pure.

Only plain forms are understood.  What could delete, overwrite unseen, or go somewhere else is refused in words, and
so is whatever could not be shown exactly before a person consents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from os.path import normpath
from pathlib import PurePosixPath
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.models.egress import Publish, Push, RefWanted
from orchestrator.value_class import value_class

_VALUED: Final = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"})
"""Options of git itself that take the next word for their value."""
MOST_REFS: Final = 10
"""More could not be read in one question."""

_PUSH_FORCES: Final = frozenset({"-f", "--force", "--force-with-lease"})
_PUSH_IGNORED: Final = frozenset(
    (
        *("-q", "--quiet", "-v", "--verbose", "--progress", "--no-progress", "-u", "--set-upstream", "--atomic"),
        *("--no-verify", "--verify", "--thin", "--no-thin", "--no-atomic", "--force-if-includes"),
    )
)
"""They change what is printed, or what is done anyway; hooks of the target never run, and its configuration stays."""
_PUBLISH_IGNORED: Final = frozenset(
    {"--ignore-scripts", "--no-provenance", "--silent", "--quiet", "-s", "-q", "--json"}
)
_NPM_VALUED: Final = frozenset(
    ("-C", "--prefix", "-w", "--workspace", "--registry", "--userconfig", "--cache", "--tag", "--access", "--otp")
)
_REF = late_pattern(r"(?!.*(?:\.\.|//|@\{|\.lock(?:/|$)|/\.|\.$|/$))[A-Za-z0-9_][^\x00-\x20\x7f~^:?*\[\\]{0,99}")
_WHOLE_ID = late_pattern(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH, _TAG = "refs/heads/", "refs/tags/"
_VERSION_TAG = late_pattern(r"[A-Za-z][A-Za-z0-9._-]{0,99}")


@value_class
class Unsupported:
    """A command that is not run for a worker."""

    reason: str


class _Refused(Exception):
    pass


def leaving(argv: Sequence[str], cwd: str) -> Push | Publish | Unsupported | None:
    """Read what a command asks to send; ``None`` for a command that a worker runs itself once it is allowed."""
    program = argv[0].rpartition("/")[2] if argv else ""
    try:
        if program == "git" and "push" in argv[verb_at(argv) : verb_at(argv) + 1]:
            return _push(argv, cwd)
        words, options = _npm_words(argv[1:]) if program.startswith("npm") else ([], [])
        # npm takes any beginning of a command that no other has.
        if words and len(words[0]) > 2 and "publish".startswith(words[0]):
            return _publish(words[1:], options, cwd)
    except _Refused as refused:
        return Unsupported(str(refused))
    return None


@value_class
class RefGiven:
    """A reference of the local repository, and what it is to be called over there."""

    name: str
    id: str
    forced: bool


def resolve(push: Push, refs: Mapping[str, str], head: tuple[str, str]) -> tuple[RefGiven, ...] | Unsupported:
    """Which ids a push means.

    Args:
        refs: the repository's references and their ids.
        head: the whole name of the branch that is checked out, or ``HEAD`` where none is, and its id.
    """
    wanted = push.refs or (RefWanted("HEAD"),)
    try:
        given = tuple(_given(each, refs, head, forced=push.forced) for each in wanted)
    except _Refused as refused:
        return Unsupported(str(refused))
    if len({ref.name for ref in given}) < len(given):
        return Unsupported("two of its references would be called the same")
    return given


def why_unfit(tag: object, access: object) -> str | None:
    """Why a version's tag, or whom it is for, cannot be shown and passed on; ``None`` where both can, or are not said.

    Args:
        tag: from a command line, or any value that stands in a package's manifest, as ``access``.
    """
    if tag is not None and not (isinstance(tag, str) and _VERSION_TAG.fullmatch(tag)):
        return f"{str(tag)[:100]!r} is no tag for a version"
    if access not in (None, "public", "restricted"):
        return f"{str(access)[:100]!r} is neither public nor restricted"
    return None


def _push(argv: Sequence[str], cwd: str) -> Push:
    at = verb_at(argv)
    for word, value in _pairs(argv[1:at]):
        if word != "-C":
            raise _Refused(f"`git {word}` in front of push is not taken over; leave it out")
        cwd = normpath(PurePosixPath(cwd, value))
    forced, given, is_open = False, list[str](), True
    for word in argv[at + 1 :]:
        if not is_open or not word.startswith("-"):
            given.append(word)
        elif word == "--":
            is_open = False
        elif word.partition("=")[0] in _PUSH_FORCES:
            forced = True
        elif word not in _PUSH_IGNORED:
            raise _Refused(f"`git push {word}` is not done for a worker; push branches and tags by their names")
    if len(given) > MOST_REFS:
        raise _Refused(f"more than {MOST_REFS} references at once are not pushed")
    return Push(cwd, given[0] if given else "", tuple(map(_wanted, given[1:])), forced)


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pair git's options before the verb with their values; only ``-C`` has one here."""
    at = 0
    while at < len(words):
        has_value = words[at] == "-C" and at + 1 < len(words)
        yield words[at], words[at + 1] if has_value else ""
        at += 2 if has_value else 1


def _wanted(text: str) -> RefWanted:
    source, colon, to = text.removeprefix("+").partition(":")
    if colon and not source:
        raise _Refused(f"`{text}` deletes, or pushes whatever matches; neither is done for a worker")
    if source != "@" and not _REF.fullmatch(source):
        raise _Refused(f"`{text}`: name a branch, a tag or a whole commit id")
    if colon and not _REF.fullmatch(to):
        raise _Refused(f"`{text}`: {to!r} is no name for a reference")
    return RefWanted(source, to, text.startswith("+"))


def _given(wanted: RefWanted, refs: Mapping[str, str], head: tuple[str, str], *, forced: bool) -> RefGiven:
    source = wanted.source
    if source in ("HEAD", "@"):
        name, commit = head
    elif _WHOLE_ID.fullmatch(source):
        name, commit = "", source
    else:
        found = [name for name in (source, _TAG + source, _BRANCH + source) if name in refs]
        if len(found) != 1:
            what = "is a branch and a tag" if found else "is no branch or tag of this repository"
            raise _Refused(f"`{source}` {what}")
        name, commit = found[0], refs[found[0]]
    to = wanted.to or name
    if not to.startswith("refs/"):
        if not wanted.to:
            raise _Refused(f"no branch is checked out: say what `{source}` is to be called over there")
        to = (_TAG if name.startswith(_TAG) else _BRANCH) + to
    return RefGiven(to, commit, forced or wanted.forced)


def _npm_words(words: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Split npm's words into arguments and options with their values."""
    plain: list[str] = []
    options: list[tuple[str, str]] = []
    at = 0
    while at < len(words):
        word, equals, value = words[at].partition("=")
        if not word.startswith("-"):
            plain.append(words[at])
        elif word in _NPM_VALUED and not equals:
            options.append((word, words[at + 1] if at + 1 < len(words) else ""))
            at += 1
        else:
            options.append((word, value))
        at += 1
    return plain, options


def _publish(words: Sequence[str], options: Sequence[tuple[str, str]], cwd: str) -> Publish:
    given: dict[str, str] = {}
    for word, value in options:
        if word in ("--tag", "--access", "--registry", "-C", "--prefix"):
            given["-C" if word == "--prefix" else word] = value
        elif word not in _PUBLISH_IGNORED:
            raise _Refused(f"`npm publish {word}` is not done for a worker")
    if len(words) > 1 or (words and not words[0].startswith((".", "/"))):
        raise _Refused("only a package's folder is published for a worker, never an address or a name")
    tag, access = given.get("--tag"), given.get("--access")
    reason = why_unfit(tag, access)
    if reason is not None:
        raise _Refused(reason)
    return Publish(normpath(PurePosixPath(cwd, given.get("-C", ""), *words)), tag, access, given.get("--registry", ""))


def verb_at(argv: Sequence[str]) -> int:
    """Where the verb of a ``git`` command stands: the first word that is neither an option nor an option's value."""
    at = 1
    while at < len(argv) and argv[at].startswith("-"):
        at += 2 if argv[at] in _VALUED else 1
    return at
