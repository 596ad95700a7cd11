from __future__ import annotations

import subprocess
from pathlib import Path

from orchestrator.cli.readable_patch import readable_patch


def told(patch: str) -> list[tuple[str, str]]:
    return list(readable_patch(patch.splitlines()))


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_what_git_says_of_every_kind_of_change_is_said_in_words(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    for name in ("gone.sql", "moved from.txt", "mode.sh", "äöü.txt"):
        (tmp_path / name).write_text(f"-- {name}\nsecond\nthird\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "before")
    (tmp_path / "gone.sql").unlink()
    (tmp_path / "moved from.txt").rename(tmp_path / "moved to.txt")
    (tmp_path / "mode.sh").chmod(0o755)
    (tmp_path / "äöü.txt").write_text("second\nthird\n++ x")
    (tmp_path / "picture.png").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "empty.txt").touch()
    git(tmp_path, "add", ".")

    lines = told(git(tmp_path, "diff", "--cached", "--binary", "-M"))

    assert [text for part, text in lines if part == "file"] == [
        "empty.txt  (new)",
        "gone.sql  (deleted)",
        "mode.sh  (mode 100755)",
        "moved to.txt  (renamed from moved from.txt)",
        "picture.png  (new, binary)",
        '"\\303\\244\\303\\266\\303\\274.txt"',
    ]
    assert ("removed", "--- gone.sql") in lines, "a removed comment of SQL is no header"
    assert ("added", "+++ x") in lines
    assert ("context", "\\ No newline at end of file") in lines
    assert not [text for _, text in lines if text.startswith(("index ", "diff --git", "literal "))]


def test_a_folder_with_the_name_of_gits_own_letters_stays(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "gone").write_text("x\n")
        (tmp_path / name / "run").write_text("x\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "before")
    for name in ("a", "b"):
        (tmp_path / name / "gone").unlink()
        (tmp_path / name / "run").chmod(0o755)
    git(tmp_path, "add", ".")

    lines = told(git(tmp_path, "diff", "--cached", "--no-renames"))

    assert [text for part, text in lines if part == "file"] == [
        "a/gone  (deleted)",
        "a/run  (mode 100755)",
        "b/gone  (deleted)",
        "b/run  (mode 100755)",
    ]


def test_what_we_say_below_a_patch_stays() -> None:
    lines = told("diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-old\n+new\n(not all of it can be shown)")

    assert lines[-1] == ("context", "(not all of it can be shown)")
    assert told("diff --git a/b b/b\nGIT binary patch\nliteral 3\nKcmZ\n\n(not all)") == [
        ("file", "b  (binary)"),
        ("context", "(not all)"),
    ]
