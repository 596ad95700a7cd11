"""Keep the team's board: the tasks and notes that agents of a plan leave for those who come after them.

An entry is an event that the agent reported (``task``, ``finding``), so it stands in the journal before it stands here,
in the order in which it was heard: there is one writer, and a kill loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from orchestrator.models.events import EventType, Reported
from orchestrator.models.identity import WorkerId
from orchestrator.models.plan_steps import AgentLeaf, Purpose
from orchestrator.models.plan_tree import Node, NodePath, Strategy, StrategyNode
from orchestrator.session.draft import Draft
from orchestrator.session.state import BoardItem, Session

FROM_RULES: Final = 3
"""Plans by earlier rules have no board: what is told of it would stand in no prompt of theirs."""
MOST_ITEMS: Final = 50
"""Of tasks, and as many of notes; further ones are in the journal alone."""
MOST_TEXT: Final = 500
MOST_SHOWN_CHARS: Final = 10_000
ON: Final = {EventType.TASK: "t", EventType.FINDING: "n"}
"""The events that make entries, and how their numbers begin."""
APART: Final = frozenset({Strategy.PARALLEL, Strategy.BEST_OF})
"""Patterns whose children see nothing of each other."""


def note_on_board(draft: Draft, worker: WorkerId, kind: EventType, reported: Reported) -> None:
    """Put what an agent of the plan reported on the board, or mark the task that it says is done."""
    session = draft.session
    if session.options.plan_rules < FROM_RULES or kind not in ON or session.leaf(worker) is None:
        return
    board, done = session.board, reported.details.get("done")
    if kind is EventType.TASK and isinstance(done, str):
        draft.session.board = tuple(
            replace(item, done_by=worker) if item.id == done and item.done_by is None else item for item in board
        )
        return
    text = " ".join(reported.text.split())
    text = text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"
    same_kind = [item for item in board if item.id.startswith(ON[kind])]
    known = any((item.worker, item.text) == (worker, text) for item in same_kind)
    if text and not known and len(same_kind) < MOST_ITEMS:
        item = BoardItem(f"{ON[kind]}{len(same_kind) + 1}", worker, text, file=reported.file)
        draft.session.board = (*board, item)


def board_for(session: Session, leaf: AgentLeaf) -> str:
    """The board as an agent is shown it: open tasks first, the newest of the rest, without what it must not see."""
    seen = [item for item in session.board if _may_see(session, leaf, item)]
    waiting = [item for item in seen if item.id.startswith("t") and item.done_by is None]
    others = [item for item in reversed(seen) if item not in waiting]
    lines: list[str] = []
    size = 0
    for item in (*waiting, *others):
        line = item.in_words()
        size += len(line) + 1
        if size > MOST_SHOWN_CHARS:
            lines.append(f"… and {len(seen) - len(lines)} more")
            break
        lines.append(line)
    return "\n".join(lines)


def _may_see(session: Session, leaf: AgentLeaf, item: BoardItem) -> bool:
    """Whether the plan lets the leaf know of what the other one thought."""
    plan = session.options.plan
    paths = [step.path for step in session.steps() if step.worker == item.worker and step.path is not None]
    return plan is not None and bool(paths) and not any(_are_apart(plan, leaf, path) for path in paths)


def _are_apart(plan: Node, leaf: AgentLeaf, other: NodePath) -> bool:
    node: Node = plan
    for mine, theirs in zip(_parts(leaf.path), _parts(other), strict=False):
        if not isinstance(node, StrategyNode):
            return False
        if mine != theirs:
            # In a debate everybody's first opinion is blind; later everybody has read the others anyway.
            blind = node.strategy is Strategy.DEBATE and leaf.purpose is Purpose.OPINION
            return blind or node.strategy in APART
        number = mine.partition("@")[0]
        if not number.isdecimal():
            return False
        node = node.children[int(number) - 1]
    return False


def _parts(path: NodePath) -> Sequence[str]:
    """The places on the way from the root to the leaf."""
    return path.split(".")[1:]
