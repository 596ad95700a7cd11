"""Turn the lines of a git patch into lines for people: a heading for each file, and nothing that only programs read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from orchestrator.late_pattern import late_pattern

PatchPart: TypeAlias = Literal["file", "context", "added", "removed"]

_HUNK: Final = late_pattern(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_NOWHERE: Final = "/dev/null"


def readable_patch(lines: Iterable[str]) -> Iterator[tuple[PatchPart, str]]:
    """What the patch does to each file, hunk by hunk.

    What a line of a hunk is follows from the hunk's own counts, because a removed ``-- x`` looks like a header.
    """
    head: _Head | None = None
    removed = added = 0
    for line in lines:
        if removed > 0 or added > 0:
            part = _PARTS.get(line[:1], "context")
            if not line.startswith("\\"):  # "\ No newline at end of file" is no line of the file
                removed -= part != "added"
                added -= part != "removed"
            yield part, line
        elif hunk := _HUNK.match(line):
            yield from _told(head)
            head = None
            removed, added = (1 if count is None else int(count) for count in hunk.groups())
            yield "context", line
        elif line.startswith("diff --git "):
            yield from _told(head)
            head = _Head(line.removeprefix("diff --git "))
        elif head is not None and not line.startswith("("):
            head.take(line)
        elif line:
            yield from _told(head)
            head = None
            yield "context", line
    yield from _told(head)


_PARTS: Final[dict[str, PatchPart]] = {"+": "added", "-": "removed"}


@dataclass(slots=True)
class _Head:
    """What stands before the first hunk of a file."""

    names: str
    """Both names, as the first line has them."""
    before: str = ""
    after: str = ""
    notes: list[str] = field(default_factory=list)
    """What is done to the file beside its lines."""

    def take(self, line: str) -> None:
        """Learn from a further line; one that says nothing to people is passed over."""
        word, _, rest = line.partition(" ")
        match word:
            case "---":
                self.before = rest.rstrip("\t")
            case "+++":
                self.after = rest.rstrip("\t")
            case "rename" | "copy" if rest.startswith("from "):
                self.notes.append(f"{'renamed' if word == 'rename' else 'copied'} from {rest.removeprefix('from ')}")
            case "rename" | "copy" if rest.startswith("to "):
                self.after = f"b/{rest.removeprefix('to ')}"
            case "new" if rest.startswith("file"):
                self.notes.append("new link" if rest.endswith("120000") else "new")
            case "deleted":
                self.notes.append("deleted")
            case "new" if rest.startswith("mode "):
                self.notes.append(f"mode {rest.removeprefix('mode ')}")
            case "Binary":
                self.notes.append("binary")
            case "GIT":
                self.notes.append("binary")

    def words(self) -> str:
        """The file's name, and what happened to it."""
        name = self.after if self.after and self.after != _NOWHERE else self.before or self._only_name()
        if name == _NOWHERE:
            name = self._only_name()
        quote = '"' if name.startswith('"') else ""
        bare = name.removeprefix('"')
        # git's own letter alone: a folder of the project may be called so as well.
        name = quote + (bare[2:] if bare.startswith(("a/", "b/")) else bare)
        return f"{name}  ({', '.join(self.notes)})" if self.notes else name

    def _only_name(self) -> str:
        # Where there is no other line both names are the same, each with a letter of its own before it.
        return self.names[: len(self.names) // 2]


def _told(head: _Head | None) -> Iterator[tuple[PatchPart, str]]:
    if head is not None:
        yield "file", head.words()
