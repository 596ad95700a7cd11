"""Prove that a sandbox holds here: its real profile is run against canaries, and what got out is said."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from orchestrator.files.temporary import temporary_folder
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Role
from orchestrator.sandbox import landlock_profile
from orchestrator.sandbox.bubblewrap import find_bubblewrap, wrap
from orchestrator.sandbox.layout import SandboxRequest
from orchestrator.sandbox.system_files import write_system_files
from orchestrator.shim.attempt_records import replace_file
from orchestrator.shim.processes import boot_id
from orchestrator.value_class import value_class

PROOF_WITHIN_S = 60.0
"""It takes a tenth of a second; a machine that is busy for long is not to be taken for one without a sandbox."""
CANARY = "ORCHESTRATE_CANARY"
"""A variable of the coordinator's that no worker may see."""
GRADER = "# canary\n"
"""What stands in place of what grades the work of agents: a session's baseline, and a tool."""
MOST_REMEMBERED = 50
PROOFS = ".sandbox-proofs.json"
"""In the workspace, out of every worker's reach: what has held since the machine started."""
_SWITCHES = (
    ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "AppArmor forbids user namespaces"),
    ("/proc/sys/kernel/unprivileged_userns_clone", "0", "the kernel forbids user namespaces to ordinary users"),
    ("/proc/sys/user/max_user_namespaces", "0", "the kernel allows no user namespaces"),
)
"""Settings of the kernel that forbid a sandbox, each with the value that does and what that means."""
VERSION = 3
"""Raised when the canaries change, so that what an older set showed is not taken for a proof."""


@value_class
class SandboxProof:
    """The result of running a backend against canaries."""

    backend: str
    """The one that was tried: ``bubblewrap``, ``landlock``, or ``none`` where nothing else was asked for."""
    works: bool
    detail: str
    """For people: what was proved, or why it cannot work here."""
    escaped: tuple[str, ...] = ()
    """Canaries that got out; with Landlock some always do, which does for ``preferred`` and not for ``required``."""
    cached: bool = False


_HELD: Final[dict[str, SandboxProof]] = {}
"""What this process has seen hold itself."""

_SCRIPT = """
outside=$1 own=$2 namespace=$3 target=$4 writes=$5 port=$6 home=$7 network=$8
say() { echo "$1"; }
cat "$outside/secret" >/dev/null 2>&1 && say "a file outside could be read"
{ echo x > "$outside/written"; } 2>/dev/null && say "a file outside could be written"
{ echo x > /usr/written; } 2>/dev/null && say "the system could be written"
[ -z "$home" ] || { ls "$home" >/dev/null 2>&1 && say "~/.ssh could be read"; }
{ echo x > "$own/written"; } 2>/dev/null || say "its own folder could not be written"
{ echo x > "$target/.git/hooks/post-checkout"; } 2>/dev/null && say "a git hook could be written"
{ echo x > "$own/../../baseline.json"; echo x > "$outside/tools/ruff"; } 2>/dev/null
{ mv "$target/.git" "$target/.git2"; } 2>/dev/null && say "a git folder could be put aside"
{ echo x > "$target/written"; } 2>/dev/null; [ -e "$target/written" ] && did=yes || did=no
[ "$did" = "$writes" ] || say "writing the target: $did, where $writes was granted"
if [ -n "$namespace" ]; then
  [ "$(readlink /proc/self/ns/pid)" != "$namespace" ] || say "it stands in our own pid namespace"
  { true >> /proc/1/mem; } 2>/dev/null && say "the memory of its first process could be written"
  set -- /proc/[0-9]*; [ $# -le 8 ] || say "it sees $# processes"
fi
while read -r name value; do
  case $name in CapEff:|CapPrm:) case $value in *[!0]*) say "it holds capabilities ($value)";; esac;; esac
done < /proc/self/status
if cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -q '^ORCHESTRATE_CANARY='; then
  say "a variable of ours could be read"
fi
if [ "$network" != open ] && command -v bash >/dev/null 2>&1; then
  bash -c "exec 3<>/dev/tcp/127.0.0.1/$port" 2>/dev/null && say "another service of this machine could be reached"
fi
echo done
"""


