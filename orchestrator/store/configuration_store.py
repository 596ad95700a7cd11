"""The specification's configuration store: a folder of JSON files that are a view of the outcome log."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.models.recorded_outcomes import OWN_VIEW
from orchestrator.settings.user_places import state_folder
from orchestrator.store.agent_configuration import AgentConfiguration, counts_of, is_number, is_whole
from orchestrator.store.composition_view import Composition, CompositionView, as_caller
from orchestrator.store.log_records import (
    CallerRecorded,
    ConfigurationDeleted,
    LogBody,
    Metrics,
    checked_id,
)
from orchestrator.store.outcome_log import OutcomeLog, Reading
from orchestrator.store.shared_patterns import PatternLibrary, contributed
from orchestrator.store.view_files import edit_of, file_text, is_own

MOST_FILE_BYTES: Final = 4 * 1024 * 1024
CONTRIBUTOR: Final = "meta_orchestrator"


class ConfigurationStore:
    """Saved compositions of one project, or of one folder.  Any number of processes may use it at once.

    What it shows comes from the outcome log; the files are written anew from that, whatever becomes of them.

    Args:
        storage_dir: Where the files lie; default: ``.orchestrator/compositions`` below the current folder.
        pattern_library: Told of every configuration with at least 3 uses and 70 % success.
        log: The log that it is a view of; default: the user's.

    Raises:
        ValueError: ``storage_dir`` cannot be a folder's path.
    """

    def __init__(
        self,
        storage_dir: str | os.PathLike[str] | None = None,
        pattern_library: PatternLibrary | None = None,
        *,
        log: OutcomeLog | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        given = os.fspath(storage_dir) if storage_dir is not None else str(OWN_VIEW)
        if not given.strip() or "\0" in given:
            raise ValueError(f"storage_dir {given!r} is no path of a folder")
        path = Path(os.path.abspath(given))  # noqa: PTH100 - a link in the project itself must not be followed
        is_projects = path.parts[-2:] == OWN_VIEW.parts
        # Links above a project are the user's; those inside may be anybody's and are not followed.
        self._top = Path(os.path.realpath(path.parents[1] if is_projects else path))
        self._below = OWN_VIEW if is_projects else Path()
        self.storage_dir = self._top / self._below
        self.pattern_library = pattern_library
        self.log = log or OutcomeLog(state_folder(os.environ if environ is None else environ))
        self.reading = Reading()
        self.problems: tuple[str, ...] = ()
        """What was found wrong with the files when they were looked at last, for people."""
        self._view = CompositionView()
        self._contribute_all()

    @property
    def name(self) -> str:
        """How the log calls this store."""
        return str(self.storage_dir)

    # The specification's methods

    def save(self, config: AgentConfiguration) -> Path:
        """Keep a configuration and what was recorded in it since it was read; outcomes of others stay.

        Afterwards ``config`` shows the figures that the store knows.

        Raises:
            ValueError: A field is not of its kind, or counts were made less than they were.
            EnvironmentUnfit: The log cannot be written; nothing was kept.
            OSError: The file cannot be written; the log has it, and the file is made later.
        """
        config.check()
        self._refresh()
        self._take_in_edit(config.id)
        bodies = list(self._news(config))
        if bodies:
            self.log.append(*bodies)
            self._refresh()
        composition = self._view.find(self.name, config.id)
        if composition is None:
            raise EnvironmentUnfit(
                f"{self.log.path} does not hold what was just written to it", hint="does somebody else delete it?"
            )
        self._show_in(config, composition)
        self._contribute(composition)
        return self._write(composition)

    def load(self, config_id: str) -> AgentConfiguration | None:
        """The configuration of this id; ``None`` where there is none.

        Raises:
            ValueError: The text cannot be an id.
        """
        checked_id(config_id)
        self._refresh()
        self._take_in_edit(config_id)
        found = self._view.find(self.name, config_id)
        return found.configuration() if found is not None else None

    def search(
        self,
        task_pattern: str | None = None,
        min_success_rate: float = 0.0,
        min_quality_score: float = 0.0,
        limit: int = 10,
    ) -> list[AgentConfiguration]:
        """Those that match, the highest success rate first; what was imported and has not won here is left out.

        Raises:
            ValueError: A parameter is out of its range.
        """
        if not is_number(min_success_rate) or not 0 <= min_success_rate <= 1:
            raise ValueError(f"min_success_rate must be between 0 and 1, got {min_success_rate!r}")
        if not is_number(min_quality_score) or not 0 <= min_quality_score <= 100:
            raise ValueError(f"min_quality_score must be between 0 and 100, got {min_quality_score!r}")
        if not is_whole(limit, least=1):
            raise ValueError(f"limit must be a whole number of at least 1, got {limit!r}")
        found = [
            one
            for one in self._all(in_quarantine=False)
            if (task_pattern is None or one.task_pattern == task_pattern)
            and one.success_rate >= min_success_rate
            and one.avg_quality_score >= min_quality_score
        ]
        found.sort(key=lambda one: (-one.success_rate, -one.avg_quality_score, -one.usage_count, one.id))
        return found[:limit]

    def get_best_for_task(self, task_pattern: str) -> AgentConfiguration | None:
        """The one with the highest success rate for this kind of task; ``None`` where there is none."""
        return next(iter(self.search(task_pattern=task_pattern, limit=1)), None)

    def delete(self, config_id: str) -> bool:
        """Delete a configuration, with all that is known of it here.

        Raises:
            ValueError: The text cannot be an id.
            OSError: Its file cannot be deleted.
        """
        checked_id(config_id)
        self._refresh()
        if self._view.find(self.name, config_id) is None:
            return False
        self.log.append(ConfigurationDeleted(self.name, config_id))
        self._refresh()
        ForeignFolder(self._top).remove(self._file(config_id))
        return True

    def list_all(self) -> list[AgentConfiguration]:
        """All configurations, the one used last first."""
        found = self._all()
        found.sort(key=lambda one: one.id)
        found.sort(key=_used_at, reverse=True)
        return found

    # Beyond the specification

    def compositions(self) -> list[Composition]:
        """All of them with what speaks for each, sorted by id; those of rehearsals as well."""
        self._refresh()
        return sorted(self._view.of_store(self.name), key=lambda one: one.id)

    def rebuild(self) -> list[AgentConfiguration]:
        """Read the whole log again and make every file anew.  What somebody else put there stays, and is told of.

        Raises:
            EnvironmentUnfit: The log cannot be read.
            OSError: A file cannot be written.
        """
        self._view, self.reading = CompositionView(), Reading()
        found = self._all()
        for one in self._real():
            # Looking has put aside what was not ours, and an edit that cannot be kept yet stays in its file.
            if not self._holds_edit(one):
                self._write(one)
        return found

    def _all(self, *, in_quarantine: bool = True) -> list[AgentConfiguration]:
        self._refresh()
        self._look_through()
        return [one.configuration() for one in self._real() if in_quarantine or not one.is_quarantined]

    def _real(self) -> list[Composition]:
        """Leave out those of rehearsals, whose models are scripts."""
        return [one for one in self._view.of_store(self.name) if not one.is_rehearsed]

    def _refresh(self) -> None:
        if self.log.was_replaced(self.reading):
            self._view, self.reading = CompositionView(), Reading()
        for record in self.log.read(self.reading):
            self._view.take(record)

    def _news(self, config: AgentConfiguration) -> Iterator[LogBody]:
        """What the log does not know of a configuration yet."""
        known = self._view.find(self.name, config.id)
        definition = config.definition(self.name)
        claimed = _claimed(config, known)
        touched = config.touched_by_hand()
        base = (
            config.read_as if config.read_as is not None else None if known is None else as_caller(known.definition())
        )
        if known is None or definition != base or claimed is not None or touched is not None:
            yield replace(definition, claimed=claimed, last_used=touched.isoformat() if touched is not None else None)
        for one in config.pending():
            yield CallerRecorded(self.name, config.id, one.success, one.quality_score)

    def _show_in(self, config: AgentConfiguration, composition: Composition) -> None:
        stored = composition.configuration()
        for name in ("success_rate", "avg_quality_score", "usage_count", "success_count", "failure_count", "last_used"):
            setattr(config, name, getattr(stored, name))
        config.was_read(composition.scored(), config.definition(self.name))

    # Files

    def _file(self, config_id: str) -> Path:
        return self._below / f"{config_id}.json"

    def _write(self, composition: Composition) -> Path:
        self._top.mkdir(parents=True, exist_ok=True)
        folder, path = ForeignFolder(self._top), self._top / self._file(composition.id)
        try:
            if self._below.parts and not folder.is_file(self._below / ".gitignore"):
                folder.write(self._below / ".gitignore", b"*\n", mode=0o644, sync=False)
            # The log is on the disk; a file that a power cut takes is made anew.
            folder.write(self._file(composition.id), file_text(composition).encode(), mode=0o644, sync=False)
        except OSError as error:
            # It was said of a name that nobody has ever seen.
            raise type(error)(error.errno, error.strerror or str(error), str(path)) from error
        return path

    def _look_through(self) -> None:
        """Take in what hands have changed in the files, and mend what they must not change."""
        folder = ForeignFolder(self._top)
        listed = folder.entries(self._below)
        if isinstance(listed, Unread):
            is_new = listed.reason in ("missing", "not a folder") and not self.storage_dir.is_symlink()
            self.problems = () if is_new else (f"the store {listed}",)
            return
        problems: list[str] = []
        there: set[str] = set()
        for entry in listed.entries:
            if not entry.base.endswith(".json"):
                continue
            name = entry.base.removesuffix(".json")
            if self._view.find(self.name, name) is None:
                if not self._cleared_away(folder, name):
                    problems.append(f"{entry.base} is not from this log; it counts nothing and is left alone")
                continue
            there.add(name)
            problems += self._take_in_edit(name)
        for one in self._real():
            if one.id not in there:
                problems += self._mend(one)
        self.problems = tuple(problems)

    def _cleared_away(self, folder: ForeignFolder, name: str) -> bool:
        """Delete the file of what the log says is gone, which whoever was killed before left; never a hand's work."""
        if (self.name, name) not in self._view.gone:
            return False
        content = folder.read(self._file(name), most_bytes=MOST_FILE_BYTES)
        if isinstance(content, Unread) or not is_own(content):
            return False
        with suppress(OSError):
            folder.remove(self._file(name))
        return True

    def _mend(self, composition: Composition) -> list[str]:
        """Make a file anew for whoever only looks; where it cannot be, the log still has all of it."""
        try:
            self._write(composition)
        except OSError as error:
            return [f"{composition.id}.json cannot be made anew ({error.strerror}); the log has what it held"]
        return []

    def _take_in_edit(self, config_id: str) -> list[str]:
        """What somebody wrote into a file by hand: taken over, or refused with the reason; either way it is mended."""
        composition = self._view.find(self.name, config_id)
        if composition is None:
            return []
        folder, file = ForeignFolder(self._top), self._file(config_id)
        content = folder.read(file, most_bytes=MOST_FILE_BYTES)
        if isinstance(content, Unread):
            return [] if content.reason == "missing" else self._made_anew(composition, content.detail)
        if content == file_text(composition).encode():
            return []
        edit = edit_of(content, composition)
        if edit is not None and edit.damaged is not None:
            return self._made_anew(composition, f"was damaged ({edit.damaged})")
        said: list[str] = []
        if edit is not None and edit.taken is not None:
            try:
                self.log.append(edit.taken)
            except EnvironmentUnfit:
                return self._noted(
                    f"{file.name} was edited, and that cannot be kept now; it is left as it is until it can"
                )
            self._refresh()
        if edit is not None:
            said += [f"{file.name}: the edit is not taken: {why}" for why in edit.refused]
        return self._noted(*said, *self._mend(self._view.find(self.name, config_id) or composition))

    def _holds_edit(self, composition: Composition) -> bool:
        content = ForeignFolder(self._top).read(self._file(composition.id), most_bytes=MOST_FILE_BYTES)
        return not isinstance(content, Unread) and edit_of(content, composition) is not None

    def _made_anew(self, composition: Composition, detail: str) -> list[str]:
        """Keep what stands in a file's place under another name, and make the file anew from the log."""
        file = self._file(composition.id)
        kept = _put_aside(ForeignFolder(self._top), file)
        if kept is None:
            return self._noted(f"{file.name} {detail}; it cannot be put aside, and the log has what it held")
        return self._noted(f"{file.name} {detail}; it is kept as {kept}", *self._mend(composition))

    def _noted(self, *said: str) -> list[str]:
        self.problems = (*self.problems, *said)
        return list(said)

    # The pattern library

    def _contribute(self, composition: Composition) -> None:
        pattern = contributed(composition)
        if self.pattern_library is not None and pattern is not None:
            self.pattern_library.contribute_pattern(CONTRIBUTOR, pattern)

    def _contribute_all(self) -> None:
        if self.pattern_library is not None:
            self._refresh()
            for one in self._real():
                self._contribute(one)


