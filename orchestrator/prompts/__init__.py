"""Fill in the templates of what agents are told; a user can read and replace each.

Every template but ``contract`` begins with a line that names the worker, so that whoever reads a request to a model
can tell whose it is.  ``contract`` teaches an agent to report; the others take its filled-in text as ``contract``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from orchestrator.errors import InvalidFile, UsageError
from orchestrator.late_pattern import late_pattern

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import ImmutableSandboxedEnvironment

NAMES: Final = (
    "contract",
    "designer",
    "implementer",
    "reviewer",
    "analyst",
    "member",
    "review",
    "continue_",
    "answer",
    "feedback",
)
"""Every template there is; each is a file ``NAME.md``."""

VARIABLES: Final[Mapping[str, Any]] = {
    "task": "Add a page",
    "role": "implementer",
    "worker": "claude",
    "agent": "claude",
    "review": "-",
    "target": "/project",
    "scratch": "/session/scratch/claude",
    "events_file": "/session/scratch/claude/events.jsonl",
    "design": "Add it beside the others.",
    "change": "+ a line",
    "files": ["page.py"],
    "insertions": 1,
    "deletions": 0,
    "event": "The page is there.",
    "trigger": "milestone",
    "about": "claude",
    "budget_tokens": 10_000,
    "previous": "- codex (approved): good",
    "lessons": "- codex (2026-11-30): the parser was not tested",
    "answer": "Go on.",
    "because": "a folder was missing",
    "title": "Security Auditor",
    "instructions": "Look for what an attacker could use.",
    "turn": "The second round of three.",
    "earlier": [{"who": "code_reviewer", "text": "Nothing was found."}],
    "board": "t1 open, by code_reviewer: cover the empty input",
    "schema": '{"type": "object"}',
    "contract": "Report as you go.",
}
"""What a template may use, each with an example that overrides are tried with."""

MARKER: Final = "[orchestrate worker={{ worker }} role={{ role }} review={{ review }}]"
"""The first line of every template but ``contract``."""

ANSWER_HEADING: Final = "## Your final answer, as JSON"
"""In the template of a plan's agents: behind it stands, on a line of its own, the schema of the answer."""

FOLLOW_UP_HEADING: Final = "### What was done before"
"""In what agents are told the task is when more is asked of a session that was done."""

_DASHES = late_pattern(r"-{5,}")
_MARKED = late_pattern(r"\[orchestrate worker=\S+ role=\S+ review=\S+\]\n")


def load_templates(override: Path | None = None) -> Mapping[str, str]:
    """The built-in templates, each replaced by the file of its name in ``override`` where there is one.

    Raises:
        InvalidFile: There is no such folder; or a file in it has no template's name, is not UTF-8, does not parse, uses
            an unknown variable, or does not begin with the marker line.
    """
    own = Path(__file__).parent
    templates = {name: (own / f"{name}.md").read_text(encoding="utf-8") for name in NAMES}
    if override is None:
        return templates
    if not override.is_dir():
        raise InvalidFile(override, "there is no such folder of prompt templates")
    for path in sorted(override.glob("*.md")):
        if path.stem in templates:
            templates[path.stem] = _read(path)
        elif path.stem.upper() != "README":
            raise InvalidFile(path, f"there is no template {path.stem!r}; there are {', '.join(NAMES)}")
    return templates


def render(text: str, **values: Any) -> str:
    """Fill in one template.

    Raises:
        UsageError: The template uses something that it is not given, or that fails.
    """
    from jinja2 import TemplateError

    try:
        return _compiled(text).render(values)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, OverflowError) as error:
        raise UsageError(f"a prompt template cannot be filled in: {error}", hint="see --prompts") from error


def quoted(text: str) -> str:
    """The text between two lines of dashes, longer than any within it, so that nothing in it can end the quotation.

    Templates use it as a filter for what others wrote: ``{{ change | quoted }}``.
    """
    longest = max((len(run) for run in _DASHES.findall(text)), default=0)
    line = "-" * max(5, longest + 1)
    return f"{line}\n{text}\n{line}"


def _read(path: Path) -> str:
    from jinja2 import TemplateSyntaxError
    from jinja2.meta import find_undeclared_variables

    from orchestrator.toml_files import read_content

    try:
        text = read_content(path, what="prompt template").decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidFile(path, "not UTF-8 text", line=error.object[: error.start].count(b"\n") + 1) from None
    try:
        unknown = sorted(find_undeclared_variables(_environment().parse(text)) - VARIABLES.keys())
    except TemplateSyntaxError as error:
        raise InvalidFile(path, error.message or "syntax error", line=error.lineno) from None
    if unknown:
        known = ", ".join(VARIABLES)
        line = _line_using(text, unknown[0])
        raise InvalidFile(path, f"unknown variable {unknown[0]!r}; a template may use {known}", line=line)
    for values in (VARIABLES, _emptied()):
        try:
            filled = render(text, **values)
        except UsageError as error:
            raise InvalidFile(path, error.message, line=_line_failing(error)) from error
        if path.stem != "contract" and not _MARKED.match(filled):
            raise InvalidFile(path, f"the first line must be {MARKER}", line=1)
    return text


def _emptied() -> Mapping[str, Any]:
    """The examples with every text that may be empty left empty."""
    always = ("task", "role", "worker", "agent", "review", "target", "scratch", "events_file", "budget_tokens")
    return {name: value if name in always else type(value)() for name, value in VARIABLES.items()}


def _line_using(text: str, name: str) -> int | None:
    """The first line that uses the name inside a tag."""
    used = re.compile(rf"{{[{{%][^}}]*\b{re.escape(name)}\b")
    return next((n for n, line in enumerate(text.splitlines(), 1) if used.search(line)), None)


def _line_failing(error: UsageError) -> int | None:
    """The template's line in the traceback; jinja2 maps its frames back to them."""
    trace = error.__cause__.__traceback__ if error.__cause__ else None
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    # Imported late: jinja2 takes longer than the whole of ``orchestrate --help`` may.
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    environment.filters["quoted"] = quoted
    return environment


@lru_cache(maxsize=32)
def _compiled(text: str) -> Template:
    return _environment().from_string(text)
