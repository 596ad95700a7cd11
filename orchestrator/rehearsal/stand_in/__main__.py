"""``python -m orchestrator.rehearsal.stand_in claude …`` runs one program behind three names."""

from __future__ import annotations

import sys
from importlib import import_module

from .cli_options import Refused

NAMES = ("claude", "codex", "gemini")


def main(argv: list[str]) -> int:
    """Play the CLI named by the first argument; returns its exit code."""
    if not argv or argv[0] not in NAMES:
        print(f"usage: stand_in {{{','.join(NAMES)}}} [the CLI's own arguments]", file=sys.stderr)
        return 2
    try:
        # Only the one that is played is imported: a stand-in starts in a tenth of the real CLI's time.
        code: int = import_module(f".{argv[0]}", __package__).main(argv[1:])
        return code
    except Refused as refused:
        print(refused.text, file=sys.stderr)
        return refused.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
