"""All documents: links lead somewhere, decisions have their four parts, the changelog has its place for what is new."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import orchestrator

pytestmark = pytest.mark.source

ROOT = Path(orchestrator.__file__).resolve().parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "workspace" / "README.md"]
DECISIONS = sorted(ROOT.glob("docs/adr/[0-9]*.md"))


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if re.match(r"https?:", link):
            continue
        name, _, anchor = link.partition("#")
        to = (path.parent / name).resolve() if name else path
        assert to.exists(), link
        assert not anchor or anchor in anchors(to), link


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_what_lost_and_fits_a_page(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(rf"# {path.name[:4]}: \S", text)
    parts = ["Context", "Decision", "What lost, and why", "Consequences"]
    assert [part for part in re.findall(r"^## (.+)$", text, re.M) if part in parts] == parts
    assert len(text.split()) <= 900


def test_decisions_are_numbered_without_doubles() -> None:
    numbers = [path.name[:4] for path in DECISIONS]
    assert len(numbers) == len(set(numbers))


def test_contributing_fits_a_page() -> None:
    assert (
        len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) <= 66
    )  # of which the floors take more than 20
    assert len((ROOT / "AGENTS.md").read_text(encoding="utf-8").splitlines()) == 1


def test_the_changelog_has_a_place_for_what_is_new() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.M)[0] == "Unreleased"


def test_the_changelog_says_each_thing_once() -> None:
    """Two entries with one beginning are one that a merge has kept twice."""
    entries = re.findall(r"^- (.{1,50})", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert [entry for entry in set(entries) if entries.count(entry) > 1] == []
