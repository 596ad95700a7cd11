from __future__ import annotations

import pytest

from orchestrator.narration.short_paths import short_paths

SHOP = "/home/me/shop"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Bash: cd /home/me/shop && pytest -q", "Bash: pytest -q"),
        ("Bash: cd '/home/me/shop/' ; make", "Bash: make"),
        ("cd /home/me/shop && cat /home/me/shop/a.py", "cat a.py"),
        ("Read: /home/me/shop/src/login.py", "Read: src/login.py"),
        ("Write: '/home/me/shop/a b.py'", "Write: 'a b.py'"),
        ("LS: /home/me/shop", "LS: ."),
        ("LS: /home/me/shop/", "LS: ."),
        ("Bash: cd /home/me/shop/src && make", "Bash: cd src && make"),
        ("Bash: cd /home/me && ls /home/me/shop-old", "Bash: cd /home/me && ls /home/me/shop-old"),
        ("Read: /mnt/home/me/shop/a.py", "Read: /mnt/home/me/shop/a.py"),
        ("Read: /etc/passwd", "Read: /etc/passwd"),
        ("Bash: echo hi; cd /home/me/shop && ls", "Bash: echo hi; cd . && ls"),
    ],
)
def test_a_path_in_the_target_is_relative(text: str, short: str) -> None:
    assert short_paths(text, SHOP) == short
    assert short_paths(text, f"{SHOP}/") == short


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Write: /home/me/ws/20261130-212753-f7b6/layers/1.2.3/target/a.md", "Write: a.md"),
        ("Bash: cd /20261130-212753-f7b6/layers/1.1/target && make", "Bash: make"),
        ("LS: /home/me/ws/20261130-212753-f7b6/layers/1.1.3@2+1/target", "LS: ."),
        ("Read: /home/me/ws/20261130-212753-f7b6/layers/1/target-old/a", None),
        ("Read: /home/me/ws/20261130-212753-f7b6/scratch/claude/a", None),
        ("Read: /home/me/layers/1/target/a", None),
        ("Bash: tool --out=/ws/20261130-212753-f7b6/layers/1/target/a", "Bash: tool --out=a"),
        ("Bash: cat ws/20261130-212753-f7b6/layers/1/target/a", None),
    ],
)
def test_a_path_in_a_writers_own_copy_of_the_target_is_relative(text: str, short: str | None) -> None:
    assert short_paths(text, SHOP) == (short or text)


def test_a_text_that_is_all_paths_takes_no_longer_than_its_length() -> None:
    copy = "/20261130-212753-f7b6/layers/1/target"
    for text in ("@/" * 200_000 + copy[1:], "@" + copy * 10_000):
        assert short_paths(text, SHOP) == text


@pytest.mark.parametrize("target", ["", "/"])
def test_without_a_target_nothing_is_shortened(target: str) -> None:
    assert short_paths("Read: /home/me/shop/a.py", target) == "Read: /home/me/shop/a.py"
