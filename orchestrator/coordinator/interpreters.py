"""Give each suite the interpreter that its project pins, where a version manager of the user's keeps it; else say so.

Nothing is installed and no manager is asked to: a version is used that lies there already.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Final

from orchestrator.coordinator.version_managers import program_behind
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.files.programs import run_program
from orchestrator.suites.project import Project, View
from orchestrator.suites.suite import Detection, Setting, Suite
from orchestrator.suites.version_pins import Pin, Version, best_of, fits, languages_of, pins_of, version_in
from orchestrator.value_class import value_class

ASK_TIME_S: Final = 10.0
MOST_VERSIONS: Final = 200
PROGRAMS: Final[Mapping[str, str]] = {"node": "node", "python": "python3", "ruby": "ruby"}


@value_class
class _Store:
    """Where one version manager keeps the versions of one language."""

    manager: str
    language: str
    variable: str
    """Which may say where the manager keeps everything."""
    usual: tuple[str, ...]
    """Where it does otherwise, below the user's home."""
    below: str
    """The folder of the versions, below that."""
    bin: str = "bin"
    """The folder of the programs, below one version."""


_STORES: Final = (
    _Store("nvm", "node", "NVM_DIR", (".nvm", ".config/nvm"), "versions/node"),
    _Store("fnm", "node", "FNM_DIR", (".local/share/fnm", ".fnm"), "node-versions", "installation/bin"),
    _Store("volta", "node", "VOLTA_HOME", (".volta",), "tools/image/node"),
    _Store("nodenv", "node", "NODENV_ROOT", (".nodenv",), "versions"),
    _Store("pyenv", "python", "PYENV_ROOT", (".pyenv",), "versions"),
    _Store("uv", "python", "UV_PYTHON_INSTALL_DIR", (".local/share/uv/python",), ""),
    _Store("rbenv", "ruby", "RBENV_ROOT", (".rbenv",), "versions"),
    *(
        _Store("asdf", language, "ASDF_DATA_DIR", (".asdf",), f"installs/{name}")
        for language, name in (("node", "nodejs"), ("python", "python"), ("ruby", "ruby"))
    ),
    *(_Store("mise", name, "MISE_DATA_DIR", (".local/share/mise",), f"installs/{name}") for name in PROGRAMS),
)


@value_class
class Installed:
    """One version of an interpreter that lies on this machine."""

    version: Version
    folder: str
    """The folder of its programs; empty for the one on PATH, which needs none."""
    manager: str = ""

    @property
    def number(self) -> str:
        return ".".join(map(str, self.version))


@value_class
class Interpreters:
    """The interpreters of one user.

    Args:
        environ: What the suites will see: its PATH, its HOME, and where the managers say that they keep things.
    """

    environ: Mapping[str, str]
    _known: dict[str, tuple[Installed, ...]] = field(default_factory=dict)
    _usual: dict[str, Installed | None] = field(default_factory=dict)

    def installed(self, language: str) -> tuple[Installed, ...]:
        """Every version that a manager keeps.  Blocks."""
        if language not in self._known:
            self._known[language] = tuple(
                one for store in _STORES if store.language == language for one in self._in(store)
            )
        return self._known[language]

    def usual(self, language: str) -> Installed | None:
        """The interpreter that PATH leads to, also through a manager's shim; ``None`` where none runs.  Blocks."""
        if language not in self._usual:
            self._usual[language] = self._asked(PROGRAMS[language])
        return self._usual[language]

    def given(self, detection: Detection, project: Project) -> tuple[Detection, tuple[str, ...]]:
        """The same suites with the interpreters that the project pins, and the folders these lie in.  Blocks."""
        top = View(project)
        suites = tuple(self._given_to(suite, top) for suite in detection.suites)
        folders = (
            setting.value
            for before, suite in zip(detection.suites, suites, strict=True)
            for setting in suite.env[: len(suite.env) - len(before.env)]
        )
        return replace(detection, suites=suites), tuple(dict.fromkeys(folders))

    def _given_to(self, suite: Suite, top: View) -> Suite:
        settings: list[Setting] = []
        told: list[str] = []
        for language, pin in pins_of(top, suite.cwd).items():
            if language == "python" and any("venv/bin" in setting.value for setting in suite.env):
                continue  # the project's own environment has its interpreter
            chosen, words = self._chosen(pin)
            if chosen is not None and chosen.folder:
                settings.append(Setting("PATH", chosen.folder, ":"))
            if words and language in languages_of(suite):
                told.append(words)
        return replace(suite, env=(*settings, *suite.env), interpreter="; ".join(told))

    def _chosen(self, pin: Pin) -> tuple[Installed | None, str]:
        """The interpreter to use, and what people should know of it."""
        usual = self.usual(pin.language)
        if usual is not None and fits(usual.version, pin.wanted):
            return usual, ""
        there = self.installed(pin.language)
        version = best_of([one.version for one in there], pin.wanted)
        found = next((one for one in there if one.version == version), None)
        if found is not None:
            return found, f"{pin.language} {found.number} of {found.manager}, as {pin.found} asks"
        known = "" if fits((0, 0, 0), pin.wanted) is not None else ", which is not understood"
        measured = f"measured with {usual.number}" if usual is not None else f"no {pin.language} was found"
        return usual, f"pins {pin.words}{known or ', which is not installed'}; {measured}"

    def _in(self, store: _Store) -> Iterator[Installed]:
        home = Path(self.environ.get("HOME", "/nonexistent"))
        said = self.environ.get(store.variable, "")
        for top in [Path(said)] if said.startswith("/") else [home / usual for usual in store.usual]:
            folder = top / store.below
            kept = ForeignFolder(folder, links="follow")
            names = kept.folders()
            for name in () if isinstance(names, Unread) else names[:MOST_VERSIONS]:
                version = version_in(name)
                if version is not None and kept.is_file(f"{name}/{store.bin}/{PROGRAMS[store.language]}"):
                    yield Installed(version, str(folder / name / store.bin), store.manager)

    def _asked(self, program: str) -> Installed | None:
        path = shutil.which(program, path=self.environ.get("PATH", os.defpath))
        if path is None:
            return None
        real, _ = program_behind(path, self.environ)
        done = run_program((real, "--version"), cwd="/", env=self.environ, within_s=ASK_TIME_S, most_bytes=64 * 1024)
        version = version_in((done.stdout or done.stderr).decode("utf-8", "replace").strip())
        # A shim would choose by the project's own pin, and end where that is not installed.
        return None if version is None else Installed(version, "" if real == path else str(Path(real).parent))


def with_folders(environ: Mapping[str, str], folders: Sequence[str]) -> Mapping[str, str]:
    """The same environment, in which the folders are looked into last: so that a sandbox shows them."""
    if not folders:
        return environ
    return {**environ, "PATH": ":".join((environ.get("PATH", os.defpath), *folders))}
