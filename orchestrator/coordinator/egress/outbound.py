"""Inspect a push or a publication, send it once in the worker's place, and clear up; no credential shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio

from orchestrator.errors import OrchestrateError
from orchestrator.files.foreign import MOST_LOGIN_BYTES, ForeignFolder
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.effects import EffectId, InspectOutbound, SendOutbound
from orchestrator.models.egress import OutboundArtifact, Push, PushArtifact
from orchestrator.models.entries import OutboundInspected, OutboundSent, Wanted
from orchestrator.models.identity import WorkerId
from orchestrator.models.options import SessionOptions
from orchestrator.safety.redaction import Redactor
from orchestrator.safety.secret_values import secrets_in_credentials
from orchestrator.settings.user_places import config_folder, state_folder
from orchestrator.value_class import value_class

if TYPE_CHECKING:
    from orchestrator.coordinator.egress.git_push import Pushing
    from orchestrator.coordinator.egress.npm_publish import Publishing
    from orchestrator.sandbox.host_jobs import HostJobs

MOST_CHARS: Final = 65_536
"""Of each of a program's outputs; a worker needs no more to go on."""


@value_class
class OutboundDesk:
    """Does what leaves the machine, one thing at a time.

    Args:
        environ: The coordinator's own; what it holds of credentials goes only into the sandboxes that need it.
        secrets: What must not show besides those.
    """

    folder: SessionFolder
    options: SessionOptions
    environ: Mapping[str, str]
    secrets: frozenset[str] = frozenset()
    _turn: anyio.Lock = field(default_factory=anyio.Lock)

    async def inspect(self, name: EffectId, effect: InspectOutbound) -> OutboundInspected:
        """Find out exactly what a command would send; what cannot be sent is an outcome, with its reason."""
        worker, request = effect.worker, effect.request
        within_s = self.options.sandbox.leaving.timeout_s
        try:
            with anyio.fail_after(within_s):
                async with self._turn:
                    return OutboundInspected(worker, request, name, await self._look(effect))
        except TimeoutError:
            problem = f"looking at it took longer than {within_s:g} s"
        except (OrchestrateError, OSError) as error:
            problem = error.message if isinstance(error, OrchestrateError) else str(error)
        return OutboundInspected(worker, request, name, problem=self._redactor().text(problem))

    async def leave(self, name: EffectId, effect: SendOutbound) -> OutboundSent:
        """Send it.  If this is cut off, nobody knows what became of it: there is then no outcome at all."""
        worker, request, parcel = effect.worker, effect.request, effect.parcel
        try:
            async with self._turn:
                if isinstance(parcel, PushArtifact):
                    ran = await self._pushing(worker, request).send(parcel)
                else:
                    ran = await self._publishing(worker, request).send(parcel)
        except (OrchestrateError, OSError) as error:
            # The sandbox could not be made: nothing has left.
            return OutboundSent(worker, request, name, code=1, stderr=f"orchestrate: {error}\n")
        if ran.code is None:
            within = self.options.sandbox.leaving.timeout_s
            return OutboundSent(worker, request, name, stderr=f"it took longer than {within:g} s and was ended")
        out, err = (self._redactor().text(said.decode("utf-8", "replace")) for said in (ran.stdout, ran.stderr))
        return OutboundSent(worker, request, name, ran.code, out[:MOST_CHARS], err[:MOST_CHARS])

    def forget(self, worker: WorkerId, request: str) -> None:
        """Nobody needs what was inspected any more."""
        ForeignFolder(self._place(worker, request)).remove_all()
        with suppress(OSError):  # Others may still need theirs.
            self.folder.leaving_dir.rmdir()

    async def _look(self, effect: InspectOutbound) -> OutboundArtifact:
        readable = (self.options.target, self.folder.scratch(effect.worker))
        if isinstance(effect.wanted, Push):
            pushing = self._pushing(effect.worker, effect.request)
            return await pushing.inspect(effect.wanted, effect.url, readable=readable)
        publishing = self._publishing(effect.worker, effect.request)
        return await publishing.inspect(effect.wanted, effect.url, readable=readable)

    # Few sessions send anything, and what it takes is 1 MB of the coordinator's memory.

    def _pushing(self, worker: WorkerId, request: str) -> Pushing:
        from orchestrator.coordinator.egress.git_push import Pushing
        from orchestrator.sandbox.git_layers import mounts_of

        layers = mounts_of(self.folder.workers_dir, worker)
        return Pushing(self._host_jobs(), self._place(worker, request), self.options.sandbox.leaving, layers)

    def _publishing(self, worker: WorkerId, request: str) -> Publishing:
        from orchestrator.coordinator.egress.npm_publish import Publishing

        return Publishing(self._host_jobs(), self._place(worker, request), self.options.sandbox.leaving)

    def _place(self, worker: WorkerId, request: str) -> Path:
        return self.folder.leaving_dir / f"{worker}-{re.sub(r'[^A-Za-z0-9-]', '-', request)}"

    def _host_jobs(self) -> HostJobs:
        from orchestrator.sandbox.host_jobs import HostJobs

        own = (state_folder(self.environ), config_folder(self.environ))
        masked = (self.folder.workspace, self.folder.path, *own)
        return HostJobs(self.folder.workers_dir, masked, self.environ)

    def _redactor(self) -> Redactor:
        return Redactor({*self.secrets, *self._credentials()})

    def _credentials(self) -> Iterator[str]:
        leaving = self.options.sandbox.leaving
        home = Path(self.environ.get("HOME") or "/nonexistent")
        for name in (*leaving.push_credentials, *leaving.publish_credentials):
            if not name.startswith("~/"):
                yield from () if name == "SSH_AUTH_SOCK" else (self.environ.get(name, ""),)
                continue
            text = ForeignFolder(home, links="follow").read_text(name[2:], most_bytes=MOST_LOGIN_BYTES)
            yield from secrets_in_credentials(text) if isinstance(text, str) else ()


def cut_off(undone: Sequence[tuple[EffectId, Wanted]]) -> list[OutboundSent]:
    """What was leaving when a coordinator died may have got there: an outcome that nobody knows, never a repeat."""
    because = "the coordinator was killed meanwhile"
    return [
        OutboundSent(effect.worker, effect.request, name, stderr=because)
        for name, effect in undone
        if isinstance(effect, SendOutbound)
    ]
