"""Run one suite of a project in the sandbox, and collect what it reported."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio

from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.files.programs import run_program_off_loop
from orchestrator.files.time_limits import off_loop
from orchestrator.suites.probe_files import probe_files
from orchestrator.suites.readers import MOST_BYTES, MOST_FILES
from orchestrator.suites.results import Run, SuiteResult, judge
from orchestrator.suites.suite import Places, Suite, invocation

SUITE_TIME_S = 300.0
"""Longest run of one suite; a longer one counts as not measured."""
MOST_OUTPUT_BYTES = 64 * 1024 * 1024
_LOOK_TIME_S = 30.0
# The suite's own PATH finds its program, and not the one that is the coordinator's.
_ENTER = 'cd -- "$1" && shift && exec "$@"'

Wrap = Callable[[Sequence[str]], Sequence[str]]


async def run_suite(
    suite: Suite, *, target: Path, scratch: Path, wrap: Wrap, environ: Mapping[str, str], within_s: float = SUITE_TIME_S
) -> SuiteResult:
    """Run a suite once and judge it; whatever goes wrong is *not measured* and never an exception."""
    return judge(
        suite,
        await observe_suite(suite, target=target, scratch=scratch, wrap=wrap, environ=environ, within_s=within_s),
    )


async def observe_suite(
    suite: Suite, *, target: Path, scratch: Path, wrap: Wrap, environ: Mapping[str, str], within_s: float = SUITE_TIME_S
) -> Run:
    """Run a suite once, and return what was seen of it; whatever goes wrong is a problem of the run.

    Args:
        target: Where the project lies, as the suite's process sees it.
        scratch: A folder that the suite's process may write in; each run has folders of its own there.
        wrap: Puts the sandbox around a command line.
    """
    places = new_places(scratch, target)
    try:
        made = invocation(suite, places, environ)
        entered = ("sh", "-c", _ENTER, "sh", str(target / suite.cwd), *made.argv)
        argv = await off_loop(partial(wrap, entered), within_s=_LOOK_TIME_S, what="the sandbox of the tests")
        return await _run(argv, made.environ, places.report, within_s=within_s)
    except OSError as error:
        return Run(None, problem=f"it could not be run: {error}")
    finally:
        remove = partial(ForeignFolder(scratch).remove_all, places.report.parent.name)
        with anyio.CancelScope(shield=True), suppress(TimeoutError):
            await off_loop(remove, within_s=2.0, what="the removal of the report")


def new_places(scratch: Path, target: Path) -> Places:
    """Make the folders of one run, under a name that nobody can guess, with our recorders in theirs."""
    top = scratch / f"suite-{secrets.token_hex(12)}"
    places = Places(top / "report", top / "probes", top / "work", target)
    for folder in (places.report, places.probes, places.work):
        folder.mkdir(mode=0o700, parents=True)
    for name, content in probe_files().items():
        ForeignFolder(places.probes).write(name, content)
    return places


async def _run(argv: Sequence[str], environ: Mapping[str, str], report: Path, *, within_s: float) -> Run:
    result = await run_program_off_loop(
        argv, cwd=Path("/"), env=environ, within_s=within_s, most_bytes=MOST_OUTPUT_BYTES, thorough=True
    )
    match result.ended:
        case "time":
            return Run(None, problem=f"it took longer than {within_s:g} s")
        case "output":
            return Run(None, problem=f"it printed more than {MOST_OUTPUT_BYTES // 2**20} MiB")
        case "start":
            return Run(None, problem=result.detail)
        case "exit":
            files = await off_loop(partial(_collected, report), within_s=_LOOK_TIME_S, what="the report")
            return Run(result.code, result.stdout + result.stderr, files)


def _collected(report: Path) -> Mapping[str, bytes]:
    """The files of the report, up to one more than readers take, so that they can say so."""
    folder = ForeignFolder(report)
    found: dict[str, bytes] = {}
    left = MOST_BYTES + 1
    for entry in folder.walk(most=4 * MOST_FILES):
        if isinstance(entry, Unread) or entry.status.kind != "file":
            continue
        content = folder.read_start(entry.name, most_bytes=left)
        if isinstance(content, Unread):
            continue
        found[entry.name] = content[0]
        left -= len(content[0])
        if left <= 0 or len(found) > MOST_FILES:
            break
    return found
