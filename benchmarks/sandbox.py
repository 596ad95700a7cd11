"""What the sandbox costs: each of its parts beside a bare ``exec`` and beside its peers, all in one run, in turns.

Run it with the project's own Python: ``python -m benchmarks.sandbox [rounds]``.  The peers are codex's own sandbox and
Anthropic's sandbox-runtime (``srt``); each is looked for on PATH, and left out where it does not work.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, Role
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.sandbox import landlock_profile, proof
from orchestrator.sandbox.bubblewrap import find_bubblewrap, wrap
from orchestrator.sandbox.layout import SandboxRequest
from orchestrator.sandbox.proof import prove_backend
from orchestrator.sandbox.system_files import write_system_files

TRUE = "/bin/true"
SANDBOX_GOAL_MS = 4.0
PROOF_GOAL_MS, CACHED_GOAL_MS = 300.0, 2.0


def commands(folder: Path) -> Mapping[str, Sequence[str]]:
    """Ways to run ``/bin/true``, by name."""
    session = folder / "workspace" / "session"
    for path in (folder / "target", session / "scratch" / "w", session / "homes" / "w"):
        path.mkdir(parents=True)
    (folder / "target" / ".git" / "hooks").mkdir(parents=True)
    assignment = Assignment(
        *(WorkerId("w"), AgentName("true"), Role.IMPLEMENTER, ""),
        target=folder / "target",
        scratch=session / "scratch" / "w",
        home=session / "homes" / "w",
    )
    etc = session / "workers" / "etc"
    write_system_files(etc)
    found: dict[str, Sequence[str]] = {"bare exec": [TRUE]}
    bwrap = find_bubblewrap(os.environ)
    for name in ("default", "strict") if bwrap is not None else ():
        assert bwrap is not None
        found[f"bubblewrap, {name}"] = wrap(
            [TRUE],
            bwrap=bwrap,
            config=load_sandbox_policy(name),
            request=SandboxRequest.of(assignment),
            cwd=folder / "target",
            masked=(session.parent, session),
            etc=etc,
            environ=os.environ,
            info_fd=False,
        )
    if bwrap is not None:
        found |= parts(found["bubblewrap, default"], bwrap)
    if landlock_profile.why_not() is None:
        profile = landlock_profile.profile(
            TRUE, SandboxConfig(name="b"), SandboxRequest.of(assignment), environ=os.environ
        )
        found["landlock (with a Python of its own)"] = landlock_profile.runnable(
            [TRUE], profile, file=folder / "landlock.json"
        )
    peers = {
        "codex's own sandbox": (("codex", "sandbox", "linux", TRUE), ("codex", "sandbox", TRUE)),
        "sandbox-runtime": (("srt", TRUE),),
    }
    for name, spellings in peers.items():
        working = next((words for words in spellings if _works(words, folder)), None)
        if working is not None:
            found[name] = working
    return found


def parts(whole: Sequence[str], bwrap: Path) -> Mapping[str, Sequence[str]]:
    """The default sandbox with one of its parts left out each, and the least that bubblewrap can do: the limit."""
    proc = [at for at, word in enumerate(whole) if word == "--ro-bind" and whole[at + 1].startswith("/proc/")]
    spaces = [word for word in whole if word in ("--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")]
    binds = [at for at, word in enumerate(whole) if word == "--ro-bind-try" and whole[at + 2].startswith("/etc/")]
    return {
        "  without its own read-only /proc/…": _without(whole, [at + more for at in proc for more in range(3)]),
        "  without single files of /etc": _without(whole, [at + more for at in binds for more in range(3)]),
        "  without refusing user namespaces": [word for word in whole if word != "--disable-userns"],
        "  without ipc, uts, cgroup namespaces": [word for word in whole if word not in spaces],
        "  limit: a bare bubblewrap": [
            *(str(bwrap), "--unshare-user", "--unshare-pid", "--ro-bind", "/", "/"),
            *("--proc", "/proc", "--dev", "/dev", "--", TRUE),
        ],
    }


def _without(words: Sequence[str], places: Sequence[int]) -> Sequence[str]:
    left_out = set(places)
    return [word for at, word in enumerate(words) if at not in left_out]


def _works(words: Sequence[str], home: Path) -> bool:
    if shutil.which(words[0]) is None:
        return False
    return subprocess.run(words, capture_output=True, check=False, env=clean(home)).returncode == 0


def clean(home: Path) -> Mapping[str, str]:
    """An environment with nothing of the user's in it."""
    return {"PATH": os.environ["PATH"], "HOME": str(home)}


def taken(words: Sequence[str], home: Path) -> float:
    """One start and end, in ms."""
    filter_file = next((words[4] for _ in [0] if words[:2] == ["/bin/sh", "-c"]), None)
    if filter_file is None:
        began = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean(home))
        return (time.perf_counter() - began) * 1000
    # As the shim does it: the filter is opened by whoever starts the sandbox, with no shell in between.
    descriptor = os.open(filter_file, os.O_RDONLY)
    try:
        at = words.index("--seccomp") + 1
        direct = [*words[5:at], str(descriptor), *words[at + 1 :]]
        began = time.perf_counter()
        subprocess.run(direct, check=True, pass_fds=(descriptor,), stdout=subprocess.DEVNULL)
        return (time.perf_counter() - began) * 1000
    finally:
        os.close(descriptor)


def timed(action: Callable[[], object]) -> float:
    """In ms."""
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


def main(rounds: int) -> None:
    """Print one line a way, and what the proof costs."""
    # codex refuses a home below /tmp.
    with tempfile.TemporaryDirectory(prefix="orchestrate-bench-", dir="/var/tmp") as name:
        folder = Path(name).resolve()
        ways = commands(folder)
        times: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, words in ways.items():
                times[way].append(taken(words, folder))
        bare = statistics.median(times["bare exec"])
        print(f"{'way':<40}{'median ms':>10}{'p90 ms':>9}{'best':>8}{'added ms':>10}{'ratio':>8}")
        for way, found in times.items():
            middle, high = statistics.median(found), sorted(found)[int(len(found) * 0.9)]
            print(f"{way:<40}{middle:>10.2f}{high:>9.2f}{min(found):>8.2f}{middle - bare:>10.2f}{middle / bare:>7.1f}x")
        print(f"goal: a sandbox adds at most {SANDBOX_GOAL_MS:g} ms")
        cache, config = folder / "proofs.json", load_sandbox_policy("strict")
        first = timed(lambda: prove_backend(config, os.environ, cache=cache))
        proof._HELD.clear()
        second = timed(lambda: prove_backend(config, os.environ, cache=cache))
        third = timed(lambda: prove_backend(config, os.environ, cache=cache))
        print(
            f"proof: first {first:.0f} ms (goal {PROOF_GOAL_MS:g}), from its file {second:.2f} ms, again {third:.2f} ms"
        )
        print(f"       (goal {CACHED_GOAL_MS:g})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
