"""Tries whether the user's own programs run what a file says that the table of obeyed files lists.

Each trial plants what an agent would and calls the program as its user would.  First nothing holds the plant: that it
runs shows that the trial is a good one.  Then a made-up agent plants all of them in one session, and the programs are
called once that has ended.  ``python -m tests.sandbox.obeyed_trials POLICY BACKEND FOLDER`` prints what became of them.
"""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from orchestrator.safety.obeyed_files import ObeyedFile, rows_of
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.shim.obeyed_rules import Rules
from tests.faults.conftest import SYSTEM_PATH, Program

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "orchestrate-tests")
FOLDERS: Final = (
    CACHE / "programs" / "bin",
    CACHE / "programs" / "node_modules" / ".bin",
    CACHE / "node_modules" / ".bin",
    Path(sys.executable).parent,
)
"""Where ``.ci/run`` installs what is no package of the system, and where pytest is."""
COMMAND_TIME_S: Final = 40
SHELL: Final = "#!/bin/sh\ntouch {flag}\n"


@dataclass(frozen=True, slots=True)
class Trial:
    """One file that an agent plants, and the call that runs it.  In every text ``{flag}`` is the file that shows it."""

    pattern: str
    """Of the table."""
    program: str
    """What is called, as a name on PATH."""
    plant: Mapping[str, str]
    """The first one is the file that the row speaks of."""
    command: str
    """What the user types, in the folder; ``$HOME`` is a folder of the user's own."""
    before: Mapping[str, str] = field(default_factory=dict)
    """What lies there before the agent comes."""
    setup: str = ""
    """What the user did before."""

    @property
    def path(self) -> str:
        return next(iter(self.plant))


def _home(pattern: str, program: str, command: str, text: str = "touch {flag}\n", name: str = "") -> Trial:
    """A start-up file, where the folder is a home."""
    return Trial(pattern, program, {name or pattern: text}, f"HOME=$PWD {command}")


_PACKAGE: Final = '{"name": "x", "version": "1.0.0", "scripts": {"t": "true"}}\n'
_JAVASCRIPT: Final = 'require("fs").writeFileSync("{flag}", "")\n'
_MODULE: Final = 'import fs from "fs"\nfs.writeFileSync("{flag}", "")\nexport default {}\n'
_PYTHON: Final = "open('{flag}', 'w')\n"
_CARGO: Final = {"Cargo.toml": '[package]\nname = "x"\nversion = "0.1.0"\n', "src/lib.rs": ""}
_CMAKE: Final = "cmake_minimum_required(VERSION 3.10)\nproject(x NONE)\n"
_RUST: Final = 'fn main() { std::fs::write("{flag}", "").unwrap(); }\n'
_BUILD: Final = "pip wheel -q --no-index --no-deps --no-build-isolation --disable-pip-version-check -w out ."
_SETUPTOOLS: Final = {"setup.py": "from setuptools import setup\nsetup(name='x')\n"}
_TASK: Final = "all:\n\ttouch {flag}\n"
_BASE_PYTHON: Final = "$(python3 -c 'import sys; print(sys._base_executable)')"
"""In a virtual environment no user's own packages count."""
_LEFTHOOK: Final = "GIT_DIR=$(git rev-parse --absolute-git-dir) GIT_WORK_TREE=$PWD lefthook run x"
_GDB: Final = "gdb -nh -batch -iex 'set auto-load safe-path /'"

