from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.files.tailing import BATCH_BYTES, FileTail
from orchestrator.wire.lines import Line


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "claude.jsonl"


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def texts(lines: Sequence[Line]) -> list[bytes | None]:
    return [line.data for line in lines]


def test_a_file_that_is_not_there_yet_is_empty_and_may_appear(path: Path) -> None:
    tail = FileTail(path)
    assert (list(tail.read()), tail.fault()) == ([], None)
    append(path, b"one\ntwo\nthr")
    assert tail.read() == [Line(0, 4, b"one"), Line(4, 8, b"two")]
    append(path, b"ee\n")
    assert tail.read() == [Line(8, 14, b"three")]
    assert list(tail.read()) == []
    assert tail.position == 14
    assert tail.fault() is None


def test_reading_begins_at_the_remembered_offset_with_fresh_framing(path: Path) -> None:
    append(path, b'{"torn by a kill{"first":1}\n')
    assert FileTail(path, 16).read() == [Line(16, 28, b'{"first":1}')]


def test_an_attempt_is_read_again_up_to_its_end_only(path: Path) -> None:
    append(path, b"one\ntwo\nthree\n")
    tail = FileTail(path, 4, end=10)
    assert tail.finish() == [Line(4, 8, b"two"), Line(8, 10, b"th", torn=True)]


def test_bytes_written_one_by_one_come_out_as_whole_lines(path: Path) -> None:
    data = "grüße\n\n{}\n".encode()
    tail = FileTail(path)
    lines: list[Line] = []
    for byte in data:
        append(path, bytes([byte]))
        lines += tail.read()
    assert texts(lines) == ["grüße".encode(), b"", b"{}"]


def test_what_has_no_newline_at_the_end_is_torn(path: Path) -> None:
    append(path, b"one\ntw")
    tail = FileTail(path)
    assert tail.finish() == [Line(0, 4, b"one"), Line(4, 6, b"tw", torn=True)]
    assert list(tail.finish()) == []


def test_one_call_returns_about_a_mebibyte(path: Path) -> None:
    append(path, b"x" * 999 + b"\n")
    append(path, (b"y" * 999 + b"\n") * 5000)
    tail = FileTail(path)
    sizes, ends = [], []
    while lines := tail.read():
        sizes.append(sum(line.end - line.start for line in lines))
        ends.append(tail.is_at_end)
    assert ends == [False] * 4 + [True]
    assert sum(sizes) == 5_001_000
    assert max(sizes) <= BATCH_BYTES + 1000
    assert len(sizes) == 5


@pytest.mark.slow
def test_a_line_of_64_mib_comes_whole_and_one_byte_more_is_skipped(path: Path) -> None:
    longest = 64 * 1024 * 1024
    append(path, b"z" * longest + b"\n" + b"w" * (longest + 1) + b"\nafter\n")
    tail = FileTail(path)
    first = tail.read()
    assert [len(line.data or b"") for line in first] == [longest]
    assert tail.read() == [Line(longest + 1, 2 * longest + 3, None), Line(2 * longest + 3, 2 * longest + 9, b"after")]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read as Linux counts it")
def test_a_long_line_takes_at_most_twice_its_size_in_memory(path: Path) -> None:
    append(path, b"z" * (64 * 1024 * 1024) + b"\n")
    script = (
        "import sys; from pathlib import Path; from orchestrator.files.tailing import FileTail\n"
        # What getrusage says of a child is at least what its parent held when it was started.
        "def peak(): return int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
        "before = peak(); lines = FileTail(Path(sys.argv[1])).read(); print(len(lines), peak() - before)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, cwd=root, check=True)
    count, more_kib = map(int, done.stdout.split())
    assert count == 1
    assert 64 * 1024 <= more_kib < (2 * 64 + 8) * 1024


def test_a_file_that_shrank_was_tampered_with_and_is_read_no_further(path: Path) -> None:
    append(path, b"one\ntwo\n")
    tail = FileTail(path)
    tail.read()
    os.truncate(path, 4)
    assert list(tail.read()) == []
    fault = tail.fault()
    assert fault is not None
    assert (fault.fault, fault.start, fault.end) == ("tampered", 4, 8)
    assert "shrank from 8 to 4 bytes" in fault.text
    append(path, b"forged and long enough\n")
    assert list(tail.read()) == []


def test_a_file_already_shorter_than_the_remembered_offset_was_tampered_with(path: Path) -> None:
    append(path, b"one\n")
    tail = FileTail(path, 100)
    assert list(tail.read()) == []
    fault = tail.fault()
    assert fault is not None
    assert fault.fault == "tampered"


def test_a_changed_prefix_of_the_same_length_is_found_by_looking(path: Path) -> None:
    append(path, b"one\ntwo\n")
    tail = FileTail(path)
    tail.read()
    append(path, b"three\n")
    assert tail.verify() is None
    with path.open("r+b") as file:
        file.write(b"ONE")
    fault = tail.verify()
    assert fault is not None
    assert fault.fault == "tampered"
    assert list(tail.read()) == []


def test_truncated_and_written_again_to_more_than_before_is_found_by_looking(path: Path) -> None:
    append(path, b"one\ntwo\n")
    tail = FileTail(path)
    tail.read()
    path.write_bytes(b"forged from the first byte on\n")
    assert tail.verify() is not None


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_a_file_that_is_taken_away_is_lost_but_read_to_its_end(path: Path, replaced: bool) -> None:
    append(path, b"one\n")
    tail = FileTail(path)
    tail.read()
    with path.open("ab") as writer:
        path.unlink()
        if replaced:
            path.write_bytes(b"another file\n")
        writer.write(b"two\n")
        writer.flush()
        assert texts(tail.read()) == [b"two"]
    fault = tail.fault()
    assert fault is not None
    assert fault.fault == "lost"


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_a_worker_puts_in_the_place_of_its_events_file_neither_leads_away_nor_blocks(
    path: Path, tmp_path: Path, kind: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret\n")
    match kind:
        case "link":
            path.symlink_to(secret)
        case "pipe":
            os.mkfifo(path)
        case _:
            path.mkdir()
    tail = FileTail(path)
    assert list(tail.finish()) == []
    fault = tail.fault()
    assert fault is not None
    assert fault.fault == "tampered"


def test_two_tails_of_the_same_bytes_have_the_same_digest(path: Path) -> None:
    append(path, b"one\ntwo\nthree")
    tails = [FileTail(path), FileTail(path)]
    for tail in tails:
        tail.finish()
    assert tails[0].digest() == tails[1].digest() != FileTail(path).digest()


def test_closing_frees_the_descriptor_and_reading_goes_on_where_it_was(path: Path) -> None:
    append(path, b"one\n")
    tail = FileTail(path)
    tail.read()
    tail.close()
    append(path, b"two\n")
    assert texts(tail.read()) == [b"two"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200).map(lambda data: data.replace(b"x", b"\n")), st.lists(st.integers(0, 40), max_size=12))
def test_lines_are_the_same_however_the_file_grew(tmp_path: Path, data: bytes, cuts: list[int]) -> None:
    path = tmp_path / "raw.jsonl"
    path.write_bytes(b"")
    tail, lines, at = FileTail(path), list[Line](), 0
    for cut in cuts:
        append(path, data[at : at + cut])
        at += cut
        lines += tail.read()
    append(path, data[at:])
    lines += tail.finish()
    pieces = data.split(b"\n")
    assert texts(lines) == pieces[:-1] + ([pieces[-1]] if pieces[-1] else [])
    assert b"".join(data[line.start : line.end] for line in lines) == data
