"""Draw a session for a terminal of a given size at a given time; agents' words are text, never markup."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orchestrator.cli.agent_colours import agent_colour
from orchestrator.cli.decision_desk import DeskChange, DeskLine, desk_lines, prompt_keys
from orchestrator.cli.line_reader import how_to_answer
from orchestrator.models.money import Usage
from orchestrator.models.workers import TERMINAL, WorkerState, WorkerStatus
from orchestrator.narration.formatting import consumption, duration, money, one_line, tokens
from orchestrator.narration.notices import Notice
from orchestrator.narration.sentences import OUTCOME_WORDS, ROLE_VERBS, status_words
from orchestrator.narration.short_paths import short_paths
from orchestrator.session.open_questions import OpenQuestion, open_questions
from orchestrator.session.state import Phase, Session
from orchestrator.session.summary import status_of, waits_for_person

STYLES = {
    WorkerStatus.WAITING: "dim",
    WorkerStatus.STARTING: "cyan",
    WorkerStatus.RUNNING: "green",
    WorkerStatus.SILENT: "yellow",
    WorkerStatus.FROZEN: "cyan",
    WorkerStatus.LIMITED: "yellow",
    WorkerStatus.STOPPING: "magenta",
    WorkerStatus.RELAUNCHING: "magenta",
    WorkerStatus.PARKED: "bold yellow",
    WorkerStatus.DONE: "bold green",
    WorkerStatus.FAILED: "bold red",
    WorkerStatus.STOPPED: "yellow",
    WorkerStatus.UNPROVEN: "bold yellow",
}

_KIND_STYLES = {
    "review": "blue",
    "decision": "bold",
    "recovery": "magenta",
    "warning": "yellow",
    "question": "bold yellow",
}

_FIXED_COLUMNS = 50
"""What the columns beside the one that says what a worker does need, with their gaps."""


def picture(
    session: Session, log: Sequence[Notice], *, now: datetime, width: int, height: int, banner: str = ""
) -> RenderableType:
    """The whole view, at most ``height - 1`` lines high where the workers leave any choice."""
    workers = shown_workers(session)
    asked = [question_line(question, width) for question in open_questions(session)[:3]]
    room = height - 1 - 5 - len(asked)
    two_lines = room >= 2 * len(workers) + 3
    rows = workers[: max(room - 2, 1)]
    room -= len(rows) * (2 if two_lines else 1)
    parts: list[RenderableType] = [
        header(session, now, width),
        Text(one_line(session.options.task, width - 2), style="dim", no_wrap=True),
        Text(),
        worker_table(session, rows, now=now, width=width, two_lines=two_lines),
    ]
    lines = log_lines(session, log, width=width, room=room - 1)
    if lines or asked:
        parts += [Text(), *lines, *asked]
    if banner:
        parts.append(Text(one_line(banner, 2 * width), style="yellow"))
    return Group(*parts)


def log_lines(session: Session, log: Sequence[Notice], *, width: int, room: int) -> list[Text]:
    """The last notices that fit, oldest first, each on one or two lines."""
    asked = {question.id for question in session.approvals.questions}
    lines: list[Text] = []
    for notice in reversed(log):
        if notice.kind == "question" and notice.text.partition(":")[0] in asked:
            continue  # It stands below, in a line of its own.
        line = notice_text(notice, width)
        room -= 1 if line.cell_len <= width else 2
        if room < 0:
            break
        lines.append(line)
    return lines[::-1]


def header(session: Session, now: datetime, width: int) -> Text:
    """The session's name, phase, length and consumption."""
    closed = session.closed or session.ending
    phase = (
        OUTCOME_WORDS[closed.outcome] if session.phase is Phase.CLOSED and closed else status_words(status_of(session))
    )
    end = session.now if session.phase is Phase.CLOSED and session.now else now
    ran = [worker for worker in session.workers.values() if worker.attempt]
    all_told = all(worker.usage.cost_usd is not None for worker in ran)
    used = consumption(total_usage(session), whole_cost=all_told)
    line = Text.assemble(
        (str(session.id), "bold"),
        "  ",
        (phase, "bold yellow" if waits_for_person(session) else "bold"),
        "  ",
        duration(end - session.opened_at),
        "  ",
        used,
    )
    line.no_wrap = True
    line.truncate(width, overflow="ellipsis")
    return line


def total_usage(session: Session) -> Usage:
    """What all workers consumed together; unknown only where no worker's is known."""
    total = Usage()
    for worker in session.workers.values():
        total += worker.usage
    return total


def shown_workers(session: Session) -> list[WorkerState]:
    """The plan's workers in their order, then the reviewers that are at work."""
    main = [worker for worker in session.workers.values() if session.is_main(worker.id)]
    called = [worker for worker in session.workers.values() if not session.is_main(worker.id)]
    return main + [worker for worker in called if worker.status not in TERMINAL]


