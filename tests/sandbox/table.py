"""Writes ``docs/sandbox-escapes.md`` from a run of every attack: ``python -m tests.sandbox.table``."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs" / "sandbox-escapes.md"
USERS = ("root", "ordinary")
ORDINARY = 65534
COLUMNS = (("default", "bubblewrap"), ("strict", "bubblewrap"), ("strict", "landlock"), ("strict", "none"))

LEFT_BY_LANDLOCK = frozenset(
    {
        *("change the mode of a file outside", "change the times of a file outside", "write a git hook"),
        *("write git's configuration", "change an existing agent's settings", "change the mode of a git hook"),
        *("put .git aside and make another", "replace the hooks folder by a link", "hard link to git's configuration"),
        *("write a hook of a repository inside the target", "write a submodule's hook"),
        "write the configuration of a repository inside the target",
        "put a repository inside the target aside and make another",
        "lead a submodule to another repository",
        *("change its own CLI's settings and hooks", "replace its own CLI's settings by others"),
        "put the folder of its own CLI's settings aside",
        *("see a neighbour's command line", "list the other sessions", "change a neighbour's priority"),
    }
)
"""Landlock knows neither modes and times nor a closed path inside an open folder, and hides no process."""


@contextmanager
def trial_folder() -> Iterator[Path]:
    """A folder that every user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="orchestrate-escapes-", dir="/tmp"))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def outcomes(name: str, backend: str, *, user: str, folder: Path) -> Mapping[str, tuple[bool, str]]:
    """Run every attack under a shipped policy; by name whether it got out, and what stopped it."""
    place = folder / f"{name}-{backend}-{user}"
    place.mkdir()
    number = ORDINARY if user == "ordinary" and os.geteuid() == 0 else None
    if number is not None:
        os.chown(place, number, number)
    ran = subprocess.run(
        [interpreter(number), "-m", "tests.sandbox.escaping", name, backend, str(place)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        user=number,
        group=number,
        extra_groups=None if number is None else [],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(place),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join(sys.path[1:]),
        },
    )
    lines = [line for line in ran.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"the attacks could not be run: {ran.stderr[-2000:]}")
    return {attack: (bool(out), str(why)) for attack, (out, why) in json.loads(lines[-1]).items()}


def interpreter(user: int | None) -> str:
    """One that the user can start: ours, or the system's of the same version with our libraries."""
    ours = Path(os.path.realpath(sys.executable))
    if user is None or all(folder.stat().st_mode & 0o001 for folder in ours.parents):
        return sys.executable
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = shutil.which(version, path="/usr/bin:/usr/local/bin")
    if found is None:
        raise LookupError(f"an ordinary user can neither start {ours} nor find another {version}")
    return found


def document() -> str:
    """The whole table, from a run on this machine."""
    from tests.sandbox.attacking import ATTACKS

    users = [user for user in USERS if user != "root" or os.geteuid() == 0]
    with trial_folder() as folder:
        ran = {
            (name, backend, user): outcomes(name, backend, user=user, folder=folder)
            for name, backend in COLUMNS
            for user in users
        }
    heads = [f"{name}, {backend}" if backend != "none" else "no sandbox" for name, backend in COLUMNS]
    lines = [
        "# What gets out of the sandbox",
        "",
        f"Written by `python -m tests.sandbox.table` from a run of {len(ATTACKS)} attacks on Linux {_kernel()}, each",
        f"as {' and as '.join('root' if user == 'root' else 'an ordinary user' for user in users)}.",
        "`stopped` and `OUT` hold for all of these users; where they differ, both are said.  The limits were lowered",
        "so that bombs could be tried.  Where no control group may be made, nothing in the kernel bounds a worker's",
        "memory: it is measured, and the worker stopped, as a coordinator does it every two seconds; a bomb that is",
        "faster than that is left to the machine.  With no sandbox everything is left to the agents' own approvals;",
        "what is stopped there is stopped by limits or by the machine.  What Landlock lets a worker change of its own",
        "CLI's settings is written anew before each of its starts.",
        "",
        f"| attack | {' | '.join(heads)} | stopped under strict by |",
        f"| --- |{' --- |' * len(heads)} --- |",
    ]
    group = ""
    for attack, (kind, _, _) in ATTACKS.items():
        if kind != group:
            group = kind
            lines.append(f"| **{kind}** |{' |' * len(heads)} |")
        cells = [_cell({user: ran[name, backend, user][attack][0] for user in users}) for name, backend in COLUMNS]
        lines.append(f"| {attack} | {' | '.join(cells)} | {ran['strict', 'bubblewrap', users[0]][attack][1]} |")
    counts = [
        str(len({attack for user in users for attack, (out, _) in ran[name, backend, user].items() if out}))
        for name, backend in COLUMNS
    ]
    return "\n".join([*lines, f"| **got out** | {' | '.join(counts)} | |", ""])


