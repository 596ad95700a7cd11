from __future__ import annotations

import pytest

from orchestrator.safety.operands import DESTROYS, WRITES
from orchestrator.safety.shell.words import Word


def operands(table: str, command: str) -> list[str]:
    words = [Word(part) for part in command.split()]
    chosen = (DESTROYS if table == "destroys" else WRITES)[words[0].text](words)
    return ["?" if word.dynamic else word.text for word in chosen]


@pytest.mark.parametrize(
    ("table", "command", "found"),
    [
        ("destroys", "rm -rf a -v b", ["a", "b"]),
        ("destroys", "rm -rf -- -a", ["-a"]),
        ("destroys", "rm -rf", ["?"]),
        ("destroys", "dd if=a of=b bs=1", ["b"]),
        ("destroys", "dd if=a", []),
        ("destroys", "mkfs -t ext4 a", ["a"]),
        ("writes", "git config --file a b c", ["a"]),
        ("writes", "git config -f a --get b", []),
        ("writes", "git archive -o a HEAD", ["a"]),
        ("writes", "git diff --output=a", ["a"]),
        ("writes", "git mv a b", ["b"]),
        ("writes", "git commit -m config", []),
        ("writes", "cp a b c", ["c"]),
        ("writes", "cp -t d a b", ["d"]),
        ("writes", "mv --target-directory=d a", ["d"]),
        ("writes", "tee -a x y", ["x", "y"]),
        ("writes", "sed -i s/a/b/ x", ["s/a/b/", "x"]),
        ("writes", "perl -pi.bak -e y x", ["y", "x"]),
        ("writes", "sed s/a/b/ x", []),
        ("writes", "curl -fsSLo x y", ["x"]),
        ("writes", "wget --output-document=x y", ["x"]),
        ("writes", "chmod +x a b", ["a", "b"]),
        ("writes", "git log a b", []),
    ],
)
def test_what_a_command_reaches_is_found(table: str, command: str, found: list[str]) -> None:
    assert operands(table, command) == found
