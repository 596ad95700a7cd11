from __future__ import annotations

from orchestrator.models.workers import PlantedFile


def test_a_planted_file_is_told_of_by_its_path_in_the_target() -> None:
    planted = PlantedFile("/t/a/Makefile", "new", "left", "make", "you run make")
    assert planted.below("/t") == "a/Makefile"
    assert planted.below("/other") == "/t/a/Makefile"
    assert planted.in_words("a/Makefile") == "a/Makefile (new): make obeys it when you run make"
