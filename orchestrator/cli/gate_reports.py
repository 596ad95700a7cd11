"""Write what gates measured where build servers look for it: files that were asked for, and GitHub's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from orchestrator import __version__
from orchestrator.cli.documents import document
from orchestrator.errors import UsageError
from orchestrator.files.atomic_replace import write_atomically
from orchestrator.gates.code_quality_report import code_quality_document
from orchestrator.gates.github_commands import annotation_lines, outputs
from orchestrator.gates.in_toto_statement import in_toto_statement
from orchestrator.gates.junit_report import junit_document
from orchestrator.gates.markdown_report import markdown_document
from orchestrator.gates.sarif_report import sarif_document
from orchestrator.models.quality_gates import GateReport
from orchestrator.value_class import value_class


def _statement(report: GateReport) -> str:
    name = Path(report.path).name or "project"
    return document(in_toto_statement(report, name=name, made_by=f"orchestrate {__version__}")) + "\n"


@value_class
class Writer:
    """One kind of file."""

    make: Callable[[GateReport], str]
    artifact: str
    """What it is called among the artifacts."""


WRITERS: Final[Mapping[str, Writer]] = {
    "junit": Writer(junit_document, "junit.xml"),
    "sarif": Writer(lambda report: document(sarif_document(report)) + "\n", "findings.sarif"),
    "code_quality": Writer(lambda report: document(code_quality_document(report)) + "\n", "code-quality.json"),
    "report": Writer(markdown_document, "report.md"),
    "attest": Writer(_statement, "statement.json"),
}
"""Each by the name of its option."""
DOCUMENT: Final = "gates.json"
"""What the whole report is called among the artifacts."""


def check_places(options: Mapping[str, Any]) -> None:
    """Make the folder of the artifacts, and look whether every file can be written, before anything takes time.

    Raises:
        UsageError: A file cannot be written.
    """
    folder: Path | None = options.get("artifacts")
    if folder is not None:
        try:
            folder.expanduser().mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"--artifacts {folder}: {error.strerror}", hint="name a folder that can be made"
            ) from error
    for name in WRITERS:
        path: Path | None = options.get(name)
        if path is None:
            continue
        file = path.expanduser().absolute()
        option = f"--{name.replace('_', '-')} {path}"
        if file.is_dir():
            raise UsageError(f"{option}: it is a folder", hint="name a file")
        if not os.access(file.parent, os.W_OK | os.X_OK):
            raise UsageError(f"{option}: no file can be made in {file.parent}", hint="name a file in a folder of yours")


def write_reports(report: GateReport, options: Mapping[str, Any], *, without: Collection[str] = ()) -> None:
    """Write every file that was asked for.

    Args:
        without: Kinds of file that this report does not have.

    Raises:
        EnvironmentUnfit: A file cannot be written.
    """
    folder: Path | None = options.get("artifacts")
    for name, writer in WRITERS.items():
        path: Path | None = options.get(name)
        places = [path] if path is not None else []
        if folder is not None and name not in without:
            places.append(folder / writer.artifact)
        for place in places:
            write_atomically(place.expanduser().absolute(), writer.make(report))
    if folder is not None and "document" not in without:
        write_atomically((folder / DOCUMENT).expanduser().absolute(), document(report) + "\n")


def is_on_github(environ: Mapping[str, str]) -> bool:
    """Whether this process runs in a step of GitHub Actions."""
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
def commands_stopped(
    environ: Mapping[str, str], say: Callable[[str], None], token: str, *, group: str = ""
) -> Iterator[None]:
    """While the block runs, GitHub interprets no line as a workflow command, whatever the project's messages look like.

    Args:
        token: Nobody can guess it.
        group: The title under which GitHub folds what is printed; empty: it stays open.
    """
    if not is_on_github(environ):
        yield
        return
    if group:
        say(f"::group::{group}")
    say(f"::stop-commands::{token}")
    try:
        yield
    finally:
        say(f"::{token}::")
        if group:
            say("::endgroup::")
