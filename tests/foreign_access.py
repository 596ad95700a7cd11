"""Sees who opens, lists or looks at what somebody else made: only ``orchestrator/files/foreign.py`` may.

Active in the whole suite (``tests/conftest.py``), and in programs that a test starts with :func:`watch_main`.  A path
is foreign below a target, below a worker's scratch folder or home, and where a login file of the user's stands.  The
module that answers for an access is the innermost of the package, or of the tests, on the stack.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

ROOT: Final = str(Path(__file__).resolve().parent.parent)
PACKAGE: Final = f"{ROOT}/orchestrator/"
TESTS: Final = f"{ROOT}/tests/"
ALLOWED: Final = {
    "orchestrator/files/foreign.py": "the one way",
    "orchestrator/files/temporary.py": "removes trees by it",
    "orchestrator/files/programs.py": "finds what it starts",
    "orchestrator/rehearsal/stand_in/": "plays an agent, in a process of its own",
    "orchestrator/shim/supervision.py": "the shim's, in a process of its own: standard library only",
    "orchestrator/shim/spawning.py": "the shim's",
    "orchestrator/shim/forbidden_paths.py": "the shim's",
    "orchestrator/shim/landlock_entry.py": "the shim's, and what is executed in its place",
    "orchestrator/shim/git_files.py": "the shim's way into git folders, by the same rules",
    "orchestrator/shim/git_delivery.py": "the shim's",
    "orchestrator/shim/loose_objects.py": "the shim's",
    "orchestrator/shim/staging_index.py": "the shim's",
    "orchestrator/shim/planted_files.py": "the shim's, and before a worker begins by the same rules",
    "orchestrator/sandbox/git_layers.py": "copies git folders by the shim's way into them",
}
EVENTS: Final = ("open", "os.listdir", "os.scandir", "sqlite3.connect")
LOOKING: Final = {("realpath", "posixpath"), ("which", "shutil")}
"""Functions of the library that look at names on a way, and open nothing."""
_LOGINS: Final = r"\.claude/\.credentials\.json|\.codex/auth\.json|\.gemini/(?:oauth_creds|google_accounts)\.json"
_FOREIGN: Final = re.compile(rf"/(?:target/.|(?:scratch|homes)/[^/]+/.|(?:{_LOGINS})$)")


class Watch:
    """What was seen; one a process, since an audit hook cannot be taken away again."""

    def __init__(self) -> None:
        self.is_active = False
        self.roots: set[str] = set()
        """Further folders below which everything is foreign."""
        self.inside = f"{os.path.realpath(tempfile.gettempdir())}/"
        """Names tell only below this folder: what lies elsewhere was not made by a test."""
        self.offences: list[str] = []
        self._is_looking = False

    def start(self) -> None:
        """Install the hook and wrap ``os.stat``, which raises no event of its own."""
        sys.addaudithook(self._hear)
        for name in ("stat", "lstat"):
            setattr(os, name, self._wrapped(name, getattr(os, name)))
        self.is_active = True

    def _wrapped(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def looked_at(path: Any, *arguments: Any, **options: Any) -> Any:
            if self.is_active and options.get("dir_fd") is None:
                self._consider(f"os.{name}", path)
            return original(path, *arguments, **options)

        return looked_at

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.is_active and event in EVENTS and arguments:
            self._consider(event, arguments[0])

    def _consider(self, event: str, path: Any) -> None:
        if self._is_looking or not isinstance(path, str | bytes | os.PathLike):
            return
        self._is_looking = True
        try:
            text = os.fsdecode(path)
            text = text if text.startswith("/") else f"{Path.cwd()}/{text}"
            if self.is_foreign(text):
                module = _answering(sys._getframe(2))
                if module is not None:
                    self.offences.append(f"{module}: {event} {text}")
        except (OSError, ValueError):
            pass
        finally:
            self._is_looking = False

    def is_foreign(self, path: str) -> bool:
        """Whether somebody else may have made what the path names."""
        if any(path.startswith(f"{root}/") for root in self.roots):
            return True
        return path.startswith(self.inside) and _FOREIGN.search(path, len(self.inside) - 1) is not None


def _answering(frame: FrameType | None) -> str | None:
    """The place in the package that answers for what happens now; ``None`` where it may, or a test does it itself."""
    while frame is not None:
        file = frame.f_code.co_filename
        if (frame.f_code.co_name, Path(file).stem.removeprefix("<frozen ").removesuffix(">")) in LOOKING:
            return None
        if file.startswith(TESTS) and not file.endswith("/foreign_access.py"):
            return None
        if file.startswith(PACKAGE):
            module = file.removeprefix(f"{ROOT}/")
            return None if module.startswith(tuple(ALLOWED)) else f"{module}:{frame.f_lineno}"
        frame = frame.f_back
    return None


WATCH: Final = Watch()


def watch_main() -> None:
    """Run the command line under the watch; the words: a file for the offences, a foreign folder, its arguments."""
    import atexit

    report, root, *arguments = sys.argv[1:]
    WATCH.roots.add(os.path.realpath(root))
    WATCH.start()

    def tell() -> None:
        WATCH.is_active = False
        Path(report).write_text("".join(f"{offence}\n" for offence in WATCH.offences))

    atexit.register(tell)
    from orchestrator.cli.main import main

    main(arguments)
