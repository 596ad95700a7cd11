"""Ours beside comparable programs, in one table: a launch, one instant task, fifty children, 20,000 records.

The peers are installed by this program into a throw-away environment: by ``pip`` (claude-agent-sdk, circus,
supervisor) and by ``npm`` (Anthropic's sandbox-runtime, codex for its own sandbox).  What cannot be installed or does
not work here is said in its row.  Every agent is a made-up one that ends at once or says what it is told.

Run it with the project's own Python: ``python -m benchmarks.peers [rounds] [--write]``; ``--write`` puts the table into
``docs/benchmarks.md``.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks import instant
from benchmarks.growth import cpu_s, used
from benchmarks.launch import Launches
from benchmarks.memory import alone, resident_mib
from orchestrator.sandbox.proof import prove_backend

PAGE = instant.CHECKOUT / "docs" / "benchmarks.md"
BEGINNING, END = "<!-- peers -->", "<!-- end peers -->"
INSTALL_S = 240.0
WAIT_S = 60.0
CHILDREN = 50
RECORDS = 20_000
PYTHON_PEERS = ("claude-agent-sdk", "circus", "supervisor")
NODE_PEERS = ("@anthropic-ai/sandbox-runtime", "@openai/codex")


@dataclass(slots=True)
class Table:
    """The rows as they come."""

    rows: list[tuple[str, str, list[float], str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def add(self, what: str, who: str, figures: Sequence[float], unit: str) -> None:
        self.rows.append((what, who, list(figures), unit))

    def lines(self) -> list[str]:
        """The table, and below it what could not be measured."""
        return [
            f"{'what':<34}{'who':<36}{'p50':>10}{'best':>10}",
            *(
                f"{what:<34}{who:<36}{statistics.median(figures):10.1f}{min(figures):10.1f} {unit}"
                for what, who, figures, unit in self.rows
            ),
            *self.missing,
        ]


class Peers:
    """The peers that could be installed, in a folder that goes with the run."""

    def __init__(self, folder: Path, table: Table) -> None:
        self.folder = folder
        self.table = table
        self.python = folder / "venv" / "bin" / "python"
        self.environ = {
            "PATH": f"{folder / 'venv' / 'bin'}:{folder / 'node_modules' / '.bin'}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
        }
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True, timeout=INSTALL_S)
        self.has = {name for name in PYTHON_PEERS if self._installed(name, [self.python, "-m", "pip", "install", name])}
        self.has |= {name for name in NODE_PEERS if self._installed(name, ["npm", "install", name])}

    def _installed(self, name: str, words: Sequence[str | Path]) -> bool:
        quiet = ["--quiet"] if words[0] == "npm" else ["--quiet", "--disable-pip-version-check"]
        # Registries, proxies and certificates are those of whoever runs this; nothing else of theirs is.
        environ = {key: text for key, text in os.environ.items() if key != "PYTHONPATH"} | {"PWD": str(self.folder)}
        try:
            done = subprocess.run(
                [*words, *quiet], cwd=self.folder, env=environ, capture_output=True, text=True, timeout=INSTALL_S
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            self.table.missing.append(f"not installed: {name} ({type(error).__name__})")
            return False
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            self.table.missing.append(f"not installed: {name} ({last[:90]})")
        return done.returncode == 0


def taken(words: Sequence[str | Path], environ: Mapping[str, str], folder: Path) -> tuple[float, float]:
    """Milliseconds of one run to its end, and of CPU in it.

    Raises:
        RuntimeError: it failed.
    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(words, env=environ, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=WAIT_S)
    whole, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError((done.stderr or done.stdout).decode(errors="replace").strip()[-200:])
    return whole * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def output_of(words: Sequence[str | Path], environ: Mapping[str, str], folder: Path) -> str:
    """What a program says.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(
        words, env=environ, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=WAIT_S
    )
    if done.returncode != 0:
        raise RuntimeError((done.stderr or done.stdout).strip()[-200:])
    return done.stdout


def in_turns(table: Table, what: str, ways: Mapping[str, Callable[[], float]], rounds: int, unit: str = "ms") -> None:
    """Measure the ways in turns; one that fails is said, once, and left out."""
    figures: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for who, way in ways.items():
            if number and who not in figures:
                continue
            try:
                figure = way()
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                figures.pop(who, None)
                said = " ".join(str(error).split())[-120:]
                table.missing.append(f"does not work here: {who}, {what}: {said}")
                continue
            figures.setdefault(who, []).append(figure)
    for who, found in figures.items():
        table.add(what, who, found[1:], unit)  # the first one fills caches


def launches(peers: Peers, table: Table, rounds: int) -> None:
    """One program that ends at once, in each sandbox."""
    true = shutil.which("true") or "/bin/true"
    ours = Launches(peers.folder / "launches")
    loop = asyncio.new_event_loop()

    def worker(backend: str) -> float:
        began = time.perf_counter()
        loop.run_until_complete(ours.worker(backend))
        return (time.perf_counter() - began) * 1000

    def peer(*words: str) -> Callable[[], float]:
        return lambda: taken(words, peers.environ, peers.folder / "project")[0]

    ways: dict[str, Callable[[], float]] = {"bare exec": peer(true)}
    works = prove_backend(ours.crews["bubblewrap"]._sandbox, os.environ).works
    if works:
        argv = ours.sandbox_argv()
        ways["ours: the sandbox alone"] = peer(*argv)
        ways["ours: a whole worker"] = lambda: worker("bubblewrap")
    if "@openai/codex" in peers.has:
        ways["codex sandbox"] = peer("codex", "sandbox", true)
    if "@anthropic-ai/sandbox-runtime" in peers.has:
        ways["sandbox-runtime (srt)"] = peer("srt", true)
    in_turns(table, "launch and exit in a sandbox", ways, rounds)
    for crew in ours.crews.values():
        crew.release()
    loop.close()


SDK = """
import asyncio, sys, time
from claude_agent_sdk import ClaudeAgentOptions, query
async def main():
    count, began = 0, time.process_time()
    async for message in query(prompt="do it", options=ClaudeAgentOptions(cli_path=sys.argv[1])):
        count += 1
    assert count > int(sys.argv[2]), f"{count} messages were heard"
    print(time.process_time() - began)
