from __future__ import annotations

from collections.abc import Sequence

import pytest

from orchestrator.suites.project import View, WrittenProject, table


def test_a_view_sees_only_its_folder_and_no_foreign_code() -> None:
    files = {"a.py": "", "web/package.json": "{}", "web/src/x.js": "", "web/node_modules/y/package.json": "{}"}
    view = View(WrittenProject(files)).view("web")
    assert list(view.names) == ["package.json", "src/x.js"]
    assert view.names_here == {"package.json"}
    assert view.path("package.json") == "web/package.json"


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000, "\ufeff"])
def test_what_cannot_be_parsed_counts_as_absent(text: str) -> None:
    view = View(WrittenProject({"x": text}))
    assert view.json("x") == {}
    assert View(WrittenProject({"x": "a = [" * 5000})).toml("x") == {}


def test_a_file_beyond_the_bound_is_not_read() -> None:
    assert View(WrittenProject({"x": "y" * 100})).text("x", 10) == ""


def test_links_and_folders_exist_without_being_names() -> None:
    project = WrittenProject({"a/b": ""}, links=[".venv/bin/python"])
    assert project.exists(".venv/bin/python")
    assert project.exists("a")
    assert not project.exists("c")
    assert View(project).view("a").exists("b")
    assert View(project).json("a/b") == {}


def test_a_table_is_found_by_its_keys() -> None:
    assert table({"a": {"b": {"c": 1}}}, "a", "b") == {"c": 1}
    assert table({"a": 3}, "a", "b") == {}


class CountingProject(WrittenProject):
    """Counts how often all of its names are gone through."""

    asked = 0

    @property
    def names(self) -> Sequence[str]:
        self.asked += 1
        return self._all

    @names.setter
    def names(self, names: Sequence[str]) -> None:
        self._all = names


def test_the_names_are_gone_through_once_however_many_folders_are_asked() -> None:
    project = CountingProject({f"p{number}/package.json": "{}" for number in range(30)})
    top = View(project)
    assert [list(top.view(f"p{number}").names) for number in range(30)] == [["package.json"]] * 30
    assert top.view("p1").view("none").names == []
    assert project.asked == 1
