"""Draw whole pictures on a terminal's second screen, so that the first keeps a clean transcript and no ghosts."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.control import Control
from rich.segment import ControlType, Segment

from orchestrator.cli.terminal_guard import TerminalGuard

_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""A terminal that knows them shows nothing half drawn; others ignore them."""


class Screen:
    """The second screen of a terminal: entered when something is drawn, left when lines are to stay.

    Args:
        console: On a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._size: tuple[int, int] | None = None
        """Of the last picture; ``None`` while the first screen is shown."""
        self._guard: TerminalGuard | None = None

    @property
    def is_shown(self) -> bool:
        return self._size is not None

    def draw(self, shown: RenderableType, foot: RenderableType | None = None) -> None:
        """Replace what the second screen shows; what does not fit is cut, and nothing ever scrolls.

        Args:
            foot: For the last line of the screen.
        """
        size = self._console.size
        width, height = size.width, size.height
        begin = ""
        if self._size is None:
            self._guard = self._guard or TerminalGuard(self._console.file)
            self._guard.say(is_second=True)
            self._console.control(Control((ControlType.ENABLE_ALT_SCREEN,)), Control.show_cursor(False))
        if self._size != (width, height):
            begin = "\x1b[2J"  # lines of another width are broken anew by the terminal: none of them is kept
        self._size = (width, height)
        options = self._console.options.update(width=width, height=None)
        lines = self._console.render_lines(shown, options, pad=False)[: height - (foot is not None)]
        if foot is not None:
            lines += [[] for _ in range(height - 1 - len(lines))]
            lines += self._console.render_lines(foot, options, pad=False)[:1]
        cut = [Segment.adjust_line_length(line, width, pad=False) for line in lines]
        parts: list[Segment] = [_control(f"{_BEGIN}\x1b[H{begin}")]
        for number, line in enumerate(cut):
            parts += [*line, _control("\x1b[0m\x1b[K" + ("\r\n" if number < len(cut) - 1 else ""))]
        parts.append(_control(f"\x1b[J{_END}" if len(cut) < height else _END))
        self._console.print(_Segments(parts), end="", crop=False)

    def leave(self) -> None:
        """Show the first screen again, as it was, with a cursor."""
        if self._size is None:
            return
        self._size = None
        try:
            self._console.control(Control((ControlType.DISABLE_ALT_SCREEN,)), Control.show_cursor(True))
        finally:
            if self._guard is not None:
                self._guard.say(is_second=False)

    def close(self) -> None:
        """Leave for good."""
        guard, self._guard = self._guard, None
        try:
            self.leave()
        finally:
            if guard is not None:
                guard.close()

    def forget(self) -> None:
        """Draw all of the next picture: something else may have drawn meanwhile."""
        if self._size is not None:
            self._size = (0, 0)


def _control(text: str) -> Segment:
    # A segment with a control code is written as it stands, and takes no column.
    return Segment(text, None, [(ControlType.HOME,)])


class _Segments:
    """Segments that are written as they are, whatever their length."""

    def __init__(self, segments: list[Segment]) -> None:
        self._segments = segments

    def __rich_console__(self, console: Console, options: object) -> list[Segment]:
        return self._segments
