"""Install the pinned CLIs with npm into a cache folder, once, and return the folder for PATH."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestrator.errors import EnvironmentUnfit, OrchestrateError
from orchestrator.late_pattern import late_pattern

INSTALL_S = 900.0
"""How long npm may take: the three packages are some 900 MB unpacked."""
_CHECK_S = 60.0
_POSTINSTALL = late_pattern(r"node (?P<script>[\w./-]+)")
_UNREACHABLE = late_pattern(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)\b")
_STAMP = "installed.json"

Report = Callable[[str], None]


def pinned_packages() -> Mapping[str, str]:
    """The npm package and version of every adapter."""
    from orchestrator.agents.registry import AGENTS

    return {agent.package: agent.pinned for agent in AGENTS.values()}


def default_cache() -> Path:
    """The user's cache folder for this program."""
    from platformdirs import user_cache_path

    return user_cache_path("orchestrate", appauthor=False)


def installed_clis(packages: Mapping[str, str], cache: Path) -> Path | None:
    """The folder of executables of an installation that holds these packages; ``None`` if there is none."""
    for stamp in sorted((cache / "clis").glob(f"*/{_STAMP}")):
        folder = _executables(stamp.parent)
        if stamp.parent.suffix != ".partial" and packages.items() <= _held(stamp).items() and folder.is_dir():
            return folder
    return None


def _held(stamp: Path) -> Mapping[str, str]:
    """What an installation for this machine holds; nothing if the stamp is not ours."""
    try:
        told = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    held = told.get("packages", {}) if isinstance(told, dict) and told.get("machine") == _machine() else {}
    return held if isinstance(held, dict) else {}


