from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import OrchestrateError
from orchestrator.journal.folder import SessionFolder
from orchestrator.measurement.project_tree import look_at
from orchestrator.workflows.coverage_gaps import digests_of
from orchestrator.workflows.proven_delivery import plan_delivery
from orchestrator.workflows.proven_tests import ProvenTests
from tests.measurement.conftest import written

TEXTS = {"tests/new/test_a.py": "def test_a():\n    assert 1\n"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return written(tmp_path / "shop", {"shop.py": "X = 1\n", "README.md": "Shop\n"})


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    (tmp_path / "work" / "20261130-120000-abcd").mkdir(parents=True)
    return SessionFolder(tmp_path / "work" / "20261130-120000-abcd")


def proven(project: Path, texts: dict[str, str]) -> ProvenTests:
    tree = look_at(project)
    return ProvenTests(str(project), tree.tree, digests_of(project, tree.names), texts)


def test_proven_tests_are_written_and_are_there_the_next_time(project: Path, folder: SessionFolder) -> None:
    kept = proven(project, TEXTS)
    plan_delivery(folder, kept, project).perform()

    assert (project / "tests/new/test_a.py").read_text() == TEXTS["tests/new/test_a.py"]
    again = plan_delivery(folder, kept, project)
    assert (dict(again.texts), again.already) == ({}, tuple(TEXTS))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("shop.py", "X = 2\n", "shop.py is changed"),
        ("shop.py", None, "shop.py is gone"),
        ("other.py", "", "other.py is new"),
        ("tests/new/test_a.py", "def test_b(): pass\n", "tests/new/test_a.py is new"),
    ],
)
def test_a_project_that_has_changed_is_refused_by_the_files_that_differ(
    project: Path, folder: SessionFolder, name: str, text: str | None, said: str
) -> None:
    kept = proven(project, TEXTS)
    if text is None:
        (project / name).unlink()
    else:
        written(project, {name: text})

    with pytest.raises(OrchestrateError, match=said) as caught:
        plan_delivery(folder, kept, project)
    assert "nothing was written" in str(caught.value)
    assert "test-coverage" in str(caught.value.hint)
    assert not (project / "tests/new/test_a.py").exists() or name.startswith("tests")


def test_nothing_proven_is_nothing_to_take(project: Path, folder: SessionFolder) -> None:
    with pytest.raises(OrchestrateError, match="has proven no test"):
        plan_delivery(folder, proven(project, {}), project)
