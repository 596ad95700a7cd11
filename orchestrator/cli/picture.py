"""Draw a session for a terminal of a given size at a given time; agents' words are text, never markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.text import Text

from orchestrator.cli.agent_colours import agent_colour
from orchestrator.cli.decision_desk import DeskChange, DeskLine, desk_lines, prompt_keys, wrapped
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
from orchestrator.value_class import value_class

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
    WorkerStatus.STOPPED: "dim",
    WorkerStatus.UNPROVEN: "bold yellow",
}

_FIGURES = (("time", 7, 44), ("tokens", 7, 60), ("cost", 8, 72))
"""The columns of figures: heading, width, and how wide a terminal has to be."""

_KIND_STYLES = {
    "review": "blue",
    "decision": "bold",
    "recovery": "magenta",
    "warning": "yellow",
    "question": "bold yellow",
}

KEYS = "p pause · r review · d diff · l follow · t tree · q leave · ? keys"
PLAIN: Final = Console(width=80, color_system=None)
"""It breaks lines, and draws nothing."""
NARROW_KEYS = "p r d l t a q · ? says what they do"
_MOST_SENTENCES = 4
_MOST_FAILURES, _MOST_QUESTIONS = 3, 3
_FEED_BELOW = 3
"""Free lines below the workers that are worth more than a second line for each of them."""
_LEAST_PATCH = 4
"""Fewer lines of a change say nothing."""


@value_class
class Scene:
    """What a picture is drawn from, beside the session itself."""

    now: datetime
    width: int
    height: int
    log: Sequence[Notice] = ()
    """Decisions, reviews, warnings: oldest first."""
    sentences: Sequence[Notice] = ()
    """What agents said in their own words: oldest first."""
    calls: Sequence[Notice] = ()
    """What they called, and which of it failed: oldest first."""
    stays: Sequence[str] = ()
    """Lines that are not to be missed: where the dashboard is."""
    pace: float | None = None
    """Tokens a minute; ``None`` while that is not known."""
    banner: str = ""
    has_keys: bool = False


def picture(session: Session, scene: Scene) -> RenderableType:
    """The whole view, at most as high as the terminal where the workers leave any choice.

    On a low terminal what waits for the person and the workers stay; the task, addresses and what was said give way.
    """
    width = scene.width
    workers = shown_workers(session)
    questions = open_questions(session)
    asked = [question_line(question, width) for question in questions[:_MOST_QUESTIONS]]
    if len(questions) > _MOST_QUESTIONS:
        asked.append(Text(f"? {len(questions) - _MOST_QUESTIONS} more: orchestrate question", style="bold yellow"))
    room = scene.height - 1 - len(asked) - bool(scene.banner) - scene.has_keys
    rows, left_out = that_fit(workers, max(room - 1, 1))
    room -= 1 + len(rows) + bool(left_out)
    above: list[RenderableType] = [header(session, scene.now, width)]
    if room >= 1:
        above.append(burn_line(session, scene))
    if room >= 4:
        above += [Text(one_line(session.options.task, width - 2), style="dim", no_wrap=True)]
    stays = _stays(scene, room - 3 - _FEED_BELOW)
    if room >= 3:
        stays.append(Text())
    room -= len(above) - 1 + len(stays)
    two_lines = room >= len(rows) + _FEED_BELOW
    room -= len(rows) * two_lines
    said = {notice.worker: notice.text for notice in scene.sentences if notice.worker}
    table = worker_lines(session, rows, now=scene.now, width=width, two_lines=two_lines, said=said)
    feed = feed_lines(session, scene, room=room - 1)
    parts: list[RenderableType] = [*above, *stays, *table, *([_others(left_out, width)] if left_out else [])]
    if feed or (asked and room >= 1):
        parts.append(Text())
    parts += [*feed, *asked]
    if scene.banner:
        parts.append(_cut(Text(one_line(scene.banner, 2 * width), style="yellow"), width))
    return Group(*parts)


def that_fit(workers: Sequence[WorkerState], most: int) -> tuple[list[WorkerState], list[WorkerState]]:
    """The workers that are shown, in their order, and those that are not: whoever is at work is shown before others."""
    if len(workers) <= most:
        return list(workers), []
    ranks = {id(worker): _rank(worker) for worker in workers}
    chosen = {id(worker) for worker in sorted(workers, key=lambda one: ranks[id(one)])[: max(most - 1, 1)]}
    return [one for one in workers if id(one) in chosen], [one for one in workers if id(one) not in chosen]


def _rank(worker: WorkerState) -> int:
    """First whoever is at work, then whoever waits, then what did not go well, then what did."""
    if worker.status not in TERMINAL:
        return 1 if worker.status is WorkerStatus.WAITING else 0
    return 3 if worker.status is WorkerStatus.DONE else 2


def _others(left_out: Sequence[WorkerState], width: int) -> Text:
    counts = Counter(str(worker.status) for worker in left_out)
    words = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    return _cut(Text(f"and {len(left_out)} more: {words}; t shows all", style="dim"), width)


def _stays(scene: Scene, room: int) -> list[Text]:
    """The lines that are not to be missed, as far as there is room; addresses before all others."""
    for kept in (scene.stays, [line for line in scene.stays if "://" in line]):
        lines = [part for line in kept for part in Text(line, style="dim").wrap(PLAIN, scene.width)]
        if len(lines) <= room:
            return lines
    return []


def keys_line(session: Session, width: int) -> Text:
    """Which keys there are."""
    keys = KEYS.replace("p pause", "p go on") if session.crew_paused else KEYS
    if session.approvals.questions:
        keys = f"a answer · {keys}"
    return _cut(Text(keys if len(keys) <= width else NARROW_KEYS, style="dim"), width)


def burn_line(session: Session, scene: Scene) -> Text:
    """How fast tokens go, and what is left of what the session may take, as briefly as the width asks."""
    options, used = session.options, total_usage(session)
    pace = f"{tokens(round(scene.pace))} tokens/min" if scene.pace is not None else "no pace yet"
    left, minutes = [], ""
    if options.max_tokens is not None:
        rest = max(options.max_tokens - (used.total_tokens or 0), 0)
        minutes = f" ({duration(60 * rest / scene.pace)} at this pace)" if scene.pace else ""
        left.append(f"{tokens(rest)} tokens")
    if options.max_cost_usd is not None:
        ran = [worker for worker in session.workers.values() if worker.attempt]
        # Most CLIs tell their cost at the end of a turn, and some never do.
        most = "at most " if any(worker.usage.cost_usd is None for worker in ran) else ""
        left.append(f"{most}{money(max(options.max_cost_usd - (used.cost_usd or 0), 0))}")
    if options.timeout_s is not None:
        taken = (scene.now - session.timed_from).total_seconds()
        left.append(duration(max(options.timeout_s - taken, 0)))
    rest_words = ", ".join((left[0] + minutes, *left[1:])) if left else "no limit was set"
    # What is left counts for more than how long it lasts, and that for more than whole words.
    variants = (
        f"{pace}   left: {rest_words}",
        f"{pace.replace(' tokens', '')}  left: {rest_words.replace(' at this pace', '')}",
        f"{pace.replace(' tokens', '')}  left: {', '.join(left)}",
        f"left: {', '.join(left).replace(' tokens', '').replace('at most ', '≤ ')}",
    )
    words = next((line for line in variants if len(line) <= scene.width), variants[-1])
    return _cut(Text(words, style="dim"), scene.width)


def feed_lines(session: Session, scene: Scene, *, room: int) -> list[Text]:
    """What happened last, in the order in which it did, in the rows that are free.

    What matters comes first, then what failed, what the agents said, and what they called.
    """
    asked = {question.id for question in session.approvals.questions}
    # A question that is open stands below, in a line of its own.
    log = [each for each in scene.log if each.kind != "question" or each.text.partition(":")[0] not in asked]
    chosen: list[tuple[Notice, Text]] = []
    for notices, most_lines, kept_free in (
        (log, 2, min(_MOST_SENTENCES, room // 3)),
        ([call for call in scene.calls if call.text.startswith("failed")][-_MOST_FAILURES:], 1, 0),
        (scene.sentences, 1, 0),
        ([call for call in scene.calls if not call.text.startswith("failed")], 1, 0),
    ):
        for notice in reversed(notices):
            line = notice_text(notice, scene.width, most_lines=most_lines)
            room -= 1 if line.cell_len <= scene.width else most_lines
            if room < kept_free:
                room += 1 if line.cell_len <= scene.width else most_lines
                break
            chosen.append((notice, _cut(line, scene.width) if most_lines == 1 else line))
    # Of one moment whatever was told first stands first, and an agent says what it is about to call.
    return [line for _, line in sorted(reversed(chosen), key=lambda each: (each[0].at, each[0].kind == "tool"))]


def phase_words(session: Session) -> str:
    """How the session stands, in a word or two; paused is one of them."""
    closed = session.closed or session.ending
    if session.phase is Phase.CLOSED and closed:
        return OUTCOME_WORDS[closed.outcome]
    if session.crew_paused and not waits_for_person(session):
        return "paused"
    return status_words(status_of(session))


def header(session: Session, now: datetime, width: int) -> Text:
    """The session's name, phase, length and consumption."""
    end = session.now if session.phase is Phase.CLOSED and session.now else now
    ran = [worker for worker in session.workers.values() if worker.attempt]
    all_told = all(worker.usage.cost_usd is not None for worker in ran)
    used = consumption(total_usage(session), whole_cost=all_told)
    phase = (phase_words(session), "bold yellow" if waits_for_person(session) else "bold")
    took = duration(end - session.opened_at)
    line = Text.assemble((str(session.id), "bold"), "  ", phase, "  ", took, "  ", used)
    if line.cell_len > width:
        # How it stands is worth more than its name, of which the end tells it from others.
        shorter = (
            Text.assemble((name, "bold"), "  ", phase, "  ", took) for name in (str(session.id), session.id[-4:])
        )
        line = next((each for each in (*shorter,) if each.cell_len <= width), Text.assemble(phase, "  ", took))
    return _cut(line, width)


