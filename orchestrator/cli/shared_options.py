"""Declare the options that several subcommands share, and the kinds of value they take."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from orchestrator.cli import completion_values
from orchestrator.late_pattern import late_pattern

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    ParamType = click.ParamType[Any]
else:
    # It takes a type since click 8.4, and we allow 8.2.
    ParamType = click.ParamType

F = TypeVar("F", bound=Callable[..., Any])

_DURATION = late_pattern(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", re.IGNORECASE)
_AGE = late_pattern(r"(\d+(?:\.\d+)?)([dw])", re.IGNORECASE)
_SIZE = late_pattern(r"(\d+(?:\.\d+)?)\s?([bkmgt]?)(?:i?b)?", re.IGNORECASE)
_COUNT = late_pattern(r"(\d+(?:\.\d+)?)([km]?)", re.IGNORECASE)


class Duration(ParamType):
    """``90`` (seconds), ``90s``, ``15m``, ``2h``, ``1h30m``; converts to seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, int | float):
            return float(value)
        match = _DURATION.fullmatch(value.strip())
        if match is None or not any(match.groups()):
            self.fail(f"{value!r} is no duration; write 90 (seconds), 15m, 2h or 1h30m", param, ctx)
        hours, minutes, seconds = (float(part) if part else 0.0 for part in match.groups())
        total = hours * 3600 + minutes * 60 + seconds
        if total <= 0:
            self.fail("a duration must be longer than nothing", param, ctx)
        return total


class Age(ParamType):
    """``30d``, ``2w``, or any duration; converts to seconds."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, int | float):
            return float(value)
        match = _AGE.fullmatch(value.strip())
        if match is not None:
            return float(match[1]) * 86_400 * (7 if match[2].lower() == "w" else 1)
        if _DURATION.fullmatch(value.strip()) is None or value.strip().isdigit():
            self.fail(f"{value!r} is no age; write 12h, 30d or 2w", param, ctx)
        return Duration().convert(value, param, ctx)


class Since(ParamType):
    """A length of time before now (``10m``), a time of today (``14:05``) or a date and time; converts to UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        from datetime import UTC, datetime, timedelta

        if isinstance(value, datetime):
            return value
        words, now = value.strip(), datetime.now().astimezone()
        if _AGE.fullmatch(words) or (_DURATION.fullmatch(words) and not words.isdigit()):
            return (now - timedelta(seconds=Age().convert(words, param, ctx))).astimezone(UTC)
        for text in (words, f"{now:%Y-%m-%d}T{words}"):
            try:
                return datetime.fromisoformat(text).astimezone(UTC)
            except ValueError:
                continue
        self.fail(f"{value!r} is no time; write 10m, 14:05 or 2026-11-30T14:05", param, ctx)


class AnyPath(ParamType):
    """A path, there or not; what it must be is for the command to say."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        # pathlib takes 4 ms to import, which --help does without.
        from pathlib import Path

        if value == "":
            # A variable that is not set: the current folder is never meant by it.
            self.fail("the path is empty", param, ctx)
        return Path(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


class Count(ParamType):
    """A whole number above 0, also as ``200k`` or ``1.5M``."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = _COUNT.fullmatch(value.strip().replace("_", "").replace(",", ""))
        number = 0
        if match is not None:
            number = round(float(match[1]) * {"": 1, "k": 1_000, "m": 1_000_000}[match[2].lower()])
        if number <= 0:
            self.fail(f"{value!r} is no number of tokens; write 200000, 200k or 1.5M", param, ctx)
        return number


