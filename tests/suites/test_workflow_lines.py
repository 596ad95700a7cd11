from __future__ import annotations

import pytest

from orchestrator.suites.project import View, WrittenProject
from orchestrator.suites.workflow_lines import is_workflow, workflow_texts


def texts(content: str, name: str = ".github/workflows/ci.yml") -> list[tuple[str, str]]:
    return [(text.folder, text.text) for text in workflow_texts(View(WrittenProject({name: content})))]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("steps:\n  - run: pytest  # all\n", [("", "pytest")]),
        ("steps:\n  - name: a\n    run: 'pytest -k \"a b\"'\n", [("", 'pytest -k "a b"')]),
        ("steps:\n  - run: |\n      cd x\n      pytest\n  - run: go test\n", [("", "cd x\npytest"), ("", "go test")]),
        ("steps:\n  - run: >-\n      pytest\n      -q\n", [("", "pytest -q")]),
        ("steps:\n  - working-directory: a\n    run: pytest\n  - run: prove\n", [("a", "pytest"), ("", "prove")]),
        ("steps:\n  - run: pytest\n    working-directory: ./a/\n  - run: prove\n", [("a", "pytest"), ("", "prove")]),
        ("defaults:\n  run:\n    working-directory: api\njobs:\n  a:\n    steps:\n      - run: pytest\n", [("api", "pytest")]),  # noqa: E501 - one row
        ("t:\n  script:\n    - a\n    - pytest\n", [("", "a\npytest")]),
        ("x: [\n  - - :\nrun:\n", []),
    ],
)  # fmt: skip
def test_commands_are_found_with_their_folder(content: str, found: list[tuple[str, str]]) -> None:
    assert texts(content) == found


def test_the_line_is_kept() -> None:
    (text,) = workflow_texts(View(WrittenProject({".gitlab-ci.yml": "a:\n  script: pytest\n"})))
    assert (text.workflow, text.line) == (".gitlab-ci.yml", 2)


def test_only_what_ci_reads_is_read() -> None:
    assert is_workflow(".github/workflows/a.yaml")
    assert not is_workflow("docs/ci.yml")
    assert texts("run: pytest", "docs/ci.yml") == []
