from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import EnvironmentUnfit
from orchestrator.store.agent_configuration import AgentConfiguration
from orchestrator.store.configuration_store import MOST_FILE_BYTES, ConfigurationStore
from orchestrator.store.log_records import CallerRecorded, ConfigurationDeleted
from orchestrator.store.outcome_log import OutcomeLog, Reading
from orchestrator.store.recorder import as_record
from tests.store.conftest import FAILED, PASSED, outcome

WRITER = """
import sys
from pathlib import Path
from orchestrator.store.configuration_store import ConfigurationStore
from orchestrator.store.outcome_log import OutcomeLog
store = ConfigurationStore(Path(sys.argv[1]), log=OutcomeLog(Path(sys.argv[2])))
config = store.load("team")
for number in range(int(sys.argv[3])):
    config.record_outcome(number % 4 != 0, float(number % 101))
    store.save(config)
    print(number, flush=True)
"""


def team(name: str = "team", **fields: Any) -> AgentConfiguration:
    agents = [{"role": "security_auditor", "tier": "PREMIUM", "instructions": "look"}]
    return AgentConfiguration(name, "release_prep", agents, "parallel", {"min_coverage": 80}, **fields)


@pytest.fixture
def store(tmp_path: Path, log: OutcomeLog) -> ConfigurationStore:
    return ConfigurationStore(tmp_path / "p" / ".orchestrator" / "compositions", log=log)


def again(store: ConfigurationStore) -> ConfigurationStore:
    """The same in another process."""
    return ConfigurationStore(store.storage_dir, log=OutcomeLog(store.log.folder))


def edit(store: ConfigurationStore, name: str = "team", **changes: Any) -> None:
    path = store.storage_dir / f"{name}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def all_files(store: ConfigurationStore) -> dict[str, str]:
    return {path.name: path.read_text() for path in store.storage_dir.glob("*.json")}


def test_nothing_is_made_before_something_is_saved(store: ConfigurationStore) -> None:
    assert store.list_all() == []
    assert store.load("team") is None
    assert not store.storage_dir.exists()
    assert not store.log.folder.exists()


def test_two_that_loaded_the_same_lose_nothing_of_each_other(store: ConfigurationStore) -> None:
    store.save(team())
    other = again(store)
    mine, theirs = store.load("team"), other.load("team")
    assert mine is not None
    assert theirs is not None
    mine.record_outcome(True, 80)
    theirs.record_outcome(False, 20)
    mine.tags = ["mine"]
    store.save(mine)
    other.save(theirs)
    assert (theirs.usage_count, theirs.success_rate, theirs.avg_quality_score) == (2, 0.5, 50.0)
    found = store.load("team")
    assert found is not None
    assert (found.usage_count, found.tags) == (2, ["mine"])


def test_saving_what_is_not_new_writes_nothing_to_the_log(store: ConfigurationStore) -> None:
    config = team()
    store.save(config)
    size = store.log.path.stat().st_size
    store.save(config)
    loaded = again(store).load("team")
    assert loaded is not None
    store.save(loaded)
    assert store.log.path.stat().st_size == size


def test_what_sessions_came_to_is_there_without_being_saved(store: ConfigurationStore) -> None:
    project = str(store.storage_dir.parents[1])
    for number, suite in enumerate((PASSED, PASSED, FAILED)):
        store.log.append(as_record(replace(outcome(suite, number=number), project=project)))
    store.log.append(as_record(replace(outcome(number=9), project=project)))
    store.log.append(as_record(outcome(PASSED, number=10)))  # of another project
    (found,) = store.list_all()
    assert (found.usage_count, found.success_count, found.failure_count) == (4, 2, 1)
    assert found.success_rate == pytest.approx(2 / 3)
    assert [agent["agent"] for agent in found.agents] == ["gemini", "claude", "codex"]
    assert found.tags == ["change"]


def test_a_rehearsal_is_no_composition_that_anybody_finds(store: ConfigurationStore) -> None:
    project = str(store.storage_dir.parents[1])
    store.log.append(as_record(replace(outcome(PASSED), project=project, rehearsal=True)))
    assert store.list_all() == store.search() == store.rebuild() == []
    assert store.get_best_for_task("general") is None
    assert [one.is_rehearsed for one in store.compositions()] == [True]
    assert not store.storage_dir.exists()


def test_the_store_is_rebuilt_equal_after_it_was_deleted(store: ConfigurationStore) -> None:
    for name in ("a", "b"):
        config = team(name)
        config.record_outcome(name == "a", 70)
        store.save(config)
    store.save(team("c"))
    store.delete("c")
    before = all_files(store)
    shutil.rmtree(store.storage_dir)
    other = again(store)
    other.rebuild()
    assert all_files(store) == before
    assert sorted(before) == ["a.json", "b.json"]
    assert (store.storage_dir / ".gitignore").read_text() == "*\n"


