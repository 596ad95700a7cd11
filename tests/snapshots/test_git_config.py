from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from orchestrator.snapshots.git_config import is_true, read_settings

TEXT = b"""\
# a comment
[core]
\tbare = false ; why
\texcludesFile = "~/my \\"ignored\\" # files"
\tlong = one \\
 two
\tempty =
\tflag
[Branch "Main/X"]
  Merge = refs/heads/main
[old.Style] x = 1
[remote "o\\"k"]
\turl = a  b\t
"""


def test_settings_are_those_that_git_reads(tmp_path: Path) -> None:
    (tmp_path / "config").write_bytes(TEXT)
    argv = ["git", "config", "-z", "--list", "-f", "config"]
    listed = subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True).stdout.decode().split("\0")[:-1]
    theirs = [tuple(row.split("\n", 1)) if "\n" in row else (row, None) for row in listed]
    ours = [(setting.key, setting.value) for setting in read_settings(TEXT)]
    # git lowers the case of the old spelling's second part, which nobody can tell from the new one's here.
    assert [(key.lower(), value) for key, value in ours] == [(key.lower(), value) for key, value in theirs]


@pytest.mark.parametrize("text", [b"[core\n", b"x = 1\n", b"[a]\n1x = 2\n", b'[a]\nx = "open\n', b"[a]\nx = \\q\n"])
def test_what_git_would_not_read_is_not_read(text: bytes) -> None:
    with pytest.raises(ValueError, match="bad line"):
        read_settings(text)


def test_a_name_alone_is_true() -> None:
    assert [is_true(setting.value) for setting in read_settings(b"[a]\nx\ny = off\nz = ON\n")] == [True, False, True]
