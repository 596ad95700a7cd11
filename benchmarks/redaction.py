"""Hold the search that tells which texts may hold a secret against a look through every text, and time both.

Run it from the checkout: ``python -m benchmarks.redaction [lines] [seed]``.  It exits 1 at the first line of which one
way makes something else than the other.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from orchestrator.safety.redaction import Redactor

RECORDINGS = Path(__file__).resolve().parent.parent / "tests" / "recordings"
KNOWN = (
    "correct horse battery",
    "S3cr3t-Pa$$w/rd?",
    'quo"ted\\secret',
    "pässwörter",
    "tab\tsecret\x1f!",
    "half\udc80pair!",
)
LETTERS, DIGITS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
SPACES = (" ", "\t", "\n", "\x1c", "\x1f", "\x85", "\xa0", "\u2028", "\u3000", "")
PLAIN = (
    *("the task-list on disk-1", "https://example.com:8080/a?b=c@d", "risk-", "desk-", "def f(x): return x", "a://b@c"),
    *(
        "日本語のテキスト",
        "emoji 🎉",
        "C:\\Users\\x",
        '{"a": "b"}',
        "npm_config_cache",
        "eyJ",
        "bearer of news",
        "-----BEGIN",
    ),
    *("half \ud83d of a pair", "[redacted:known]", "://", "sk-", "xoxo", "AIza", "akia", "ssh://git@host/path"),
)
Alphabet = str
PARTS: Sequence[tuple[str, Alphabet, int, int]] = (
    ("sk-", LETTERS + DIGITS + "_-", 12, 40),
    ("sk-ant-api03-", LETTERS + DIGITS + "_-", 12, 60),
    *((f"gh{kind}_", LETTERS + DIGITS, 17, 40) for kind in "pousrx"),
    ("github_pat_", LETTERS + DIGITS + "_", 17, 60),
    ("AIza", LETTERS + DIGITS + "_-", 27, 40),
    ("ya29.", LETTERS + DIGITS + "._-", 17, 60),
    ("AKIA", LETTERS.upper() + DIGITS, 14, 18),
    ("ASIA", LETTERS.upper() + DIGITS, 14, 18),
    *((f"xox{kind}-", LETTERS + DIGITS + "-", 8, 30) for kind in "abeoprsz"),
    ("glpat-", LETTERS + DIGITS + "_-", 14, 24),
    ("npm_", LETTERS + DIGITS, 28, 36),
    ("eyJ", LETTERS + DIGITS + "_-", 6, 30),
)
"""Beginnings of keys, what follows, and how much of it: on both sides of the least that counts."""


def generated(count: int, seed: int) -> Iterator[str]:
    """Texts of keys, halves of keys, what only looks like one, and ordinary words; the same ones for one seed."""
    made = random.Random(seed)
    for _ in range(count):
        pieces = [_piece(made) for _ in range(made.randint(1, 8))]
        text = made.choice(("", " ", "\n", "x", "-", ".", "é")).join(pieces)
        if made.random() < 0.1:
            text = json.dumps(text)
        if made.random() < 0.1 and text:
            text = text[made.randrange(len(text)) :]
        yield text


def _piece(made: random.Random) -> str:
    kind = made.randrange(8)
    if kind <= 1:
        return made.choice(PLAIN)
    if kind == 2:
        known = made.choice(KNOWN)
        return made.choice((known, json.dumps(known)[1:-1], known[:-1], known.upper()))
    if kind == 3:
        word = made.choice(("Bearer", "bearer", "BEARER", "BeArEr", "bEARER"))
        spaces = "".join(made.choice(SPACES) for _ in range(made.randint(0, 5)))
        return word + spaces + _run(made, LETTERS + DIGITS + "._~+/=-", 9, 30)
    if kind == 4:
        user, password = _run(made, LETTERS + "._", 0, 12), _run(made, LETTERS + DIGITS + "!#%:[", 0, 12)
        return f"https://{user}{made.choice((':', '', '::'))}{password}{made.choice(('@host/', '/', ' @host', '@'))}"
    if kind == 5:
        end = made.choice(("-----END PRIVATE KEY-----", "", "\n-----END RSA PRIVATE KEY-----"))
        return (
            f"-----BEGIN {made.choice(('', 'RSA ', 'OPENSSH '))}PRIVATE KEY-----\n{_run(made, LETTERS, 10, 80)}\n{end}"
        )
    if kind == 6:
        return ".".join(f"eyJ{_run(made, LETTERS + DIGITS + '_-', 3, 20)}" for _ in range(made.randint(1, 3))) + "."
    begin, alphabet, least, most = made.choice(PARTS)
    return begin + _run(made, alphabet, least, most)


def _run(made: random.Random, alphabet: Alphabet, least: int, most: int) -> str:
    return "".join(made.choices(alphabet, k=made.randint(least, most)))


def recorded() -> Iterator[str]:
    """Every text in the recordings of the CLIs, and every line of them as it is."""
    for path in sorted(RECORDINGS.glob("*/*/*.jsonl")):
        for line in path.read_text("utf-8", errors="replace").splitlines():
            yield line
            try:
                yield from _texts(json.loads(line))
            except ValueError:
                continue


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield key
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)


def differences(texts: Iterator[str], redactor: Redactor) -> Iterator[tuple[str, str, str]]:
    """Texts of which the two ways make something else, with what each makes of it."""
    for text in texts:
        found, searched = redactor.text(text), redactor.searched(text)
        if found != searched:
            yield text, found, searched


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    redactor = Redactor(KNOWN)
    total = 0
    for name, texts in (("recorded", list(recorded())), ("generated", list(generated(count, seed)))):
        for text, found, searched in differences(iter(texts), redactor):
            print(f"{text!r}\n  with the search    {found!r}\n  looked all through {searched!r}")
            total += 1
        secret = sum(redactor.searched(text) != text for text in texts)
        fast, slow = _cpu_s(redactor.text, texts), _cpu_s(redactor.searched, texts)
        print(f"{name:<10}{len(texts):>9,} texts, {secret:,} with a secret; the search takes {fast / slow:.3f} of it")
    print(f"{total} texts differ; goal 0: {'NOT reached' if total else 'reached'}")
    return 1 if total else 0


def _cpu_s(act: Callable[[str], str], texts: Sequence[str]) -> float:
    began = time.process_time()
    for text in texts:
        act(text)
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
