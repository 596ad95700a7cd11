"""A suite is what detection finds: how it is started, how it reports, and what was not taken."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from orchestrator.value_class import value_class

REPORT, PROBES, WORK, TARGET = "@report@", "@probes@", "@work@", "@target@"
"""What a command line holds in place of four folders, which are known only when it is run."""


class Form(StrEnum):
    """How a report is written, and so which reader understands it."""

    RECORDS = "records of our own recorder"
    JUNIT = "JUnit XML"
    JEST = "Jest's JSON"
    GO = "go test -json"
    LIBTEST = "libtest's lines"
    TAP = "TAP"
    RSPEC = "RSpec's JSON"
    TRX = "TRX"
    TCLTEST = "tcltest's totals"
    NONE = "none"
    """The runner writes no report that could be read, so nothing it does is taken for passed."""


@value_class
class Setting:
    """One environment variable of a run."""

    name: str
    value: str
    join: str | None = None
    """What stands between this value and one that is set already; ``None`` replaces it."""


@value_class
class Suite:
    """One test suite of a project."""

    name: str
    """Unique within a detection, and meant for people: ``pytest``, ``npm test in web``."""
    runner: str
    argv: tuple[str, ...]
    """As the project itself would run it, with the words added by which its report is asked for."""
    found: str
    """Where it was found: ``package.json: scripts.test``."""
    form: Form
    cwd: str = ""
    """The folder it runs in, relative to the target; empty for the target itself."""
    env: tuple[Setting, ...] = ()
    from_output: bool = False
    """Whether the report is what the runner prints rather than files in the report's folder."""
    shown: str = ""
    """The command as the project has it, where ``argv`` is another."""
    stated: bool = False
    """Whether the project states the command in its own ``.orchestrator/settings.toml``."""
    interpreter: str = ""
    """What people should know of the interpreter, where the project pins one that is not the usual one here."""

    @property
    def command(self) -> str:
        """The command line for people, as the project has it: without what asks for the report."""
        return self.shown or shlex.join(self.argv)


@value_class
class NotTaken:
    """Something that looks like a suite and is not run, and why."""

    what: str
    found: str
    why: str


@value_class
class Detection:
    """Everything that was found, in the order in which it is run."""

    suites: tuple[Suite, ...] = ()
    not_taken: tuple[NotTaken, ...] = ()


@value_class
class Places:
    """The folders of one run, as the suite's own process sees them; none may hold a ``:``.

    The first three are new for each run, and their paths cannot be guessed.
    """

    report: Path
    """The runner may write here; every file in it afterwards belongs to the report."""
    probes: Path
    """Our recorders; the suite's process reads them and need not write here."""
    work: Path
    """For what a build makes."""
    target: Path
    """Where the project lies in this run."""


@value_class
class Invocation:
    """A suite, ready to be started in its folder."""

    argv: tuple[str, ...]
    environ: Mapping[str, str]


def invocation(suite: Suite, places: Places, environ: Mapping[str, str]) -> Invocation:
    """Fill in the folders of one run.

    Args:
        environ: What the process sees besides; a suite's own settings are joined to it or replace it.
    """
    folders = {
        REPORT: str(places.report),
        PROBES: str(places.probes),
        WORK: str(places.work),
        TARGET: str(places.target),
    }
    is_script = suite.argv[:2] == ("sh", "-c")
    argv = tuple(_filled(word, folders, quoted=is_script and position == 2) for position, word in enumerate(suite.argv))
    given = dict(environ)
    for setting in suite.env:
        value = _filled(setting.value, folders, quoted=False)
        before = given.get(setting.name, "")
        given[setting.name] = f"{value}{setting.join}{before}" if setting.join is not None and before else value
    return Invocation(argv, given)


def _filled(text: str, folders: Mapping[str, str], *, quoted: bool) -> str:
    for mark, folder in folders.items():
        text = text.replace(mark, shlex.quote(folder) if quoted else folder)
    return text