def _cut(line: Text, width: int) -> Text:
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


def worker_lines(
    session: Session,
    workers: Sequence[WorkerState],
    *,
    now: datetime,
    width: int,
    two_lines: bool,
    said: Mapping[str, str] = MappingProxyType({}),
) -> list[Text]:
    """Draw the table of workers, one or two lines for each; a narrow terminal has fewer columns.

    Args:
        said: By worker, its last sentence.
    """
    names = [_names(session, worker) for worker in workers]
    longest = max((name.cell_len for name, _ in names), default=0)
    first = min(max(longest, 12), max(width // 4, 12))
    figures = [column for column in _FIGURES if width >= column[2]]
    room = max(width - first - 13 - sum(size + 1 for _, size, _ in figures), 8)
    sizes = (first, 11, room)
    heads = [Text(f"{name:>{size}}", style="dim") for name, size, _ in figures]
    lines = [_row([Text(word, style="dim") for word in ("worker", "state", "doing")], heads, sizes)]
    for worker, (name, role) in zip(workers, names, strict=True):
        cells = (
            duration(elapsed(session, worker, now)) if worker.attempt else "-",
            tokens(worker.usage.total_tokens, "-"),
            money(worker.usage.cost_usd, "-"),
        )
        doing, below = _words(session, worker, room, said.get(worker.id, ""))
        state = Text(worker.status, style=STYLES[worker.status])
        told = [Text(f"{cell:>{size}}") for cell, (_, size, _) in zip(cells, figures, strict=False)]
        lines.append(_row([name, state, doing if doing or two_lines else Text(below)], told, sizes))
        if two_lines:
            # It goes on below the figures, because a command rarely fits before them.
            lines.append(_cut(Text.assemble((f"{role:<{first + 1}}", "dim"), (below, "dim")), width))
    return lines


def _row(cells: Sequence[Text], figures: Sequence[Text], sizes: Sequence[int]) -> Text:
    line = Text(no_wrap=True)
    for cell, size in zip(cells, sizes, strict=True):
        whole = cell.copy()
        whole.truncate(size, overflow="ellipsis", pad=True)
        line.append_text(whole)
        line.append(" ")
    return line.append_text(Text(" ").join(figures))


def elapsed(session: Session, worker: WorkerState, now: datetime) -> timedelta:
    """Running time so far, without frozen time."""
    since = session.details[worker.id].current.running_since if worker.id in session.details else None
    running = now - since if since is not None and worker.status not in TERMINAL else timedelta()
    return timedelta(seconds=worker.ran_s) + max(running, timedelta())


def _names(session: Session, worker: WorkerState) -> tuple[Text, str]:
    """The worker in its agent's colour, and what it is there for."""
    if session.is_main(worker.id):
        name, role = str(worker.id), ROLE_VERBS[worker.role]
    else:
        name, role = f"↳ {worker.agent}", "peer review"
    again = f" ({worker.attempt})" if worker.attempt > 1 else ""
    return Text(name + again, style=f"color({agent_colour(str(worker.agent))})"), role


def _words(session: Session, worker: WorkerState, room: int, said: str) -> tuple[Text, str]:
    """What it does or said last, and below it all of that where there is no room for it; else its last sentence while
    it works, else why it stands as it does.
    """
    target = str(session.options.target)
    bar = progress_bar(worker.progress) if worker.progress is not None and worker.status not in TERMINAL else ""
    doing = one_line(short_paths(worker.doing, target), 500)
    asked = [question.id for question in session.approvals.questions if question.about == worker.id]
    works = worker.status in (WorkerStatus.RUNNING, WorkerStatus.SILENT)
    if worker.status in TERMINAL and not said:
        return Text(one_line(short_paths(worker.why, target), 500)), ""  # it spoke to programs only
    if asked:
        below = f"waits for your answer to {', '.join(asked)}"
    elif works and len(bar) + len(doing) > room:
        below = doing
    else:
        below = f"“{said}”" if said and works else worker.why
    below = one_line(short_paths(below, target), 500)
    return (Text.assemble((bar, "green"), doing), below) if doing or bar else (Text(below, style="dim"), "")


def progress_bar(percent: float, cells: int = 6) -> str:
    """``━━━╌╌╌ 50 % ``."""
    full = round(max(0.0, min(percent, 100.0)) / 100 * cells)
    return f"{'━' * full}{'╌' * (cells - full)} {percent:.0f} % "


def notice_text(notice: Notice, width: int, *, most_lines: int = 2) -> Text:
    """One notice, two lines long at most where nobody says otherwise."""
    label = f"{notice.kind} " if notice.kind in _KIND_STYLES else ""
    who = f"{notice.worker}: " if notice.worker else ""
    more = f" · {' · '.join(notice.more)}" if notice.more else ""
    line = Text.assemble(
        (f"{notice.at.astimezone():%H:%M:%S} ", "dim"),
        (label, _KIND_STYLES.get(notice.kind, "")),
        (who, f"color({agent_colour(notice.worker)})" if notice.worker else ""),
        one_line(f"{notice.text}{more}", 2 * most_lines * width),
    )
    # Less what breaking the lines between words may waste.
    line.truncate(most_lines * width - 16 * (most_lines > 1), overflow="ellipsis")
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


def desk_text(lines: Sequence[DeskLine], width: int) -> Text:
    """Lines of a question, as a terminal of this width shows them."""
    text = Text()
    for line in lines:
        text.append("".join(f"{part}\n" for part in wrapped(line, width)), style=DESK_STYLES.get(line.part, ""))
    return text


def question_text(question: OpenQuestion, change: DeskChange | None, *, now: datetime, width: int, height: int) -> Text:
    """The question as it is put to a person; its prompt follows.

    On a low terminal the change gives way first; who asks is said again at the end where the beginning is out of sight.
    """
    keys = prompt_keys(question, change)
    lines = [*desk_lines(question, change, now=now, patch_lines=0), *keys]
    prompt = DeskLine("note", prompt_text(question).plain)
    room = height - 1 - sum(len(wrapped(line, width)) for line in (*lines, prompt))  # there is an empty line before it
    if room >= _LEAST_PATCH:
        lines = [*desk_lines(question, change, now=now, patch_lines=room - 1), *keys]
    elif room < 0:
        lines.append(DeskLine("head", one_line(f"{lines[0].text} (all of it: further up)", width)))
    return Text("\n") + desk_text(lines, width)


def prompt_text(question: OpenQuestion) -> Text:
    """What stands before the answer that is typed."""
    return Text(f"answer {how_to_answer(question)}: ", style="bold")
