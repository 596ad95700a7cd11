from __future__ import annotations

import pytest

from orchestrator.shim.obeyed_rules import Rules, translated


@pytest.mark.parametrize(
    ("pattern", "path", "counts"),
    [
        ("Makefile", "Makefile", True),
        ("Makefile", "a/b/Makefile", True),
        ("Makefile", "a/Makefile2", False),
        (".cargo/config.toml", "x/.cargo/config.toml", True),
        (".cargo/config.toml", "x/config.toml", False),
        ("*.code-workspace", "deep/x.code-workspace", True),
        (".run/*.run.xml", ".run/a.run.xml", True),
        (".run/*.run.xml", "a.run.xml", False),
        ("requirements*.txt", "requirements-dev.txt", True),
    ],
)
def test_a_file_is_spoken_of_at_any_depth(pattern: str, path: str, counts: bool) -> None:
    *above, name = path.split("/")
    assert (Rules([{"pattern": pattern}]).of_file(above, name) == [0]) is counts


def test_a_folder_is_spoken_of_with_all_that_lies_in_it() -> None:
    rules = Rules([{"pattern": ".github/workflows/**"}])
    assert rules.of_folder(["a", ".github"], "workflows") == [0]
    assert rules.of_folder(["a"], "workflows") == []
    assert rules.of_file(["a", ".github"], "workflows") == []


def test_only_stars_are_more_than_letters() -> None:
    assert translated("a.*").fullmatch("a.b")
    assert not translated("a.*").fullmatch("axb")
