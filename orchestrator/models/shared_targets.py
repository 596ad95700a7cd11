"""These models say which session works in a target, and by whom a file was changed."""

from __future__ import annotations

from datetime import datetime

from orchestrator.models.identity import WorkerId
from orchestrator.value_class import value_class


@value_class
class TargetHolder:
    """A session that may write in a target."""

    session: str
    workspace: str
    pid: int
    """Of its coordinator; its workers may live on without it."""
    since: datetime
    target: str
    """As that session names it: the same folder, one above, or one below."""
    user: int = 0
    is_running: bool = True
    """``False``: it has ended meanwhile."""

    def __str__(self) -> str:
        when = f"since {self.since:%Y-%m-%d %H:%M:%S} UTC"
        return f"session {self.session} of {self.workspace} (process {self.pid}, {when}, in {self.target})"


@value_class
class FileOrigin:
    """By whom a file of the target was changed, as far as that was observed."""

    path: str
    workers: tuple[WorkerId, ...] = ()
    """Who could write in the target while it changed."""
    by_others: bool = False
    """It also changed while no worker of this session ran."""
    is_certain: bool = True
    """``False``: several could have written, another session shared the target, or nobody looked in between."""

    def words(self) -> str:
        """The same for people."""
        if not self.is_certain:
            names = f" (perhaps by {', '.join(self.workers)})" if self.workers else ""
            return f"not certain whose{names}"
        if not self.workers:
            return "not by an agent"
        by = f"by {', '.join(self.workers)}"
        return f"{by}, and while no agent ran" if self.by_others else by
