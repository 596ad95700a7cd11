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
from collections.abc import Iterator, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Final

from orchestrator.agents.contract import Agent
from orchestrator.rehearsal.installing import default_cache, installed_clis, pinned_packages

LIST: Final = Path(__file__).with_name("refusals.toml")
BESIDE: Final = Path(__file__).resolve().parent.parent / "tests" / "packages"
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
_WHOLE: Final = re.compile(
    r"\bhit your\b|\blimit (?:is |was |has been )?reached\b|\bupgrade (?:to|your plan)\b|\bInvalid (?:\w+ )?token\b"
    r"|\b(?:not (?:available|included)|unavailable) (?:with|on|for|in) (?:the|your|this) (?:[\w.]+ ){0,3}"
    r"(?:plan|account|region|country)\b"
    r"|\b(?:content|usage|acceptable use)\b.{0,20}\bpolic(?:y|ies)\b|\bviolat(?:es?|ed|ing|ion)\b.{0,60}\bpolic"
    r"|\b(?:log-?in|sign-?in|session|subscription|token|key)\b.{0,30}\bexpired\b|\bnot signed in\b|\bbearer token\b"
    r"|\b(?:log-?in|sign-?in|credential|key)s?\b.{0,40}\b(?:rejected|refused)\b"
    r"|\b(?:rejected|refused)\b.{0,40}\b(?:log-?in|sign-?in|credential|api key|organi[sz]ation)\b"
    r"|\bmodel\b.{0,60}\b(?:not (?:available|supported|found|allowed)|does(?: not|n't) exist|is invalid|deprecated"
    r"|retired|unknown)\b|\b(?:unknown|invalid|unsupported) model\b"
    r"|\b(?:client|version)\b.{0,60}\b(?:no longer supported|too old|outdated|out of date)\b"
    r"|\b(?:does not|do not|doesn't|don't) have access\b|\baccess (?:was |is )?denied\b|\bauthentication failed\b"
    r"|\bexceeded\b.{0,40}\b(?:subscribe|upgrade)\b|\brequest was blocked\b"
    r"|\brequires? (?:a |an )?(?:[\w.]+ ){0,3}(?:subscription|plan)\b",
    re.IGNORECASE,
)
"""What tells of a refusal in one phrase: of a plan, a model, the client, a policy, a login or a key."""
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
        sentences = match[0].decode("utf-8", "replace")
        if not _SUBJECT.search(sentences) and not _WHOLE.search(sentences):
            continue  # as nearly every one of two million
        # Rust lays its texts end to end, so that a sentence may begin right after the last letter of another.
        for text in _JOINED.split(sentences):
            if (_SUBJECT.search(text) and _REFUSING.search(text)) or _WHOLE.search(text):
                around = data[max(0, match.start() - NEAR) : match.end() + NEAR]
                if _CODE.search(around):
                    found.add(" ".join(text.split()))
    return found


def packages() -> Mapping[str, str]:
    """The npm package and version of every adapter, of those in ``tests/packages`` as well."""
    return {**pinned_packages(), **{agent.package: agent.pinned for agent in agents_beside()}}


def agents_beside() -> Iterator[Agent]:
    """The adapters that packages of their own bring along, loaded from where they lie."""
    for path in sorted(BESIDE.glob("*/*/__init__.py")):
        spec = spec_from_file_location(path.parent.name, path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        agent: Agent = module.AGENT
        yield agent


def drawn() -> dict[str, set[str]]:
    """The refusals of each CLI that is installed in its pinned version, by its package."""
    found = {}
    for name, version in packages().items():
        folder = installed_clis({name: version}, default_cache())
        if folder is not None:
            texts = (refusals_in(path.read_bytes()) for path in programs(name, folder.parent))
            found[name] = set[str]().union(*texts)
    return found


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
    """Print what is not listed, and which CLI is not installed."""
    missing = unlisted()
    for name in packages().keys() - missing.keys():
        sys.stderr.write(f"not looked at, as its pinned version is not installed: {name}\n")
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