def test_an_edit_of_tags_instructions_or_thresholds_is_taken_over_and_survives_a_rebuild(
    store: ConfigurationStore,
) -> None:
    store.save(team())
    agents = [{"role": "security_auditor", "tier": "PREMIUM", "instructions": "look twice"}]
    edit(store, tags=["release"], agents=agents, quality_gates={"min_coverage": 90})
    found = again(store).load("team")
    assert found is not None
    assert (found.tags, found.agents, found.quality_gates) == (["release"], agents, {"min_coverage": 90})
    shutil.rmtree(store.storage_dir)
    assert again(store).rebuild() == [found]
    assert b'"source":"edit"' in store.log.path.read_bytes()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"success_rate": 0.99}, "success_rate"),
        ({"usage_count": 100, "success_count": 100}, "usage_count"),
        ({"failure_count": 0}, "failure_count"),
        ({"avg_quality_score": 99.0}, "avg_quality_score"),
        ({"last_used": "2030-01-01T00:00:00"}, "last_used"),
        ({"strategy": "debate"}, "strategy"),
        ({"agents": [{"role": "other"}]}, "agents"),
        ({"id": "other"}, "id"),
    ],
)
def test_an_edit_of_what_was_recorded_is_refused_with_a_reason_and_mended(
    store: ConfigurationStore, changes: dict[str, Any], word: str
) -> None:
    config = team()
    config.record_outcome(False, 30)
    store.save(config)
    before = all_files(store)
    edit(store, **changes)
    other = again(store)
    assert other.list_all() == [config]
    assert any(word in problem and "not taken" in problem for problem in other.problems), other.problems
    assert all_files(store) == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"id": "team"}', b"null", b"[" * 5000, b"NaN"])
def test_a_damaged_file_is_kept_aside_and_made_anew(store: ConfigurationStore, content: bytes) -> None:
    store.save(team())
    before = all_files(store)
    (store.storage_dir / "team.json").write_bytes(content)
    other = again(store)
    assert other.load("team") is not None
    assert "damaged" in other.problems[0]
    assert all_files(store) == before
    assert (store.storage_dir / "team.json.damaged-1").read_bytes() == content


def test_a_file_that_is_not_from_this_log_is_named_and_left_alone(store: ConfigurationStore) -> None:
    store.save(team())
    text = (store.storage_dir / "team.json").read_text().replace('"team"', '"stranger"')
    (store.storage_dir / "stranger.json").write_text(text)
    (store.storage_dir / "a b.json").write_text("{}")
    other = again(store)
    assert [one.id for one in other.list_all()] == ["team"]
    assert len(other.problems) == 2
    other.rebuild()
    assert (store.storage_dir / "stranger.json").read_text() == text


def test_a_file_that_went_or_is_old_is_made_anew_and_nothing_is_said(store: ConfigurationStore) -> None:
    config = team()
    store.save(config)
    old = (store.storage_dir / "team.json").read_text()
    config.record_outcome(True, 90)
    store.save(config)
    (store.storage_dir / "team.json").write_text(old)  # as a process that was killed leaves it
    other = again(store)
    assert other.list_all() == [config]
    assert other.problems == ()
    (store.storage_dir / "team.json").unlink()
    assert other.list_all() == [config]
    assert (store.storage_dir / "team.json").exists()


