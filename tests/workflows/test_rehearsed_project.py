from __future__ import annotations

import ast
from pathlib import Path

from orchestrator.rehearsal.scenario import load_scenario
from orchestrator.workflows.rehearsed_project import SHOP, files_of, lay_shop, python_with_pytest
from orchestrator.workflows.test_coverage_boost import SCENARIO


def test_the_project_is_laid_out_as_new_each_time(tmp_path: Path) -> None:
    folder = lay_shop(tmp_path / "cache")
    (folder / "shop" / "more.py").write_text("x = 1\n")
    (folder / "shop" / "prices.py").write_text("")
    again = lay_shop(tmp_path / "cache")

    assert again == folder
    wanted = files_of(SHOP.read_text(encoding="utf-8"))
    assert {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()} == wanted


def test_its_files_and_those_of_the_script_are_python() -> None:
    texts = [text for name, text in files_of(SHOP.read_text(encoding="utf-8")).items() if name.endswith(".py")]
    scenario = load_scenario(SCENARIO)
    texts += [step.write.text for turn in scenario.turn for step in turn.step if step.write is not None]
    assert len(texts) >= 8
    for text in texts:
        ast.parse(text)


def test_this_interpreter_has_pytest() -> None:
    assert python_with_pytest() is not None
