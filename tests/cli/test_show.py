from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_show_as_json_is_one_document(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    document = json.loads(orchestrate("show", "--json").out)

    assert document["id"] == story.folder.id
    assert [worker["id"] for worker in document["workers"]] == ["gemini", "claude", "codex"]


def test_a_session_may_be_named_with_or_without_the_option(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()

    assert story.folder.id in orchestrate("show", story.folder.id).out
    assert story.folder.id in orchestrate("show", "--session", story.folder.id).out
    assert orchestrate("show", "20200101-000000-0000").code == 2
