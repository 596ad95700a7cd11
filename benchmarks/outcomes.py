"""Record outcomes from two processes at once, kill writers at random moments, and rebuild the store.

``python -m benchmarks.outcomes [--each 10000] [--kills 200]`` prints what was lost, what was corrupt, and how long it
took.  It uses a folder of its own and no session.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from orchestrator.store.agent_configuration import AgentConfiguration
from orchestrator.store.configuration_store import ConfigurationStore
from orchestrator.store.log_records import CallerRecorded
from orchestrator.store.outcome_log import OutcomeLog, Reading

WRITER = """
import sys
from pathlib import Path
from orchestrator.store.configuration_store import ConfigurationStore
from orchestrator.store.outcome_log import OutcomeLog
store = ConfigurationStore(Path(sys.argv[1]), log=OutcomeLog(Path(sys.argv[2])))
config = store.load("team")
for number in range(int(sys.argv[3])):
    config.record_outcome(number % 4 != 0, float(number % 101))
    store.save(config)
    print(number, flush=True)
"""


def recorded(log: OutcomeLog) -> tuple[int, int]:
    """How many outcomes the log holds, and how many lines of it are damaged."""
    reading = Reading()
    found = sum(isinstance(record.body, CallerRecorded) for record in log.read(reading))
    return found, len(reading.damages)


def files_of(store: ConfigurationStore) -> dict[str, str]:
    return {path.name: path.read_text() for path in store.storage_dir.glob("*.json")}


def main() -> int:
    """Run all three, and return 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=15)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="orchestrate-outcomes-"))
    try:
        return measure(folder, each=options.each, kills=options.kills, seed=options.seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(folder: Path, *, each: int, kills: int, seed: int) -> int:
    """The figures of one folder."""
    log = OutcomeLog(folder / "log")
    store = ConfigurationStore(folder / "project" / ".orchestrator" / "compositions", log=log)
    store.save(AgentConfiguration("team", "release", [{"role": "x"}], "parallel", {}))
    command = [sys.executable, "-c", WRITER, str(store.storage_dir), str(log.folder)]
    began = time.monotonic()
    writers = [subprocess.Popen([*command, str(each)], stdout=subprocess.DEVNULL, env=os.environ) for _ in range(2)]
    codes = [writer.wait() for writer in writers]
    took = time.monotonic() - began
    found, damaged = recorded(log)
    lost = 2 * each - found
    print(f"two processes, {each:,} outcomes each: {lost} lost, {damaged} corrupt, exit {codes}, {took:.1f} s")

    chance, said = random.Random(seed), 0
    for _ in range(kills):
        writer = subprocess.Popen([*command, "1000000"], stdout=subprocess.PIPE, env=os.environ)
        assert writer.stdout is not None
        said += bool(writer.stdout.readline())
        # Anywhere between one outcome and the next: what is slept here is the chance, nothing waits for it.
        time.sleep(chance.random() * 0.03)
        writer.kill()
        said += writer.stdout.read().count(b"\n")
        writer.stdout.close()
        writer.wait()
    now, damaged = recorded(log)
    missing = max(0, said - (now - found))
    print(f"{kills} writers killed: {said:,} outcomes said to be recorded, {missing} of them lost, {damaged} corrupt")

    before = ConfigurationStore(store.storage_dir, log=log)
    before.rebuild()
    kept = files_of(store)
    shutil.rmtree(store.storage_dir)
    began = time.monotonic()
    ConfigurationStore(store.storage_dir, log=log).rebuild()
    equal = files_of(store) == kept
    print(
        f"deleted and rebuilt from {now:,} lines: {'equal' if equal else 'DIFFERENT'}, {time.monotonic() - began:.2f} s"
    )
    return 0 if lost == 0 and missing == 0 and damaged == 0 and equal else 1


if __name__ == "__main__":
    sys.exit(main())