def worker_table(
    session: Session, workers: Sequence[WorkerState], *, now: datetime, width: int, two_lines: bool
) -> Table:
    """Draw the table of workers, a row for each."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim", expand=False)
    room = max(width - _FIXED_COLUMNS, 12)
    table.add_column("worker", width=12, no_wrap=True)
    table.add_column("state", width=11, no_wrap=True)
    table.add_column("doing", width=room, no_wrap=True)
    for name, size in (("time", 7), ("tokens", 7), ("cost", 8)):
        table.add_column(name, justify="right", width=size, no_wrap=True)
    for worker in workers:
        table.add_row(
            _name_cell(session, worker, two_lines=two_lines),
            Text(worker.status, style=STYLES[worker.status]),
            _doing_cell(worker, room, two_lines=two_lines, target=str(session.options.target)),
            duration(elapsed(session, worker, now)) if worker.attempt else "-",
            tokens(worker.usage.total_tokens, "-"),
            money(worker.usage.cost_usd, "-"),
        )
    return table


def elapsed(session: Session, worker: WorkerState, now: datetime) -> timedelta:
    """Running time so far, without frozen time."""
    since = session.details[worker.id].current.running_since if worker.id in session.details else None
    running = now - since if since is not None and worker.status not in TERMINAL else timedelta()
    return timedelta(seconds=worker.ran_s) + max(running, timedelta())


def _name_cell(session: Session, worker: WorkerState, *, two_lines: bool) -> Text:
    if session.is_main(worker.id):
        name, role = str(worker.id), ROLE_VERBS[worker.role]
    else:
        name, role = f"↳ {worker.agent}", "peer review"
    again = f" ({worker.attempt})" if worker.attempt > 1 else ""
    cell = Text(name + again, style=f"color({agent_colour(str(worker.agent))})")
    return Text.assemble(cell, "\n", (role, "dim")) if two_lines else cell


def _doing_cell(worker: WorkerState, room: int, *, two_lines: bool, target: str) -> Text:
    bar = progress_bar(worker.progress) if worker.progress is not None and worker.status not in TERMINAL else ""
    words = one_line(short_paths(worker.doing, target), max(room - len(bar), 1))
    why = one_line(worker.why, room)
    cell = Text.assemble((bar, "green"), words or ("" if two_lines else why))
    return Text.assemble(cell, "\n", (why, "dim")) if two_lines else cell


def progress_bar(percent: float, cells: int = 6) -> str:
    """``━━━╌╌╌ 50 % ``."""
    full = round(max(0.0, min(percent, 100.0)) / 100 * cells)
    return f"{'━' * full}{'╌' * (cells - full)} {percent:.0f} % "


def notice_text(notice: Notice, width: int) -> Text:
    """One notice, two lines long at most."""
    label = f"{notice.kind} " if notice.kind in _KIND_STYLES else ""
    who = f"{notice.worker}: " if notice.worker else ""
    more = f" · {' · '.join(notice.more)}" if notice.more else ""
    line = Text.assemble(
        (f"{notice.at.astimezone():%H:%M:%S} ", "dim"),
        (label, _KIND_STYLES.get(notice.kind, "")),
        (who, f"color({agent_colour(notice.worker)})" if notice.worker else ""),
        one_line(f"{notice.text}{more}", 4 * width),
    )
    # Two lines, less what breaking them between words may waste.
    line.truncate(2 * width - 16, overflow="ellipsis")
    return line


def question_line(question: OpenQuestion, width: int) -> Text:
    """An open question as the view shows it while no prompt is open."""
    line = Text.assemble(
        (f"? {question.id} ", "bold yellow"), one_line(f"{question.asked_by}: {question.text}", 2 * width)
    )
    line.no_wrap = True
    line.truncate(width, overflow="ellipsis")
    return line


DESK_STYLES = {
    "head": "bold",
    "point": "dim",
    "file": "bold",
    "added": "green",
    "removed": "red",
    "effect": "dim",
    "note": "dim",
}
"""How each part of a question is drawn."""


def desk_text(lines: Sequence[DeskLine]) -> Text:
    """Lines of a question, as a terminal shows them."""
    text = Text()
    for line in lines:
        text.append(f"{line.text}\n", style=DESK_STYLES.get(line.part, ""))
    return text


def question_text(question: OpenQuestion, change: DeskChange | None, *, now: datetime, height: int) -> Text:
    """The question as it is put to a person; its prompt follows."""
    keys = prompt_keys(question, change)
    lines = desk_lines(question, change, now=now, patch_lines=0)
    room = max(height - len(lines) - len(keys) - len(question.points) - 4, 4)
    lines = desk_lines(question, change, now=now, patch_lines=room)
    return Text("\n") + desk_text([*lines, *keys])


def prompt_text(question: OpenQuestion) -> Text:
    """What stands before the answer that is typed."""
    return Text(f"answer {how_to_answer(question)}: ", style="bold")
