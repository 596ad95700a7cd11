from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.settings.user_places import state_folder
from orchestrator.store.log_records import CallerRecorded, ConfigurationSaved, LogBody, Metrics, SessionEnded
from orchestrator.store.outcome_log import OutcomeLog, Reading
from tests.store.conftest import PASSED, outcome

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from orchestrator.store.log_records import CallerRecorded
from orchestrator.store.outcome_log import OutcomeLog
log = OutcomeLog(Path(sys.argv[1]))
at = datetime(int(sys.argv[4]), 1, 1, tzinfo=UTC)
for number in range(int(sys.argv[3])):
    log.append(CallerRecorded("/s", sys.argv[2], True, float(number % 101)), at=at)
    print(number, flush=True)
"""


def caller(score: float = 50.0, name: str = "a") -> CallerRecorded:
    return CallerRecorded("/s", name, True, score)


def test_what_was_appended_is_read_in_order_and_only_once(log: OutcomeLog) -> None:
    log.append(caller(1.0), caller(2.0))
    reading = Reading()
    assert [record.body for record in log.read(reading)] == [caller(1.0), caller(2.0)]
    assert list(log.read(reading)) == []
    log.append(caller(3.0))
    assert [record.body for record in log.read(reading)] == [caller(3.0)]
    assert log.path.stat().st_mode & 0o777 == 0o600


def test_an_outcome_is_read_as_it_was_written(log: OutcomeLog) -> None:
    ended = SessionEnded("/s", "general_1", outcome(PASSED))
    (written,) = log.append(ended)
    assert list(log.read()) == [written]


def test_no_log_has_no_records(log: OutcomeLog) -> None:
    assert list(log.read()) == []
    assert not log.folder.exists()


def test_what_a_crash_has_cut_short_is_put_aside_by_the_next_writer(log: OutcomeLog) -> None:
    log.append(caller(1.0))
    with log.path.open("ab") as file:
        file.write(b'{"at":"2026-')
    assert len(list(log.read())) == 1
    log.append(caller(2.0))
    assert [record.body for record in log.read()] == [caller(1.0), caller(2.0)]
    assert (log.folder / "outcomes.torn").read_bytes() == b'{"at":"2026-\n'


@pytest.mark.parametrize(
    "line", [b"not json\n", b"{}\n", b"\x00\xff\n", b"\n", b'{"at":"2026-11-30T00:00:00Z","body":{"kind":"caller"}}\n']
)
def test_a_damaged_line_is_named_and_the_others_stand(log: OutcomeLog, line: bytes) -> None:
    log.append(caller(1.0))
    with log.path.open("ab") as file:
        file.write(line)
    log.append(caller(2.0))
    reading = Reading()
    assert [record.body for record in log.read(reading)] == [caller(1.0), caller(2.0)]
    assert [damage.number for damage in reading.damages] == [2]


SAVED = ConfigurationSaved("/s", "a", "general", ({"role": "x"},), "parallel", {}, (), "2026-11-30T00:00:00")


@pytest.mark.parametrize(
    "body",
    [
        replace(SAVED, created_at="never"),
        replace(SAVED, last_used="never"),
        replace(SAVED, configuration="../../up"),
        replace(SAVED, configuration="a/b"),
        replace(SAVED, configuration=""),
        replace(SAVED, claimed=Metrics(success_rate=2.0)),
        replace(SAVED, claimed=Metrics(usage_count=10**400)),
        replace(SAVED, claimed=Metrics(failure_count=-1)),
        caller(1e308),
    ],
)
def test_a_line_that_holds_what_nobody_can_mean_is_damaged(log: OutcomeLog, body: LogBody) -> None:
    """The view, and the files that are made from it, would else break on it, for every composition."""
    log.append(SAVED, body, caller(2.0))
    reading = Reading()
    assert [record.body for record in log.read(reading)] == [SAVED, caller(2.0)]
    assert [damage.number for damage in reading.damages] == [2]
    assert len(str(reading.damages[0])) < 400


def test_a_line_of_a_newer_version_is_kept_and_passed_over(log: OutcomeLog) -> None:
    log.append(caller())
    with log.path.open("ab") as file:
        file.write(b'{"format":2,"at":"2030-01-01T00:00:00Z","body":{"kind":"prophecy"}}\n')
    reading = Reading()
    assert len(list(log.read(reading))) == 1
    assert (reading.newer, reading.damages) == (1, [])


def test_a_log_that_was_replaced_is_read_from_its_beginning(log: OutcomeLog) -> None:
    log.append(caller(1.0), caller(2.0))
    reading = Reading()
    list(log.read(reading))
    assert not log.was_replaced(reading)
    log.path.unlink()
    assert log.was_replaced(reading)
    log.append(caller(3.0))
    assert log.was_replaced(reading)
    assert [record.body for record in log.read(reading)] == [caller(3.0)]


def test_a_link_or_a_pipe_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("")
    (tmp_path / "outcomes.jsonl").symlink_to(tmp_path / "elsewhere")
    log = OutcomeLog(tmp_path)
    with pytest.raises(EnvironmentUnfit):
        log.append(caller())
    with pytest.raises(EnvironmentUnfit):
        list(log.read())
    assert (tmp_path / "elsewhere").read_text() == ""


def test_a_write_that_does_not_fit_leaves_nothing_half_written(log: OutcomeLog) -> None:
    log.append(caller(1.0))
    size = log.path.stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, before[1]))
    try:
        with pytest.raises(EnvironmentUnfit, match="File too large"):
            log.append(caller(2.0))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert log.path.stat().st_size == size
    log.append(caller(3.0))
    assert [record.body for record in log.read()] == [caller(1.0), caller(3.0)]


@pytest.fixture
def elsewhere(not_proven: Callable[[str], NoReturn]) -> Sequence[str]:
    """Runs a command in a mount namespace of its own, whose steady clock is twelve days ahead."""
    prefix = ["unshare", "--map-root-user", "--mount", "--time", "--monotonic", "1000000"]
    if shutil.which("unshare") is None or subprocess.run([*prefix, "true"], capture_output=True).returncode:
        not_proven("unshare(1) gives no time namespace, so no clock that differs")
    return prefix


def test_two_processes_lose_nothing_of_each_other_though_no_clock_of_theirs_agrees(
    log: OutcomeLog, elsewhere: Sequence[str]
) -> None:
    writers = [
        subprocess.Popen(
            [*prefix, sys.executable, "-c", WRITER, str(log.folder), name, "300", year], stdout=subprocess.DEVNULL
        )
        for name, year, prefix in (("one", "2026", ()), ("two", "1999", elsewhere))
    ]
    assert [writer.wait(300) for writer in writers] == [0, 0]
    reading = Reading()
    records = list(log.read(reading))
    found = [record.body for record in records]
    assert {record.at.year for record in records} == {1999, 2026}
    for name in ("one", "two"):
        mine = [body.quality_score for body in found if isinstance(body, CallerRecorded) and body.configuration == name]
        assert mine == [float(number % 101) for number in range(300)]
    assert reading.damages == []


def test_a_writer_that_is_killed_has_written_what_it_said_it_had(log: OutcomeLog) -> None:
    said: list[int] = []
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(log.folder), "a", "100000", "2026"],
            stdout=subprocess.PIPE,
            env=os.environ,
        )
        assert writer.stdout is not None
        for _ in range(7):
            writer.stdout.readline()
        writer.kill()
        rest = writer.stdout.read()
        writer.wait()
        said.append(7 + rest.count(b"\n"))
        writer.stdout.close()
    reading = Reading()
    found = list(log.read(reading))
    assert reading.damages == []
    assert sum(said) <= len(found) <= sum(said) + 5
    log.append(caller())


def test_the_log_lies_in_the_users_state_folder() -> None:
    assert state_folder({"HOME": "/h"}) == Path("/h/.local/state/orchestrate")
    assert state_folder({"HOME": "/h", "XDG_STATE_HOME": "/x"}) == Path("/x/orchestrate")
