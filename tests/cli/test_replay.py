from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cli.conftest import Story


def test_replay_derives_a_session_again(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.asks()
    story.write()

    ran = orchestrate("replay")

    assert ran.code == 0, ran.err
    assert f"{len(story.entries)} entries" in ran.out
    assert "all the same" in ran.out


def test_replay_ends_with_1_at_the_first_difference(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    text = story.folder.journal_file.read_text()
    story.folder.journal_file.write_text(text.replace('"tier":1', '"tier":2'))

    ran = orchestrate("replay")

    assert ran.code == 1
    assert "differs" in ran.err
    assert "Traceback" not in ran.err


def test_replay_until_an_entry_prints_the_whole_state_after_it(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.asks()
    story.write()
    asked = story.session.n
    ran = orchestrate("replay", "--until", str(asked))
    assert ran.code == 0, ran.err
    state = json.loads(ran.out[ran.out.index("\n{") :])
    assert state["n"] == asked
    assert state["approvals"]["questions"][0]["id"] == "q1"
    assert state["workers"]["gemini"]["status"] == "frozen"
    assert set(state["effects_open"]) == {f"{cause}.{index}" for cause, index in story.session.effects_open}
    earlier = json.loads(orchestrate("replay", "--until", "1", "--json").out)["state"]
    assert (earlier["n"], earlier["approvals"]["questions"]) == (1, [])


def test_replay_says_what_another_policy_would_have_decided_without_changing_what_was(
    story: Story, orchestrate: Callable[..., Any]
) -> None:
    story.write()
    ran = orchestrate("replay", "--policy", "cautious", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["under_policy"] == []


def test_without_a_plan_of_its_own_there_is_nothing_to_aggregate(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    assert json.loads(orchestrate("replay", "--json").out)["under_aggregator"] is None
    ran = orchestrate("replay", "--aggregator", "consensus")
    assert ran.code == 2
    assert "has no plan of its own" in ran.err


def test_a_folder_is_named_by_its_path(story: Story, orchestrate: Callable[..., Any]) -> None:
    story.write()
    assert orchestrate("replay", str(story.folder.path)).code == 0
    missing = orchestrate("replay", str(story.folder.path.parent / "20200101-000000-0000"))
    assert missing.code == 2
    assert "no session" in missing.err
