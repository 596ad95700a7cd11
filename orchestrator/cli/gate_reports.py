"""Write what gates measured where build servers look for it: files that were asked for, and GitHub's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from orchestrator import __version__
from orchestrator.cli.documents import document
from orchestrator.files.atomic_replace import write_atomically
from orchestrator.gates.github_commands import annotation_lines, outputs
from orchestrator.gates.in_toto_statement import in_toto_statement
from orchestrator.gates.junit_report import junit_document
from orchestrator.gates.markdown_report import markdown_document
from orchestrator.gates.sarif_report import sarif_document
from orchestrator.models.quality_gates import GateReport


def _statement(report: GateReport) -> str:
    name = Path(report.path).name or "project"
    return document(in_toto_statement(report, name=name, made_by=f"orchestrate {__version__}")) + "\n"


WRITERS: Final[Mapping[str, Callable[[GateReport], str]]] = {
    "junit": junit_document,
    "sarif": lambda report: document(sarif_document(report)) + "\n",
    "report": markdown_document,
    "attest": _statement,
}
"""Each by the name of its option."""


def write_reports(report: GateReport, options: Mapping[str, Any]) -> None:
    """Write every file that was asked for.

    Raises:
        EnvironmentUnfit: One cannot be written.
    """
    for name, make in WRITERS.items():
        path: Path | None = options.get(name)
        if path is None:
            continue
        write_atomically(path.expanduser().absolute(), make(report))


def is_on_github(environ: Mapping[str, str]) -> bool:
    """Whether a step of GitHub Actions runs us."""
    return environ.get("GITHUB_ACTIONS") == "true"


def tell_github(report: GateReport, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Write the step's summary and outputs, and say the annotations; a file that is not there fails nothing."""
    for variable, text in (("GITHUB_STEP_SUMMARY", markdown_document(report)), ("GITHUB_OUTPUT", outputs(report))):
        place = environ.get(variable)
        if place:
            try:
                with Path(place).open("a", encoding="utf-8", errors="backslashreplace") as file:
                    file.write(text)
            except OSError as error:
                say(f"::warning::{variable} cannot be written: {error.strerror}")
    for line in annotation_lines(report):
        say(line)


@contextmanager
def commands_stopped(environ: Mapping[str, str], say: Callable[[str], None], token: str) -> Iterator[None]:
    """While the block runs, GitHub takes no line for a command: names and messages of the project's may look like one.

    Args:
        token: Nobody can guess it.
    """
    if not is_on_github(environ):
        yield
        return
    say(f"::stop-commands::{token}")
    try:
        yield
    finally:
        say(f"::{token}::")
