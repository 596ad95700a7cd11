"""Draw from the installed CLIs how they say that a service refuses them, and compare that with the committed list.

    python -m benchmarks.refusals [--add]

A refusal is a sentence about a login, a key, credit, a quota, a model, the client or a policy that stands close to an
HTTP status or an error's code in the program itself.  ``refusals.toml`` beside this file gives each its class, or says
why it is none.  The exit code is 1 if the installed programs hold one that is not listed, so that whoever moves the
pins decides about it; ``--add`` appends those rows, with a class that is to be filled in.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from orchestrator.rehearsal.installing import default_cache, installed_clis, pinned_packages

LIST: Final = Path(__file__).with_name("refusals.toml")
LEAST_BYTES: Final = 500_000
"""A smaller file holds no program, only what starts one."""
MOST_BYTES: Final = 400 * 1024 * 1024
"""Of one file that is read: more than any of the programs has."""
NEAR: Final = 300
"""Characters on each side of a sentence in which a status or a code makes it a refusal."""

_SENTENCE: Final = re.compile(rb"[A-Z][A-Za-z'\xe2\x80\x99 ,:/()_`.;-]{18,400}[A-Za-z.)]")
_JOINED: Final = re.compile(r"(?<=[.!?])(?=[A-Z])|(?<=[a-z]{3})(?=[A-Z][a-z']+ [a-z])")
_SUBJECT: Final = re.compile(
    r"\b(?:log(?:ged)? (?:in|out)|/login|sign in|api key|access token|refresh token|oauth token|credits?\b"
    r"|quota|usage limit|rate limit|billing|subscription|unauthorized|account|organi[sz]ation|workspace)\b",
    re.IGNORECASE,
)
_REFUSING: Final = re.compile(
    r"\b(?:invalid|not valid|expired|revoked|denied|disabled|not allowed|not authori[sz]ed|not logged|not signed"
    r"|too low|out of|exceeded|exhausted|reached|hit your|could not be refreshed|no longer valid|on hold"
    r"|suspended|deactivated|not supported|unsupported"
    r"|(?:log|sign) (?:in|out and sign in) again|re-?run codex login)\b",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    rb"\b(?:400|401|402|403|404|413|429|500|503|529)\b|[a-z]+_(?:error|failed|exceeded|exhausted|limit|reached|expired)\b"
    rb"|\b(?:UNAUTHENTICATED|PERMISSION_DENIED|RESOURCE_EXHAUSTED)\b|refresh_token|RefreshToken|login/src/auth|UsageLimit|status(?:Code)?\b"
)


def programs(package: str, modules: Path) -> Iterator[Path]:
    """The files of an installed package that hold its texts: its bundles and its native program."""
    for root in sorted((modules / package).parent.glob(f"{Path(package).name}*")):
        for path in sorted(root.rglob("*")):
            own = path.suffix in (".js", ".exe", "") and path.is_file() and not path.is_symlink()
            if own and LEAST_BYTES <= path.stat().st_size <= MOST_BYTES:
                yield path


def refusals_in(data: bytes) -> set[str]:
    """The sentences of one program that tell of a refusal."""
    found = set()
    for match in _SENTENCE.finditer(data):
        # Rust lays its texts end to end, so that a sentence may begin right after the last letter of another.
        for text in _JOINED.split(match[0].decode("utf-8", "replace")):
            if _SUBJECT.search(text) and _REFUSING.search(text):
                around = data[max(0, match.start() - NEAR) : match.end() + NEAR]
                if _CODE.search(around):
                    found.add(" ".join(text.split()))
    return found


def drawn() -> dict[str, set[str]]:
    """The refusals of each installed CLI, by its package; empty where the pinned CLIs are not installed."""
    folder = installed_clis(pinned_packages(), default_cache())
    if folder is None:
        return {}
    names = pinned_packages()
    return {
        name: {text for path in programs(name, folder.parent) for text in refusals_in(path.read_bytes())}
        for name in names
    }


def listed() -> dict[str, dict[str, str]]:
    """What the committed list says of each sentence, by package."""
    rows = tomllib.loads(LIST.read_text(encoding="utf-8")).get("refusal", []) if LIST.exists() else []
    table: dict[str, dict[str, str]] = {}
    for row in rows:
        table.setdefault(row["package"], {})[row["text"]] = row.get("class") or f"none: {row['because']}"
    return table


def unlisted() -> dict[str, list[str]]:
    """The sentences of the installed programs about which nobody has decided."""
    known = listed()
    return {name: sorted(texts - known.get(name, {}).keys()) for name, texts in drawn().items()}


def main() -> int:
    """Print what is not listed."""
    missing = unlisted()
    if not missing:
        sys.stderr.write("the pinned CLIs are not installed: python -m orchestrator.rehearsal.installing\n")
        return 2
    for name, texts in missing.items():
        for text in texts:
            sys.stdout.write(f"{name}: {text}\n")
    if "--add" in sys.argv[1:]:
        with LIST.open("a", encoding="utf-8") as file:
            for name, texts in missing.items():
                for text in texts:
                    file.write(f'\n[[refusal]]\npackage = "{name}"\ntext = {json.dumps(text)}\nclass = ""\n')
    return int(any(missing.values()))


if __name__ == "__main__":
    sys.exit(main())
