"""The pictures in the documents show what the program shows today."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from benchmarks.pictures import draw_dashboard, masked
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


@pytest.mark.slow
def test_the_photograph_of_the_dashboard_shows_what_the_page_says_today(
    drawn: Path, not_proven: Callable[[str], NoReturn]
) -> None:
    if shutil.which("chromium") is None:
        not_proven("there is no Chromium, so the dashboard was not photographed")
    draw_dashboard(drawn.parent / "workspace", drawn / "dashboard.png")

    today = json.loads((drawn / "dashboard.json").read_text(encoding="utf-8"))
    shown = json.loads((PICTURES / "dashboard.json").read_text(encoding="utf-8"))

    assert sorted(shown) == sorted(today), "make it anew: python -m benchmarks.pictures"
    assert (PICTURES / "dashboard.png").stat().st_size < 200_000


def test_figures_and_dates_are_masked_and_words_are_not() -> None:
    told = ["30 Nov 2026 16:35:21", "3 s", "2 files", "Session 20261130-163515-8414", "1 min 03 s in all", "+50"]
    assert masked(told) == ["# files", "Session #", "# s in all"]
    assert masked(["at least 17,823", "20,458", "at least $0.04", "cost at least $0.04"]) == ["cost $#"]


def test_pictures_of_terminals_are_small_and_ask_no_host_for_anything() -> None:
    for path in PICTURES.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert len(text) < 200_000
        assert "url(http" not in text
        assert "<script" not in text
        assert texts(path.read_text(encoding="utf-8"))
