"""Run one session as a process of its own: an order comes in on standard input, a report goes out on standard output.

Workers must be started from a main thread, which a caller's event loop may not have; and a session outlives the loop
of whoever asked for it by as long as it takes to stop its workers.  When standard input ends, the session is stopped.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import anyio

from orchestrator.coordinator import run_session
from orchestrator.coordinator.session_request import GatesOf, RehearsalRequest, RunRequest, SessionResult
from orchestrator.errors import OrchestrateError
from orchestrator.journal.control import drop_command, person
from orchestrator.journal.folder import SessionFolder
from orchestrator.models.entries import Command, JournalEntry, UserCommand
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import AgentResult
from orchestrator.narration.notices import Weight, notices
from orchestrator.orchestration.session_order import ORDER, REPORT, SessionOrder, SessionReport
from orchestrator.prompts import load_templates
from orchestrator.quotation import one_line
from orchestrator.review_engine.decision_policies import POLICIES
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.session.state import Session
from orchestrator.settings.user_places import user_prompts

END = b"\n"
"""Ends the order; what follows is silence, until the caller goes."""
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(gates: Callable[[SessionOrder], GatesOf] | None = None) -> None:
    """Read one order, run its session, and report.

    Args:
        gates: Makes what measures the gates of the order's plan; without it all but ``tests`` are not measured.
    """
    line = sys.stdin.buffer.readline()
    order = ORDER.validate_json(line)
    report = anyio.run(_run, order, gates(order) if gates is not None else None)
    sys.stdout.buffer.write(REPORT.dump_json(report))
    sys.stdout.buffer.flush()


async def _run(order: SessionOrder, gates: GatesOf | None) -> SessionReport:
    caller = _Caller()
    with ExitStack() as stack:
        request = _request(order, stack)
        async with anyio.create_task_group() as group:
            group.start_soon(caller.heed_signals)
            group.start_soon(caller.wait_until_gone)
            report = await _ended(request, caller, gates)
            group.cancel_scope.cancel()
    return report


async def _ended(request: RunRequest, caller: _Caller, gates: GatesOf | None) -> SessionReport:
    try:
        with caller.preparing, caller.kept:
            ended = await run_session(request, environ=os.environ, observe=caller.observe, progress=say, gates=gates)
            return _report(ended)
    except OrchestrateError as error:
        return SessionReport(error=error.message, hint=error.hint or "", error_code=int(error.exit_code))
    return SessionReport(error="stopped before the session had begun", error_code=130)


def _request(order: SessionOrder, stack: ExitStack) -> RunRequest:
    scenario: Path | None = None
    if order.scenario:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="orchestrate-scenario-")))
        scenario = folder / "scenario.toml"
        scenario.write_text(order.scenario, encoding="utf-8")
    writes = _writes(order)
    return RunRequest(
        task=order.task,
        target=order.target,
        workspace=order.workspace,
        policy=POLICIES["standard"],
        sandbox=load_sandbox_policy(order.sandbox),
        templates=load_templates(user_prompts()),
        agents=None if order.agents is None else tuple(map(AgentName, order.agents)),
        models={AgentName(name): model for name, model in order.models.items()},
        rehearsal=RehearsalRequest(scenario, stand_ins=order.stand_ins) if order.rehearse else None,
        isolated=order.isolated,
        interactive=False,
        no_change=not writes,
        plan=order.plan,
    )


def _writes(order: SessionOrder) -> bool:
    from orchestrator.composition.strategies.position import agents_of, as_run

    return any(agent.access == "write" for agent in agents_of(as_run(order.plan)))


class _Caller:
    """Whoever ordered the session: when it goes, or a signal asks for the end, the session stops its workers."""

    def __init__(self) -> None:
        self.preparing = anyio.CancelScope()
        self.kept = anyio.CancelScope()
        """Inside it; shielded once there is a session, which is stopped rather than abandoned."""
        self._folder: SessionFolder | None = None

    def observe(self, session: Session, entry: JournalEntry) -> None:
        if self._folder is None:
            self._folder = SessionFolder(session.options.session_dir)
            self.kept.shield = True
            if self.preparing.cancel_called:
                self._drop_stop()
        for notice in notices(entry):
            if notice.weight >= Weight.NORMAL:
                say(f"{notice.worker or session.id}: {notice.text}")

    async def heed_signals(self) -> None:
        with anyio.open_signal_receiver(*_STOPS) as signals:
            async for _ in signals:
                self._stop()

    async def wait_until_gone(self) -> None:
        """Wait for the end of standard input."""
        while True:
            await anyio.wait_readable(sys.stdin.fileno())
            if not os.read(sys.stdin.fileno(), 4096):
                break
        self._stop()

    def _stop(self) -> None:
        if self._folder is None:
            self.preparing.cancel()
        else:
            self._drop_stop()

    def _drop_stop(self) -> None:
        assert self._folder is not None
        with suppress(OrchestrateError):
            drop_command(self._folder, UserCommand(command=Command.STOP, by="the Python API", who=person()))


def say(text: str) -> None:
    """Tell whoever ordered the session."""
    with suppress(OSError):
        sys.stderr.write(f"{one_line(text, 1000)}\n")
        sys.stderr.flush()


def _report(ended: SessionResult) -> SessionReport:
    run = ended.state.plan_run
    so_far = tuple(result for result in run.results.values() if isinstance(result, AgentResult))
    return SessionReport(
        session=ended.session,
        folder=str(ended.folder),
        outcome=str(ended.outcome),
        reason=ended.reason,
        exit_code=int(ended.exit_code),
        result=run.result,
        partial=() if run.result is not None else so_far,
    )


if __name__ == "__main__":
    main()
