"""Names of files that git's manual speaks of, drawn from the installed pages: ``python -m tests.sandbox.git_names``."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from pathlib import Path

MANUAL = Path("/usr/share/man")
LIST = Path(__file__).with_name("git_names.txt")
_PLACES = re.compile(r"(?:\$GIT_(?:COMMON_)?DIR|\.git|<gitdir>)/([A-Za-z][A-Za-z0-9_./-]*[A-Za-z0-9_])")
_CAPITALS = re.compile(r"\b((?:[A-Z]+_)+(?:HEAD|MSG|MODE|EDITMSG|LOG|STASH|AUTOSTASH))\b")
_HEADINGS = re.compile(r"^([a-z][a-z0-9./-]+[a-z0-9])$", re.MULTILINE)
_SECTIONS = re.compile(r"^\.SS \"?([a-z0-9-]+)\"?$", re.MULTILINE)
_EXAMPLES = re.compile(r"objects/[0-9a-f]{2}(/.*)?")
_HIDDEN = re.compile(r"(?<![\w/])(\.git[a-z]+|\.mailmap)\b")
_NOT_FILES = frozenset({"GIT_EDITMSG"})


def names() -> frozenset[str]:
    """Every name in the installed manual; empty where there is none."""
    pages = [path for section in ("man1", "man5", "man7") for path in (MANUAL / section).glob("git*.gz")]
    found = {name for path in pages for name in names_in(_text(path), path.name)}
    return frozenset(name for name in found if not _EXAMPLES.fullmatch(name))


def names_in(text: str, page: str) -> Iterable[str]:
    """The names that one page speaks of."""
    yield from (name for name in _PLACES.findall(text) if ".." not in name)
    yield from (name for name in _CAPITALS.findall(text) if name not in _NOT_FILES and not name.startswith("GIT_"))
    yield from _HIDDEN.findall(text)
    if page.startswith("gitrepository-layout"):
        yield from _HEADINGS.findall(text)
    if page.startswith("githooks"):
        yield from (f"hooks/{name}" for name in _SECTIONS.findall(text))


def _text(path: Path) -> str:
    """The page without what formats it."""
    raw = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
    plain = re.sub(r"\\f[A-Z]|\\f\([A-Z]{2}|\\&", "", raw).replace("\\-", "-").replace("\\*(Aq", "'")
    return re.sub(r"^\.(?:RS|RE|PP|sp|if|nf|fi|SH|TH|it|ie|el|\}).*$", "", plain, flags=re.MULTILINE)


def listed() -> list[str]:
    """The names as they are committed."""
    return [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


if __name__ == "__main__":
    head = "# Names of files in git's manual: python -m tests.sandbox.git_names writes this list, and adds to it.\n"
    known = set(listed()) if LIST.exists() else set()
    LIST.write_text(head + "".join(f"{name}\n" for name in sorted(known | names())), encoding="utf-8")