TRIALS: Final[Sequence[Trial]] = (
    # git
    Trial(
        ".gitattributes",
        "git",
        {".gitattributes": "* filter=own\n"},
        "echo 1 >x.txt; git -c filter.own.clean='touch {flag}; cat' add x.txt",
    ),
    Trial(
        ".gitconfig",
        "git",
        {".gitconfig": '[core]\n\tfsmonitor = "touch {flag}; false"\n'},
        "git -c include.path=$PWD/.gitconfig status",
    ),
    Trial(
        ".husky/**", "git", {".husky/pre-commit": SHELL}, "git -c core.hooksPath=$PWD/.husky commit --allow-empty -m x"
    ),
    Trial(
        ".githooks/**",
        "git",
        {".githooks/pre-commit": SHELL},
        "git -c core.hooksPath=$PWD/.githooks commit --allow-empty -m x",
    ),
    Trial(
        ".pre-commit-config.yaml",
        "pre-commit",
        {
            ".pre-commit-config.yaml": "repos:\n- repo: local\n  hooks:\n  - {id: x, name: x, language: system, "
            "entry: touch {flag}, always_run: true, pass_filenames: false}\n"
        },
        "pre-commit run --config .pre-commit-config.yaml --all-files",
    ),
    *(
        Trial(name, "lefthook", {name: "x:\n  commands:\n    y:\n      run: touch {flag}\n"}, _LEFTHOOK)
        for name in ("lefthook.yml", ".lefthook.yml")
    ),
    Trial(
        ".lintstagedrc*",
        "lint-staged",
        {".lintstagedrc.json": '{"*.txt": "touch {flag}"}\n'},
        "echo 1 >x.txt; git add x.txt; lint-staged --allow-empty; git reset -q x.txt",
        before={"package.json": _PACKAGE},
    ),
    Trial(".hg/hgrc", "hg", {".hg/hgrc": "[hooks]\npre-status = touch {flag}\n"}, "hg status", setup="hg init ."),
    # shells and what enters folders
    Trial(".envrc", "direnv", {".envrc": "touch {flag}\n"}, "direnv allow .; direnv exec . true"),
    Trial(".env", "sh", {".env": "KEY=$(touch {flag})\n"}, "set -a; . ./.env"),
    _home(".bashrc", "bash", "bash -i -c true"),
    _home(".bash_profile", "bash", "bash -l -c true"),
    _home(".bash_login", "bash", "bash -l -c true"),
    _home(".bash_logout", "bash", "bash -l -c exit"),
    _home(".profile", "sh", "sh -l -c true"),
    _home(".zshrc", "zsh", "zsh -i -c true"),
    _home(".zshenv", "zsh", "zsh -c true"),
    _home(".zprofile", "zsh", "zsh -l -c true"),
    _home(".zlogin", "zsh", "zsh -l -c true"),
    _home(".config/fish/**", "fish", "fish -c true", name=".config/fish/config.fish"),
    _home(
        ".tmux.conf",
        "tmux",
        "sh -c 'tmux -S $PWD/s new-session -d true; tmux -S $PWD/s kill-server'",
        text="run-shell 'touch {flag}'\n",
    ),
    # editors and debuggers
    Trial(
        ".exrc",
        "vim",
        {".exrc": "silent !touch {flag}\n"},
        "vim -T dumb -c 'qa!'",
        setup="echo 'set exrc' >$HOME/.vimrc",
    ),
    _home(".vimrc", "vim", "vim -T dumb -c 'qa!'", text="call system('touch {flag}')\n"),
    Trial(
        ".nvimrc",
        "nvim",
        {".nvimrc": "call system('touch {flag}')\n"},
        # From 0.9 on it asks whether the file is trusted, which its user once said.
        "nvim --headless -c 'e .nvimrc' -c 'silent! trust' -c 'qa!'; nvim --headless -c 'qa!'",
        setup="mkdir -p $HOME/.config/nvim; echo 'set exrc' >$HOME/.config/nvim/init.vim",
    ),
    Trial(".gdbinit", "gdb", {".gdbinit": "shell touch {flag}\n"}, f"{_GDB}"),
    Trial("*-gdb.py", "gdb", {"prog-gdb.py": _PYTHON}, f"{_GDB} ./prog", setup="cp /bin/true prog"),
    # JavaScript
    Trial(
        "package.json",
        "npm",
        {"package.json": '{"name": "x", "scripts": {"test": "touch {flag}"}}\n'},
        "npm test",
        before={"package.json": _PACKAGE},
    ),
    Trial(
        ".npmrc",
        "npm",
        {".npmrc": "script-shell=./own.sh\n", "own.sh": SHELL},
        "npm run t",
        before={"package.json": _PACKAGE},
    ),
    Trial(".yarnrc", "yarn", {".yarnrc": 'yarn-path "./own.js"\n', "own.js": _JAVASCRIPT}, "yarn --version"),
    Trial(".yarnrc.yml", "yarn", {".yarnrc.yml": "yarnPath: ./own.js\n", "own.js": _JAVASCRIPT}, "yarn --version"),
    Trial(
        ".yarn/**",
        "yarn",
        {".yarn/releases/own.js": _JAVASCRIPT},
        "yarn --version",
        before={".yarnrc": 'yarn-path ".yarn/releases/own.js"\n', ".yarn/releases/own.js": "\n"},
    ),
    Trial(
        ".pnpmfile.cjs",
        "pnpm",
        {".pnpmfile.cjs": _JAVASCRIPT},
        "pnpm install --offline",
        before={"package.json": _PACKAGE, "pnpm-workspace.yaml": ""},
    ),
    Trial(
        "pnpm-workspace.yaml",
        "pnpm",
        {"pnpm-workspace.yaml": "scriptShell: ./own.sh\n", "own.sh": SHELL},
        "pnpm run t",
        before={"package.json": _PACKAGE},
    ),
    *(
        Trial(
            f"*.config.{ending}",
            "jest",
            {f"jest.config.{ending}": text},
            "jest --passWithNoTests",
            before={"package.json": _PACKAGE},
        )
        for ending, text in (("js", _JAVASCRIPT), ("cjs", _JAVASCRIPT), ("mjs", _MODULE))
    ),
    Trial(
        "*.config.ts",
        "vitest",
        {"vitest.config.ts": _MODULE},
        "vitest run --passWithNoTests",
        before={"package.json": _PACKAGE},
    ),
    # Python
    Trial("sitecustomize.py", "python3", {"sitecustomize.py": _PYTHON}, "PYTHONPATH=. python3 -c 1"),
    Trial("usercustomize.py", "python3", {"usercustomize.py": _PYTHON}, f"PYTHONPATH=. {_BASE_PYTHON} -c 1"),
    Trial("*.pth", "python3", {"own.pth": "import os; " + _PYTHON}, "python3 -c 'import site; site.addsitedir(\".\")'"),
    Trial("conftest.py", "pytest", {"conftest.py": _PYTHON}, "pytest -q -p no:cacheprovider ."),
    Trial(
        "pytest.ini",
        "pytest",
        {"pytest.ini": "[pytest]\npythonpath = .\naddopts = -p own_plugin\n", "own_plugin.py": _PYTHON},
        "PYTHONPATH=. pytest -q -p no:cacheprovider",
    ),
    Trial("setup.py", "pip", {"setup.py": _PYTHON + "from setuptools import setup\nsetup(name='x')\n"}, _BUILD),
    Trial(
        "setup.cfg",
        "pip",
        {"setup.cfg": "[metadata]\nname = x\nversion = attr: own.version\n", "own.py": f"version = '1', {_PYTHON}"},
        _BUILD,
        before={"setup.py": "from setuptools import setup\nsetup()\n"},
    ),
    Trial(
        "pyproject.toml",
        "pip",
        {
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n',
            "own.py": _PYTHON,
        },
        _BUILD,
        before=_SETUPTOOLS,
    ),
    Trial(
        "requirements*.txt",
        "pip",
        {
            "requirements-dev.txt": "./own\n",
            "own/pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n',
            "own/own.py": _PYTHON,
        },
        "pip install -q --no-index --no-build-isolation --dry-run --disable-pip-version-check -r requirements-dev.txt",
    ),
    Trial(
        "tox.ini",
        "tox",
        {"tox.ini": "[testenv]\nskip_install = true\nallowlist_externals = touch\ncommands = touch {flag}\n"},
        "tox -q -e py",
    ),
    Trial("noxfile.py", "nox", {"noxfile.py": _PYTHON}, "nox --list"),
    # builds
    *(Trial(name, "make", {name: _TASK}, "make") for name in ("Makefile", "makefile", "GNUmakefile")),
    Trial("justfile", "just", {"justfile": "all:\n    touch {flag}\n"}, "just"),
    Trial(
        "CMakeLists.txt",
        "cmake",
        {
            "CMakeLists.txt": f"{_CMAKE}execute_process(COMMAND touch {{flag}})\n",
        },
        "cmake -S . -B out",
    ),
    Trial(
        "CMakePresets.json",
        "cmake",
        {
            "CMakePresets.json": '{"version": 3, "configurePresets": [{"name": "x", "generator": "Unix Makefiles", '
            '"binaryDir": "out", "toolchainFile": "own.cmake"}]}\n',
            "own.cmake": "execute_process(COMMAND touch {flag})\n",
        },
        "cmake --preset x",
        before={"CMakeLists.txt": _CMAKE},
    ),
    Trial("build.rs", "cargo", {"build.rs": _RUST}, "cargo build -q --offline", before=_CARGO),
    Trial(
        "Cargo.toml",
        "cargo",
        {"Cargo.toml": '[package]\nname = "x"\nversion = "0.1.0"\nbuild = "own.rs"\n', "own.rs": _RUST},
        "cargo build -q --offline",
        before=_CARGO,
    ),
    *(
        Trial(
            name,
            "cargo",
            {name: '[build]\nrustc-wrapper = "./own.sh"\n', "own.sh": SHELL},
            "cargo build -q --offline",
            before=_CARGO,
        )
        for name in (".cargo/config.toml", ".cargo/config")
    ),
    Trial("Rakefile", "rake", {"Rakefile": "task(:default) { sh 'touch {flag}' }\n"}, "rake"),
    Trial("Gemfile", "bundle", {"Gemfile": "system 'touch {flag}'\n"}, "bundle list"),
    Trial(
        ".bundle/config",
        "bundle",
        {".bundle/config": '---\nBUNDLE_GEMFILE: "own.rb"\n', "own.rb": "system 'touch {flag}'\n"},
        "bundle list",
        before={"Gemfile": ""},
    ),
    Trial(".irbrc", "irb", {".irbrc": "system 'touch {flag}'\n"}, "irb -f --noprompt; irb --noprompt"),
    Trial(
        "composer.json",
        "composer",
        {"composer.json": '{"scripts": {"post-autoload-dump": "touch {flag}"}}\n'},
        "composer dump-autoload -q -n",
        before={"composer.json": "{}\n"},
    ),
    # what fetches
    _home(".curlrc", "curl", "sh -c 'echo 1 >x; curl -s file://$PWD/x'", text="output = {flag}\n"),
    Trial(
        ".wgetrc",
        "wget",
        {".wgetrc": "use_askpass = ./own.sh\n", "own.sh": SHELL},
        "HOME=$PWD wget -q --timeout=1 --tries=1 -O /dev/null http://127.0.0.1:9/",
    ),
)
"""What is to be had here.  The other rows of the table rest on what their programs' documentation says."""