asyncio.run(main())
"""
"""The SDK asks its CLI for something by a control request before it sends the prompt; the made-up one answers it."""


def sdk_agent(folder: Path, *, records: int) -> Path:
    """A claude as the SDK talks to it: it answers the control request, then says its records and ends."""
    path = folder / f"claude-for-sdk-{records}"
    lines = (json.dumps({**used(number), "session_id": "s"}) for number in range(records))
    Path(f"{path}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    closing = {"type": "result", "subtype": "success", "is_error": False, "num_turns": 1, "duration_ms": 1}
    closing |= {"duration_api_ms": 1, "session_id": "s", "result": "Done.", "total_cost_usd": 0.001}
    answer = '{"type":"control_response","response":{"subtype":"success","request_id":"%s","response":{}}}\\n'
    path.write_text(
        "#!/bin/sh\n"
        'case " $* " in *" -v "*|*" --version "*) echo "2.1.329 (Claude Code)"; exit;; esac\n'
        "while read -r line; do case $line in\n"
        """*control_request*) id=${line#*'"request_id": "'}; id=${id%%'"'*}\n"""
        f"printf '{answer}' \"$id\";;\n"
        f"*) cat {path}.jsonl; echo '{json.dumps(closing)}'; exit;;\nesac; done\n"
    )
    path.chmod(0o755)
    return path


def tasks(peers: Peers, table: Table, rounds: int) -> None:
    """One made-up agent that ends at once, from the command to its end."""
    folder = peers.folder / "task"
    folder.mkdir()
    environ = instant.environment(folder)
    instant.once(folder, environ)
    cpu: dict[str, list[float]] = {"ours": []}

    def ours() -> float:
        _, whole, busy, _ = instant.once(folder, environ)
        cpu["ours"].append(busy * 1000)
        return whole * 1000

    ways: dict[str, Callable[[], float]] = {"ours": ours}
    if "claude-agent-sdk" in peers.has:
        cli = sdk_agent(peers.folder, records=1)

        def sdk() -> float:
            whole, busy = taken([peers.python, "-c", SDK, cli, "1"], peers.environ, peers.folder)
            cpu.setdefault("claude-agent-sdk", []).append(busy)
            return whole

        ways["claude-agent-sdk"] = sdk
    in_turns(table, "one instant task", ways, rounds)
    for who, found in cpu.items():
        if len(found) > 1:
            table.add("one instant task, CPU", who, found[1:], "ms")


