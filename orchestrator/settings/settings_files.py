"""Read the settings of the user and of a project that a person trusts, and change the former's file."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import AGENTS
from orchestrator.errors import EnvironmentUnfit, UsageError
from orchestrator.files.atomic_replace import write_atomically
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.models.identity import AgentName
from orchestrator.settings.gate_settings import GateSettings
from orchestrator.settings.keys import KNOWN, TIERS, check, check_each, lacking, merged
from orchestrator.toml_files import TomlFile, parse_toml, toml_text, unknown_key
from orchestrator.value_class import value_class

PROJECT_FILE: Final = ".orchestrator/settings.toml"
MOST_BYTES: Final = 256 * 1024


@value_class
class TierChoice:
    """The CLI and the model that stand for a tier."""

    agent: AgentName
    model: str | None
    """``None``: the CLI's own."""


@value_class
class SpendingLimits:
    """What all sessions of a day and of a month may take together; ``None`` is no limit."""

    per_day_usd: float | None = None
    per_month_usd: float | None = None
    per_day_tokens: int | None = None
    per_month_tokens: int | None = None


@value_class
class Settings:
    """What is set, each with where it was said (``user``, ``project``)."""

    values: Mapping[tuple[str, ...], tuple[Any, str]] = field(default_factory=dict)

    def get(self, *path: str) -> Any:
        """The setting at this path; ``None`` where it is not set."""
        found = self.values.get(path)
        return None if found is None else found[0]

    @property
    def gates(self) -> GateSettings:
        """The ``[gates]`` table."""
        budget = {
            name: value
            for name in ("command", "seconds", "memory_mib")
            if (value := self.get("gates", "performance", name)) is not None
        }
        return GateSettings(tuple(self.get("gates", "allowed_licences") or ()), budget)

    @property
    def spending(self) -> SpendingLimits:
        """The ``[budget]`` table."""
        return SpendingLimits(
            *(self.get("budget", name) for name in ("per_day", "per_month", "per_day_tokens", "per_month_tokens"))
        )

    def model_of(self, tier: str, agent: Agent) -> str | None:
        """The model of a CLI for a tier: as set, else as its adapter says; ``None`` for its own."""
        stated = self.get("tiers", tier, agent.name)
        return (agent.tier_models.get(tier) if stated is None else stated) or None

    def tier_choices(self, tier: str, usable: Mapping[AgentName, Agent]) -> tuple[TierChoice, ...]:
        """The usable CLIs for a tier with their models, in order of preference."""
        preferred = [AgentName(name) for name in self.get("tiers", tier, "prefer") or () if name in usable]
        names = dict.fromkeys((*preferred, *usable))
        return tuple(TierChoice(name, self.model_of(tier, usable[name])) for name in names)


def user_file() -> Path:
    """Where the user's settings lie; it need not exist."""
    from platformdirs import user_config_path

    return user_config_path("orchestrate", appauthor=False) / "settings.toml"


def read_settings_file(root: Path, name: str, *, follow: bool = False) -> TomlFile | None:
    """One file of settings, checked; ``None`` where there is none.  Blocks.

    Raises:
        InvalidFile: It holds something that is no setting; with line and reason.
        UsageError: It cannot be read.
    """
    content = ForeignFolder(root, links="follow" if follow else "refuse").read(name, most_bytes=MOST_BYTES)
    if isinstance(content, Unread):
        if content.reason == "missing":
            return None
        raise UsageError(f"the settings {root / name} cannot be read: {content.detail}")
    file = parse_toml(root / name, content)
    check(file)
    return file


def load_settings(project: Path | None = None, *, user: Path | None = None) -> Settings:
    """Load the settings of user and project; the project's go first.  Blocks.

    Args:
        project: A target that a person trusts (see ``coordinator.project_trust``); ``None``: it says nothing.
        user: The user's file; ``None`` takes the usual one.

    Raises:
        InvalidFile: One of them holds something that is no setting.
    """
    user = user if user is not None else user_file()
    files = (
        ("user", read_settings_file(user.parent, user.name, follow=True)),
        ("project", read_settings_file(project, PROJECT_FILE) if project is not None else None),
    )
    return Settings(merged([(origin, file.data) for origin, file in files if file is not None]))


