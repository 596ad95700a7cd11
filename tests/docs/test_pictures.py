"""The pictures of terminals in the documents show what the program shows today."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.terminal_pictures import PICTURES, draw_all, folder_of_rehearsals, texts


@pytest.fixture(scope="module")
def drawn() -> Iterator[Path]:
    """The same pictures, drawn from rehearsals that are played now."""
    with folder_of_rehearsals() as name:
        draw_all(Path(name), Path(name) / "pictures")
        yield Path(name) / "pictures"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["terminal", "live", "question"])
def test_a_picture_says_what_the_program_says_today(drawn: Path, name: str) -> None:
    """Dates and figures are masked; which of two reviewers answers first is not for a picture to say."""
    today = texts((drawn / f"{name}.svg").read_text(encoding="utf-8"))
    shown = texts((PICTURES / f"{name}.svg").read_text(encoding="utf-8"))

    assert sorted(shown) == sorted(today), "draw them anew: python -m benchmarks.pictures"


def test_pictures_of_terminals_are_small_and_ask_no_host_for_anything() -> None:
    for path in PICTURES.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert len(text) < 200_000
        assert "url(http" not in text
        assert "<script" not in text
        assert texts(path.read_text(encoding="utf-8"))