def prove_backend(
    config: SandboxConfig, environ: Mapping[str, str], *, role: Role = Role.IMPLEMENTER, cache: Path | None = None
) -> SandboxProof:
    """Run the policy's sandbox once against canaries and say what that proved.

    Bubblewrap first, and where that does not hold, Landlock, unless the policy names one.

    Args:
        cache: a file of ours, out of every worker's reach; what held for a profile holds until the machine restarts.
    """
    if config.backend == "none":
        return SandboxProof("none", True, "the policy asks for no sandbox: workers can touch whatever you can")
    if sys.platform != "linux":
        return SandboxProof("bubblewrap", False, f"bubblewrap is for Linux; this is {sys.platform}")
    key = _key(config, environ, role)
    known = _remembered(cache, key)
    if known is not None:
        return known
    best = _prove("landlock" if config.backend == "landlock" else "bubblewrap", config, environ, role)
    if not best.works and config.backend == "auto":
        second = _prove("landlock", config, environ, role)
        if second.works:
            best = replace(second, detail=f"{second.detail} (bubblewrap: {best.detail})")
    if best.works:
        _remember(cache, key, best)
    return best


def _prove(backend: str, config: SandboxConfig, environ: Mapping[str, str], role: Role) -> SandboxProof:
    bwrap = find_bubblewrap(environ)
    if backend == "bubblewrap" and bwrap is None:
        return SandboxProof(backend, False, "bwrap is neither on PATH nor installed with orchestrate")
    if backend == "landlock":
        problem = landlock_profile.why_not()
        if problem is not None:
            return SandboxProof(backend, False, problem)
    with temporary_folder("proof") as folder:
        problems = _Trial(folder, config, environ, role).run(backend, bwrap)
    known = landlock_profile.LEFT_OPEN if backend == "landlock" else frozenset()
    if not known.issuperset(problems):
        return SandboxProof(backend, False, "; ".join(problems), tuple(problems))
    claim = landlock_profile.CLAIM if backend == "landlock" else _claim(config, bwrap)
    return SandboxProof(backend, True, claim, tuple(problems))


def _claim(config: SandboxConfig, bwrap: Path | None) -> str:
    network = ", and other services" if config.network != "open" else ""
    return f"{bwrap}: files, git hooks, processes, variables and capabilities{network} outside are out of reach"


