"""What a worker writes, from its own ``write`` to the journal: through whole sessions, with a real child."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import orchestrator
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.effects import Outcome
from orchestrator.models.entries import AgentOutput, StreamFault, StreamRead
from orchestrator.models.events import EventType, Said, Unrecognised
from orchestrator.models.identity import WorkerId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.coordinator.session_request import SessionResult
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow
CLAUDE = WorkerId("claude")
MIB = 1024**2


def said(stage: Stage, result: SessionResult) -> Iterator[str]:
    """What the agent said, in order."""
    for entry in stage.journal(result):
        if isinstance(entry.body, AgentOutput):
            yield from (event.payload.text for event in entry.body.events if isinstance(event.payload, Said))


def noise(stage: Stage, result: SessionResult, stream: str = "stdout") -> list[str]:
    """Lines that were no record, as the journal has them."""
    return [
        event.payload.text
        for entry in stage.journal(result)
        if isinstance(entry.body, AgentOutput) and entry.body.stream == stream
        for event in entry.body.events
        if isinstance(event.payload, Unrecognised) and event.payload.record is None
    ]


def faults(stage: Stage, result: SessionResult) -> list[tuple[str, str]]:
    found = [entry.body for entry in stage.journal(result) if isinstance(entry.body, StreamFault)]
    return [(fault.stream, fault.fault) for fault in found]


def raw(result: SessionResult) -> bytes:
    return SessionFolder(result.folder).raw_stdout(CLAUDE).read_bytes()


async def test_the_hash_on_record_is_that_of_what_the_child_wrote(stage: Stage) -> None:
    result = await stage.run_claude(
        """
        for n in range(500):
            text(f"line {n} " + "ü€😀" * (n % 40))
        """
    )
    assert result.outcome is Outcome.DONE
    read = [entry.body for entry in stage.journal(result) if isinstance(entry.body, StreamRead)]
    last = next(body for body in reversed(read) if body.stream == "stdout")
    assert (last.start, last.end) == (0, len(raw(result)))
    assert last.sha256 == hashlib.sha256(raw(result)).hexdigest()
    assert list(said(stage, result))[:2] == ["line 0 ", "line 1 ü€😀"]


async def test_raw_bytes_are_those_the_child_wrote_whatever_they_are(stage: Stage) -> None:
    result = await stage.run_claude(
        """
        import random
        data = random.Random(7).randbytes(300_000) + b"\\n"
        out(data)
        with open("written", "wb") as file:
            file.write(data)
        """
    )
    written = (stage.target / "written").read_bytes()
    assert written in raw(result)
    assert len(written) == 300_001
    assert result.outcome is Outcome.DONE


ODD_WRITES = {
    "one byte a write": "for byte in LINE: out(bytes([byte]))",
    "cut inside a letter": "cut = LINE.index('ü'.encode()) + 1; out(LINE[:cut]); time.sleep(0.05); out(LINE[cut:])",
    "CR LF": "out(LINE[:-1] + b'\\r\\n')",
    "CR LF cut between": "out(LINE[:-1] + b'\\r'); time.sleep(0.05); out(b'\\n')",
    "NULs in front": "out(b'\\0' * 4096 + LINE)",
    "NULs behind": "out(LINE[:-1] + b'\\0' * 4096 + b'\\n')",
    "blank lines around": "out(b'\\n\\n' + LINE + b'\\n \\n')",
    "colours around": "out(b'\\x1b[2K\\x1b[1G' + LINE)",
}


async def test_however_a_record_is_written_it_is_heard_once_and_whole(stage: Stage) -> None:
    """All of them in one session, each with a text of its own."""
    parts = []
    for number, how in enumerate(ODD_WRITES.values()):
        parts.append(f"LINE = line({number})")
        parts.append(how)
    result = await stage.run_claude(
        "import json, time\n"
        "def line(n):\n"
        "    content = [{'type': 'text', 'text': f'grün {n}'}]\n"
        "    record = {'type': 'assistant', 'session_id': SESSION, 'message': {'id': f'm{n}', 'content': content}}\n"
        "    return json.dumps(record, ensure_ascii=False).encode() + b'\\n'\n" + "\n".join(parts)
    )
    heard = [text for text in said(stage, result) if text.startswith("grün")]
    assert dict(zip(ODD_WRITES, heard, strict=True)) == {how: f"grün {n}" for n, how in enumerate(ODD_WRITES)}
    assert faults(stage, result) == []
    assert result.outcome is Outcome.DONE


async def test_a_last_record_without_a_newline_is_heard_and_said_to_be_torn(stage: Stage) -> None:
    result = await stage.run_claude(
        """
        import os
        tool("Write", {"file_path": "made.txt"}, "ok")
        Path("made.txt").write_text("made")
        out(b'{"type":"result","subtype":"success","is_error":false,"result":"whole, but for its end"}')
        os._exit(0)
        """
    )
    assert result.state.workers[CLAUDE].answer == "whole, but for its end"
    assert faults(stage, result) == [("stdout", "torn")]
    assert result.outcome is Outcome.DONE


async def test_a_record_torn_in_the_middle_is_noise_and_the_next_attempt_is_not_harmed(stage: Stage) -> None:
    result = await stage.run_claude(
        """
        import os
        if not Path("tried").exists():
            Path("tried").touch()
            text("before")
            out(b'{"type":"assistant","message":{"id":"m9","content":[{"type":"te')
            os._exit(3)
        text("after")
        """,
        limits={"restart_delay_s": 0.05},
    )
    assert list(said(stage, result)) == ["before", "after"]
    assert faults(stage, result) == [("stdout", "torn")]
    assert noise(stage, result)[-1].startswith('{"type":"assistant"')
    assert result.state.workers[CLAUDE].attempt == 2
    assert result.outcome is Outcome.DONE


async def test_ten_thousand_lines_that_are_no_json_are_counted_each_and_the_stream_goes_on(stage: Stage) -> None:
    result = await stage.run_claude(
        """
        out(b"".join(b"npm warn %d [odd] }{ \\xff\\xfe\\n" % n for n in range(10_000)))
        text("still here")
        """
    )
    assert len(noise(stage, result)) == 10_000
    assert list(said(stage, result)) == ["still here"]
    assert result.outcome is Outcome.DONE
    assert result.state.workers[CLAUDE].noise == 10_000
    assert "10,000 lines of its output were no record" in SessionFolder(result.folder).report_text_file.read_text()


async def test_broken_utf8_is_heard_with_a_mark_in_its_place_and_the_stream_goes_on(stage: Stage) -> None:
    result = await stage.run_claude(
        r"""
        whole = b'{"type":"assistant","message":{"id":"m1","content":[{"type":"text","text":"gr\xfcn"}]}}\n'
        out(whole)
        text("still here")
        """
    )
    assert list(said(stage, result)) == ["gr\ufffdn", "still here"]
    assert b"gr\xfcn" in raw(result)
    assert noise(stage, result) == []
    assert result.outcome is Outcome.DONE


async def test_a_record_that_nobody_knows_is_kept_whole_in_a_status_event_and_the_stream_goes_on(stage: Stage) -> None:
    """Also a known one that says more than it used to."""
    result = await stage.run_claude(
        """
        say({"type": "dream", "of": ["electric", "sheep"]})
        content = [{"type": "text", "text": "known"}]
        say({"type": "assistant", "message": {"id": "m1", "content": content, "mood": 7}, "weather": "fair"})
        """
    )
    entries = stage.journal(result)
    events = [event for entry in entries if isinstance(entry.body, AgentOutput) for event in entry.body.events]
    [unknown] = [event for event in events if isinstance(event.payload, Unrecognised)]
    assert unknown.type is EventType.STATUS
    assert isinstance(unknown.payload, Unrecognised)
    assert unknown.payload.record == {"type": "dream", "of": ["electric", "sheep"]}
    assert list(said(stage, result)) == ["known"]
    assert result.outcome is Outcome.DONE


async def test_a_line_past_64_mib_is_an_event_and_the_next_one_is_heard(stage: Stage) -> None:
    result = await stage.run_claude(
        """
        for _ in range(65):
            out(b"x" * 1024 * 1024)
        out(b"\\n")
        text("after the long one")
        """
    )
    assert list(said(stage, result)) == ["after the long one"]
    assert faults(stage, result) == [("stdout", "overlong")]
    assert len(raw(result)) > 65 * MIB
    assert result.outcome is Outcome.DONE


async def test_a_record_of_many_mebibytes_is_heard_and_cut(stage: Stage) -> None:
    result = await stage.run_claude('text("x" * (20 * 1024 * 1024)); open("made.txt", "w").write("made")')
    (text,) = said(stage, result)
    assert 64 * 1024 <= len(text) < 70 * 1024
    assert SessionFolder(result.folder).raw_stdout(WorkerId("claude")).stat().st_size > 20 * MIB
    assert result.outcome is Outcome.DONE, result.reason


async def test_a_child_that_cuts_its_own_file_is_caught(stage: Stage) -> None:
    result = await stage.run_claude(
        """
        import os
        for n in range(50):
            text(f"line {n}")
        wait_until_heard("line 49")
        os.truncate("/proc/self/fd/1", 100)
        wait_until_heard("tampered")
        """,
        limits={"max_restarts": 0},
    )
    assert ("stdout", "tampered") in faults(stage, result)
    assert "line 49" in list(said(stage, result)), "what had been read stays in the journal"
    assert result.outcome is Outcome.NEEDS_PERSON, "its final word is not believed"


async def test_a_prefix_rewritten_in_place_is_caught_when_the_worker_ends(stage: Stage) -> None:
    result = await stage.run_claude(
        """
        import os
        text("the truth")
        wait_until_heard("the truth")
        with open(os.readlink("/proc/self/fd/1"), "r+b") as file:
            file.write(b'{"forged":1')
        """
    )
    assert faults(stage, result) == [("stdout", "tampered")]
    assert "the truth" in list(said(stage, result))
    assert any("tampered" in warning for warning in result.state.warnings)


async def test_a_file_that_is_deleted_is_read_to_its_end_and_said_to_be_lost(stage: Stage) -> None:
    result = await stage.run_claude(
        """
        import os
        text("before")
        wait_until_heard("before")
        os.unlink(os.readlink("/proc/self/fd/1"))
        text("after")
        """
    )
    assert list(said(stage, result)) == ["before", "after"]
    assert ("stdout", "lost") in faults(stage, result)


async def test_a_flood_on_stderr_does_not_keep_the_answer_waiting(stage: Stage) -> None:
    result = await stage.run_claude(
        """
        line = b"(node) warning: " + b"y" * 16_000 + b"\\n"
        for _ in range(16 * 1024 * 1024 // len(line)):
            out(line, to=2)
        text("heard")
        """
    )
    assert list(said(stage, result)) == ["heard"]
    assert result.outcome is Outcome.DONE
    assert SessionFolder(result.folder).raw_stderr(CLAUDE).stat().st_size > 15 * MIB


TIMED = Path(orchestrator.__file__).parent / "measurement/probes/orchestrate_timed.py"


def peak_of_a_run(stage: Stage, act: str) -> int:
    """The most memory, in bytes, that the coordinator of a run from the command line ever held."""
    request = stage.stage_claude(act)
    words = ["task", "--agents", "claude", "--sandbox", "open", "--quiet", "--no-interactive", "--no-dashboard"]
    folders = ["--target", str(request.target), "--workspace", str(request.workspace)]
    # A process small enough starts it: what is said of a child is at least what its parent held.
    argv = [sys.executable, "-m", "orchestrator", "run", *words, *folders]
    done = subprocess.run(
        [sys.executable, str(TIMED), "1", *argv],
        env=stage.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=110,
        check=True,
    )
    (run,) = json.loads(done.stdout)["runs"]
    assert run["code"] == 0, done.stderr
    return int(run["memory_mib"] * MIB)


def test_memory_stays_bounded_however_much_a_worker_writes(stage: Stage) -> None:
    flood = """
    open("size.txt", "w").write("{mib}")
    line = b"x" * 16_000 + b"\\n"
    for _ in range({mib} * 1024 * 1024 // len(line)):
        out(line)
        out(line, to=2)
    """
    little = peak_of_a_run(stage, flood.format(mib=1))
    much = peak_of_a_run(stage, flood.format(mib=24))
    assert much - little < 12 * MIB, f"{(much - little) / MIB:.0f} MiB more for 46 MiB more"
