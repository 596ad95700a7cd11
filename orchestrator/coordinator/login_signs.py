"""Tell a project's folder from somebody's home by what lies in it: keys, browser profiles, logins."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from orchestrator.agents.registry import AGENTS
from orchestrator.files.foreign import ForeignFolder, Listing, Status

SIGNS: Final = (
    *(
        ".ssh",
        ".gnupg",
        ".netrc",
        ".git-credentials",
        ".pypirc",
        ".pgpass",
        ".my.cnf",
        ".password-store",
        ".vault-token",
    ),
    *(
        ".vault-token",
        ".aws/credentials",
        ".azure",
        ".config/gcloud",
        ".kube/config",
        ".docker/config.json",
        ".config/gh/hosts.yml",
    ),
    *(".config/git/credentials", ".config/hub", ".cargo/credentials.toml", ".cargo/credentials", ".terraform.d"),
    *(".local/share/keyrings", ".local/share/kwalletd", ".config/op", ".bitcoin", ".electrum", ".thunderbird"),
    *(".mozilla", ".config/google-chrome", ".config/chromium", ".config/BraveSoftware", ".config/microsoft-edge"),
    *(".config/Bitwarden", ".config/1Password", "snap/firefox", ".var/app/org.mozilla.firefox"),
    *("Library/Keychains", "Library/Application Support/Google/Chrome", "Library/Application Support/Firefox"),
)
"""Names that lie in homes and not in projects; the agents' own logins are added."""
DEEPER_SIGNS: Final = (".ssh", ".gnupg", ".mozilla", ".git-credentials")
"""The same one folder further down: of the folder that homes lie in."""
MOST_LOOKED_INTO: Final = 500


def _home_of_user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""


def logins_in(target: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """List what in a folder looks like a home and not like a project.  Only names are read, never contents."""
    folder = ForeignFolder(target)
    found: list[str] = []
    for home in dict.fromkeys((environ.get("HOME", ""), _home_of_user())):
        real = Path(os.path.realpath(home))
        # Where nobody has a home (it is the root, as in some containers) only what lies in the target tells.
        if Path(home).is_absolute() and real != Path(real.anchor) and real.is_relative_to(target):
            found.append("your home" if real == target else f"your home {real.relative_to(target)}")
    agents = (str(name) for agent in AGENTS.values() for name in agent.credential.files)
    found += [name for name in dict.fromkeys((*SIGNS, *agents)) if isinstance(folder.status(name), Status)]
    listed = folder.entries(most=MOST_LOOKED_INTO)
    entries = listed.entries if isinstance(listed, Listing) else ()
    below = [entry.name for entry in entries if entry.status.kind == "folder"]
    inner = (f"{name}/{sign}" for name in below for sign in DEEPER_SIGNS)
    found += [name for name in inner if isinstance(folder.status(name), Status)]
    return tuple(found)
