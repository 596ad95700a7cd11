"""Plants every name that git's documentation speaks of, and looks whether anything of it runs when a user calls git.

Each plant gets a repository of its own.  The positive control puts it there without a sandbox: what then runs is what
could run, whoever holds it elsewhere.  Workers plant the same through the sandbox, and the user's commands are run when
they have ended, but where the repository is to the last byte what it was before.  Run as a program it prints one JSON
object: ``python -m tests.sandbox.planting POLICY BACKEND FOLDER [NUMBER SEED]``; the policy ``-`` is the control.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator.models.identity import WorkerId
from orchestrator.models.launch import LaunchSpec
from orchestrator.models.work import Assignment, Role
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.value_class import changed
from orchestrator.workers.crew import Crew, CrewLayout
from tests.sandbox.escaping import AGENT
from tests.sandbox.git_names import listed

AT_ONCE = 4
"""Workers that plant at the same time."""
COMMANDS = (
    *("status", "diff", "log -p -1", "show HEAD", "add -A", "commit -qm user", "switch -q side", "switch -q main"),
    *("stash", "stash pop", "fetch -q", "pull -q --no-rebase", "push -q origin main", "merge -q --no-edit side"),
    *(
        "rebase -q side",
        "rebase --continue",
        "cherry-pick other",
        "cherry-pick --continue",
        "bisect start",
        "bisect bad",
    ),
    *("bisect good HEAD~1", "bisect reset", "blame a.txt", "grep -n 1", "gc -q", "submodule update", "am --continue"),
    "worktree add -q ../NAME.tree",
)
"""What the user does outside, in this order; the last in another folder."""
CONFIG = (
    r'[core]\n\trepositoryformatversion = 0\n\tfsmonitor = "touch {flag}; false"\n\tpager = "touch {flag}"\n'
    r'\teditor = "touch {flag}; true"\n\tsshCommand = "touch {flag}"\n[filter "evil"]\n\tclean = "touch {flag}; cat"\n'
    r'[diff]\n\texternal = "touch {flag}"\n[gc]\n\trecentObjectsHook = "touch {flag}"\n'
)
PROGRAM = r"#!/bin/sh\ntouch {flag}\n"
TODO = r"exec touch {flag}\nexec touch {flag}\n"
ALWAYS = {
    "a common folder of its own": "mkdir .git/evil; cp -r .git/objects .git/refs .git/evil/; "
    "printf '" + CONFIG + "' >.git/evil/config; echo evil >.git/commondir",
    "a configuration by rename": "printf '" + CONFIG + "' >.git/new; mv -f .git/new .git/config",
    "a work tree's configuration": "git config extensions.worktreeConfig true; "
    "printf '" + CONFIG + "' >.git/config.worktree",
    "an included file": "git config include.path evil; printf '" + CONFIG + "' >.git/evil",
    "a folder of hooks in the tree": "mkdir -p mine; git config core.hooksPath mine; for h in pre-commit post-checkout "
    "post-index-change post-merge pre-push; do printf '" + PROGRAM + "' >mine/$h; chmod +x mine/$h; done",
    "a rebase that says exec": "GIT_SEQUENCE_EDITOR='printf \"break\\nexec touch {flag}\\n\" >' "
    "git rebase -q -i HEAD~1",
    "a filter": "printf '* filter=evil\\n' >.gitattributes; git config filter.evil.clean 'touch {flag}; cat'",
    "a filter of the repository's attributes": "mkdir -p .git/info; printf '* filter=evil\\n' >.git/info/attributes; "
    "git config filter.evil.clean 'touch {flag}; cat'",
    "a submodule's configuration": "printf '" + CONFIG + "' >.git/modules/part/config; "
    "printf '[core]\\n\\tworktree = ../../../part\\n' >>.git/modules/part/config",
    "a submodule's common folder": "mkdir .git/modules/part/evil; cp -r .git/modules/part/objects "
    ".git/modules/part/refs .git/modules/part/evil/; printf '" + CONFIG + "' >.git/modules/part/evil/config; "
    "echo evil >.git/modules/part/commondir",
    "a submodule that leads elsewhere": "cp -r .git/modules/part evil; printf '" + CONFIG + "' >evil/config; "
    "printf '[core]\\n\\tworktree = ../part\\n' >>evil/config; echo 'gitdir: ../evil' >part/.git",
    "a repository as a gitlink": "git init -q deep; cd deep; git commit -q --allow-empty -m 1; "
    "git config core.fsmonitor 'touch {flag}; false'; echo 1 >x; cd ..; git add deep",
    "a git folder put aside": "cp -r .git .git2; printf '" + CONFIG + "' >.git2/config; mv .git .git3; mv .git2 .git",
    "a link for the folder of hooks": "rm -rf .git/hooks; mkdir mine; printf '" + PROGRAM + "' >mine/post-checkout; "
    "chmod +x mine/post-checkout; ln -s ../mine .git/hooks",
    "an alias of a command": "git config alias.co 'status'; git config core.pager 'touch {flag}'; "
    "git config core.fsmonitor 'touch {flag}; false'",
    "a merge driver": "printf '* merge=evil\\n' >.gitattributes; git config merge.evil.driver 'touch {flag}; true'; "
    "echo m >a.txt; git add -A; git commit -qm m",
    "a remote's program": "git config remote.origin.uploadpack 'touch {flag}; git-upload-pack'; "
    "git config remote.origin.receivepack 'touch {flag}; git-receive-pack'",
    "a credential helper": "git config remote.origin.url 'ext::touch {flag}'; git config protocol.ext.allow always",
}
"""Ways that need more than one file; {flag} is what shows that something ran."""


def plants() -> Mapping[str, str]:
    """Every way to plant something, as a shell script that is run in a repository."""
    found = dict(ALWAYS)
    for name in listed():
        place = name if name.startswith(".") else f".git/{name}"
        for kind, text in (("program", PROGRAM), ("configuration", CONFIG), ("steps", TODO)):
            found[f"{place} as {kind}"] = (
                f"rm -rf {place}; mkdir -p $(dirname {place}); printf '{text}' >{place}; chmod +x {place}"
            )
        found[f"{place} as a way elsewhere"] = (
            f"mkdir -p .git/evil $(dirname {place}); cp -r .git/objects .git/refs .git/HEAD .git/evil/; "
            f"printf '{CONFIG}' >.git/evil/config; rm -rf {place}; echo evil >{place}"
        )
    return found


def chosen(number: int | None, seed: int) -> Sequence[str]:
    """All plants, or those of several files and a number of the others."""
    names = list(plants())
    if number is None:
        return names
    others = [name for name in names if name not in ALWAYS]
    return [*ALWAYS, *random.Random(seed).sample(others, number)]


class Yard:
    """Repositories, one a plant, all copies of the same."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder = folder
        self.names = names
        self.environ = {
            **{"PATH": os.environ["PATH"], "HOME": str(folder / "user"), "GIT_EDITOR": "true", "GIT_PAGER": "cat"},
            **{f"GIT_{who}_{what}": "x@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            **{"GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always"},
            **{"GIT_CONFIG_KEY_1": "init.defaultBranch", "GIT_CONFIG_VALUE_1": "main", "GIT_TERMINAL_PROMPT": "0"},
        }
        # Git takes these for a person's own wish; what is tried is what a repository can make it run.
        del self.environ["GIT_EDITOR"], self.environ["GIT_PAGER"]

    def template(self) -> Path:
        place = self.folder / "template"
        if not place.exists():
            (self.folder / "user").mkdir(parents=True)
            self.shell(
                self.folder,
                "git init -q part; cd part; echo 1 >p; git add p; git commit -qm p; cd ..; git init -q template; "
                "cd template; echo 1 >a.txt; git add -A; git commit -qm 1; echo 2 >a.txt; git commit -qam 2; "
                "git switch -qc side HEAD~1; echo s >s.txt; git add -A; git commit -qm s; git switch -qc other; "
                "echo o >o.txt; git add -A; git commit -qm o; git switch -q main; "
                "git submodule --quiet add ../part part; "
                "git commit -qm part; git clone -q --bare . ../bare; git remote add origin ../bare; git fetch -q; "
                "git branch -q -u origin/main",
            )
        return place

    def fill(self, where: Path) -> None:
        where.mkdir(parents=True)
        shutil.copytree(self.template().parent / "part", where / "part")
        shutil.copytree(self.template().parent / "bare", where / "bare")
        for number, _ in enumerate(self.names):
            shutil.copytree(self.template(), where / f"r{number}", symlinks=True)

    def script(self, number: int, flag: Path) -> str:
        return plants()[self.names[number]].replace("{flag}", str(flag))

    def shell(self, where: Path, script: str) -> None:
        subprocess.run(
            ["sh", "-c", script],
            cwd=where,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
        )

    def ran(self, where: Path, flags: Path) -> set[str]:
        """The plants of which something runs when the user does what users do."""
        flags.mkdir(exist_ok=True)
        pristine = contents(self.template())
        for number, _ in enumerate(self.names):
            place = where / f"r{number}"
            if contents(place) == pristine:
                continue  # nothing of the plant lies there
            (place / "a.txt").write_text(f"user {number}\n")
            commands = "; ".join(f"git {each}".replace("NAME", place.name) for each in COMMANDS)
            self.shell(place, f"timeout 50 sh -c '{commands}'")
            for inner in ("part", "deep"):
                if (place / inner).is_dir():
                    self.shell(place / inner, "git status; git log -1; git diff")
        return {name for number, name in enumerate(self.names) if (flags / str(number)).exists()}


def contents(folder: Path) -> Mapping[str, tuple[int, bytes]]:
    """All that lies in a folder: the mode of each path, and what is in it or where it leads."""
    found: dict[str, tuple[int, bytes]] = {}
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            mode = path.lstat().st_mode
            inside = os.fsencode(path.readlink()) if stat.S_ISLNK(mode) else b""
            found[str(path.relative_to(folder))] = (mode, path.read_bytes() if stat.S_ISREG(mode) else inside)
    return found


def without_sandbox(yard: Yard) -> set[str]:
    """What runs when it is put there by somebody whom nothing holds."""
    where, flags = yard.folder / "free", yard.folder / "flags-free"
    yard.fill(where)
    flags.mkdir()
    for number, _ in enumerate(yard.names):
        yard.shell(where / f"r{number}", yard.script(number, flags / str(number)))
    for flag in flags.iterdir():
        flag.unlink()
    return yard.ran(where, flags)


async def within(yard: Yard, policy: str, backend: str) -> tuple[set[str], int]:
    """What runs of what workers plant through the sandbox, and how much of it was taken back or kept."""
    session = yard.folder / "workspace" / "session"
    flags = yard.folder / "flags"
    yard.fill(yard.folder / "target")
    flags.mkdir()
    layout = CrewLayout(
        session_dir=session,
        workspace=session.parent,
        own=(session.parent / "state",),
        workers_dir=session / "workers",
        control_dir=session / "control",
        lock=None,
        stdout=lambda worker: session / f"{worker}.jsonl",
        stderr=lambda worker: session / f"{worker}.stderr.log",
    )
    session.mkdir(parents=True)
    changes = {"backend": backend, "guard": False, "network": "none", "enforcement": "preferred"}
    config = changed(load_sandbox_policy(policy), **changes)
    crew = Crew(layout, sandbox=config, backend=backend, environ=yard.environ, orphan_grace_s=30)
    places = asyncio.Semaphore(AT_ONCE)

    async def plant(number: int) -> int:
        async with places:
            return len(await _plant(crew, yard, number, session=session))

    async with crew.proxy_listener(refused=lambda refusal: None):
        said = sum(await asyncio.gather(*(plant(number) for number, _ in enumerate(yard.names))))
    crew.close()
    for flag in flags.iterdir():
        flag.unlink()
    return yard.ran(yard.folder / "target", flags), said


async def _plant(crew: Crew, yard: Yard, number: int, *, session: Path) -> Sequence[str]:
    worker = WorkerId(f"w{number}")
    target = yard.folder / "target" / f"r{number}"
    scratch, home = session / "scratch" / worker, session / "homes" / worker
    scratch.mkdir(parents=True)
    environ = {name: value for name, value in yard.environ.items() if name not in ("PATH", "HOME")}
    assignment = Assignment(
        worker, AGENT.name, Role.IMPLEMENTER, "", target=target, scratch=scratch, home=home, writable=(scratch, target)
    )
    script = yard.script(number, yard.folder / "flags" / str(number))
    spec = LaunchSpec(argv=("/bin/sh", "-c", script), cwd=target, env=environ)
    crew.start(assignment, 1, agent=AGENT, spec=spec)
    ended = await crew.wait_exited(worker)
    assert ended.proof != "none", ended
    return [*ended.said, *(planted.path for planted in ended.planted)]


def control(folder: Path, *, number: int | None = None, seed: int = 0) -> Mapping[str, object]:
    """Plant without a sandbox, run the user's commands, and say what ran."""
    yard = Yard(folder, chosen(number, seed))
    return {"tried": len(yard.names), "could": sorted(without_sandbox(yard))}


def trial(policy: str, backend: str, folder: Path, *, number: int | None = None, seed: int = 0) -> Mapping[str, object]:
    """Plant through the sandbox, run the user's commands, and count."""
    yard = Yard(folder, chosen(number, seed))
    did, said = asyncio.run(within(yard, policy, backend))
    return {"tried": len(yard.names), "ran": sorted(did), "said": said}


if __name__ == "__main__":
    policy, backend, folder, *more = sys.argv[1:]
    chance = {"number": int(more[0]) if more else None, "seed": int(more[1]) if len(more) > 1 else 0}
    place = Path(folder).resolve()
    found = control(place, **chance) if policy == "-" else trial(policy, backend, place, **chance)  # type: ignore[arg-type]  # by name
    sys.stdout.write(json.dumps(found) + "\n")
