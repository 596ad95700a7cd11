"""What the target's own tests write stays nowhere, and findings are those of the change (A4, A6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.conftest import Program

PLANTED = (".git/config", ".envrc", ".mcp.json", ".claude/settings.json", ".vscode/tasks.json", "deep/er/.envrc")
PAGE = "# How to solve one\n\n```\n<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n```\n"
CHANGE = "echo x >new.txt"


def unit_test(*lines: str, name: str = "test_it") -> str:
    """A module of one test that does this and holds."""
    body = "".join(f"        {line}\n" for line in lines) or "        pass\n"
    imports = "import contextlib, os, pathlib, unittest\n\n"
    return f"{imports}class T(unittest.TestCase):\n    def {name}(self):\n{body}"


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


@pytest.mark.fault("A6")
def test_a_test_that_overwrites_a_tracked_file_does_so_elsewhere(program: Program) -> None:
    test = unit_test(
        "pathlib.Path('tracked.txt').write_text('overwritten')", "pathlib.Path('made.txt').write_text('x')"
    )
    target = program.target(files={"tracked.txt": "as it was\n", "test_it.py": test})
    program.claude(CHANGE)
    ran = program.run(target)
    assert (target / "tracked.txt").read_text() == "as it was\n", ran.text
    assert not (target / "made.txt").exists()
    assert ran.code == 0, ran.text


@pytest.mark.fault("A6")
@pytest.mark.parametrize("git", [pytest.param(True, id="a repository"), pytest.param(False, id="no repository")])
def test_a_test_of_the_agent_plants_nothing_after_all_was_taken_back(program: Program, git: bool) -> None:
    target = program.target(git=git, files={"README.md": "hello\n"})
    before = (target / ".git" / "config").read_bytes() if git else None
    lines = []
    for name in PLANTED:
        lines += ["with contextlib.suppress(OSError):", f"    p = pathlib.Path('{name}')"]
        lines += ["    p.parent.mkdir(parents=True, exist_ok=True)", "    p.write_text('planted')"]
    program.claude(f"cat >test_it.py <<'X'\n{unit_test(*lines)}\nX")
    ran = program.run(target)
    assert "test_it" in ran.text
    for name in PLANTED:
        if name == ".git/config" and git:
            assert (target / name).read_bytes() == before
        else:
            assert not (target / name).exists(), f"{name} was planted"


@pytest.mark.fault("A6")
def test_what_is_said_to_have_changed_is_what_lies_there_at_the_end(program: Program) -> None:
    test = unit_test("pathlib.Path('late.txt').write_text('x')", "pathlib.Path('new.txt').unlink()")
    target = program.target(files={"README.md": "hello\n", "test_it.py": test})
    before = everything(target)
    program.claude(CHANGE)
    program.run(target)
    after = everything(target)
    lies_there = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    said = {name for worker in program.report()["workers"] for name in worker["files"]}
    assert lies_there == {"new.txt"}
    assert said == lies_there


@pytest.mark.fault("A6")
def test_a_test_reaches_no_file_of_the_users_home(program: Program) -> None:
    test = unit_test("pathlib.Path(os.path.expanduser('~/.bashrc')).write_text('planted')", "")
    cache = program.home / "cache"
    cache.mkdir()
    policy = program.root / "policy.toml"
    policy.write_text(f'extends = "default"\nname = "mine"\nwritable = ["{cache}"]\n')
    written = unit_test(f"pathlib.Path('{cache}/planted').write_text('x')")
    target = program.target(files={"README.md": "x\n", "test_home.py": test, "test_cache.py": written})
    program.claude(CHANGE)
    program.run(target, "--sandbox", str(policy))
    assert list(cache.iterdir()) == [], "a folder that agents may write was written by tests"
    assert not (program.home / ".bashrc").exists()


@pytest.mark.fault("A6")
def test_ignored_files_are_seen_by_the_tests_and_not_changed(program: Program) -> None:
    lines = (
        "self.assertEqual(pathlib.Path('generated/x.txt').read_text(), 'made')",
        "pathlib.Path('generated/x.txt').write_text('other')",
    )
    target = program.target(files={".gitignore": "generated/\n", "test_it.py": unit_test(*lines)})
    (target / "generated").mkdir()
    (target / "generated" / "x.txt").write_text("made")
    program.claude(CHANGE)
    ran = program.run(target)
    assert ran.code == 0, ran.text
    assert (target / "generated" / "x.txt").read_text() == "made"


@pytest.mark.fault("A4")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param("echo 'One line more.' >>page.md", id="a line is added"),
        pytest.param("mv page.md moved.md", id="the page is moved"),
    ],
)
def test_a_page_that_shows_a_conflict_is_not_blamed_on_the_change(program: Program, change: str) -> None:
    target = program.target(files={"page.md": PAGE})
    program.claude(change)
    ran = program.run(target)
    assert ran.code == 0, ran.text


def test_a_page_whose_conflict_goes_is_fine(program: Program) -> None:
    target = program.target(files={"page.md": PAGE})
    program.claude("sed 's/$/ /' page.md >copy && grep -v '[<>=]' copy >page.md; rm copy")
    ran = program.run(target)
    assert ran.code == 0, ran.text


@pytest.mark.fault("A4")
def test_a_conflict_that_the_change_left_is_still_a_blocker(program: Program) -> None:
    target = program.target(files={"page.md": PAGE, "a.py": "a = 1\n"})
    program.claude("printf '<<<<<<< ours\\na = 2\\n=======\\na = 3\\n>>>>>>> theirs\\n' >a.py; echo more >>page.md")
    ran = program.run(target)
    assert ran.code == 3, ran.text
    (review,) = program.report()["reviews"]
    (said,) = [point for point in review["answers"][0]["points"] if "conflict" in point]
    assert "a.py" in said
    assert "page.md" not in said
