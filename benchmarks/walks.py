"""Count the files of the package that somebody opens who follows one thing through the program, and print their names.

Run it from the checkout: ``python -m benchmarks.walks``.  Followed are single raw lines of an agent, from the read of
the raw file to the last intent in the journal, and one option, from the command line to an agent's own command line.

A file runs when one of its functions is called (``sys.setprofile``).  It is a station when it hands on to a further
file: a file that hands on to none answers a question whose name says enough for whoever follows the line.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, fields, is_dataclass
from functools import _lru_cache_wrapper
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import orchestrator
from benchmarks.crowd import AT, Crowd
from orchestrator.agents.registry import get_agent
from orchestrator.cli.build_request import build_request
from orchestrator.cli.run import command
from orchestrator.coordinator.environments import Stage
from orchestrator.coordinator.session_start import session_options
from orchestrator.journal.folder import create_session
from orchestrator.journal.writer import Journal
from orchestrator.models.effects import StartWorker
from orchestrator.models.entries import GuardAsked, Input, JournalEntry, SessionOpened, as_derived
from orchestrator.models.identity import EffectId
from orchestrator.models.options import FoundAgent
from orchestrator.session.fold import step

PACKAGE = f"{Path(orchestrator.__file__).parent}/"
FOUNDATION = frozenset({"value_class.py", "late_pattern.py", "late_adapter.py", "models/field_marks.py"})
"""What stands for the standard library's dataclasses and patterns, and for pydantic: no part of any walk."""
MILESTONE = '{"type": "milestone", "payload": {"text": "half of it stands"}}'
CALL = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "pip install x"}}
MODEL = "a-model-to-follow"


@dataclass(frozen=True, slots=True)
class Walk:
    """Files by their path from the package on, each with the files it called."""

    called: Mapping[str, Set[str]]

    @property
    def files(self) -> Sequence[str]:
        """All that ran."""
        return sorted(self.called)

    @property
    def stations(self) -> Sequence[str]:
        """Those that handed on to a further file."""
        return sorted(name for name, others in self.called.items() if others)


def quiet_record() -> Walk:
    """A record in which the agent says something: nothing follows from it."""
    return walked([{"type": "text", "text": "working on it"}])


def tool_call() -> Walk:
    """A tool call whose command is judged."""
    return walked([CALL])


def milestone() -> Walk:
    """A record in which the agent reports a milestone, for which a review is asked."""
    return walked([{"type": "text", "text": MILESTONE}])


def guarded_command() -> Walk:
    """A guard's question about a command that waits for a person's consent."""
    return walked((), lambda crowd: (GuardAsked(crowd.names[0], "r1", "executable", ("pip", "install", "x"), "/t"),))


def walked(content: Sequence[dict[str, Any]], further: Callable[[Crowd], Sequence[Input]] = lambda _: ()) -> Walk:
    """What runs while this record, or else these inputs, are taken in.

    One record before is not counted: what is done once for an attempt is no part of the walk.
    """
    with tempfile.TemporaryDirectory(prefix="orchestrate-walk-") as name:
        crowd = Crowd(Path(name), 1)
        raw = crowd.folder.raw_stdout(crowd.names[0])
        listener, session = crowd.listener(crowd.names[0]), crowd.session()
        with Journal(crowd.folder.journal_file) as journal:

            def take(bodies: Sequence[Input]) -> None:
                nonlocal session
                for entry in journal.append_many(bodies, AT):
                    session, wanted = step(session, entry)
                    names = (EffectId(entry.n, index) for index in range(len(wanted)))
                    derived = [as_derived(*one, format_=session.format) for one in zip(names, wanted, strict=True)]
                    for following in journal.append_many(derived, AT) if derived else ():
                        session, _ = step(session, following)

            def take_all() -> None:
                while heard := listener.hear():
                    take(heard)

            raw.write_bytes(record([{"type": "text", "text": "hello"}]))
            take_all()
            asked = further(crowd)
            if content:
                with raw.open("ab") as file:
                    file.write(record(content))
            found = executed(lambda: take(asked) if asked else take_all())
        listener.close()
    return found


def record(content: Sequence[dict[str, Any]]) -> bytes:
    message = {"id": "m1", "content": content}
    return json.dumps({"type": "assistant", "message": message, "session_id": "s"}).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class OptionWalk:
    """Files of which a function held an option's value."""

    naming: Sequence[str]
    """Those in which it is taken by its name: where it is declared, read, or put into something else."""
    carrying: Sequence[str]
    """Those that handed on a request, an assignment or the like in which it lay."""