def change_setting(path: Path, name: str, value: str, *, project: Path | None = None) -> str:
    """Write one setting into a file, keeping whatever else stands there; says what it lacks now.  Blocks.

    Settings that go together are set one after the other, so what lacks another one is written all the same.

    Args:
        value: As TOML writes it; anything else is taken for a text.
        project: Whose file it is, where it is a project's: a link in there is nobody's word for another place.

    Raises:
        UsageError: There is no such setting, it cannot be that, or the project's file is no file inside it.
    """
    keys = tuple(name.split("."))
    if keys not in KNOWN.keys:
        raise UsageError(f"there is no setting {name!r}", hint=_nearest(keys))
    meant = _meant(value)
    wrong = KNOWN.keys[keys].fault(meant)
    if wrong is not None:
        raise UsageError(f"{name} {wrong}, not {value!r}")
    try:
        content = _content(path, project)
        file = parse_toml(path, content)
        check_each(file)
        text = _with(file, keys, meant)
        encoded = text.encode()
        if project is not None:
            ForeignFolder(project).write(PROJECT_FILE, encoded, mode=0o644)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            # A link of the user's own stays one.
            write_atomically(path.resolve(), text)
    except UnicodeEncodeError as error:
        raise UsageError(f"{name} must be a text, not {value!r}") from error
    except OSError as error:
        raise EnvironmentUnfit(f"{path} cannot be written: {error.strerror}") from error
    return lacking(tomllib.loads(text))


def _content(path: Path, project: Path | None) -> bytes:
    folder, name = (path.parent, path.name) if project is None else (project, PROJECT_FILE)
    content = ForeignFolder(folder, links="follow" if project is None else "refuse").read(name, most_bytes=MOST_BYTES)
    if isinstance(content, Unread):
        if content.reason == "missing":
            return b""
        raise UsageError(f"the settings {path} cannot be read: {content.detail}")
    return content


def _nearest(keys: tuple[str, ...]) -> str:
    """Name what a setting could be called at the point where its name leaves the known ones."""
    for depth, name in enumerate(keys):
        if keys[:depth] in KNOWN.keys:
            return f"{'.'.join(keys[:depth])} is a setting, and holds nothing further"
        if keys[: depth + 1] not in KNOWN.tables and keys[: depth + 1] not in KNOWN.keys:
            inside = ".".join(keys[:depth])
            return f"{unknown_key(name, KNOWN.tables[keys[:depth]])}{f' in {inside}' if inside else ''}"
    return f"{'.'.join(keys)} is a table; it holds {', '.join(KNOWN.tables[keys])}"


def _meant(value: str) -> Any:
    try:
        found = tomllib.loads(f"x = {value}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return value
    return found["x"] if len(found) == 1 else value


def _with(file: TomlFile, keys: tuple[str, ...], value: Any) -> str:
    """The text with one setting more, or another value of one; comments stay.

    Raises:
        UsageError: It is written in a way that only a person can change.
    """
    wanted = copy.deepcopy(file.data)
    inner = wanted
    for key in keys[:-1]:
        inner = inner.setdefault(key, {})
    inner[keys[-1]] = value
    table = ".".join(keys[:-1])
    line = toml_text({keys[-1]: value})
    lines = file.text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    header = next((n for n, each in enumerate(lines) if each.split("#")[0].strip() == f"[{table}]"), None)
    if header is None:
        tried = ["".join([*lines, "\n" if lines else "", f"[{table}]\n", line])]
    else:
        at = file.line_of(table=table, key=keys[-1])
        tried = ["".join([*lines[: header + 1], line, *lines[header + 1 :]])]
        if at is not None and at - 1 > header:
            tried.insert(0, "".join([*lines[: at - 1], line, *lines[at:]]))
    for text in tried:
        try:
            if tomllib.loads(text) == wanted:
                return text
        except tomllib.TOMLDecodeError:
            continue
    raise UsageError(f"{file.path} is written in a way that only you can change", hint=f"set {'.'.join(keys)} there")


def as_table(settings: Settings) -> Mapping[str, Any]:
    """The settings as a file would hold them, defaults such as the model of every tier included."""
    table: dict[str, Any] = {}
    for path, (value, _) in settings.values.items():
        inner = table
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = value
    for tier in TIERS:
        row = table.setdefault("tiers", {}).setdefault(tier, {})
        for name, agent in AGENTS.items():
            if agent.in_default_team or name in row:
                row.setdefault(name, settings.model_of(tier, agent) or "")
    return table
