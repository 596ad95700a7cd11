"""Assign an attempt of a worker its prompt, its folders and its conversation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from orchestrator.models.identity import AgentName, ReviewId, WorkerId
from orchestrator.models.plan_steps import AgentLeaf, Purpose, Seen
from orchestrator.models.plan_tree import AgentNode, NodePath
from orchestrator.models.reviews import ReviewRequest
from orchestrator.models.work import Assignment, Role, TaskStep
from orchestrator.prompts import FOLLOW_UP_HEADING, quoted, render
from orchestrator.quotation import quoted_name
from orchestrator.review_engine.requests import REPLY_SCHEMA
from orchestrator.safety.placeholders import Places, placed
from orchestrator.safety.roles import writable_roots
from orchestrator.session.board import board_for
from orchestrator.session.leaf_answers import schema_of
from orchestrator.session.state import Session

BUDGET_TOKENS = {Role.DESIGNER: 10_000, Role.IMPLEMENTER: 10_000, Role.REVIEWER: 3_000, Role.ANALYST: 10_000}
"""Spec 004, Token Management: stated in the prompts, overruns are reported."""


TURNS: Final[Mapping[Purpose, str]] = {
    Purpose.WORK: "",
    Purpose.OPINION: "Give your own opinion. Others are asked the same, and nobody sees another's yet.",
    Purpose.REPLY: "You have given your opinion before. Read the others', and give yours again: keep it where you are "
    "right, and change it where they convince you.",
    Purpose.SYNTHESIS: "Draw the conclusion from what the others answered. Where they disagree, say who is right and "
    "why, and what stays open.",
    Purpose.CLASSIFY: "Do not do the task. Say how complex it is, and what it takes; `confidence` says how sure you "
    "are that it is a simple one.",
    Purpose.TAKE_OVER: "Somebody else has tried before you, and it was not good enough. Do the task yourself; use what "
    "of the earlier work holds.",
    Purpose.REFINE: "Make what came before better: keep what is right, mend what is wrong, add what is missing.",
    Purpose.AGAIN: "You have worked on this before, and what was measured then did not pass. Mend that.",
}
"""What an agent is told of its turn, by what it is asked for."""
MOST_SEEN_CHARS: Final = 60_000
"""How much of the earlier answers one prompt quotes; each gets an equal share, and what is cut off is said."""


MOST_ACCOUNT_CHARS: Final = 6_000
"""How much of its own last answer a worker is told of whose conversation cannot go on."""
MOST_NAMED_FILES: Final = 50


def assignment_for_leaf(
    session: Session, worker: WorkerId, leaf: AgentLeaf, *, agent: AgentName, role: Role, account: bool = False
) -> Assignment:
    """The first assignment of one agent of the session's own plan.

    Args:
        account: Say in short what the worker did before the follow-up.
    """
    blank = _blank(session, worker, agent=agent, role=role, layers=leaf.layers)
    node, share = leaf.node, MOST_SEEN_CHARS // max(1, len(leaf.sees))
    schema = schema_of(leaf)
    board = board_for(session, leaf)
    prompt = _render(
        session,
        "member",
        blank,
        task=task_words(session, account_of_work(session, worker) if account else ""),
        title=node.title or node.id,
        instructions=node.instructions,
        turn=TURNS[leaf.purpose],
        earlier=[_quoted_result(seen, share) for seen in leaf.sees],
        schema=json.dumps(schema, ensure_ascii=False),
        previous=notes_of(session),
        lessons=taught(session) if node.access == "write" else "",
        board=board,
        budget_tokens=node.limits.max_tokens or BUDGET_TOKENS[role],
    )
    model = node.model or session.options.models.get(agent) or _model_of_tier(session, node, agent)
    return replace(blank, prompt=prompt, reply_schema=schema, model=model)


def _model_of_tier(session: Session, node: AgentNode, agent: AgentName) -> str | None:
    """The model that settings name for the node's tier; ``None`` for the CLI's own."""
    return session.options.tier_models.get(node.tier, {}).get(agent) if node.tier is not None else None


def _quoted_result(seen: Seen, most_chars: int) -> Mapping[str, str]:
    """One earlier answer, as data."""
    what = "" if seen.success else ", which failed"
    output = json.dumps(seen.output, ensure_ascii=False, indent=1)
    # Of several that worked together some may have come to something although the whole has failed.
    text = output if seen.success else f"{seen.error}\n{output}" if seen.output else seen.error
    if len(text) > most_chars:
        text = f"{text[:most_chars]}\n… ({len(text) - most_chars:,} characters more)"
    return {"who": f"{seen.name}{what}", "text": text}


def assignment_for_step(session: Session, step: TaskStep, *, change: str = "", account: bool = False) -> Assignment:
    """The first assignment of one step of the plan.

    Args:
        change: For a reviewer: the diff it reviews.
        account: Say in short what the worker did before the follow-up.
    """
    blank = _blank(session, step.worker, agent=step.agent, role=step.role)
    values: dict[str, Any] = {"design": design_of(session), "change": change, "previous": notes_of(session)}
    values["task"] = task_words(session, account_of_work(session, step.worker) if account else "")
    values["lessons"] = taught(session) if step.role is Role.IMPLEMENTER else ""
    prompt = _render(session, str(step.role), blank, **values)
    schema = REPLY_SCHEMA if step.role is Role.REVIEWER else None
    return replace(blank, prompt=prompt, reply_schema=schema)


def assignment_for_review(
    session: Session, worker: WorkerId, agent: AgentName, *, request: ReviewRequest, change: str, files: Sequence[str]
) -> Assignment:
    """The assignment of a reviewer called in for one event."""
    blank = _blank(session, worker, agent=agent, role=Role.REVIEWER)
    prompt = _render(
        session,
        "review",
        blank,
        review=request.id,
        trigger=str(request.trigger),
        event=request.text,
        change=change,
        files=list(files),
        planted=_planted(session),
        about=request.about or "the whole session",
    )
    return replace(blank, prompt=prompt, reply_schema=REPLY_SCHEMA)


def _planted(session: Session) -> list[str]:
    """List the files that agents left and the user's programs obey; names chosen by agents are quoted."""
    target = str(session.options.target)
    return [each.in_words(quoted_name(each.below(target))) for each in session.planted[:100]]