@value_class
class _Trial:
    folder: Path
    config: SandboxConfig
    environ: Mapping[str, str]
    role: Role

    def run(self, backend: str, bwrap: Path | None) -> list[str]:
        """Run the canaries, and list what got out or why nothing could be tried; empty if all held."""
        own, outside, target = (self.folder / name for name in ("session/scratch/proof", "outside", "target"))
        for path in (own, outside, target / ".git" / "hooks"):
            path.mkdir(mode=0o700, parents=True)
        (outside / "secret").write_text("canary")
        graders = (self.folder / "session/baseline.json", outside / "tools/ruff")
        for grader in graders:
            grader.parent.mkdir(mode=0o700, exist_ok=True)
            grader.write_text(GRADER)
        etc = self.folder / "etc"
        write_system_files(etc)
        writes = "yes" if self.role is Role.IMPLEMENTER and self.config.target == "write" else "no"
        given = (own, target) if writes == "yes" else (own,)
        changes_target = self.role is Role.IMPLEMENTER
        request = SandboxRequest(target, scratch=own, home=own, writable=given, changes_target=changes_target)
        with socket.create_server(("127.0.0.1", 0)) as service, _neighbour():
            service.setblocking(False)
            words = (
                *("/bin/sh", "-c", _SCRIPT, "sh", str(outside), str(own)),
                os.readlink("/proc/self/ns/pid") if backend == "bubblewrap" else "",
                *(str(target), writes, str(service.getsockname()[1]), self._keys(), self.config.network),
            )
            problems = self._ran(words, backend, bwrap, request=request, etc=etc)
            with suppress(OSError):
                service.accept()[0].close()
                if self.config.network != "open":
                    problems.append("a connection to another service came through")
        if (outside / "written").exists():
            problems.append("a file outside was written")
        problems += [f"what grades was written: {grader.name}" for grader in graders if grader.read_text() != GRADER]
        return problems

    def _keys(self) -> str:
        """The user's own ``~/.ssh``, if there is one that the policy does not grant."""
        path = Path(self.environ.get("HOME", "/nonexistent")) / ".ssh"
        given = any(path.is_relative_to(root) for root in (*self.config.readable, *self.config.writable))
        return "" if given or not os.path.isdir(path) else str(path)

    def _ran(
        self, words: Sequence[str], backend: str, bwrap: Path | None, *, request: SandboxRequest, etc: Path
    ) -> list[str]:
        if backend == "landlock":
            profile = landlock_profile.profile(words[0], self.config, request, environ=self.environ)
            argv = landlock_profile.runnable(words, profile, file=self.folder / "landlock.json")
        else:
            assert bwrap is not None
            argv = wrap(
                words,
                bwrap=bwrap,
                config=self.config,
                request=request,
                cwd=request.target,
                masked=(),
                etc=etc,
                environ=self.environ,
                info_fd=False,
            )
        allowed = {n: self.environ[n] for n in self.config.environment if n in self.environ}
        try:
            ran = subprocess.run(
                argv,
                capture_output=True,
                text=True,
                timeout=PROOF_WITHIN_S,
                check=False,
                env=allowed,
                # A Ctrl-C at the terminal is for the session: the probe must not die of it and be taken for unfit.
                start_new_session=True,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return [f"{argv[0]} could not be run: {problem}"]
        said = ran.stdout.splitlines()
        return said[:-1] if said and said[-1] == "done" else [cause(ran.stderr)]


@contextmanager
def _neighbour() -> Iterator[None]:
    """A process of ours with a canary among its variables, as the coordinator has keys."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", "read -r nothing"], stdin=subprocess.PIPE, env={CANARY: "canary"}, stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.communicate()


def cause(stderr: str) -> str:
    """Explain the sandbox's own error message."""
    lines = [line for line in stderr.splitlines() if line.startswith(("bwrap:", "orchestrate:"))]
    said = lines[-1] if lines else "it ended without a word"
    for setting, bad, meaning in _SWITCHES:
        if _setting(setting) == bad and os.geteuid() != 0:
            return f"{meaning} ({setting} is {bad}): {said}"
    return said


def _setting(path: str) -> str:
    """A setting of the kernel; empty where it has none of that name."""
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _key(config: SandboxConfig, environ: Mapping[str, str], role: Role) -> str:
    """The key of a proof: everything that decides whether a profile holds."""
    bwrap = find_bubblewrap(environ)
    changed = bwrap.stat().st_mtime_ns if bwrap is not None else 0
    # Whoever forbids namespaces while the machine runs takes back what has been proved.
    switches = [_setting(name) for name, _, _ in _SWITCHES]
    facts = (repr(config), role, boot_id(), os.geteuid(), str(bwrap), changed, switches, VERSION)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _remembered(cache: Path | None, key: str) -> SandboxProof | None:
    if cache is None:
        return None
    if key in _HELD:
        return replace(_HELD[key], cached=True)
    try:
        kept = json.loads(cache.read_bytes())[key]
        return SandboxProof(kept["backend"], True, kept["detail"], tuple(kept["escaped"]), cached=True)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(cache: Path | None, key: str, proof: SandboxProof) -> None:
    """Remember a proof that held; a failure may be mended meanwhile and is tried again."""
    if cache is None:
        return
    _HELD[key] = proof
    kept: dict[str, object] = {}
    with suppress(OSError, ValueError):
        found = json.loads(cache.read_bytes())
        kept = dict(list(found.items())[-MOST_REMEMBERED:]) if isinstance(found, dict) else {}
    kept[key] = {"backend": proof.backend, "detail": proof.detail, "escaped": proof.escaped}
    with suppress(OSError):
        replace_file(str(cache), json.dumps(kept) + "\n")
