"""Where this program keeps things of the user's where nobody says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def default_workspace() -> Path:
    """The parent of all sessions: beside a checkout, or the user's state folder where the program is installed."""
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "orchestrate").is_file() and (checkout / "setup.py").is_file():
        return checkout / "workspace"
    from platformdirs import user_state_path

    return user_state_path("orchestrate", appauthor=False)


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where the outcome log and the consents of this user lie; no worker sees it."""
    home = environ.get("HOME") or str(Path.home())
    return Path(environ.get("XDG_STATE_HOME") or f"{home}/.local/state") / "orchestrate"


def config_folder(environ: Mapping[str, str]) -> Path:
    """Where this user's settings, prompts, templates and teams lie; no worker sees it."""
    home = environ.get("HOME") or str(Path.home())
    return Path(environ.get("XDG_CONFIG_HOME") or f"{home}/.config") / "orchestrate"


def user_prompts() -> Path | None:
    """The user's own prompt templates; ``None`` where there are none."""
    from platformdirs import user_config_path

    folder = user_config_path("orchestrate", appauthor=False) / "prompts"
    return folder if folder.is_dir() else None
