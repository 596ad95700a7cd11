from __future__ import annotations

import json
import os
import stat
import tarfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.journal.bundle_file import Bundle, pack
from orchestrator.journal.folder import SessionFolder, create_session
from orchestrator.safety.redaction import Redactor

SECRET = "canary-of-some-length"
LOGIN = PurePosixPath(".claude/.credentials.json")


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    made = create_session(tmp_path / "workspace", datetime(2026, 11, 21, tzinfo=UTC), "7f3a")
    (made.path / "claude.jsonl").write_text(f'{{"text":"{SECRET}"}}\nnoise {SECRET}\n{{"plain": 1.0}}\ntorn {SECRET}')
    (made.path / "claude.stderr.log").write_text(f"warning: {SECRET}\n")
    made.session_file.write_text(json.dumps({"task": "t"}, indent=2) + "\n")
    scratch = made.scratch_dir / "claude"
    scratch.mkdir()
    (scratch / "notes.txt").write_text(f"{SECRET}\n")
    (scratch / "image.png").write_bytes(b"\x89PNG\0\0")
    (scratch / "link").symlink_to("/etc/passwd")
    (scratch / "folder-link").symlink_to("/etc")
    os.mkfifo(scratch / "pipe")
    home = made.homes_dir / "claude" / ".claude"
    home.mkdir(parents=True)
    (home / ".credentials.json").write_text('{"accessToken":"token-in-a-file"}')
    (home / "oauth_token.txt").write_text("token-in-another-file")
    (home / "history.jsonl").write_text('{"said":"hello"}\n')
    made.snapshots_dir.mkdir()
    (made.snapshots_dir / "HEAD").write_text("ref")
    return made


def packed(folder: SessionFolder, out: Path, *, with_conversations: bool = False) -> tuple[Bundle, dict[str, str]]:
    bundle = pack(folder, out, redactor=Redactor([SECRET]), with_conversations=with_conversations, logins=[LOGIN])
    texts = {}
    with tarfile.open(out) as tar:
        for member in tar.getmembers():
            file = tar.extractfile(member)
            assert file is not None, f"{member.name} is no regular file"
            texts[member.name.removeprefix(f"{folder.id}/")] = file.read().decode()
    return bundle, texts


def test_every_text_is_packed_without_its_secrets_and_they_are_counted(folder: SessionFolder, tmp_path: Path) -> None:
    bundle, texts = packed(folder, tmp_path / "b.tar.gz")
    assert not [name for name, text in texts.items() if SECRET in text]
    assert bundle.files["claude.jsonl"] == 3
    assert bundle.files["session.json"] == 0
    assert bundle.redactions == 5
    assert texts["claude.jsonl"] == (
        '{"text":"[redacted:known]"}\nnoise [redacted:known]\n{"plain": 1.0}\ntorn [redacted:known]'
    )
    assert json.loads(texts["bundle.json"])["files"] == bundle.files


def test_what_is_left_out_is_said_with_the_reason(folder: SessionFolder, tmp_path: Path) -> None:
    bundle, texts = packed(folder, tmp_path / "b.tar.gz")
    assert bundle.left_out == {
        "homes": "the agents' private homes: logins and conversations",
        "snapshots": "the target as it was at each step",
        "scratch/claude/image.png": "not a text",
        "scratch/claude/link": "a link",
        "scratch/claude/folder-link": "a link",
        "scratch/claude/pipe": "a pipe",
    }
    assert not set(texts) & set(bundle.left_out)
    assert not any("credentials" in name or "passwd" in name for name in texts)


def test_conversations_are_packed_when_asked_for_and_logins_never(folder: SessionFolder, tmp_path: Path) -> None:
    bundle, texts = packed(folder, tmp_path / "b.tar.gz", with_conversations=True)
    assert texts["homes/claude/.claude/history.jsonl"] == '{"said":"hello"}\n'
    assert bundle.left_out["homes/claude/.claude/.credentials.json"] == "a login"
    assert bundle.left_out["homes/claude/.claude/oauth_token.txt"] == "a login"
    assert "token-in" not in "".join(texts.values())


def test_the_bundle_is_for_its_owner_alone_and_so_is_what_is_unpacked(folder: SessionFolder, tmp_path: Path) -> None:
    out = tmp_path / "b.tar.gz"
    packed(folder, out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with tarfile.open(out) as tar:
        assert {member.mode for member in tar.getmembers()} == {0o600}
        assert {(member.uid, member.uname) for member in tar.getmembers()} == {(0, "")}


def test_half_a_pair_that_a_worker_wrote_does_not_break_the_bundle(folder: SessionFolder, tmp_path: Path) -> None:
    (folder.path / "claude.jsonl").write_bytes(f'{{"a":"\\ud83d {SECRET}"}}\n'.encode() + b"\xff\xfe broken\n")
    out = tmp_path / "b.tar.gz"
    pack(folder, out, redactor=Redactor([SECRET]), with_conversations=False, logins=[])
    with tarfile.open(out) as tar:
        file = tar.extractfile(f"{folder.id}/claude.jsonl")
        assert file is not None
        assert file.read() == b'{"a":"\\ud83d [redacted:known]"}\n\xff\xfe broken\n'


def test_a_bundle_that_cannot_be_written_is_said_and_leaves_nothing(folder: SessionFolder, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfit, match="cannot pack"):
        pack(folder, tmp_path / "missing" / "b", redactor=Redactor(), with_conversations=False, logins=[])
    assert not (tmp_path / "missing").exists()
