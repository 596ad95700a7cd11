"""What the page on which a team is put together asks for, without the page."""

from __future__ import annotations

import itertools
import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from orchestrator.coordinator.project_trust import consent, read_settings
from orchestrator.settings.own_teams import draft, team_of
from orchestrator.settings.user_places import state_folder
from orchestrator.store.composition_names import plan_digest
from orchestrator.store.outcome_log import OutcomeLog
from orchestrator.store.recorder import as_record
from tests.composition.test_team_text import CANONICAL, TEAMS
from tests.server.conftest import Served
from tests.store.test_estimates import session

AGENT = {"id": "a", "instructions": "Look."}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own teams."""
    for name in ("STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    folder = tmp_path / "config" / "orchestrate" / "teams"
    folder.mkdir(parents=True)
    return folder


async def put(served: Served, name: str, tree: Any, **more: Any) -> tuple[int, Any]:
    answer = await served.client.put("/api/builder/team", params={"name": name}, json={"tree": tree, **more})
    return answer.status_code, answer.json()


async def check(served: Served, tree: Any, **more: Any) -> tuple[int, Any]:
    answer = await served.client.post("/api/builder/check", json={"tree": tree, **more})
    return answer.status_code, answer.json()


async def test_the_parts_of_a_team_are_told(served: Served, folder: Path) -> None:
    parts = await served.get("/api/builder/parts")
    assert parts["folder"] == str(folder)
    assert {"sequential", "best_of"} <= set(parts["strategies"])
    assert "tests" in parts["gates"]
    assert "claude" in parts["agents"]
    assert {"id": "security_auditor", "tier": "PREMIUM", "access": "read"}.items() <= parts["templates"][1].items()


async def test_every_team_that_is_written_down_is_opened_and_saved_unchanged(served: Served, folder: Path) -> None:
    opened = 0
    for number, text in enumerate(TEAMS):
        path = folder / f"team{number}.toml"
        path.write_text(text)
        answer = await served.client.get("/api/builder/team", params={"name": path.stem})
        if answer.status_code == 409:
            # Written down to be refused, or includes a file that is not here: `teams check` says no as well.
            path.unlink()
            continue
        opened += 1
        found = answer.json()
        status, _ = await put(served, path.stem, found["tree"], seen=found["digest"])
        assert (status, path.read_text()) == (200, text), "not a byte of it has changed, comments included"
        status, checked = await check(served, found["tree"], name=path.stem)
        assert (status, checked["right"]) == (200, True), checked
        assert tomllib.loads(checked["toml"]) == tomllib.loads(text)
        path.unlink()
    assert opened >= 8


async def test_a_tree_is_checked_outlined_and_written_as_toml(served: Served) -> None:
    status, found = await check(served, tomllib.loads(CANONICAL), name="mend", task="Look over the login")
    assert (status, found["toml"]) == (200, CANONICAL)
    assert found["verdict"] == "right; mend, 5 agents, mender may write in the target"
    assert found["outline"][0] == "1 sequential, 3 parts"
    assert "   ├─ 1.1.1 security_auditor (Security Auditor), reads; PREMIUM" in [
        row.replace("│", " ") for row in found["outline"]
    ]
    assert "unknown" in found["estimate"]


async def test_what_such_teams_took_is_told_as_the_estimate(served: Served) -> None:
    tree = {"plan": {"strategy": "sequential", "children": [AGENT]}}
    plan = plan_digest(team_of(draft("mine", tree)).plan)
    done = [session(number, plan=plan, team="mine", pattern="testing_answer") for number in range(10)]
    OutcomeLog(state_folder(os.environ)).append(*map(as_record, done))
    _, found = await check(served, tree, name="mine", task="Write tests")
    assert found["estimate"].startswith("tokens 1,100 to 9,900, mostly 5,500; cost $0.01"), found["estimate"]
    _, found = await check(served, {"plan": {**AGENT, "id": "b"}}, name="mine", task="Write tests")
    assert "unknown: 0 of the 10 sessions of this team" in found["estimate"]


NO_TEAMS: tuple[tuple[Any, str], ...] = (
    ({"template": "nobody"}, "no template 'nobody'"),
    ({"strategy": "parallel", "children": []}, "the agents list is empty"),
    ({"include": "again.toml"}, "a file cannot include itself"),
    ({"include": "../../elsewhere.toml"}, "`include` reads only below"),
    ({"strategy": "parallel", "children": [AGENT, AGENT]}, "must be unique"),
    ({"strategy": "parallel", "children": [AGENT] * 3_000}, "must be unique"),
    ({"strategy": "parallel", "children": [{"strategy": "parallel", "children": []}] * 2_000}, "at most 256 nodes"),
    ({"strategy": "repeat", "children": [AGENT]}, "repeat needs a gate"),
    ("no table", "a team has a table [plan]"),
)


async def test_what_is_no_team_is_said_and_never_saved(served: Served, folder: Path) -> None:
    (folder / "again.toml").write_text('[plan]\ninclude = "again.toml"\n')
    for plan, why in NO_TEAMS:
        status, found = await check(served, {"plan": plan})
        assert (status, found["right"], why in found["verdict"]) == (200, False, True), found["verdict"]
        status, found = await put(served, "new", {"plan": plan})
        assert (status, why in found["detail"]) == (409, True), found
    assert [path.name for path in folder.iterdir()] == ["again.toml"]


async def test_a_name_that_is_none_is_refused(served: Served, folder: Path) -> None:
    for name in ["../x", "a/b", "", ".hidden", "-x", "x" * 65, "x\n", "x.toml", "\u0430uto", "auto", "change"]:
        status, _ = await put(served, name, {"plan": AGENT})
        assert status == 409, name
    assert (await put(served, "x", {"name": "../x", "plan": AGENT}))[0] == 409
    assert list(folder.iterdir()) == []


async def test_what_no_file_can_say_is_refused(served: Served) -> None:
    bodies = [b'{"tree": {"plan": NaN}}', b'{"tree": {"a": "\\ud800"}}', b'{"tree": {"plan": null}}']
    where = (("POST", "/api/builder/check"), ("PUT", "/api/builder/team?name=x"))
    for body, (method, path) in itertools.product(bodies, where):
        answer = await served.client.request(method, path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 409, answer.text


async def test_a_tree_without_end_is_refused(served: Served) -> None:
    deep = '{"strategy": "sequential", "children": [' * 10_000 + "]}" * 10_000
    for content in (f'{{"tree": {{"plan": {deep}}}}}', f'{{"tree": {{"plan": {json.dumps([AGENT] * 10_000)}}}}}'):
        answer = await served.client.post(
            "/api/builder/check", content=content, headers={"content-type": "application/json"}
        )
        assert answer.status_code in (400, 409), answer.text
    assert (await served.client.get("/health")).status_code == 200


async def test_of_two_who_save_the_second_is_told(served: Served, folder: Path) -> None:
    status, first = await put(served, "mine", {"plan": AGENT})
    assert (status, (folder / "mine.toml").exists()) == (200, True)
    status, refused = await put(served, "mine", {"plan": {**AGENT, "id": "b"}})
    assert (status, "is there already" in refused["detail"]) == (409, True)
    status, second = await put(served, "mine", {"plan": {**AGENT, "id": "b"}}, seen=first["digest"])
    assert (status, second["digest"] != first["digest"]) == (200, True)
    status, refused = await put(served, "mine", {"plan": {**AGENT, "id": "c"}}, seen=first["digest"])
    assert (status, "has been changed meanwhile" in refused["detail"]) == (409, True)
    (folder / "mine.toml").unlink()
    status, refused = await put(served, "mine", {"plan": AGENT}, seen=second["digest"])
    assert (status, "has been deleted meanwhile" in refused["detail"]) == (409, True)
    assert list(folder.iterdir()) == []


async def test_comments_are_lost_only_where_a_person_agrees(served: Served, folder: Path) -> None:
    text = '# Ours.\n[plan]\nid = "a" # the first\ninstructions = "Look at #1."\n'
    (folder / "mine.toml").write_text(text)
    found = await served.get("/api/builder/team", name="mine")
    assert found["comments"] == 2
    changed = {"plan": {"id": "b", "instructions": "Look."}}
    status, refused = await put(served, "mine", changed, seen=found["digest"])
    assert (status, refused["hint"], (folder / "mine.toml").read_text()) == (409, "without_comments", text)
    assert (await put(served, "mine", changed, seen=found["digest"], without_comments=True))[0] == 200
    assert (folder / "mine.toml").read_text() == '[plan]\nid = "b"\ninstructions = "Look."\n'


async def test_no_two_files_get_one_name_and_no_link_is_followed(served: Served, folder: Path, tmp_path: Path) -> None:
    (folder / "one.toml").write_text('name = "mine"\n[plan]\nid = "a"\ninstructions = "Look."\n')
    (folder / "broken.toml").write_text("no = toml = at all")
    assert "has the name 'mine' already" in (await put(served, "mine", {"plan": AGENT}))[1]["detail"]
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.write_text('[plan]\nid = "a"\ninstructions = "Look."\n')
    (folder / "linked.toml").symlink_to(elsewhere)
    found = await served.get("/api/builder/team", name="linked")
    status, refused = await put(served, "linked", {"plan": {**AGENT, "id": "b"}}, seen=found["digest"])
    assert (status, "is a link" in refused["detail"], "a" in elsewhere.read_text()) == (409, True, True)


async def test_a_file_whose_name_is_no_text_is_passed_over_and_ends_nothing(served: Served, folder: Path) -> None:
    odd = os.fsencode(folder) + b"/\xff.toml"
    Path(os.fsdecode(odd)).write_text('name = "mine"\n[plan]\nid = "a"\ninstructions = "Look."\n')
    assert await served.get("/api/builder/teams") == []
    assert (await put(served, "mine", {"plan": AGENT}))[0] == 409
    assert (await put(served, "other", {"plan": AGENT}))[0] == 200


async def test_a_trusted_projects_teams_are_read_and_not_written(served: Served, folder: Path) -> None:
    project = Path.cwd()
    own = project / ".orchestrator" / "teams"
    own.mkdir(parents=True)
    (own / "theirs.toml").write_text('[plan]\nid = "a"\ninstructions = "Look."\n')
    (folder / "mine.toml").write_text('[plan]\nid = "a"\ninstructions = "Look."\n')
    assert await served.get("/api/builder/teams") == [{"name": "mine", "origin": "user"}]
    refused = await served.client.get("/api/builder/team?name=theirs&origin=project")
    assert refused.status_code == 404
    consent(project, read_settings(project), os.environ)
    assert {"name": "theirs", "origin": "project"} in await served.get("/api/builder/teams")
    found = await served.get("/api/builder/team", name="theirs", origin="project")
    assert (found["origin"], found["tree"]["plan"]["id"]) == ("project", "a")
    before = (own / "theirs.toml").read_bytes()
    assert (await put(served, "theirs", {"plan": {**AGENT, "id": "b"}}))[0] == 200
    assert ((own / "theirs.toml").read_bytes(), (folder / "theirs.toml").exists()) == (before, True)


PATHS = (
    *(("GET", f"/api/builder/{path}") for path in ("parts", "teams", "team?name=x")),
    ("POST", "/api/builder/check"),
    ("PUT", "/api/builder/team?name=x"),
)


async def test_without_the_token_or_from_another_site_nothing_is_told_or_written(served: Served, folder: Path) -> None:
    for method, path in PATHS:
        body = {"tree": {"plan": AGENT}}
        nobody = await served.client.request(method, path, json=body, headers={"Authorization": "Bearer wrong"})
        assert nobody.status_code == 401
        other = await served.client.request(method, path, json=body, headers={"Origin": "http://evil.example"})
        assert other.status_code == 403
    assert list(folder.iterdir()) == []