def test_a_link_in_the_project_leads_nowhere(store: ConfigurationStore, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    store.storage_dir.parent.mkdir(parents=True)
    store.storage_dir.symlink_to(elsewhere)
    with pytest.raises(OSError, match=r".*"):
        again(store).save(team())
    assert list(elsewhere.iterdir()) == []


def test_a_log_that_cannot_be_written_keeps_nothing_and_says_so(store: ConfigurationStore) -> None:
    config = team()
    store.save(config)
    config.record_outcome(True, 90)
    store.log.path.rename(store.log.path.with_name("aside"))
    store.log.path.mkdir()
    with pytest.raises(EnvironmentUnfit):
        store.save(config)
    store.log.path.rmdir()
    store.log.path.with_name("aside").rename(store.log.path)
    store.save(config)
    assert config.usage_count == 1


@contextmanager
def full_disk() -> Iterator[None]:
    """No byte more can be written by this process, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_whoever_only_looks_is_told_all_where_no_file_can_be_made(store: ConfigurationStore) -> None:
    store.save(team())
    before = all_files(store)
    (store.storage_dir / "team.json").unlink()
    other = again(store)
    with full_disk():
        assert [one.id for one in other.list_all()] == ["team"]
        assert [one.id for one in other.search()] == ["team"]
        assert other.load("team") is not None
        assert "cannot be made anew" in other.problems[0]
        assert all_files(store) == {}
        with pytest.raises(OSError, match=r"team\.json"):
            other.rebuild()
    assert [one.id for one in other.rebuild()] == ["team"]
    assert all_files(store) == before


def test_an_edit_stays_in_its_file_until_it_can_be_kept(store: ConfigurationStore) -> None:
    store.save(team())
    edit(store, tags=["release"])
    path = store.storage_dir / "team.json"
    changed = path.read_text()
    other = again(store)
    with full_disk():
        assert other.load("team") is not None
        assert "left as it is" in other.problems[0]
        other.rebuild()
        assert path.read_text() == changed
    found = again(store).load("team")
    assert found is not None
    assert found.tags == ["release"]


@pytest.mark.parametrize("kind", ["damaged", "link", "pipe", "folder", "large"])
def test_what_stands_in_a_files_place_is_kept_aside_even_on_a_full_disk(
    store: ConfigurationStore, tmp_path: Path, kind: str
) -> None:
    store.save(team())
    before = all_files(store)
    path, elsewhere = store.storage_dir / "team.json", tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    path.unlink()
    put: dict[str, Callable[[], object]] = {
        "damaged": lambda: path.write_text("{"),
        "link": lambda: path.symlink_to(elsewhere),
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "large": lambda: path.write_bytes(b" " * (MOST_FILE_BYTES + 1)),
    }
    put[kind]()
    status = path.lstat()
    other = again(store)
    with full_disk():
        assert [one.id for one in other.list_all()] == ["team"]
    kept = store.storage_dir / "team.json.damaged-1"
    assert "kept as team.json.damaged-1" in other.problems[0]
    assert (kept.lstat().st_ino, kept.lstat().st_size) == (status.st_ino, status.st_size)
    again(store).rebuild()
    assert all_files(store) == before
    assert elsewhere.read_text() == "mine"


def test_the_file_of_what_was_deleted_goes_although_whoever_deleted_it_was_killed(store: ConfigurationStore) -> None:
    for name in ("a", "b", "c"):
        store.save(team(name))
    edit(store, "b", tags=["mine"])
    changed = (store.storage_dir / "b.json").read_text()
    store.log.append(*(ConfigurationDeleted(store.name, name) for name in ("a", "b")))
    other = again(store)
    assert [one.id for one in other.list_all()] == ["c"]
    assert not (store.storage_dir / "a.json").exists()
    assert (store.storage_dir / "b.json").read_text() == changed, "what a hand has made is nobody's to delete"
    assert "b.json is not from this log" in other.problems[0]
    assert store.save(team("a")).exists()
    assert again(store).load("a") is not None


def test_clocks_that_jump_change_no_figure_and_the_last_line_is_the_last_use(
    store: ConfigurationStore,
) -> None:
    store.save(team())
    for year in (2031, 1999, 2026):
        body = CallerRecorded(store.name, "team", True, 50.0)
        store.log.append(body, at=datetime(year, 1, 1, tzinfo=UTC))
    found = store.load("team")
    assert found is not None
    assert found.usage_count == 3
    assert found.last_used is not None
    assert found.last_used.year in (2025, 2026)


def test_a_log_that_somebody_deleted_is_an_empty_one_and_the_files_stay(store: ConfigurationStore) -> None:
    store.save(team())
    store.log.path.unlink()
    assert store.list_all() == []
    assert "team.json is not from this log" in store.problems[0]
    assert (store.storage_dir / "team.json").exists()


@pytest.mark.parametrize("given", ["", "  ", "a\0b"])
def test_what_is_no_path_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        ConfigurationStore(given)


@pytest.mark.slow
def test_two_processes_record_at_once_and_none_is_lost_though_some_are_killed(store: ConfigurationStore) -> None:
    store.save(team())
    arguments = [sys.executable, "-c", WRITER, str(store.storage_dir), str(store.log.folder)]
    whole = subprocess.Popen([*arguments, "150"], stdout=subprocess.DEVNULL, env=os.environ)
    chance, said = random.Random(15), 0
    for _ in range(4):
        killed = subprocess.Popen([*arguments, "100000"], stdout=subprocess.PIPE, env=os.environ)
        assert killed.stdout is not None
        for _ in range(chance.randrange(1, 20)):
            said += bool(killed.stdout.readline())
        killed.kill()
        said += killed.stdout.read().count(b"\n")
        killed.stdout.close()
        killed.wait()
    assert whole.wait(300) == 0
    reading = Reading()
    recorded = [record for record in store.log.read(reading) if isinstance(record.body, CallerRecorded)]
    assert reading.damages == []
    assert said + 150 <= len(recorded) <= said + 150 + 4
    other = again(store)
    found = other.load("team")
    assert found is not None
    assert found.usage_count == len(recorded)
    assert found.success_count + found.failure_count == found.usage_count
    assert other.problems == ()
    before = all_files(other)
    shutil.rmtree(store.storage_dir)
    other.rebuild()
    assert all_files(other) == before