def install_clis(packages: Mapping[str, str], cache: Path, *, report: Report, timeout_s: float = INSTALL_S) -> Path:
    """Install the packages unless they are there; a second caller waits for the first.

    A folder appears under its name only when it is complete, so that a kill at any moment leaves nothing half-done
    that could be taken for whole; what npm has downloaded by then is kept.

    Args:
        report: Takes one line of progress at a time.

    Returns:
        The folder with the executables, for PATH.

    Raises:
        EnvironmentUnfit: npm or node is missing, or the registry cannot be reached.
        OrchestrateError: npm failed or took too long.
    """
    node = _required("node")  # what is installed runs on it as well
    found = installed_clis(packages, cache)
    if found is not None:
        return found
    npm = _required("npm")
    folder = _folder(packages, cache)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.with_suffix(".lock"), report) as lock:
        found = installed_clis(packages, cache)
        if found is not None:
            return found
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        names = ", ".join(f"{name} {version}" for name, version in packages.items())
        report(f"installing {names} with npm; this downloads some 300 MB and happens once")
        _run(_npm_install(npm, packages, cache / "npm"), partial, timeout_s, held=lock)
        for name in packages:
            _after_install(node, partial / "node_modules" / name)
        _check_versions(packages, partial)
        stamp = {"machine": _machine(), "packages": dict(packages)}
        (partial / _STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        report(f"installed in {folder}")
    return _executables(folder)


def _folder(packages: Mapping[str, str], cache: Path) -> Path:
    told = json.dumps([sorted(packages.items()), _machine()])
    return cache / "clis" / hashlib.sha256(told.encode()).hexdigest()[:16]


def _machine() -> str:
    """Name the platform, so that a cache in a shared home keeps binaries of several apart."""
    return f"{sys.platform} {platform.machine()}"


def _executables(folder: Path) -> Path:
    return folder / "node_modules" / ".bin"


def _required(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise EnvironmentUnfit(
            f"{program} is not installed, so the real CLIs cannot be installed either",
            hint="install Node.js 20 or newer; without it a rehearsal plays with built-in stand-ins",
        )
    return found


@contextmanager
def _lock(path: Path, report: Report) -> Iterator[int]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("another process is installing the CLIs; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _npm_install(npm: str, packages: Mapping[str, str], downloads: Path) -> Sequence[str]:
    wanted = [f"{name}@{version}" for name, version in packages.items()]
    # Scripts of the packages' own dependencies are not run: nothing here needs a compiler.
    quiet = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    # By default npm tries an unreachable registry for minutes without a word.
    quiet += ["--fetch-retries=1", "--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=5000"]
    return [npm, "install", "--prefix", ".", "--include=optional", f"--cache={downloads}", *quiet, *wanted]


def _run(
    command: Sequence[str],
    folder: Path,
    timeout_s: float,
    *,
    env: Mapping[str, str] | None = None,
    held: int | None = None,
) -> str:
    """Run a command whose whole process tree ends with ours, and return its output.

    It stays in our own process group: a Ctrl-C or a signal to the group is for it, too.

    Args:
        held: A lock's descriptor for the child to hold as well: it may outlive us if we are killed.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=() if held is None else (held,),
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise OrchestrateError(f"{Path(command[0]).name} did not end within {timeout_s:.0f} s") from error
        finally:
            if process.poll() is None:
                _kill_tree(process.pid)
    if process.returncode:
        raise _failure(command, process.returncode, output)
    return output


def _kill_tree(pid: int) -> None:
    import psutil

    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(pid)
        for process in (*top.children(recursive=True), top):
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _failure(command: Sequence[str], code: int, output: str) -> OrchestrateError:
    tail = "\n".join(output.strip().splitlines()[-6:])
    program = Path(command[0]).name
    if program == "npm" and _UNREACHABLE.search(output):
        return EnvironmentUnfit(
            f"npm cannot reach its registry:\n{tail}",
            hint="check the network and npm's settings (npm config get registry); or rehearse with the stand-ins",
        )
    return OrchestrateError(f"{program} {command[1]} failed with exit code {code}:\n{tail}")


def _after_install(node: str, package: Path) -> None:
    """Run the package's own install step if it is a plain node script: claude's links its native binary so."""
    scripts = json.loads((package / "package.json").read_text(encoding="utf-8")).get("scripts") or {}
    match = _POSTINSTALL.fullmatch(str(scripts.get("postinstall", "")))
    if match is not None:
        _run([node, match["script"]], package, _CHECK_S)


def _check_versions(packages: Mapping[str, str], folder: Path) -> None:
    """Start each CLI once: what cannot say its version here is not installed."""
    home = folder / "home"
    home.mkdir()
    env = {"HOME": str(home), "PATH": os.environ.get("PATH", os.defpath), "NO_COLOR": "1"}
    for name, version in packages.items():
        described = json.loads((folder / "node_modules" / name / "package.json").read_text(encoding="utf-8"))
        for executable in described.get("bin") or {}:
            said = _run([str(_executables(folder) / executable), "--version"], folder, _CHECK_S, env=env)
            if version not in said:
                raise OrchestrateError(f"{executable} says it is {said.strip()[:80]!r}, not {version}")
    shutil.rmtree(home, ignore_errors=True)


def newest_versions(packages: Sequence[str]) -> Mapping[str, str]:
    """What the registry calls the latest release of each package.

    Raises:
        EnvironmentUnfit: npm is missing, or the registry cannot be reached.
        OrchestrateError: npm failed, or said no version.
    """
    npm = _required("npm")
    found: dict[str, str] = {}
    for name in packages:
        said = _run([npm, "view", name, "version", "--fetch-retries=1"], Path.cwd(), _CHECK_S).strip()
        if not re.fullmatch(r"\d+(?:\.\d+)+", said):
            raise OrchestrateError(f"npm says {said[:80]!r} of {name}, which is no version")
        found[name] = said
    return found


def move_pins(root: Path, moves: Mapping[str, tuple[str, str]]) -> Sequence[Path]:
    """Write new versions in place of the old ones into the adapters and their stand-ins.

    Args:
        root: The folder of the package ``orchestrator``.
        moves: Old and new version by the adapter's package; where they are the same nothing is written.

    Returns:
        The files that were changed.
    """
    written: list[Path] = []
    for package, (old, new) in moves.items():
        if old == new:
            continue
        for file in (*sorted(root.glob("agents/*/__init__.py")), *sorted(root.glob("rehearsal/stand_in/*.py"))):
            text = file.read_text(encoding="utf-8")
            pinned = f'pinned="{old}"' if f'package="{package}"' in text else None
            name = f'VERSION = "{old}"' if file.parent.name == "stand_in" else None
            line = pinned or name
            if line is not None and line in text:
                file.write_text(text.replace(line, line.replace(old, new)), encoding="utf-8")
                written.append(file)
    return written


def _to_latest() -> None:
    """Move every adapter's pin to the newest release, and say what comes next."""
    from orchestrator.agents.registry import AGENTS

    newest = newest_versions([agent.package for agent in AGENTS.values()])
    moves = {agent.package: (agent.pinned, newest[agent.package]) for agent in AGENTS.values()}
    for package, (old, new) in moves.items():
        _tell(f"{package}: {old} stays" if old == new else f"{package}: {old} -> {new}")
    for file in move_pins(Path(__file__).parent.parent, moves):
        _tell(f"changed {file}")
    _tell("run ./check --real: it installs them and drives each through the conformance tests")


def main(arguments: Sequence[str] | None = None) -> int:
    """Install the adapters' pinned versions; prints the folder of executables on stdout, progress on stderr.

    With ``--latest`` it moves the pins of this checkout to the newest releases instead.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given not in ([], ["--latest"]):
        _tell("usage: python -m orchestrator.rehearsal.installing [--latest]")
        return 2
    try:
        if given:
            _to_latest()
            return 0
        folder = install_clis(pinned_packages(), default_cache(), report=_tell)
    except OrchestrateError as error:
        _tell(error.message)
        if error.hint:
            _tell(error.hint)
        return int(error.exit_code)
    sys.stdout.write(f"{folder}\n")
    return 0


def _tell(line: str) -> None:
    sys.stderr.write(f"orchestrate: {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