def _kernel() -> str:
    return ".".join(platform.release().split(".")[:2])


def _cell(by_user: Mapping[str, bool]) -> str:
    if len(set(by_user.values())) == 1:
        return "OUT" if next(iter(by_user.values())) else "stopped"
    return ", ".join(f"{user}: {'OUT' if out else 'stopped'}" for user, out in by_user.items())


PLANTING_HEAD = "## Planting: what git's documentation names"
PLANTING = (("default", "bubblewrap"), ("strict", "bubblewrap"), ("default", "landlock"), ("strict", "landlock"))


def planted(
    name: str, backend: str, *, user: str, folder: Path, number: int | None, seed: int = 0, time_s: float = 500
) -> Mapping[str, Any]:
    """Plant what takes several files, and a number of others or all, as one user; what ran.

    Args:
        name: The policy; ``-``: without a sandbox, to see what could run.

    Raises:
        LookupError: that user cannot start an interpreter.
        RuntimeError: it could not be tried.
    """
    uid = ORDINARY if user == "ordinary" and os.geteuid() == 0 else None
    place = folder / f"yard-{name}-{backend}-{user}"
    place.mkdir()
    if uid is not None:
        os.chown(place, uid, uid)
    ran = subprocess.run(
        [
            *(interpreter(uid), "-m", "tests.sandbox.planting", name, backend, str(place)),
            *([] if number is None else [str(number), str(seed)]),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=time_s,
        check=False,
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
        env={
            **{"PATH": os.environ["PATH"], "HOME": str(place), "PYTHONDONTWRITEBYTECODE": "1"},
            "PYTHONPATH": os.pathsep.join(sys.path[1:]),
        },
    )
    if ran.returncode != 0:
        raise RuntimeError(f"nothing could be planted: {ran.stderr[-2000:]}")
    found: Mapping[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def planting(number: int = 5) -> str:
    """The section on planting, from a run on this machine."""
    from tests.sandbox.git_names import listed
    from tests.sandbox.planting import ALWAYS, COMMANDS, plants

    lines = [
        PLANTING_HEAD,
        "",
        f"`tests/sandbox/git_names.txt` has {len(listed())} names, drawn from git's manual. Each is planted as a",
        "program, a configuration, a list of steps and a way to another folder; "
        f"{len(ALWAYS)} further ways need several files.",
        f"Of these {len(plants())} plants `python -m benchmarks.planting` tries all, and",
        f"`python -m tests.sandbox.table planting`, which wrote this, the {len(ALWAYS)} and {number} drawn ones.",
        f"Then {len(COMMANDS)} commands of the user's are run.",
        "What ran without a sandbox shows that the plant works.",
        "",
    ]
    users = [user for user in USERS if user != "root" or os.geteuid() == 0]
    for seed, (name, backend) in enumerate(PLANTING):
        with trial_folder() as folder:
            could = len(planted("-", "none", user=users[0], folder=folder, number=number, seed=seed)["could"])
        for user in users:
            with trial_folder() as folder:
                found = planted(name, backend, user=user, folder=folder, number=number, seed=seed)
            ran = len(found["ran"])
            lines.append(
                f"- {name}, {backend}, {user}: {found['tried']} tried, {could} ran without a sandbox, "
                f"{ran} ran through it, {found['said']} taken back, kept or named"
            )
    return "\n".join([*lines, ""])


PROGRAMS_HEAD = "## Planting: what the user's programs obey"
ALL_HEAD = "## Planting: all that git's documentation names"
"""What `benchmarks/planting.py` printed, which takes the better part of an hour: it is put there by hand."""


def programs_tried(name: str, backend: str, *, user: str, folder: Path) -> Mapping[str, Any]:
    """Have an agent plant every file of the trials in one session, as one user; what became of them.

    Raises:
        LookupError: that user cannot start an interpreter.
        RuntimeError: it could not be tried.
    """
    uid = ORDINARY if user == "ordinary" and os.geteuid() == 0 else None
    place = folder / f"programs-{name}-{backend}-{user}"
    place.mkdir()
    if uid is not None:
        os.chown(place, uid, uid)
    ran = subprocess.run(
        [interpreter(uid), "-m", "tests.sandbox.obeyed_trials", name, backend, str(place)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
        env={
            **{"PATH": os.environ["PATH"], "HOME": str(place), "PYTHONDONTWRITEBYTECODE": "1"},
            "PYTHONPATH": os.pathsep.join(sys.path[1:]),
        },
    )
    if ran.returncode != 0:
        raise RuntimeError(f"nothing could be planted: {ran.stderr[-2000:]}")
    found: Mapping[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def programs() -> str:
    """The section on what programs obey, from a run on this machine."""
    from orchestrator.safety.obeyed_files import obeyed_files
    from tests.sandbox.obeyed_trials import TRIALS, available, without_sandbox

    trials = [trial for trial in TRIALS if available(trial)]
    called = {trial.pattern: trial.program for trial in TRIALS}
    with trial_folder() as folder:
        could = set(without_sandbox(folder, trials))
    lines = [
        PROGRAMS_HEAD,
        "",
        "Written by `python -m tests.sandbox.table programs`.  *Seen to run*: put there where nothing holds it, the",
        "file was run by that program when its user called it.  Then a made-up agent planted all of these in one",
        "session, and the user called the programs once it had ended.  `hold` and `take back`: the file is as it was,",
        "or gone; `discard`: it is gone, and the program makes it anew; `warn`: it stays, and is named before all",
        "else.  Of what is marked *by documentation only* the program is not to be had here without much weight, or",
        "what the file holds is no text; its row rests on the source that it names, or on a test of its own.",
        "",
    ]
    users = [user for user in USERS if user != "root" or os.geteuid() == 0]
    for name, backend in PLANTING:
        for user in users:
            with trial_folder() as folder:
                found = programs_tried(name, backend, user=user, folder=folder)
            total = len(found["held"]) + len(found["warned"])
            lines.append(
                f"- {name}, {backend}, {user}: {total} planted, {len(found['held'])} held or taken back, "
                f"{len(found['warned'])} warned of first, {len(found['ran'])} ran through it, "
                f"{len(found['unnamed']) + len(found['wrong'])} unnamed or otherwise than the table says"
            )
    lines += ["", "| file | program | what becomes of it | proof |", "| --- | --- | --- | --- |"]
    for row in obeyed_files():
        proof = "by documentation only"
        if row.pattern in could:
            proof = f"seen to run: `{called[row.pattern]}`"
        elif row.pattern in called:
            proof = f"did not run here: `{called[row.pattern]}`"
        lines.append(f"| `{row.pattern}` | {row.program} | {row.do} | {proof} |")
    return "\n".join([*lines, ""])


def main(words: list[str]) -> None:
    """Write one part of the page anew, and leave the others as they are."""
    standing = DOCUMENT.read_text(encoding="utf-8")
    attacks, _, rest = standing.partition(PLANTING_HEAD)
    of_git, _, rest = rest.partition(PROGRAMS_HEAD)
    of_programs, _, of_all = rest.partition(ALL_HEAD)
    of_git, of_programs, of_all = PLANTING_HEAD + of_git, PROGRAMS_HEAD + of_programs, ALL_HEAD + of_all
    if words == ["planting"]:
        of_git = planting()
    elif words == ["programs"]:
        of_programs = programs()
    else:
        attacks = document()
    parts = (attacks, of_git, of_programs, of_all)
    DOCUMENT.write_text("\n\n".join(part.strip("\n") for part in parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