class Size(ParamType):
    """A number of bytes above 0: ``500M``, ``2G``, ``1.5GiB``; units are binary."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = _SIZE.fullmatch(value.strip())
        bytes_ = int(float(match[1]) * 1024 ** "bkmgt".index((match[2] or "b").lower())) if match is not None else 0
        if bytes_ <= 0:
            self.fail(f"{value!r} is no size; write 500M or 2G", param, ctx)
        return bytes_


class Limit(ParamType):
    """``cpu=50``, ``memory=2G``, ``disk=4G`` or ``runtime=1h``; converts to its name in a policy and its figure."""

    name = "limit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        if isinstance(value, tuple):
            return value
        name, _, given = value.partition("=")
        match name.strip().lower():
            case "cpu":
                return "cpu_percent", Percent().convert(given, param, ctx)
            case "memory" | "disk" as which:
                mib = Size().convert(given, param, ctx) // 1024**2
                return (f"{which}_mib", mib) if mib else self.fail(f"{given!r} is less than a MiB", param, ctx)
            case "runtime":
                return "runtime_s", Duration().convert(given, param, ctx)
        self.fail(f"{value!r} is no limit; write cpu=50, memory=2G, disk=4G or runtime=1h", param, ctx)


class Percent(ParamType):
    """Percent of one core, with or without the sign; 200 is two cores."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            figure = float(value.strip().removesuffix("%"))
        except ValueError:
            figure = float("nan")
        if not 0 < figure < float("inf"):
            self.fail(f"{value!r} is no percentage of a core; write 50", param, ctx)
        return figure


class Money(ParamType):
    """US dollars above 0, with or without the sign."""

    name = "usd"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            amount = float(value.strip().removeprefix("$"))
        except ValueError:
            amount = float("nan")
        if not 0 < amount < float("inf"):
            self.fail(f"{value!r} is no amount in US dollars; write 2.50", param, ctx)
        return amount


class Names(ParamType):
    """A comma-separated list of names, converted to a tuple in the order given, each once."""

    name = "list"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(dict.fromkeys(part.strip().lower() for part in value.split(",") if part.strip()))
        if not names:
            self.fail("the list is empty", param, ctx)
        return names

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        from orchestrator.agents.registry import AGENTS

        before, comma, last = incomplete.rpartition(",")
        left = [name for name in AGENTS if name not in before.split(",")]
        return [CompletionItem(f"{before}{comma}{name}") for name in left if name.startswith(last)]


def workspace_option(function: F) -> F:
    """``--workspace``: the parent of all sessions."""
    return click.option(
        "--workspace",
        type=AnyPath(),
        envvar="ORCHESTRATOR_WORKSPACE",
        metavar="PATH",
        help="The folder all sessions lie in [env ORCHESTRATOR_WORKSPACE; default: workspace/ beside the program, "
        "or your state folder if it is installed].",
    )(function)


def project_option(what: str) -> Callable[[F], F]:
    """``--target``: the project whose own settings, teams or the like count too."""
    return click.option(
        "--target",
        type=AnyPath(),
        default=".",
        metavar="PATH",
        help=f"The project whose own {what} count too, if you trust it [default: the current folder].",
    )


def session_option(function: F) -> F:
    """``--session``: another session than the newest."""
    return click.option(
        "--session",
        metavar="ID",
        shell_complete=completion_values.sessions,
        help="Another session than the newest one.",
    )(function)


def json_option(function: F) -> F:
    """``--json``: one document on stdout."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")(function)


def report_options(function: F) -> F:
    """What build servers read: a file of each kind, or all of them in a folder."""
    for option in (
        click.option("--artifacts", type=AnyPath(), metavar="DIR", help="Write all of these files into a folder."),
        click.option(
            "--code-quality", type=AnyPath(), metavar="FILE", help="Write the findings as GitLab's code quality."
        ),
        click.option("--report", type=AnyPath(), metavar="FILE", help="Write a report in Markdown."),
        click.option("--sarif", type=AnyPath(), metavar="FILE", help="Write the findings as SARIF 2.1.0."),
        click.option(
            "--junit", type=AnyPath(), metavar="FILE", help="Write JUnit XML, which every build server reads."
        ),
    ):
        function = option(function)
    return function


def fail_option(function: F) -> F:
    """``--fail-on``: what of a session fails a job."""
    return click.option(
        "--fail-on",
        type=click.Choice(["fail", "unmeasured", "warning", "never"]),
        help="What ends with exit code 1: a failure; also tests or a review that were not there; also a warning, as a "
        "reviewer's concern is one; nothing [default: how the session ended].",
    )(function)


def dashboard_options(function: F) -> F:
    """``--port`` and ``--no-dashboard``: where a session can be watched in a browser, and whether."""
    port = click.option(
        "--port",
        type=click.IntRange(1, 65535),
        default=8000,
        metavar="PORT",
        show_default=True,
        help="The dashboard's port; the next free one if it is taken.",
    )
    none = click.option("--no-dashboard", is_flag=True, help="No dashboard: nothing of it is loaded.")
    return port(none(function))
