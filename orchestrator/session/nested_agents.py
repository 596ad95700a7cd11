"""Count agents that start other agents inside their sandbox, and say so at the first time, the tenth, and so on."""

from __future__ import annotations

from orchestrator.models.identity import WorkerId
from orchestrator.session.draft import Draft


def count_agent(draft: Draft, worker: WorkerId, agent: str, *, refused: bool) -> None:
    """Count one start, or a refused one, of another agent's CLI by this worker."""
    before = draft.detail(worker).agents_started
    times = before.get(agent, 0) + 1
    draft.change_detail(worker).agents_started = {**before, agent: times}
    if str(times).rstrip("0") == "1":
        often = f" ({times} times)" if times > 1 else ""
        what = "was refused another agent" if refused else "started another agent inside its sandbox"
        draft.warn(f"{worker} {what}: {agent}{often}", worker)