def _put_aside(folder: ForeignFolder, file: Path) -> str | None:
    """Rename what stands in a file's place; ``None`` where it cannot be renamed."""
    for number in range(1, 1000):
        name = f"{file.name}.damaged-{number}"
        try:
            folder.rename(file, name)
        except FileExistsError:
            continue
        except OSError:
            return None
        return name
    return None


def _claimed(config: AgentConfiguration, known: Composition | None) -> Metrics | None:
    """What the caller says of the past, where that is something new.

    Raises:
        ValueError: A count has become less, or a rate was set that follows from counts.
    """
    said = config.set_by_hand()
    if said is None or (said == Metrics() and known is not None):
        return None
    if known is None or config.read_as is None:
        return said
    before = known.claimed
    stood = config.known_figures()
    more = [now - then for now, then in zip(counts_of(said), counts_of(stood), strict=True)]
    if min(more) < 0:
        raise ValueError("counts of a configuration that is kept cannot become less: delete it and save it anew")
    uses, successes, failures = (count + added for count, added in zip(counts_of(before), more, strict=True))
    if not uses and known.by_callers.uses + known.by_sessions.uses:
        raise ValueError("success_rate and avg_quality_score follow from what was recorded: use record_outcome")
    return Metrics(said.success_rate, said.avg_quality_score, uses, successes, failures)


def _used_at(one: AgentConfiguration) -> float:
    try:
        return one.last_used.timestamp() if isinstance(one.last_used, datetime) else float("-inf")
    except (OverflowError, ValueError, OSError):  # a year that the machine's clock does not know
        return float("-inf")
