"""What a record costs as a session grows: 20,000 of them, raw lines to the folded session, and four times as many.

CPU time is counted, so the load of others hardly shows.  Afterwards the journal is held against the raw file: every
line of it stands there once, in order.
Run it from the checkout: ``python -m benchmarks.growth [records]``.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.crowd import AT, Crowd
from benchmarks.pipeline import each_hearing, fresh_journal
from orchestrator.journal.reader import read_journal
from orchestrator.models.entries import AgentOutput
from orchestrator.models.identity import AgentName
from orchestrator.session.fold import fold
from orchestrator.session.state import Session

RECORDS = 20_000
TIMES = 4
FLAT_GOAL = 1.2
PORTION = 10_000
GOAL = 4.4
"""Four times as much for four times as many, and a tenth for what only a measurement adds."""


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    more = records * TIMES
    print("CPU of raw lines to the folded session, seconds; every line is in the journal afterwards\n")
    print(f"{'records':<34}{f'{records:,}':>10}{f'{more:,}':>10}{'ratio':>8}  goal")
    for name, record in KINDS.items():
        few, many = cpu_s(record, records), cpu_s(record, more)
        goal = f"{TIMES}x: {'reached' if many / few <= GOAL else 'NOT reached'}"
        print(f"{name:<34}{few:>10.2f}{many:>10.2f}{many / few:>7.1f}x  {goal}")
    print("\nCPU of one record at the beginning and at the end of a long session, microseconds\n")
    print(f"{'session':<34}{'first':>10}{'last':>10}{'ratio':>8}  goal")
    flat(40_000, 1)  # of which 10,000 are tool calls, and 10,000 what they return
    flat(200_000, 200)
    flat(1_000_000, 1)


def flat(records: int, workers: int) -> None:
    """What a record costs at the beginning, and at the end, of a session in which this many come in."""
    with tempfile.TemporaryDirectory(prefix="orchestrate-bench-") as name:
        crowd = Crowd(Path(name), workers, agent=AgentName("claude"))
        slices = list(slices_us(crowd, records))
    first, last = slices[0], slices[-1]
    words = f"{records:,} records of {workers} worker{'s' if workers > 1 else ''}"
    goal = f"flat: {'reached' if last / first <= FLAT_GOAL else 'NOT reached'}"
    print(f"{words:<34}{first:>10.1f}{last:>10.1f}{last / first:>7.1f}x  {goal}")


def slices_us(crowd: Crowd, records: int) -> Iterator[float]:
    """Microseconds of CPU for a record, a tenth of them after the other; text, a call and its return take turns."""
    session: Session = crowd.session()
    portion, kinds = records // 10, list(KINDS.values())[:2]
    with fresh_journal(crowd) as writing:
        listeners = [crowd.listener(worker) for worker in crowd.names]
        number = 0
        for _ in range(10):
            busy = 0.0
            for begun in range(0, portion, PORTION):
                for nth, worker in enumerate(crowd.names):
                    count = min(PORTION, portion - begun) // len(crowd.names)
                    lines = [json.dumps(kinds[n // 2 % 2](n)).encode() + b"\n" for n in range(number, number + count)]
                    number += count
                    with crowd.folder.raw_stdout(worker).open("ab") as file:
                        file.write(b"".join(lines))
                    began = time.process_time()
                    while heard := listeners[nth].hear():
                        for _, after, _ in fold(session, writing.append_many(heard, AT)):
                            session = after
                    busy += time.process_time() - began
            yield busy / portion * 1e6
        for listener in listeners:
            listener.close()


def used(number: int) -> Mapping[str, Any]:
    content = [{"type": "text", "text": f"step {number} is done"}]
    usage = {"input_tokens": 10, "cache_read_input_tokens": 100, "output_tokens": 5}
    return {"type": "assistant", "message": {"id": f"m{number}", "model": "m", "content": content, "usage": usage}}


def called(number: int) -> Mapping[str, Any]:
    if number % 2:
        content = [{"type": "tool_result", "tool_use_id": f"t{number - 1}", "content": "1 file"}]
        return {"type": "user", "message": {"content": content}}
    call = {"type": "tool_use", "id": f"t{number}", "name": "Glob", "input": {"pattern": f"*.{number}"}}
    return {"type": "assistant", "message": {"id": f"m{number}", "content": [call]}}


def left_open(number: int) -> Mapping[str, Any]:
    call = {"type": "tool_use", "id": f"t{number}", "name": "Glob", "input": {"pattern": f"*.{number}"}}
    return {"type": "assistant", "message": {"id": f"m{number}", "content": [call]}}


KINDS: Mapping[str, Callable[[int], Mapping[str, Any]]] = {
    "text with a usage figure": used,
    "tool calls and what they return": called,
    "tool calls that never return": left_open,
}


def cpu_s(record: Callable[[int], Mapping[str, Any]], records: int) -> float:
    """Seconds of CPU for all of it, the check of the journal not counted.

    Raises:
        SystemExit: The journal does not hold every line.
    """
    with tempfile.TemporaryDirectory(prefix="orchestrate-bench-") as folder:
        crowd = Crowd(Path(folder), 1, agent=AgentName("claude"))
        raw = crowd.folder.raw_stdout(crowd.names[0])
        raw.write_bytes(b"".join(json.dumps(record(number)).encode() + b"\n" for number in range(records)))
        session: Session | None = crowd.session()
        began = time.process_time()
        with fresh_journal(crowd) as writing:
            for heard in each_hearing(crowd):
                for _, after, _ in fold(session, writing.append_many(heard, AT)):
                    session = after
        took = time.process_time() - began
        hold_journal_against(crowd)
    return took


def hold_journal_against(crowd: Crowd) -> None:
    """Every line of the raw file stands in the journal once, one behind the other.

    Raises:
        SystemExit: One does not.
    """
    outputs = (entry.body for entry in read_journal(crowd.folder.journal_file) if isinstance(entry.body, AgentOutput))
    at = 0
    for number, output in enumerate(outputs, start=1):
        if output.start != at:
            sys.exit(f"line {number} begins at {output.start} in the journal, not at {at}")
        at = output.end
    size = crowd.folder.raw_stdout(crowd.names[0]).stat().st_size
    if at != size:
        sys.exit(f"the journal ends at byte {at} of {size}: lines are missing")


if __name__ == "__main__":
    main()
