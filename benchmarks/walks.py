"""Count the files of the package that run between a worker's raw line and the journal entries that follow from it.

Run it from the checkout: ``python -m benchmarks.walks``.  What a newcomer has to open to follow one line is what is
counted: files of which a function was called, by ``sys.setprofile``, from the read of the raw file to the last intent.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import orchestrator
from benchmarks.crowd import AT, Crowd
from orchestrator.journal.writer import Journal
from orchestrator.models.entries import GuardAsked, Input, as_derived
from orchestrator.models.identity import EffectId
from orchestrator.session.fold import step

PACKAGE = f"{Path(orchestrator.__file__).parent}/"
MILESTONE = '{"type": "milestone", "payload": {"text": "half of it stands"}}'


def quiet_record() -> Sequence[str]:
    """A record in which the agent says something: nothing follows from it."""
    return walked([[{"type": "text", "text": "working on it"}]])


def guarded_call() -> Sequence[str]:
    """A tool call whose command waits for consent, and a milestone that is reviewed."""
    call = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "pip install x"}}
    return walked(
        [[call], [{"type": "text", "text": MILESTONE}]],
        lambda crowd: (GuardAsked(crowd.names[0], "r1", "executable", ("pip", "install", "x"), "/t"),),
    )


def walked(
    contents: Sequence[Sequence[dict[str, Any]]], further: Callable[[Crowd], Sequence[Input]] = lambda _: ()
) -> Sequence[str]:
    """Files that run while these records, and then what a guard asks, are taken in.

    One record before them is not counted: what is done once for an attempt is no part of the walk.
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
            with raw.open("ab") as file:
                file.write(b"".join(map(record, contents)))
            asked = further(crowd)

            def work() -> None:
                take_all()
                if asked:
                    take(asked)

            found = executed(work)
        listener.close()
    return found


def record(content: Sequence[dict[str, Any]]) -> bytes:
    message = {"id": "m1", "content": content}
    return json.dumps({"type": "assistant", "message": message, "session_id": "s"}).encode() + b"\n"


def executed(work: Callable[[], object]) -> Sequence[str]:
    """Files of the package of which a function was called meanwhile, from the package on."""
    found: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(PACKAGE):
            found.add(path.removeprefix(PACKAGE))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return sorted(found)


def main() -> None:
    for title, walk in (("a quiet record", quiet_record), ("a guarded call and a review", guarded_call)):
        files = walk()
        print(f"{title}: {len(files)} files")
        print("".join(f"  {name}\n" for name in files))


if __name__ == "__main__":
    main()
