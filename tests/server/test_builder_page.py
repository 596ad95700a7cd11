"""A team is put together in a real browser, by keyboard and by mouse, and runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from tests.server.watching import PHONE, Showing, Watched, showing, watching

pytestmark = pytest.mark.slow
BY_HAND = """description = "Two look side by side, one mends, and the tests decide."

[plan]
strategy = "sequential"

[[plan.children]]
strategy = "parallel"
children = [{template = "security_auditor"}, {template = "code_reviewer"}]

[[plan.children]]
strategy = "repeat"
at_most = 2
gate = {gates = ["tests"]}

[[plan.children.children]]
id = "mender"
instructions = "Mend what was found, the gravest first."
access = "write"
"""
DESCRIPTION = "Two look side by side, one mends, and the tests decide."


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own teams; it need not exist."""
    for name in ("STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    return tmp_path / "config" / "orchestrate" / "teams"


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Showing]:
    with showing(tmp_path / "workspace") as shown:
        yield shown


def open_builder(watched: Watched, shown: Showing, query: str = "") -> None:
    watched.page.goto(shown.url.partition("/?")[0] + "/builder" + query)
    watched.has("[role=treeitem]")


def rows(watched: Watched) -> list[str]:
    """The tree, each part with its place."""
    return [" ".join(row.split()) for row in watched.page.locator("[role=treeitem]").all_inner_texts()]


def save(watched: Watched, name: str, folder: Path) -> str:
    watched.page.get_by_label("Name", exact=True).fill(name)
    watched.has(".verdict .status-done")
    watched.press("Save")
    watched.has(".notice", f"--team {name}")
    return (folder / f"{name}.toml").read_text()


def test_by_keyboard(browser: Browser, shown: Showing, folder: Path) -> None:
    with watching(browser, shown.url) as watched:
        open_builder(watched, shown)
        press, write = watched.page.keyboard.press, watched.page.keyboard.type

        def keys(*names: str) -> None:
            for name in names:
                press(name)
                expect(watched.page.locator("[role=treeitem][tabindex='0']:focus")).to_have_count(1)

        def enter(field: str, text: str) -> None:
            """Go through the fields by Tab, as far as this one; of a choice the first letter is enough.

            More letters would have to come within a second, and "rr" is the second choice with an r however fast.
            """
            press("Enter")
            for _ in range(12):
                if watched.page.evaluate("document.activeElement.id") == f"field-{field}":
                    break
                press("Tab")
            write(text)
            press("Escape")
            expect(watched.page.locator("[role=treeitem]:focus")).to_have_count(1)

        watched.page.get_by_label("Description").fill(DESCRIPTION)
        watched.page.locator("[role=treeitem]").focus()
        keys("s", "a")
        enter("template", "s")
        keys("a")
        enter("template", "c")
        # A second strategy, behind the first; what is removed by mistake comes back.
        keys("ArrowLeft", "ArrowLeft", "s")
        enter("strategy", "rr")
        enter("at_most", "2")
        keys("g", "Delete", "Control+z", "ArrowUp")
        keys("a")
        enter("template", "n")
        enter("id", "mender")
        enter("instructions", "Mend what was found, the gravest first.")
        enter("access", "w")
        assert rows(watched) == [
            "strategy sequential 1",
            "strategy parallel 1.1",
            "agent security_auditor 1.1.1",
            "agent code_reviewer 1.1.2",
            "strategy repeat 1.2",
            "agent mender writes 1.2.1",
            "gates tests 1.2.gate",
        ]
        # Moved away and back.
        keys("ArrowLeft", "Alt+ArrowUp", "Alt+ArrowDown", "Alt+ArrowRight", "Alt+ArrowLeft")
        watched.has(".outline", "1.2.1 mender, writes in the target; any agent")
        assert save(watched, "by-keyboard", folder) == BY_HAND
        assert watched.violations() == []


def test_by_mouse(browser: Browser, shown: Showing, folder: Path) -> None:
    with watching(browser, shown.url) as watched:
        open_builder(watched, shown)
        item = watched.page.locator("[role=treeitem]")

        def click(part: str) -> None:
            item.filter(has_text=part).last.click()
            expect(watched.page.locator("[role=treeitem][aria-selected='true']")).to_contain_text(part)

        def choose(label: str, value: str) -> None:
            watched.page.get_by_role("combobox", name=label, exact=True).select_option(value)

        watched.press("Add agent")
        choose("Template", "code_reviewer")
        click("sequential")
        watched.press("Add agent")
        choose("Template", "security_auditor")
        watched.press("Add strategy")
        # Both are dragged into the strategy, the second one first.
        parallel = item.filter(has_text="parallel")
        item.filter(has_text="security_auditor").drag_to(parallel)
        expect(item.nth(3)).to_contain_text("security_auditor")
        item.filter(has_text="code_reviewer").drag_to(parallel)
        expect(item.nth(3)).to_contain_text("code_reviewer")
        expect(item.nth(3)).to_contain_text("1.1.2")
        click("sequential")
        watched.press("Add strategy")
        choose("Strategy", "repeat")
        watched.page.get_by_label("At most so many times").fill("2")
        watched.press("Add gates")
        click("repeat")
        watched.press("Add agent")
        choose("Template", "")
        watched.page.get_by_label("Id", exact=True).fill("mender")
        watched.page.get_by_label("Instructions", exact=True).fill("Mend what was found, the gravest first.")
        choose("Access", "write")
        watched.page.get_by_label("Description").fill(DESCRIPTION)
        assert save(watched, "by-mouse", folder) == BY_HAND


