"""What one instant task costs end to end: ``orchestrate`` with one made-up agent that ends at once, default settings.

Wall and CPU by phase, from the times in the session's own journal.  The goal is for the wall clock of the whole
command; the CPU time of everything it starts is what a busy machine can be judged by.

Run it with the project's own Python: ``python -m benchmarks.instant [rounds]``.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
GOAL_S = 0.5
TIME_S = 120.0
TASK = "What does the readme say?"
_SESSION = '"session_id":"00000000-0000-4000-8000-000000000001"'
SAYS = (
    f'{{"type":"system","subtype":"init",{_SESSION},"tools":["Bash"],"model":"m"}}',
    '{"type":"assistant","message":{"id":"m1","role":"assistant","content":[{"type":"tool_use","id":"t1",'
    f'"name":"Bash","input":{{"command":"true"}}}}]}},{_SESSION}}}',
    '{"type":"user","message":{"role":"user","content":[{"tool_use_id":"t1","type":"tool_result",'
    f'"content":"ok"}}]}},{_SESSION}}}',
    '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"It says nothing.",'
    f'"total_cost_usd":0.001,"usage":{{"input_tokens":1,"output_tokens":1}},{_SESSION}}}',
)
"""The records of one short turn."""
PHASES = (
    ("start, looks, probe of the agent", "session_opened"),
    ("plan, first look at the target, launch", "worker_started"),
    ("to the worker's first record", "agent_output"),
    ("to the proof that its tree is gone", "worker_exited"),
    ("last look, report", "session_closed"),
)
"""What lies before the first entry of each kind."""


def made_up_agent(folder: Path) -> Path:
    """A claude that says its piece and ends."""
    path = folder / "claude"
    lines = "\n".join(f"echo '{line}'" for line in SAYS)
    path.write_text(
        '#!/bin/sh\ncase " $* " in *" --version "*) echo "2.1.329 (Claude Code)"; exit;; esac\n'
        f"cat >/dev/null\n{lines}\n"
    )
    path.chmod(0o755)
    return path


def environment(folder: Path) -> Mapping[str, str]:
    """That of somebody who has a home and one agent, and nothing else."""
    for name in ("home", "agents", "target", "workspace"):
        (folder / name).mkdir()
    made_up_agent(folder / "agents")
    (folder / "target" / "README.md").write_text("# Nothing\n")
    environ = {
        "PATH": f"{folder / 'agents'}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
        "ANTHROPIC_API_KEY": "x",
        "ORCHESTRATOR_WORKSPACE": str(folder / "workspace"),
    }
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@x"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], cwd=folder / "target", env=environ, check=True)
    return environ


def once(folder: Path, environ: Mapping[str, str]) -> tuple[dict[str, float], float, float, float]:
    """Seconds of each phase, of the whole, and of CPU; and the most memory any one process of it took, in MiB."""
    argv = [str(CHECKOUT / "orchestrate"), "run", TASK, "--agents", "claude", "--target", str(folder / "target")]
    earlier = set((folder / "workspace").iterdir())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began, clock = time.time(), time.perf_counter()
    done = subprocess.run(
        argv, env=environ, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIME_S
    )
    whole, ended = time.perf_counter() - clock, time.time()
    if done.returncode != 0:
        raise RuntimeError(f"it ended with {done.returncode}: {done.stdout[-800:]} {done.stderr[-800:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    new = set((folder / "workspace").iterdir()) - earlier
    (session,) = (path for path in new if (path / "journal.jsonl").exists())
    first: dict[str, float] = {}
    for line in (session / "journal.jsonl").read_text().splitlines():
        entry = json.loads(line)
        first.setdefault(entry["body"]["kind"], datetime.fromisoformat(entry["at"]).timestamp())
    took: dict[str, float] = {}
    at = began
    for name, kind in PHASES:
        took[name], at = first[kind] - at, first[kind]
    took["to the end of the program"] = ended - at
    return took, whole, cpu, after.ru_maxrss / 1024


def main(rounds: int) -> None:
    """Print one line a phase, and the whole beside the limit and the goal."""
    python = str(CHECKOUT / ".venv" / "bin" / "python")
    bare = [python if Path(python).exists() else sys.executable, "-I", "-c", "pass"]
    with tempfile.TemporaryDirectory(prefix="orchestrate-bench-", dir="/var/tmp") as name:
        folder = Path(name).resolve()
        environ = environment(folder)
        once(folder, environ)  # makes what is made once: the environment, byte code, the sandbox's proof
        runs, floor = [], []
        for _ in range(rounds):
            runs.append(once(folder, environ))
            began = time.perf_counter()
            subprocess.run(bare, check=True)
            floor.append(time.perf_counter() - began)
    print(f"{'one instant task, end to end':<44}{'p50 ms':>8}{'best':>8}")
    for phase in runs[0][0]:
        times = [took[phase] * 1000 for took, _, _, _ in runs]
        print(f"{phase:<44}{statistics.median(times):8.0f}{min(times):8.0f}")
    whole = [each for _, each, _, _ in runs]
    middle = statistics.median(whole)
    said = "reached" if middle <= GOAL_S else "NOT reached"
    print(f"{'the whole':<44}{middle * 1000:8.0f}{min(whole) * 1000:8.0f}  goal {GOAL_S * 1000:.0f}: {said}")
    cpu = [each for _, _, each, _ in runs]
    print(f"{'CPU of all its processes':<44}{statistics.median(cpu) * 1000:8.0f}{min(cpu) * 1000:8.0f}")
    print(f"{'limit: a bare interpreter':<44}{statistics.median(floor) * 1000:8.0f}{min(floor) * 1000:8.0f}")
    print(f"{'largest process, MiB':<44}{max(rss for _, _, _, rss in runs):8.1f}")


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