def assignment_to_continue(
    session: Session, assignment: Assignment, *, template: str, fresh: bool = False, **values: Any
) -> Assignment:
    """The next assignment of a worker: its conversation goes on with a short prompt, or begins anew where it cannot.

    Args:
        template: ``continue_`` after a relaunch, ``answer`` for a person's answer.
        fresh: Do not continue the old conversation.
    """
    detail = session.details[assignment.worker]
    conversation, first = session.workers[assignment.worker].conversation, detail.first_prompt
    if template == "continue_" and not detail.current.began:
        # What it was to be told has reached nobody, be it the task or a person's answer: it is told the same again.
        knows = session.options.tells_task_anew or detail.opening_prompt != ""
        asked = detail.current.conversation_asked if knows else assignment.resume
        parted = fresh and asked is not None
        if parted and assignment.prompt == detail.opening_prompt:
            return replace(assignment, resume=None, prompt=first)  # which says what the follow-up is, too
        prompt = f"{first}\n\n{assignment.prompt}" if parted else assignment.prompt
        return replace(assignment, resume=None if fresh else assignment.resume, prompt=prompt)
    if "because" in values:
        values["because"] = _in_one_line(session, values["because"])
    prompt = _render(session, template, assignment, **values)
    if fresh or conversation is None:
        # A conversation that must not go on, or was never named, has not seen the task: say all of it again.
        return replace(assignment, resume=None, prompt=first if template == "continue_" else f"{first}\n\n{prompt}")
    return replace(assignment, resume=conversation, prompt=prompt)


def words_told(session: Session, assignment: Assignment, *, answer: str, because: str) -> str:
    """A person's words, as a worker is told them; beside whatever else it is told."""
    return _render(session, "answer", assignment, answer=answer, because=_in_one_line(session, because))


def assignment_for_feedback(session: Session, worker: WorkerId, schema: str) -> Assignment:
    """Ask a worker that is done how it went, in its own conversation; it may read, and write nothing of the target."""
    state = session.workers[worker]
    blank = _blank(session, worker, agent=state.agent, role=Role.ANALYST)
    before = session.details[worker].assignment
    prompt = _render(session, "feedback", blank, schema=schema)
    return replace(
        blank,
        prompt=prompt,
        resume=state.conversation,
        reply_schema=json.loads(schema),
        model=before.model,
        endpoint=before.endpoint,
        gateway=before.gateway,
    )


def asked_last(session: Session) -> str:
    """The task, or the last follow-up on it, as the person wrote it."""
    return session.follow_ups[-1].text if session.follow_ups else session.options.task


def task_words(session: Session, account: str = "") -> str:
    """What agents are told the task is: in a follow-up what is asked now, and what it goes on from.

    Args:
        account: What the agent itself did before, where it cannot know it any more.
    """
    if not session.follow_ups:
        return session.options.task
    now = session.follow_ups[-1]
    earlier = "\n\n".join([session.options.task, *(one.text for one in session.follow_ups[:-1])])
    parts = [
        now.text,
        FOLLOW_UP_HEADING,
        "This goes on from earlier work of the same session, which is finished. What was asked for then:",
        earlier,
        "Leave that work as it is, except where what is asked now changes it.",
    ]
    if now.changed:
        named = ", ".join(map(quoted_name, now.changed[:MOST_NAMED_FILES]))
        more = len(now.changed) - MOST_NAMED_FILES
        parts.append(
            f"Since then somebody else has changed in the project: {named}{f' and {more} more' if more > 0 else ''}."
        )
    return "\n\n".join([*parts, account] if account else parts)


