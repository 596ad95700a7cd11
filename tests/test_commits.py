"""Each commit since a fixed one says in its subject which part it changes and what to do there, and in its body why."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.source

ROOT = Path(__file__).resolve().parent.parent
BEFORE = "48dbf8b98359"
"""The last commit to which this did not apply."""
LANDED_OTHERWISE: dict[str, str] = {
    "5e78ba84b1bf": "its body was forgotten, and others had built on it",
    "911f441a7547": "its subject is one character too long, and others had built on it",
    "8e4b38f3c6d1": "its body was forgotten, and others had built on it",
    "8c429a3b1cc0": "its body was forgotten, and others had built on it",
    "3c9da5753426": "its body was forgotten, and others had built on it",
    "a25a86e250de": "its body was forgotten, and others had built on it",
    "0768cc119044": "its subject is one character too long, and others had built on it",
    "9bfb3cfbce3b": "its subject is one character too long, and others had built on it",
    "628de4f88d28": "its subject is one character too long, and others had built on it",
    "f821d398c0cc": "its subject is one character too long, and others had built on it",
    "a314eea577a4": "its body was forgotten, and others had built on it",
    "a09cc1feadd6": "its body was forgotten, and others had built on it",
}
"""Commits that cannot be reworded any more, by their first twelve digits, each with the reason."""

LONGEST = 72
TRIVIAL = 20
"""So many changed lines explain themselves."""
SUBJECT = re.compile(r"[a-z][a-z0-9_./-]*: (?P<verb>[A-Za-z]+)\b(?: .*)?[^. ]")
NO_ENDINGS = frozenset(
    {
        *("bring", "embed", "focus", "ping", "shed", "string"),
    }
)
"""Verbs that end like a third person or a participle and are neither."""


def complaints(subject: str, body: str, *, changed_lines: int) -> list[str]:
    """Return what is wrong with one commit's message."""
    found = []
    if len(subject) > LONGEST:
        found.append(f"the subject has {len(subject)} characters, more than {LONGEST}")
    fitting = SUBJECT.fullmatch(subject)
    if fitting is None:
        found.append("the subject is not of the form 'part: imperative subject', without a full stop")
    elif _is_no_imperative(fitting["verb"].lower()):
        found.append(
            f"{fitting['verb']!r} is no imperative: say what the commit does as an order ('Add', not 'Adds' or 'Added')"
        )
    if not body.strip() and changed_lines > TRIVIAL:
        found.append(f"there is no body that says why, and {changed_lines} lines changed")
    return found


def _is_no_imperative(verb: str) -> bool:
    if verb in NO_ENDINGS or verb.endswith(("ss", "eed")):
        return False
    return verb.endswith(("s", "ed", "ing"))


def git(*arguments: str) -> str | None:
    """What git prints; None where there is no git, no repository, or no such commit (an archive, a shallow clone)."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def new_commits() -> Sequence[tuple[str, str, str, int]]:
    """Return hash, subject, body and changed lines of each commit after the fixed one, as far as git has them here."""
    top = git("rev-parse", "--show-toplevel")
    if top is None or Path(top.strip()) != ROOT or git("cat-file", "-e", f"{BEFORE}^{{commit}}") is None:
        return []
    listed = git("log", "--no-merges", "--numstat", "--format=%x01%H%x02%s%x02%b%x02", f"{BEFORE}..HEAD") or ""
    commits = []
    for text in listed.split("\x01")[1:]:
        name, subject, body, counts = text.split("\x02", 3)
        lines = sum(int(number) for number in re.findall(r"^(\d+)\t", counts, re.M))
        lines += sum(int(number) for number in re.findall(r"^\d+\t(\d+)\t", counts, re.M))
        commits.append((name[:12], subject, body, lines))
    return commits


def test_each_new_commit_says_what_it_does_and_why() -> None:
    wrong = {
        f"{name} {subject}": found
        for name, subject, body, lines in new_commits()
        if name not in LANDED_OTHERWISE and (found := complaints(subject, body, changed_lines=lines))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "subject",
    [
        "docs: Split the README by person",
        "agents/claude: feed the hook its own settings",
        "test_floors: Address each room by its name",
    ],
)
def test_a_subject_that_gives_an_order_is_taken(subject: str) -> None:
    assert complaints(subject, "Because.", changed_lines=500) == []


@pytest.mark.parametrize(
    ("subject", "wrong"),
    [
        ("Split the README", "form"),
        ("Docs: Split the README", "form"),
        ("docs: Split the README.", "form"),
        ("docs: Splits the README", "imperative"),
        ("docs: Added a page", "imperative"),
        ("docs: Adding a page", "imperative"),
        ("docs: Split " + "x" * 70, "characters"),
    ],
)
def test_a_subject_that_is_none_is_refused(subject: str, wrong: str) -> None:
    (complaint,) = complaints(subject, "Because.", changed_lines=500)
    assert wrong in complaint


def test_only_a_trivial_change_needs_no_body() -> None:
    assert complaints("docs: Mend a link", "", changed_lines=2) == []
    assert complaints("docs: Mend all links", " \n", changed_lines=300) != []
