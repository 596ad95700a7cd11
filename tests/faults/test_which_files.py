"""Which files count: what the repository's own status would show, by the ignore rules that were there before."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import Program

PROJECT = {".gitignore": "*.log\nbuild/\n.env\n", "form.py": "one\n"}


def all_said(program: Program, *further: str) -> str:
    """Everything about the newest session that a person can read afterwards."""
    folder = program.session()
    return "\n".join([*further, *((folder / name).read_text("utf-8") for name in ("report.md", "report.json"))])


def changed(program: Program) -> set[str]:
    """The files that the report calls changed."""
    report: Any = program.report()
    return {name for worker in report["workers"] for name in worker["files"]}


def kept(program: Program) -> bytes:
    """All content that the newest session keeps of the target."""
    folder = program.session() / "snapshots"
    argv = ["git", "cat-file", "--batch-all-objects", "--batch"]
    environ = {**program.environ, "GIT_DIR": str(folder / "git")}
    content = subprocess.run(argv, cwd=program.root, env=environ, capture_output=True, check=False, timeout=60).stdout
    return content + b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


# A7


@pytest.mark.fault("A7")
@pytest.mark.parametrize(
    "rules",
    [
        pytest.param("printf '.gitignore\\nbackdoor.py\\n' >.gitignore", id="a rule in place of the old ones"),
        pytest.param("echo '/backdoor.*' >>.gitignore", id="a rule more"),
        pytest.param("echo '*' >.gitignore", id="a rule for everything"),
    ],
)
def test_a_new_ignore_rule_hides_no_new_file(program: Program, rules: str) -> None:
    target = program.target(files=PROJECT)
    program.claude(f"{rules}; echo 'import os' >backdoor.py")
    ran = program.run(target)
    said = all_said(program, ran.text)
    assert "backdoor.py" in changed(program)
    assert "hide 1 file from git status: backdoor.py" in said


@pytest.mark.fault("A7")
def test_a_new_rule_in_a_new_folder_or_repository_hides_nothing_either(program: Program) -> None:
    target = program.target(files=PROJECT)
    program.claude(
        "mkdir pkg && echo '*' >pkg/.gitignore && echo x >pkg/evil.py;"
        "mkdir sub && git -C sub init -q; echo '*' >sub/.gitignore; echo x >sub/evil.py"
    )
    program.run(target)
    assert {"pkg/evil.py", "sub/evil.py"} <= changed(program)


@pytest.mark.fault("A7")
def test_reviewers_are_told_what_new_rules_hide(program: Program) -> None:
    target = program.target(files=PROJECT)
    program.claude("echo backdoor.py >>.gitignore; echo x >backdoor.py")
    program.run(target)
    journal = (program.session() / "journal.jsonl").read_text("utf-8")
    findings = [json.loads(line)["body"] for line in journal.splitlines() if '"checks_measured"' in line]
    assert any("backdoor.py" in finding for body in findings for finding in body.get("findings", ()))


# A8


@pytest.mark.fault("A8")
@pytest.mark.parametrize(
    ("does", "name"),
    [
        pytest.param("git clean -fdX", "build/out.js", id="all ignored files deleted"),
        pytest.param("echo SECRET=2222222 >.env", ".env", id="one rewritten"),
        pytest.param("echo SECRET=hunter3 >.env; touch -d @1000000000 .env", ".env", id="rewritten at another time"),
        pytest.param("rm -r build", "build/out.js", id="a folder of them deleted"),
    ],
)
def test_ignored_files_that_went_or_changed_are_named_without_content(program: Program, does: str, name: str) -> None:
    target = program.target(files=PROJECT)
    (target / ".env").write_text("SECRET=hunter2\n")
    (target / "build").mkdir()
    (target / "build" / "out.js").write_text("x\n")
    program.claude(f"{does}; echo two >form.py")
    ran = program.run(target)
    said = all_said(program, ran.text)
    assert name in said
    assert b"hunter" not in kept(program)


@pytest.mark.fault("A8")
def test_what_the_user_leaves_out_is_not_copied(program: Program) -> None:
    target = program.target(files=PROJECT)
    (target / ".git" / "info" / "exclude").write_text("private.txt\n")
    (target / "private.txt").write_text("SECRET-ONE\n")
    (program.home / ".gitconfig").write_text("[core]\n\texcludesFile = ~/.my-ignore\n")
    (program.home / ".my-ignore").write_text("*.key\n")
    (target / "mine.key").write_text("SECRET-TWO\n")
    program.claude("echo two >form.py")
    program.run(target)
    assert b"SECRET" not in kept(program)


@pytest.mark.fault("A8")
def test_where_git_looks_by_itself_counts_too(program: Program) -> None:
    target = program.target(files=PROJECT)
    (program.home / ".config" / "git").mkdir(parents=True)
    (program.home / ".config" / "git" / "ignore").write_text("*.key\n")
    (target / "mine.key").write_text("SECRET-THREE\n")
    program.claude("echo two >form.py")
    program.run(target)
    assert b"SECRET" not in kept(program)


# A9


@pytest.mark.fault("A9")
def test_a_repository_of_the_other_hash_is_read(program: Program) -> None:
    target = program.target(git=False, files={".gitignore": "*.log\n", "kept.log": "tracked\n"})
    program.git(target, "init", "-q", "--object-format=sha256")
    program.git(target, "add", "-f", ".")
    program.git(target, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x")
    program.claude("echo changed >kept.log")
    program.run(target)
    assert "kept.log" in changed(program)


@pytest.mark.fault("A9")
def test_an_index_that_nobody_understands_is_said(program: Program) -> None:
    target = program.target(files=PROJECT)
    index = target / ".git" / "index"
    content = index.read_bytes()
    index.write_bytes(content[:7] + b"\x09" + content[8:])
    program.claude("echo two >form.py")
    ran = program.run(target)
    assert "could not tell" in all_said(program, ran.text)


@pytest.mark.fault("A9")
def test_a_missing_filter_does_not_lose_the_warning_about_uncommitted_work(program: Program) -> None:
    target = program.target(files={**PROJECT, ".gitattributes": "*.py filter=gone\n"})
    program.git(target, "config", "filter.gone.clean", "/not/there/at/all")
    program.git(target, "config", "filter.gone.required", "true")
    (target / "form.py").write_text("own\n")  # of the same size, so that only its content tells
    program.claude("echo two >new.py")
    ran = program.run(target)
    said = all_said(program, ran.text)
    assert "not committed" in said


@pytest.mark.fault("A9")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_a_target_of_another_owner_does_not_lose_the_warning(program: Program) -> None:
    target = program.target(files=PROJECT)
    (target / "form.py").write_text("the user's own\n")
    for folder, _, names in os.walk(target):
        for name in (*names, "."):
            os.chown(Path(folder, name), 12345, 12345, follow_symlinks=False)
    program.claude("true")
    ran = program.run(target)
    assert "not committed" in all_said(program, ran.text)


@pytest.mark.fault("A9")
def test_a_repository_that_is_gone_is_not_taken_for_none(program: Program) -> None:
    target = program.target(git=False, files=PROJECT)
    (target / ".git").write_text("gitdir: /not/there/any/more\n")
    program.claude("echo two >form.py")
    ran = program.run(target)
    assert "could not tell" in all_said(program, ran.text)


# A10


@pytest.mark.fault("A10")
def test_the_start_runs_no_program_that_the_target_configures(program: Program) -> None:
    target = program.target(files={**PROJECT, ".gitattributes": "*.py filter=evil diff=evil\n"})
    trap = program.root / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {program.root}/sprung-$1\ncat\n")
    trap.chmod(0o755)
    settings = {
        "filter.evil.clean": "clean",
        "filter.evil.smudge": "smudge",
        "diff.evil.textconv": "textconv",
        "core.fsmonitor": "fsmonitor",
        "diff.external": "diff",
        "core.sshCommand": "ssh",
        "credential.helper": "credential",
        "core.pager": "pager",
        "alias.status": "alias",
    }
    for key, name in settings.items():
        program.git(target, "config", key, f"!{trap} {name}" if key.startswith("alias") else f"{trap} {name}")
    os.utime(target / "form.py", (1, 1))
    program.claude("true")
    program.run(target)
    sprung = sorted(path.name for path in program.root.glob("sprung-*"))
    assert sprung == []


@pytest.mark.fault("A10")
def test_a_filter_that_runs_for_long_is_not_run_either(program: Program) -> None:
    target = program.target(files={**PROJECT, ".gitattributes": "*.py filter=own\n"})
    trap = program.root / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {program.root}/sprung\nsleep 30\n")
    trap.chmod(0o755)
    program.git(target, "config", "filter.own.process", str(trap))
    (target / "form.py").write_text("own\n")  # of the same size, so that only its content tells
    program.claude("true")
    program.run(target)
    assert not (program.root / "sprung").exists()


# B4


@pytest.mark.fault("B4")
def test_names_that_git_cannot_hold_are_counted(program: Program) -> None:
    target = program.target(files=PROJECT)
    program.claude("mkdir .GIT; echo x >.GIT/config; echo two >form.py")
    ran = program.run(target)
    said = all_said(program, ran.text)
    assert "1 name could not be recorded by git: .GIT" in said
    assert shutil.which("git") is not None