def available(trial: Trial) -> bool:
    """Whether its program is to be had on this machine."""
    return shutil.which(trial.program, path=search_path()) is not None


def search_path() -> str:
    return os.pathsep.join([*map(str, FOLDERS), os.environ["PATH"]])


class Place:
    """One folder of a user's with a folder for each trial in it."""

    def __init__(self, folder: Path, trials: Sequence[Trial]) -> None:
        self.folder = folder
        self.trials = trials
        self.target = folder / "target"
        self.flags = folder / "flags"
        self.home = folder / "user"

    def fill(self) -> None:
        """Lay down what is there before the agent comes."""
        self.home.mkdir()
        self.flags.mkdir()
        self.target.mkdir()
        self.shell(self.target, "git init -q -b main .")
        for number, trial in enumerate(self.trials):
            self._write(self.of(number), trial.before, number)
            self.shell(self.of(number), trial.setup)
        self.shell(self.target, "git add -A; git commit -q --allow-empty -m before")
        self.clear()

    def of(self, number: int) -> Path:
        return self.target / f"t{number}"

    def flag(self, number: int) -> Path:
        return self.flags / str(number)

    def planted(self, number: int) -> Mapping[str, str]:
        """What the agent writes, by path below the trial's folder."""
        flag = str(self.flag(number))
        return {name: text.replace("{flag}", flag) for name, text in self.trials[number].plant.items()}

    def plant(self) -> None:
        """Put the plants there as somebody does whom nothing holds."""
        for number, trial in enumerate(self.trials):
            self._write(self.of(number), trial.plant, number)

    def script(self) -> str:
        """The same as a shell script, for an agent."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for number, _ in enumerate(self.trials):
                for name, text in self.planted(number).items():
                    entry = tarfile.TarInfo(f"t{number}/{name}")
                    entry.size, entry.mode = len(text.encode()), _mode(text)
                    archive.addfile(entry, io.BytesIO(text.encode()))
        return f"echo {base64.b64encode(buffer.getvalue()).decode()} | base64 -d | tar xzf - --no-same-owner"

    def call(self, number: int) -> bool:
        """Do what the user does; whether something of the plant ran."""
        trial = self.trials[number]
        if self.of(number).is_dir():
            self.shell(self.of(number), trial.command.replace("{flag}", str(self.flag(number))))
        return self.flag(number).exists()

    def clear(self) -> None:
        for flag in self.flags.iterdir():
            flag.unlink()

    def _write(self, folder: Path, files: Mapping[str, str], number: int) -> None:
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("{flag}", str(self.flag(number))), encoding="utf-8")
            path.chmod(_mode(text))

    def shell(self, where: Path, script: str) -> None:
        """Run a user's commands; how they end does not matter."""
        environ = {
            **{"PATH": search_path(), "HOME": str(self.home), "LANG": "C.UTF-8", "TERM": "dumb"},
            **{f"GIT_{who}_{what}": "x@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            **{"COMPOSER_ALLOW_SUPERUSER": "1", "CARGO_TARGET_DIR": str(self.folder / "cargo"), "NO_COLOR": "1"},
            **{name: os.environ[name] for name in ("RUSTUP_HOME", "CARGO_HOME") if name in os.environ},
        }
        environ.setdefault("RUSTUP_HOME", str(Path.home() / ".rustup"))
        environ.setdefault("CARGO_HOME", str(Path.home() / ".cargo"))
        subprocess.run(
            ["timeout", "-k", "1", str(COMMAND_TIME_S), "sh", "-c", script],
            cwd=where,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=2 * COMMAND_TIME_S,
            start_new_session=True,
        )


def _mode(text: str) -> int:
    return 0o755 if text.startswith("#!") else 0o644


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the plants of one session."""

    held: Sequence[str]
    """Patterns whose file is as it was before, or gone."""
    warned: Sequence[str]
    """Patterns whose file stayed."""
    ran: Sequence[str]
    """Patterns that hold or take back, of which something ran all the same."""
    unnamed: Sequence[str]
    """Patterns whose file is not named in the report; one that stays, not before all else."""
    wrong: Sequence[str]
    """Patterns whose file should have stayed and is gone, or the other way round."""


def alone(folder: Path) -> Program:
    """The program under test as somebody calls it who has nothing but this folder."""
    for name in ("home", "workspace", "agents"):
        (folder / name).mkdir()
    return Program(
        folder,
        {
            "PATH": f"{folder / 'agents'}:{Path(sys.executable).parent}:{SYSTEM_PATH}",
            "HOME": str(folder / "home"),
            "ORCHESTRATOR_WORKSPACE": str(folder / "workspace"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(sys.path[1:]),
        },
    )


def without_sandbox(folder: Path, trials: Sequence[Trial]) -> Sequence[str]:
    """The patterns of which something runs when the file is put there by somebody whom nothing holds."""
    place = Place(folder, trials)
    place.fill()
    place.plant()
    return [trial.pattern for number, trial in enumerate(trials) if place.call(number)]


def in_session(program: Program, trials: Sequence[Trial], *, policy: str, statement: str | None = None) -> Outcome:
    """Let an agent plant everything in one session, then do what the user does.

    Args:
        statement: Another name or file of the policy for the command line.
    """
    place = Place(program.root / "place", trials)
    place.folder.mkdir()
    place.fill()
    program.claude(f"cd {place.target}\n{place.script()}")
    job = program.run(place.target, "--sandbox", statement or policy)
    # It may need a person: the plants are among what is measured, in a sandbox, and fail there.
    if job.code not in (0, 3):
        raise RuntimeError(f"the session failed: {job.text[-2000:]}")
    report = (program.session() / "report.md").read_text(encoding="utf-8").splitlines()
    first = report[: next((n for n, line in enumerate(report) if line == "## Workers"), 0)]
    rows = rows_of(load_sandbox_policy(policy))
    rules = Rules([row.model_dump() for row in rows])
    held: list[str] = []
    warned: list[str] = []
    ran: list[str] = []
    unnamed: list[str] = []
    wrong: list[str] = []
    for number, trial in enumerate(trials):
        path = place.of(number) / trial.path
        stays = path.exists() and path.read_text(encoding="utf-8") == place.planted(number)[trial.path]
        (warned if stays else held).append(trial.pattern)
        if stays is not (deed(trial, rules, rows, above=["target", f"t{number}"]) == "warn"):
            wrong.append(trial.pattern)
        if not any(f"t{number}/{trial.path}" in line for line in (first if stays else report)):
            unnamed.append(trial.pattern)
        if not stays and place.call(number):
            ran.append(trial.pattern)
    return Outcome(held, warned, ran, unnamed, wrong)


def deed(trial: Trial, rules: Rules, rows: Sequence[ObeyedFile], *, above: Sequence[str]) -> str:
    """What the policy does with the trial's file: of several rows the first that does more than warn."""
    parts = trial.path.split("/")
    found = rules.of_file([*above, *parts[:-1]], parts[-1])
    for at, part in enumerate(parts[:-1]):
        found += rules.of_folder([*above, *parts[:at]], part)
    deeds = [rows[number].do for number in sorted(found)]
    return next((each for each in deeds if each != "warn"), "warn")


def main(words: Sequence[str]) -> None:
    policy, backend, folder = words
    program = alone(Path(folder))
    made = program.root / "policy.toml"
    # By itself Landlock is not what strict asks for; what it holds all the same is to be seen.
    text = f'extends = "{policy}"\nbackend = "{backend}"\nenforcement = "preferred"\n'
    made.write_text(text, encoding="utf-8")
    found = in_session(program, TRIALS, policy=policy, statement=str(made))
    sys.stdout.write(json.dumps(asdict(found)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
