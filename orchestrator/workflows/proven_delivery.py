"""Put proven tests into the project that they were proven on, and refuse where it has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from orchestrator.errors import EnvironmentUnfit, OrchestrateError
from orchestrator.files.foreign import ForeignFolder
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.target_lock import hold_target
from orchestrator.measurement.project_tree import look_at
from orchestrator.quotation import one_line, quoted_name
from orchestrator.value_class import value_class
from orchestrator.workflows.coverage_gaps import digests_of
from orchestrator.workflows.proven_tests import PATCH_FILE, ProvenTests

_MOST_NAMED: Final = 10


@value_class
class ProvenDelivery:
    """What taking the tests would do."""

    target: Path
    folder: SessionFolder
    texts: Mapping[str, str]
    """Files that would be written."""
    already: tuple[str, ...]
    """Files that are there as they were proven."""

    def perform(self) -> None:
        """Write the files.  Blocks.

        Raises:
            TargetBusy: A session works there.
            EnvironmentUnfit: A file cannot be written; with what is there already.
        """
        ours = ForeignFolder(self.target)
        with hold_target(self.target, session=self.folder.id, workspace=self.folder.workspace):
            for name, text in self.texts.items():
                try:
                    self._make_folders(ours, name)
                    ours.create(name, text.encode("utf-8"), mode=0o644)
                except OSError as error:
                    raise EnvironmentUnfit(
                        f"{quoted_name(name)} cannot be written in {self.target}: {error}",
                        hint="the files before it are there; mend that, and apply again",
                    ) from error

    def _make_folders(self, ours: ForeignFolder, name: str) -> None:
        parts = name.split("/")[:-1]
        for number in range(1, len(parts) + 1):
            above = "/".join(parts[:number])
            if not ours.is_folder(above):
                ours.make_folder(above)


def plan_delivery(folder: SessionFolder, proven: ProvenTests, target: Path) -> ProvenDelivery:
    """What taking a boost's tests would do in a folder.  Blocks.

    Raises:
        OrchestrateError: Nothing was proven, or the folder is no longer what the tests were proven on; with the files
            that differ.
    """
    if not proven.texts:
        hint = "there is nothing to take; orchestrate show says how it went"
        raise OrchestrateError(f"session {folder.id} has proven no test", hint=hint)
    tree = look_at(target)
    now = digests_of(target, tree.names)
    ours = ForeignFolder(target)
    wanted = {name: text.encode() for name, text in proven.texts.items()}
    already = tuple(name for name, text in wanted.items() if ours.read(name, most_bytes=len(text) + 1) == text)
    changed = sorted(name for name in proven.digests.keys() | now.keys() if proven.digests.get(name) != now.get(name))
    if others := [name for name in changed if name not in already]:
        raise OrchestrateError(
            f"{target} has changed since the tests were proven, so nobody knows what they are worth there: "
            f"{_said(others, proven.digests, now)}; nothing was written",
            hint=f"run orchestrate test-coverage again; or take {folder.path / PATCH_FILE} by git apply, and have it "
            "judged by orchestrate test-coverage check",
        )
    return ProvenDelivery(
        target, folder, {name: text for name, text in proven.texts.items() if name not in already}, already
    )


def _said(names: list[str], before: Mapping[str, str], now: Mapping[str, str]) -> str:
    words = [
        f"{quoted_name(name)} is {'new' if name not in before else 'gone' if name not in now else 'changed'}"
        for name in names[:_MOST_NAMED]
    ]
    more = len(names) - len(words)
    return one_line(", ".join(words) + (f" and {more} more" if more else ""), 1_000)
