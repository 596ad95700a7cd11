"""The README stays short: two commands, two pictures, three promises, and where to read on."""

from __future__ import annotations

import re
from pathlib import Path

KILOBYTE = 1024


def test_the_two_commands_are_the_first_thing_one_sees(readme: str) -> None:
    first = re.search(r"^```sh\n(.*?)^```$", readme, re.M | re.S)
    assert first is not None
    assert first[1].splitlines() == ['./orchestrate --rehearse "Add input validation to the signup form"', "./check"]
    assert readme[: first.start()].split() == ["#", "orchestrate"]


def test_the_readme_is_read_in_five_minutes(readme: str) -> None:
    assert len(readme.encode()) <= 9 * KILOBYTE


def test_the_pictures_are_small_and_ask_no_other_host_for_anything(readme: str, root: Path) -> None:
    pictures = [root / name for name in re.findall(r"!\[[^]]+\]\((\S+)\)", readme)]
    assert [path.name for path in pictures] == ["terminal.svg", "dashboard.png"]
    assert all(path.stat().st_size <= 200 * KILOBYTE for path in pictures)
    assert not re.search(r"url\(\W*http|href=\W*http|<script", pictures[0].read_text(encoding="utf-8"))


def test_each_page_for_people_is_named(readme: str, root: Path) -> None:
    for name in ("guide", "ci", "debugging", "reference", "architecture", "faq"):
        assert f"](docs/{name}.md)" in readme
        assert (root / "docs" / f"{name}.md").is_file()
