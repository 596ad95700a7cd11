"""Set up the gates' tools: an environment of their own in the user's cache, with exactly what the lock names."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.launching import Unfit, Wanted, hint_of, is_ready, make_ready
from orchestrator.value_class import value_class

LOCK: Final = Path(__file__).parent / "tools.lock"
_PIN: Final = late_pattern(r"^([A-Za-z0-9][\w.-]*)==(\S+)", re.MULTILINE)


@value_class
class ToolEnvironment:
    """Where the tools are, and in which versions."""

    folder: Path
    versions: Mapping[str, str]
    """Of every package that the lock names, by its name."""

    @property
    def programs(self) -> Path:
        return self.folder / "bin"

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def base(self) -> Path:
        """The installation that its interpreter belongs to."""
        return Path(getattr(sys, "_base_executable", sys.executable)).resolve().parent.parent


def ready_tools(cache: Path, environ: Mapping[str, str], *, lock: Path = LOCK) -> ToolEnvironment | str:
    """The tools, set up now if they are not yet; says on stderr that it does.  Blocks, up to minutes.

    Args:
        cache: The user's cache folder for this program.

    Returns:
        Why there are none, in place of an exception: every gate that needs one is not measured then.
    """
    try:
        text = lock.read_bytes()
    except OSError as error:
        return f"the list of the gates' tools cannot be read: {error.strerror}"
    name = hashlib.sha256(text).hexdigest()[:16]
    folder = cache / "gates" / f"{name}-{sys.implementation.cache_tag}"
    # The stamp holds a folder that the environment was made for; it is its own, since it belongs to no checkout.
    wanted = Wanted("orchestrate", folder, lock, folder)
    try:
        if not is_ready(wanted, text):
            make_ready(wanted, environ)
    except Unfit as error:
        hint = f" ({error.hint})" if error.hint else ""
        return f"the gates' tools cannot be set up: {error}{hint}".replace("\n", " ")
    except OSError as error:
        return f"the gates' tools cannot be set up in {folder}: {error.strerror or error} ({hint_of(error)})"
    return ToolEnvironment(folder, dict(_PIN.findall(text.decode("utf-8", "replace"))))
