"""Run the session of a coverage boost as a process of its own: a session whose gates judge written tests."""

from __future__ import annotations

import os

from orchestrator.coordinator.session_request import GateMeasurer, GatesOf
from orchestrator.models.options import SessionOptions
from orchestrator.orchestration import session_process
from orchestrator.orchestration.session_order import SessionOrder
from orchestrator.workflows.boost_gate import boost_gates
from orchestrator.workflows.proven_tests import FOLDER_LINE, order_from


def main() -> None:
    """Read one order, run its session, and report."""
    session_process.main(_gates_of)


def _gates_of(order: SessionOrder) -> GatesOf:
    boost = order_from(order.data)

    def gates(options: SessionOptions) -> GateMeasurer:
        session_process.say(f"{FOLDER_LINE}{options.session_dir}")
        return boost_gates(boost, options, os.environ, session_process.say)

    return gates
