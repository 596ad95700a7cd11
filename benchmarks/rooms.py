"""Print how large each part of the package is, and why a part with more than a tenth of the lines is one part.

python -m benchmarks.rooms
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parent.parent / "orchestrator"
MOST: Final = 0.10
REASONS: Final = {
    "cli": "one file a command, most of it options and the words of their help; what is decided lies below",
    "coordinator": "every action is performed here and nowhere else; what decides lies in the pure parts",
    "safety": "half of it are the tables of programs and forms that the command guard reads",
}


def sizes() -> dict[str, tuple[int, int]]:
    """Return files and lines of each part, by its name."""
    found: dict[str, tuple[int, int]] = {}
    for path in PACKAGE.rglob("*.py"):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        files, lines = found.get(part, (0, 0))
        found[part] = files + 1, lines + len(path.read_text(encoding="utf-8").splitlines())
    return found


def main() -> int:
    """Print a row per part, the largest first; 1 if one is too large and no reason is known."""
    found = sizes()
    total = sum(lines for _, lines in found.values())
    unexplained = 0
    print(f"{'part':<16}{'files':>6}{'lines':>8}{'share':>8}")
    for part, (files, lines) in sorted(found.items(), key=lambda item: -item[1][1]):
        is_large = lines > MOST * total
        unexplained += is_large and part not in REASONS
        reason = REASONS.get(part, "no reason is known") if is_large else ""
        print(f"{part:<16}{files:>6}{lines:>8}{lines / total:>8.1%}  {reason}".rstrip())
    print(f"{'all':<16}{sum(files for files, _ in found.values()):>6}{total:>8}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    raise SystemExit(main())