def test_a_hand_written_file_is_opened_saved_and_never_overwritten_unseen(
    browser: Browser, shown: Showing, folder: Path
) -> None:
    folder.mkdir(parents=True)
    text = f"# By Ada.\n{BY_HAND}"
    (folder / "mend.toml").write_text(text)
    with watching(browser, shown.url) as watched, watching(browser, shown.url) as other:
        for page in (watched, other):
            open_builder(page, shown, "?team=mend")
        watched.has(".build-head", "The file has 1 comment.")
        watched.has(".verdict", "mend, 3 agents, mender may write in the target")
        watched.press("Save")
        watched.has(".notice", "--team mend")
        watched.has(".build-head", "The file has 1 comment.")
        assert (folder / "mend.toml").read_text() == text
        asked: list[str] = []
        watched.page.on("dialog", lambda dialog: asked.append(dialog.message))
        for page in (watched, other):
            page.page.get_by_label("Title", exact=True).fill("All of it")
            page.page.keyboard.press("Enter")
            page.has(".toml", 'title = "All of it"')
        watched.press("Save")
        watched.has(".build-head p", "As saved in")
        assert ["has comments (1)" in one for one in asked] == [True]
        saved = (folder / "mend.toml").read_text()
        assert saved == BY_HAND.replace('"sequential"\n', '"sequential"\ntitle = "All of it"\n', 1)
        other.press("Save")
        other.has(".notice.bad", "has been changed meanwhile")
        assert (folder / "mend.toml").read_text() == saved
        watched.page.get_by_label("Title", exact=True).fill("")
        watched.page.keyboard.press("Enter")
        watched.page.get_by_role("button", name="Remove").wait_for()
        watched.page.locator("[role=treeitem]").nth(2).click()
        watched.press("Remove")
        watched.press("Remove")
        watched.has(".verdict.reason", "the agents list is empty")
        watched.has(".team-tree .is-wrong", "parallel")
        expect(watched.page.get_by_role("button", name="Save")).to_be_disabled()
        assert watched.violations() == []
        watched.page.keyboard.press("Control+z")
        watched.page.keyboard.press("Control+z")
        watched.page.keyboard.press("Control+z")
        watched.has(".toml", 'title = "All of it"')


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_both_themes_and_has_no_violation(
    browser: Browser, shown: Showing, folder: Path, scheme: Literal["light", "dark"]
) -> None:
    folder.mkdir(parents=True)
    (folder / "mend.toml").write_text(BY_HAND)
    with watching(browser, shown.url, size=PHONE, scheme=scheme) as watched:
        open_builder(watched, shown, "?team=mend")
        watched.has(".outline")
        for number in (6, 0, 5):
            watched.page.locator("[role=treeitem]").nth(number).click()
            watched.has("#node-title", "agent" if number == 5 else "strategy" if number == 0 else "gates")
        watched.page.get_by_text("More of this agent").click()
        watched.page.get_by_label("Answer: JSON-schema properties, as JSON").fill("[")
        watched.page.keyboard.press("Tab")
        watched.has("[role=alert]", "Not taken")
        watched.page.get_by_text("Keys in the tree").click()
        assert watched.violations() == []
        assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_file_that_names_its_team_is_kept_and_saved_under_another_name_is_a_copy(
    browser: Browser, shown: Showing, folder: Path
) -> None:
    folder.mkdir(parents=True)
    text = f'name = "Ada\'s team"\n{BY_HAND}'
    (folder / "mend.toml").write_text(text)
    with watching(browser, shown.url) as watched:
        open_builder(watched, shown, "?team=mend")
        watched.has(".verdict .status-done")
        watched.press("Save")
        watched.has(".notice", "--team Ada's team")
        assert save(watched, "copied", folder) == BY_HAND
        watched.has(".opens a", "copied")
        assert (folder / "mend.toml").read_text() == text


def test_what_was_built_runs_by_its_name(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "by-keyboard.toml").write_text(BY_HAND)
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "test_a.py").write_text("def test_a():\n    assert 1\n")
    command = [sys.executable, "-m", "orchestrator", "run", "Mend it", "--team", "by-keyboard"]
    command += ["--target", str(tmp_path / "target"), "--stand-ins", "--json", "--no-interactive", "--no-dashboard"]
    environ = {**os.environ, "ORCHESTRATOR_WORKSPACE": str(tmp_path / "workspace")}
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.splitlines()[0] == "team by-keyboard, as asked (--team)"
    (session,) = (path for path in (tmp_path / "workspace").iterdir() if (path / "report.json").exists())
    report = json.loads((session / "report.json").read_text())
    agents = [output["agent_id"] for output in report["result"]["outputs"] if "agent_id" in output]
    assert agents[:3] == ["security_auditor", "code_reviewer", "mender"]
