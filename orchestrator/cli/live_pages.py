"""Draw what the keys of the live view open: the keys themselves, one agent, the plan as a tree, a change."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from orchestrator.cli.agent_colours import agent_colour
from orchestrator.cli.decision_desk import DeskLine
from orchestrator.cli.log_lines import folded
from orchestrator.cli.picture import DESK_STYLES, PLAIN, STYLES, elapsed, notice_text
from orchestrator.cli.plan_outline import outline
from orchestrator.models.identity import WorkerId
from orchestrator.narration.formatting import duration, money, one_line, tokens
from orchestrator.narration.notices import Notice
from orchestrator.narration.short_paths import short_paths
from orchestrator.session.state import Session

KEYS_HELP = (
    ("p", "pause every agent, or let them go on"),
    ("r", "have the work (of the agent that is followed) reviewed"),
    ("d", "what was changed up to now; again: since the last review"),
    ("l", "follow one agent on the whole screen; again: the next one"),
    ("t", "the plan as a tree; what is finished is folded"),
    ("a", "answer an open question (an empty line leaves its prompt)"),
    ("q", "leave the view; the session goes on (orchestrate attach: back)"),
    ("↑ ↓ PgUp PgDn", "look further up and down"),
    ("Esc", "back to all agents"),
    ("Ctrl-C", "stop the session, twice: kill it; attached: leave the view"),
)


def help_page(width: int, stays: Sequence[str] = ()) -> list[Text]:
    """Every key, and what it does; then the lines for which a low terminal has no room elsewhere."""
    lines = []
    for key, words in KEYS_HELP:
        head = f"  {key:<15}"
        parts = textwrap.wrap(words, max(width - len(head), 12))
        lines.append(Text.assemble((head, "bold"), parts[0]))
        lines += (Text(" " * len(head) + part) for part in parts[1:])
    told = [part for line in stays for part in Text(line).wrap(PLAIN, width)]
    return [*lines, Text(), *told] if told else lines


def change_page(lines: Sequence[DeskLine]) -> list[Text]:
    """A change, line for line."""
    return [Text(line.text, style=DESK_STYLES.get(line.part, "")) for line in lines]


def tree_page(session: Session, now: datetime, width: int) -> list[Text]:
    """The plan with the state of each node."""
    lines = []
    for row in outline(session, now):
        state = Text(f"{row.state:<12}", style=_state_style(row.state))
        colour = f"color({agent_colour(str(session.workers[row.worker].agent))})" if row.worker else ""
        words = Text.assemble((row.branch, "dim"), (row.text, colour))
        room = max(width - 13 - len(row.facts) - 2, 20)
        words.truncate(room, overflow="ellipsis")
        lines.append(Text.assemble(state, " ", words, ("  " + row.facts if row.facts else "", "dim")))
    return lines


def agent_page(session: Session, worker: WorkerId, notices: Sequence[Notice], now: datetime, width: int) -> list[Text]:
    """One agent: how it stands, and what it said and did, the newest last."""
    state = session.workers[worker]
    used = f"{tokens(state.usage.total_tokens)} tokens, cost {money(state.usage.cost_usd)}"
    ran = duration(elapsed(session, state, now))
    head = Text.assemble(
        (str(worker), f"bold color({agent_colour(str(state.agent))})"),
        f"  {state.model or 'model unknown'}  ",
        (str(state.status), STYLES[state.status]),
        f"  {ran}  {used}",
    )
    doing = one_line(short_paths(state.doing, str(session.options.target)), width)
    lines = [head, Text(doing or one_line(state.why, width), style="dim"), Text()]
    for notice in folded(notices):
        lines += notice_text(notice, width, most_lines=12).wrap(PLAIN, width)
    return lines


def page(title: str, lines: Sequence[Text], *, above: int, width: int, height: int) -> RenderableType:
    """A page that may be longer than the screen.

    Args:
        above: How many lines lie above what is shown.
    """
    room = max(height - 2, 1)
    shown = lines[above : above + room]
    for line in shown:
        line.no_wrap = True
        line.truncate(width, overflow="ellipsis")
    below = len(lines) - above - len(shown)
    where = f"   {above} above, {below} below" if len(lines) > room else ""
    head = Text(f"{title}{where}", style="bold", no_wrap=True)
    head.truncate(width, overflow="ellipsis")
    return Group(head, *shown)


def _state_style(word: str) -> str:
    return next((style for status, style in STYLES.items() if status == word), "bold")
