"""Write a patch between two recorded trees that ``git apply`` takes: what is left out is said first."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.programs import run_program
from orchestrator.late_pattern import late_pattern
from orchestrator.quotation import quoted_name
from orchestrator.safety.git_isolation import ISOLATED
from orchestrator.snapshots.git_objects import LINK, ObjectStore
from orchestrator.snapshots.restoration import Recorded, Tree
from orchestrator.value_class import value_class

MOST_PATCH_BYTES: Final = 64 * 1024 * 1024
"""What a patch holds at most; it is cut between two files."""
WITHIN_S: Final = 120.0
_FILE: Final = late_pattern(rb"^diff --git ", re.MULTILINE)


@value_class
class Patch:
    """A patch, and how much of the change it holds."""

    content: bytes
    left_out: tuple[bytes, ...] = ()
    """Files whose content was not recorded."""
    cut_after: int | None = None
    """How many files it holds where it was cut; ``None`` where it is whole."""

    @property
    def is_whole(self) -> bool:
        """Whether the patch holds all of the change."""
        return not self.left_out and self.cut_after is None


def make_patch(folder: Path, before: Recorded, after: Recorded, *, most_bytes: int = MOST_PATCH_BYTES) -> Patch:
    """The change from one moment to another.

    Args:
        folder: The session's ``snapshots``.

    Raises:
        EnvironmentUnfit: git is missing, or could not compare them.
    """
    store = ObjectStore(folder / "git" / "objects")
    left_out = tuple(
        path for path in sorted(before.tree.keys() | after.tree.keys()) if _has_no_content(store, path, before, after)
    )
    trees = [store.write_tree(_without(moment.tree, left_out)).hex() for moment in (before, after)]
    shape = ("-r", "-p", "--binary", "--full-index", "-M", "--no-ext-diff", "--no-textconv", "--no-color")
    git = shutil.which("git")
    if git is None:
        raise EnvironmentUnfit("no patch can be made: git is missing here")
    result = run_program(
        (git, "--literal-pathspecs", "-c", "core.quotePath=true", "diff-tree", *shape, *trees),
        cwd=folder,
        env=_environment(folder),
        within_s=WITHIN_S,
        most_bytes=most_bytes,
    )
    content, cut_after = result.stdout, None
    if result.ended == "output":
        begins = [found.start() for found in _FILE.finditer(content)]
        content, cut_after = content[: begins[-1]] if begins else b"", max(len(begins) - 1, 0)
    elif not result.is_good:
        raise EnvironmentUnfit(f"no patch can be made: {result.problem}")
    return Patch(content, left_out, cut_after)


def heading(patch: Patch, session: str) -> bytes:
    """The text before the patch, which ``git apply`` ignores."""
    lines = [f"The change of session {session}."]
    if patch.cut_after is not None:
        lines.append(f"CUT after {patch.cut_after} files: the whole is larger than {MOST_PATCH_BYTES // 2**20} MiB.")
    lines += [f"NOT IN IT: {quoted_name(path)}: its content was not recorded." for path in patch.left_out]
    return "".join(f"{line}\n" for line in [*lines, ""]).encode()


def _has_no_content(store: ObjectStore, path: bytes, before: Recorded, after: Recorded) -> bool:
    if before.tree.get(path) == after.tree.get(path):
        return False
    for moment in (before, after):
        entry, seen = moment.tree.get(path), moment.manifest.files.get(path)
        if entry is not None and seen is not None and entry[0] != LINK and len(store.read(entry[1])) != seen.size:
            return True
    return False


def _without(tree: Tree, left_out: tuple[bytes, ...]) -> Mapping[bytes, tuple[bytes, bytes]]:
    return {path: entry for path, entry in tree.items() if path not in left_out} if left_out else tree


def _environment(folder: Path) -> dict[str, str]:
    own = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "GIT_DIR": str(folder / "git")}
    return {"PATH": os.environ.get("PATH", os.defpath), **own, **ISOLATED}