def option_to_argv() -> OptionWalk:
    """Follow the value of ``--model`` from the command line to that of an agent."""
    with tempfile.TemporaryDirectory(prefix="orchestrate-walk-") as name:
        target = Path(name) / "target"
        target.mkdir()
        folder = create_session(Path(name) / "workspace", AT, "0001")
        words = ["do it", "--model", f"claude={MODEL}", "--agents", "claude", "--target", str(target), "--no-baseline"]
        naming: set[str] = {"cli/run.py"}  # it declares the option, which click reads
        carrying: set[str] = set()

        def note(frame: FrameType, event: str) -> None:
            path = frame.f_code.co_filename
            if event != "return" or not path.startswith(PACKAGE):
                return
            if any(holds(value, depth=2) for value in frame.f_locals.values()):
                (naming if names_the_option(frame.f_code) else carrying).add(path.removeprefix(PACKAGE))

        def follow() -> None:
            options = dict(command.make_context("run", words).params)
            request = build_request(options.pop("task"), options)
            agents = tuple(FoundAgent(each, usable=True) for each in request.agents or ())
            stage = Stage(target, agents, {}, request.sandbox)
            resolved = session_options(request, stage, folder=folder, backend="none")
            _, wanted = step(None, JournalEntry(1, AT, SessionOpened(folder.id, resolved, agents)))
            [start] = [effect for effect in wanted if isinstance(effect, StartWorker)]
            assert MODEL in get_agent(start.assignment.agent).launch(start.assignment).argv

        profiled(follow, note)
    return OptionWalk(sorted(naming), sorted(carrying - naming))


def names_the_option(code: CodeType) -> bool:
    """Whether this function speaks of ``model`` or ``models``: as an attribute, a keyword, a key or a name."""
    words = {"model", "models"}
    named = {*code.co_names, *code.co_varnames}
    for constant in code.co_consts:
        named |= set(constant) if isinstance(constant, tuple) else {constant} if isinstance(constant, str) else set()
    return bool(words & named)


def holds(value: object, *, depth: int) -> bool:
    """Whether the value is in it, or in what it holds so many steps down."""
    if isinstance(value, str):
        return value.endswith(MODEL)
    if not depth:
        return False
    if isinstance(value, Mapping):
        return any(holds(each, depth=depth - 1) for each in value.values())
    if isinstance(value, tuple | list):
        return any(holds(each, depth=depth - 1) for each in value)
    if is_dataclass(value):
        return any(holds(getattr(value, each.name, None), depth=depth - 1) for each in fields(value))
    return False


def executed(work: Callable[[], object]) -> Walk:
    """Which files of the package ran meanwhile, and which of them called which."""
    called: dict[str, set[str]] = {}
    running: list[str] = []

    def note(frame: FrameType, event: str) -> None:
        path = frame.f_code.co_filename
        name = path.removeprefix(PACKAGE)
        if name == path or name in FOUNDATION:
            return
        if event == "call":
            called.setdefault(name, set())
            if running and running[-1] != name:
                called[running[-1]].add(name)
            running.append(name)
        elif event == "return" and running:
            running.pop()

    profiled(work, note)
    return Walk(called)


def profiled(work: Callable[[], object], note: Callable[[FrameType, str], None]) -> None:
    """Do it, and show every call and return of it to ``note``; what earlier calls left in caches is forgotten."""
    for each in gc.get_objects():
        if isinstance(each, _lru_cache_wrapper) and each.__wrapped__.__module__.startswith("orchestrator"):
            each.cache_clear()
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, _: note(frame, event))
    try:
        work()
    finally:
        sys.setprofile(before)


WALKS: Mapping[str, Callable[[], Walk]] = {
    "a quiet record": quiet_record,
    "a tool call that is judged": tool_call,
    "a milestone that is reviewed": milestone,
    "a guard's question": guarded_command,
}


def main() -> None:
    for title, walk in WALKS.items():
        found = walk()
        print(f"{title}: {len(found.files)} files run, {len(found.stations)} of them stations")
        print("".join(f"  {'*' if name in found.stations else ' '} {name}\n" for name in found.files))
    option = option_to_argv()
    print(f"option to argv: {len(option.naming)} files name it, {len(option.carrying)} more hand on what it lies in")
    print("".join(f"  {'*' if name in option.naming else ' '} {name}\n" for name in (*option.naming, *option.carrying)))


if __name__ == "__main__":
    main()
