from __future__ import annotations

import anyio

from orchestrator.server import target_diff
from orchestrator.snapshots.recorded_trees import BASELINE, Snapshots
from tests.server.conftest import Served, Stage


def snapshots(stage: Stage) -> Snapshots:
    assert stage.session is not None
    return Snapshots(stage.folder.snapshots_dir, stage.session.options.target, exclude=(stage.folder.workspace,))


async def test_before_the_first_snapshot_there_is_nothing_yet(served: Served) -> None:
    found = await served.get("/api/diff")
    assert (found["of"], found["text"]) == ("nothing yet", "")


async def test_the_diff_grows_with_the_target_and_leaves_no_label(served: Served, stage: Stage) -> None:
    assert stage.session is not None
    target = stage.session.options.target
    taken = snapshots(stage)
    taken.take(BASELINE)
    (target / "signup.py").write_text("x = 1\n")
    found = await served.get("/api/diff")
    assert (found["of"], found["files"], found["insertions"]) == ("the target now", ["signup.py"], 1)
    assert "+x = 1" in found["text"]
    assert taken.newest() == taken.find(BASELINE)


async def test_all_who_ask_at_once_get_one_answer(served: Served, stage: Stage) -> None:
    snapshots(stage).take(BASELINE)
    first, second = await served.get("/api/diff"), await served.get("/api/diff")
    assert first["at"] == second["at"]
    assert target_diff.FRESH_FOR_S > 0


async def test_of_a_session_that_is_over_the_last_snapshot_is_shown(served: Served, stage: Stage) -> None:
    assert stage.session is not None
    taken = snapshots(stage)
    taken.take(BASELINE)
    (stage.session.options.target / "signup.py").write_text("x = 1\n")
    taken.take("measured")
    (stage.session.options.target / "later.py").write_text("by somebody else\n")
    stage.release_workers()
    found = await served.get("/api/diff")
    assert (found["of"], found["files"]) == ("the last snapshot", ["signup.py"])


async def test_the_table_shows_of_a_session_that_runs_what_its_page_shows(served: Served, stage: Stage) -> None:
    assert stage.session is not None
    snapshots(stage).take(BASELINE)
    (stage.session.options.target / "signup.py").write_text("x = 1\n")
    await served.get("/api/sessions/table")  # looks at the target, and does not wait for what it finds
    with anyio.fail_after(60):
        while (row := (await served.get("/api/sessions/table"))["sessions"][0])["files"] is None:  # noqa: ASYNC110 - the server is asked, it tells nothing by itself
            await anyio.sleep(0.05)
    found = await served.get("/api/diff")
    assert [row["files"], row["insertions"], row["deletions"]] == [1, found["insertions"], found["deletions"]]


async def test_of_what_changed_it_is_told_what_programs_of_the_user_obey(served: Served, stage: Stage) -> None:
    assert stage.session is not None
    target = stage.session.options.target
    snapshots(stage).take(BASELINE)
    (target / "signup.py").write_text("x = 1\n")
    assert (await served.get("/api/diff"))["obeyed"] == []
    for name in (".vscode/tasks.json", "deep/inside/conftest.py", "node_modules/other/conftest.py"):
        (target / name).parent.mkdir(parents=True)
        (target / name).write_text("{}\n")
    with anyio.fail_after(60):
        while not (found := (await served.get("/api/diff"))["obeyed"]):  # noqa: ASYNC110 - the same answer for two seconds
            await anyio.sleep(0.05)
    assert [one["path"] for one in found] == [".vscode/tasks.json", "deep/inside/conftest.py"]
    assert all(one["program"] for one in found)