def crowds(peers: Peers, table: Table) -> None:
    """Fifty children that say something now and then: what whoever looks after them holds in memory."""
    table.add(f"memory with {CHILDREN} children", "ours: the coordinator", [alone(CHILDREN)[0]], "MiB")
    child = peers.folder / "child"
    child.write_text("#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo at work; sleep 5; done\n")
    child.chmod(0o755)
    (peers.folder / "supervisord.conf").write_text(
        f"[supervisord]\nnodaemon=true\nlogfile={peers.folder}/supervisord.log\npidfile={peers.folder}/pid\n"
        f"[program:child]\ncommand={child}\nnumprocs={CHILDREN}\nprocess_name=%(program_name)s_%(process_num)d\n"
    )
    (peers.folder / "circus.ini").write_text(
        f"[circus]\nendpoint = ipc://{peers.folder}/c\npubsub_endpoint = ipc://{peers.folder}/p\n"
        f"[watcher:child]\ncmd = {child}\nnumprocesses = {CHILDREN}\n"
    )
    for name, package, words in (
        ("supervisord", "supervisor", ["supervisord", "-c", "supervisord.conf"]),
        ("circusd", "circus", ["circusd", "circus.ini"]),
    ):
        if package not in peers.has:
            continue
        program = peers.folder / "venv" / "bin" / words[0]
        with subprocess.Popen(
            [program, *words[1:]], cwd=peers.folder, env=peers.environ, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            try:
                deadline = time.monotonic() + WAIT_S
                while len(psutil.Process(process.pid).children()) < CHILDREN and time.monotonic() < deadline:
                    if process.poll() is not None:
                        break
                    time.sleep(0.1)
                if process.poll() is None:
                    table.add(f"memory with {CHILDREN} children", name, [resident_mib(process.pid)], "MiB")
                else:
                    table.missing.append(f"does not work here: {name} ended with {process.returncode}")
            finally:
                below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
                process.kill()
                for each in below:
                    each.kill()


def streams(peers: Peers, table: Table, rounds: int) -> None:
    """Many records with usage figures, from the raw lines to the last one heard; ours keeps each, redacted."""
    ways: dict[str, Callable[[], float]] = {"ours: journalled and folded": lambda: cpu_s(used, RECORDS) * 1000}
    if "claude-agent-sdk" in peers.has:
        cli = sdk_agent(peers.folder, records=RECORDS)

        def sdk() -> float:
            words: list[str | Path] = [peers.python, "-c", SDK, cli, str(RECORDS)]
            return float(output_of(words, peers.environ, peers.folder)) * 1000

        ways["claude-agent-sdk, which keeps nothing"] = sdk
    in_turns(table, f"{RECORDS:,} records, CPU", ways, rounds)


def main(rounds: int, *, write: bool) -> None:
    """Print the table, and what could not be measured; with ``write``, put it into the page."""
    table = Table()
    # codex refuses a home below /tmp.
    with tempfile.TemporaryDirectory(prefix="orchestrate-peers-", dir="/var/tmp") as name:
        folder = Path(name).resolve()
        (folder / "launches").mkdir()
        (folder / "project").mkdir()
        peers = Peers(folder, table)
        launches(peers, table, rounds)
        tasks(peers, table, max(3, rounds // 3))
        crowds(peers, table)
        streams(peers, table, 3)
    text = "\n".join(line.rstrip() for line in table.lines())
    print(text)
    if write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(f"{BEGINNING}\n")
        after = rest.partition(f"{END}\n")[2]
        PAGE.write_text(f"{before}{BEGINNING}\n```text\n{text}\n```\n{END}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    figures = [word for word in sys.argv[1:] if word.isdecimal()]
    main(int(figures[0]) if figures else 15, write="--write" in sys.argv)