def account_of_work(session: Session, worker: WorkerId) -> str:
    """What a worker did before the follow-up, in short: the end of a conversation that it cannot go on with."""
    state, detail = session.workers[worker], session.details.get(worker)
    work = detail.current.work if detail is not None else None
    reply = detail.current.reply if detail is not None else None
    answer = state.answer.strip() or (json.dumps(reply, ensure_ascii=False) if reply is not None else "(none)")
    if len(answer) > MOST_ACCOUNT_CHARS:
        answer = f"{answer[:MOST_ACCOUNT_CHARS]}\n… ({len(answer) - MOST_ACCOUNT_CHARS:,} characters more)"
    said = f"You had a part in it, in a conversation that does not go on. Your answer then was:\n\n{quoted(answer)}"
    if work is None or not work.files:
        return said
    return f"{said}\n\nYou had changed: {', '.join(map(quoted_name, work.files[:MOST_NAMED_FILES]))}."


def design_of(session: Session) -> str:
    """The designer's answer and the tasks it reported; empty without a designer."""
    for step in session.steps():
        if step.role is Role.DESIGNER and step.worker in session.details:
            answer = session.workers[step.worker].answer
            tasks = session.details[step.worker].tasks
            return "\n".join([answer, *(f"- {task}" for task in tasks)]).strip()
    return ""


def notes_of(session: Session) -> str:
    """What reviewers and people have said so far, one line each."""
    reviews = [
        f"- {review.reviewer} ({review.verdict}): {_in_one_line(session, review.summary)}"
        for state in session.assessment.reviews.values()
        for review in (*state.panel.values(), state.measured)
        if review is not None and review.summary
    ]
    return "\n".join([*reviews, *(f"- the user answered: {answer}" for _, answer in session.approvals.answers)])


def taught(session: Session) -> str:
    """The lessons of earlier sessions, one line each; empty where none are shown."""
    return "\n".join(
        f"- {lesson.by} ({lesson.learned_at:%Y-%m-%d}): {_in_one_line(session, lesson.text)}"
        for lesson in session.options.lessons
    )


def _in_one_line(session: Session, text: str) -> str:
    """Put a text of others on one line, so that no part of it passes for a line of ours."""
    return " ".join(text.split()) if session.options.notes_in_lines else text


def layer_target(session_dir: Path, path: NodePath, follow_up: int = 0) -> Path:
    """The folder of the layer of this name, which is a copy of the target; each follow-up has another one."""
    return session_dir / "layers" / (f"{path}+{follow_up}" if follow_up else path) / "target"


def _blank(
    session: Session, worker: WorkerId, *, agent: AgentName, role: Role, layers: Sequence[NodePath] = ()
) -> Assignment:
    options = session.options
    target = layer_target(options.session_dir, layers[-1], len(session.follow_ups)) if layers else options.target
    scratch = session.scratch_root / worker
    design = tuple(session.scratch_root / step.worker for step in session.steps() if step.role is Role.DESIGNER)
    rehearsal = options.rehearsal
    home = options.session_dir / "homes" / worker
    sandbox = placed(options.sandbox, Places(target, scratch, home, options.session_dir))
    return Assignment(
        worker=worker,
        agent=agent,
        role=role,
        prompt="",
        target=target,
        scratch=scratch,
        home=home,
        readable=(target, *(path for path in design if path != scratch), *sandbox.readable),
        writable=writable_roots(role, target=target, scratch=scratch, config=sandbox),
        # Settled: approvals are bypassed only inside a proven sandbox, or when the user asked for none.
        bypass_approvals=options.sandbox_backend != "none" or options.sandbox.backend == "none",
        model=options.models.get(agent),
        endpoint=rehearsal.endpoints.get(agent) if rehearsal else None,
        brought=options.sandbox.bring if rehearsal is None else (),
        without_flags=rehearsal.launch_without.get(agent, ()) if rehearsal else (),
    )


def _render(session: Session, template: str, assignment: Assignment, **values: Any) -> str:
    role = str(assignment.role)
    known: dict[str, Any] = {
        "task": task_words(session),
        "role": role,
        "worker": assignment.worker,
        "agent": assignment.agent,
        "review": ReviewId("-"),
        "target": str(assignment.target),
        "scratch": str(assignment.scratch),
        "events_file": str(events_file(assignment.scratch)),
        "budget_tokens": BUDGET_TOKENS[assignment.role],
        "design": "",
        "change": "",
        "files": [],
        "insertions": 0,
        "deletions": 0,
        "event": "",
        "trigger": "",
        "about": "",
        "previous": "",
        "lessons": "",
        "answer": "",
        "because": "",
        "title": "",
        "instructions": "",
        "turn": "",
        "earlier": [],
        "board": "",
        "schema": "",
        **values,
    }
    contract = render(session.options.templates["contract"], **known, contract="")
    return render(session.options.templates[template], **known, contract=contract)


def events_file(scratch: Path) -> Path:
    """The file a worker may append its own events to (``ORCHESTRATOR_EVENTS``)."""
    return scratch / "events.jsonl"
