"""Load a rehearsal's script from a TOML file into a frozen :class:`Scenario`.

.. code-block:: toml

    name = "hello"

    [[turn]]                    # what the model does with one prompt
    role = "implementer"        # whose: by agent, worker, role or review

    [[turn.step]]
    say = "I write the file."

    [[turn.step]]               # a call of the CLI's own tool; the next step follows its result
    write = { path = "{target}/hello.txt", text = "hello\\n" }

    [[turn.step]]
    when = "ok"                 # only if the call went well
    report = { type = "milestone", text = "hello.txt stands" }
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestrator.errors import EnvironmentUnfit, InvalidFile
from orchestrator.toml_files import read_toml

SCENARIOS = Path(__file__).parent / "scenarios"
"""The scenarios that come with the program; ``default`` is what ``--rehearse`` plays."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileToWrite(_Part):
    """A file for the agent to write with its own tool."""

    path: str
    text: str = ""


class UsageFigures(_Part):
    """Tokens of the response the step belongs to, in place of an estimate from its length."""

    input: int = Field(ge=0)
    output: int = Field(ge=0)
    cached: int = Field(default=0, ge=0)
    thinking: int = Field(default=0, ge=0)


_ACTIONS = ("say", "think", "report", "write", "run", "read", "reply", "usage", "status", "hang_s", "pause_s", "drop")
_CALLS = frozenset({"write", "run", "read", "reply"})


class Step(_Part):
    """One thing the model does.  Exactly one of the fields down to ``drop`` is given."""

    say: str | None = None
    think: str | None = None
    report: Mapping[str, Any] | None = None
    """An event in the spec's wire format, said as a line of JSON; what is not ``type`` goes into its payload."""
    write: FileToWrite | None = None
    run: str | None = None
    read: str | None = None
    reply: Mapping[str, Any] | None = None
    """A structured reply: the CLI's own tool for it where there is one, else JSON as text."""
    usage: UsageFigures | None = None
    status: int | None = Field(default=None, ge=400, le=599)
    """An HTTP error in place of an answer."""
    hang_s: float | None = Field(default=None, ge=0)
    """Seconds without any response to the request, headers included."""
    pause_s: float | None = Field(default=None, ge=0)
    """Seconds of silence in the middle of a response."""
    drop: Literal[True] | None = None
    """The connection is cut."""

    message: str = "scripted refusal"
    """With ``status``: the words of the error."""
    headers: Mapping[str, str] = Field(default_factory=dict)
    """With ``status``."""
    body: str | None = None
    """With ``status``: the whole body, in place of the vendor's own shape."""
    resets_in_s: int | None = Field(default=None, ge=0)
    """With ``status``: when the limit ends, told in the vendor's own way."""
    times: int = Field(default=1, ge=0)
    """With ``status`` or ``drop``: how many requests meet it; 0 means every one from here on."""
    when: Literal["ok", "failed"] | None = None
    """Play the step only if the last tool call came back so."""

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        given = [name for name in _ACTIONS if getattr(self, name) is not None]
        if len(given) != 1:
            found = ", ".join(given) if given else "none of them"
            raise ValueError(f"a step needs exactly one of {', '.join(_ACTIONS)}; found {found}")
        return self

    @property
    def is_call(self) -> bool:
        """Whether the response ends here, because the CLI must act before the model goes on."""
        return any(getattr(self, name) is not None for name in _CALLS)


class Turn(_Part):
    """What the model does with one prompt.  The first unused turn whose every selector fits is played."""

    agent: str | None = None
    worker: str | None = None
    """``*`` stands for anything, here and in ``review``."""
    role: str | None = None
    review: str | None = None
    """A review's id, as ``*-milestone``.  Review prompts are played only by turns with this, a role or a worker."""
    repeat: bool = False
    """The turn may be played again and again."""
    step: tuple[Step, ...] = ()

    @model_validator(mode="after")
    def _is_for_somebody(self) -> Self:
        if not (self.agent or self.worker or self.role or self.review):
            raise ValueError("a turn needs agent, worker, role or review, to say whose it is")
        return self


class Scenario(_Part):
    """A whole rehearsal."""

    name: str
    about: str = ""
    sandbox: Literal["open"] | None = None
    """``open``: run without a sandbox, because the error to be provoked needs that."""
    launch_without: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """By agent: flags and environment names its first launch leaves out, so that it meets a real error."""
    turn: tuple[Turn, ...] = ()


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file.

    Raises:
        InvalidFile: It cannot be read, is not TOML, or says something a scenario cannot say.
    """
    file = read_toml(path, what="scenario")
    try:
        return Scenario.model_validate(file.data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise InvalidFile(path, f"{place}: {reason}", line=_line_of(file.text, first["loc"])) from error


def find_scenario(name: str) -> Path:
    """The file of a scenario that comes with the program, by its name without ``.toml``.

    Raises:
        EnvironmentUnfit: There is no scenario of that name.
    """
    path = SCENARIOS / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in SCENARIOS.glob("*.toml")))
        raise EnvironmentUnfit(f"no scenario {name!r}", hint=f"there are: {known}; or name a file ending in .toml")
    return path


def _line_of(text: str, place: Sequence[int | str]) -> int | None:
    """Where in the TOML text a value stands: the line of its table's header, or of its key under that header."""
    at, headers = 0, list(enumerate(text.splitlines(), start=1))
    table: list[str] = []
    for part in place:
        if isinstance(part, str):
            table.append(part)
            key = re.compile(rf"^\s*(\[?\[?\s*)?([\w.\"-]+\.)?{re.escape(part)}\s*[\]=]")
            at = next((number for number, line in headers if number > at and key.match(line)), at)
            continue
        header = re.compile(rf"^\s*\[\[\s*{re.escape('.'.join(table))}\s*\]\]")
        # The search by name has already found item 0, or the item of an inline list.
        starts = [number for number, line in headers if number >= at and header.match(line)]
        at = starts[part] if part < len(starts) else at
    return at or None
