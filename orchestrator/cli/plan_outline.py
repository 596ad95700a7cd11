"""Outline a session's plan as a tree with the state of each node; what is finished is folded into one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from orchestrator.composition.team_tree import parts_of
from orchestrator.late_pattern import late_pattern
from orchestrator.models.identity import WorkerId
from orchestrator.models.plan_tree import AgentNode, GateNode, Node, StrategyNode
from orchestrator.models.workers import TERMINAL, WorkerState
from orchestrator.narration.formatting import counted, duration, one_line, tokens
from orchestrator.narration.sentences import ROLE_VERBS, decision_words
from orchestrator.session.state import ReviewState, Session
from orchestrator.value_class import value_class

_AGAIN = late_pattern(r"@\d+")


@value_class
class OutlineRow:
    """One line of the outline."""

    branch: str
    """What is drawn before it."""
    text: str
    state: str
    """``waiting``, ``running``, ``done`` …; of a strategy what its agents are together."""
    facts: str = ""
    """Time and tokens."""
    worker: WorkerId | None = None


def outline(session: Session, now: datetime) -> list[OutlineRow]:
    """The whole tree; a finished branch is one line."""
    if session.options.plan is not None:
        rows = list(_node(session, session.options.plan, "1", now))
        rows += _reviews(session, [one for one in session.assessment.reviews.values()])
        return rows
    workers = [session.workers[step.worker] for step in session.steps() if step.worker in session.workers]
    team = session.options.team or "plan"
    head = OutlineRow("", f"team {team}: {counted(len(workers), 'agent')}, one after the other", together(workers))
    return [head, *(row for number, one in enumerate(workers) for row in _step(session, one, now, workers[number:]))]


def together(workers: Sequence[WorkerState]) -> str:
    """How several agents stand in one word."""
    statuses = [str(worker.status) for worker in workers]
    if not statuses or all(status == "waiting" for status in statuses):
        return "waiting"
    if all(worker.status in TERMINAL for worker in workers):
        return next((status for status in statuses if status != "done"), "done")
    return "running"


def _step(session: Session, worker: WorkerState, now: datetime, rest: Sequence[WorkerState]) -> Iterator[OutlineRow]:
    is_last = len(rest) == 1
    yield _agent(worker, "└─ " if is_last else "├─ ", f"{worker.id} {ROLE_VERBS[worker.role]}", session, now)
    about = [review for review in session.assessment.reviews.values() if review.request.about == worker.id]
    below = "   " if is_last else "│  "
    for row in _reviews(session, about):
        yield OutlineRow(below + row.branch, row.text, row.state, row.facts, row.worker)


def _reviews(session: Session, reviews: Sequence[ReviewState]) -> list[OutlineRow]:
    """Each review with its reviewers; one that is decided is one line."""
    rows: list[OutlineRow] = []
    for number, review in enumerate(reviews, start=1):
        branch = "└─ " if number == len(reviews) else "├─ "
        words = f"review {review.request.id}"
        if review.decision is not None:
            rows.append(OutlineRow(branch, f"{words}: {decision_words(review.decision)}", "decided"))
            continue
        rows.append(OutlineRow(branch, words, "under way"))
        below = "   " if number == len(reviews) else "│  "
        for worker, answer in review.panel.items():
            state = str(answer.verdict) if answer is not None else str(session.workers[worker].status)
            rows.append(OutlineRow(f"{below}· ", str(worker), state, worker=worker))
    return rows


def _agent(worker: WorkerState, branch: str, words: str, session: Session, now: datetime) -> OutlineRow:
    from orchestrator.cli.picture import elapsed

    facts = ""
    if worker.attempt:
        again = f", attempt {worker.attempt}" if worker.attempt > 1 else ""
        facts = f"{duration(elapsed(session, worker, now))}, {tokens(worker.usage.total_tokens)} tokens{again}"
    return OutlineRow(branch, words, str(worker.status), facts, worker.id)


def _node(
    session: Session, node: Node, path: str, now: datetime, before: str = "", *, last: bool = True
) -> Iterator[OutlineRow]:
    top = path == "1"
    branch = "" if top else before + ("└─ " if last else "├─ ")
    workers = _workers_below(session, path)
    match node:
        case AgentNode():
            title = f" ({one_line(node.title, 60)})" if node.title else ""
            if workers:
                again = f", {len(workers)} times" if len(workers) > 1 else ""
                words = f"{path} {node.id}{title} by {workers[-1].agent}{again}"
                yield _agent(workers[-1], branch, words, session, now)
            else:
                yield OutlineRow(branch, f"{path} {node.id}{title}", "waiting")
        case GateNode():
            results = {base: each for base, each in session.plan_run.results.items() if _base(base) == path}
            measured = next(reversed(results.values()), None) if results else None
            is_measuring = any(_base(one) == path for one in session.plan_run.measuring)
            state = "measuring" if is_measuring else str(getattr(measured, "state", "waiting"))
            yield OutlineRow(branch, f"{path} gates: {', '.join(node.gates)}", state)
        case StrategyNode():
            state = together(workers)
            is_over = session.plan_run.result is not None or _is_finished(session, node, path, workers)
            words = f"{path} {node.strategy}{f' {one_line(node.title, 60)}' if node.title else ''}"
            if is_over and not top:
                used = sum(worker.usage.total_tokens or 0 for worker in workers)
                ran = sum(worker.ran_s for worker in workers)
                facts = f"{counted(len(workers), 'agent')}, {duration(ran)}, {tokens(used)} tokens"
                yield OutlineRow(branch, f"{words} …", state, facts)
                return
            yield OutlineRow(branch, words, state)
            below = before if top else before + ("   " if last else "│  ")
            parts = parts_of(node, path)
            for number, (inner, child) in enumerate(parts, start=1):
                yield from _node(session, child, inner, now, below, last=number == len(parts))


def _is_finished(session: Session, node: Node, path: str, workers: Sequence[WorkerState]) -> bool:
    """Whether its agents have ended, and either all of them have run or the plan has gone on behind this branch."""
    if not workers or any(worker.status not in TERMINAL for worker in workers):
        return False
    begun = [_base(one) for one in session.plan_run.started]
    mine = [number for number, one in enumerate(begun) if one == path or one.startswith(f"{path}.")]
    return mine[-1] < len(begun) - 1 or set(_agent_paths(node, path)) <= set(begun)


def _agent_paths(node: Node, path: str) -> Iterator[str]:
    if isinstance(node, AgentNode):
        yield path
    for inner, child in parts_of(node, path):
        yield from _agent_paths(child, inner)


def _workers_below(session: Session, path: str) -> list[WorkerState]:
    """The agents that were started at a node or below it, in that order."""
    found = (
        started.worker
        for one, started in session.plan_run.started.items()
        if _base(one) == path or _base(one).startswith(f"{path}.")
    )
    return [session.workers[worker] for worker in found if worker in session.workers]


def _base(path: str) -> str:
    """The node's place in the plan, whichever round of it this is."""
    return _AGAIN.sub("", path)
