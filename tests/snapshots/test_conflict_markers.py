from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from orchestrator.snapshots.conflict_markers import conflicts_added

CONFLICT = "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"
PAGE = f"# How to solve one\n\n```\n{CONFLICT}```\n"


def diff(tmp_path: Path, before: dict[str, str], after: dict[str, str]) -> str:
    """What git says leads from one to the other."""
    for name, files in (("a", before), ("b", after)):
        (tmp_path / name).mkdir()
        for path, text in files.items():
            (tmp_path / name / path).write_text(text)
    done = subprocess.run(
        ["git", "diff", "--no-index", "--no-prefix", "-M", "a", "b"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("before", "after", "blamed"),
    [
        pytest.param({"x": "a\n"}, {"x": f"a\n{CONFLICT}"}, True, id="left in a file"),
        pytest.param({}, {"x": CONFLICT}, True, id="left in a new file"),
        pytest.param({"x": CONFLICT}, {"x": CONFLICT * 2}, True, id="one more beside another"),
        pytest.param({"x": "a\r\n"}, {"x": CONFLICT.replace("\n", "\r\n")}, True, id="with other ends of lines"),
        pytest.param({"x": PAGE}, {"x": f"{PAGE}One line more.\n"}, False, id="a page that shows one"),
        pytest.param({"x": PAGE}, {"x": PAGE.replace("\n", "\r\n")}, False, id="a page rewritten whole"),
        pytest.param({"x": PAGE, "y": "y\n"}, {"y": f"y\n{PAGE}"}, False, id="a page moved into another"),
        pytest.param({"x": CONFLICT}, {"x": "b\n"}, False, id="solved"),
        pytest.param({"x": "a\n"}, {"x": "a\n=======\nheading\n"}, False, id="a heading underlined"),
        pytest.param({"x": "a\n"}, {"x": "a\n<<<<<<< EOF\n"}, False, id="one mark alone"),
        pytest.param({"x": "-- a\n"}, {"x": f"++ b/y\n@@ -1 +1 @@\n{CONFLICT}"}, True, id="among lines like headers"),
    ],
)
def test_only_what_the_change_added_is_a_conflict(
    tmp_path: Path, before: dict[str, str], after: dict[str, str], blamed: bool
) -> None:
    assert list(conflicts_added(diff(tmp_path, before, after))) == (["x"] if blamed else [])
