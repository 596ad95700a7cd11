from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.settings.user_places import state_folder
from orchestrator.store.tuning_log import TuningLog
from orchestrator.tuning.parameters import BASELINE
from orchestrator.tuning.tuning_events import Claimed, RolledBack, Switched
from tests.server.conftest import Served


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))


def log() -> TuningLog:
    return TuningLog(state_folder(os.environ))


async def test_metrics_are_those_of_the_command(served: Served) -> None:
    found = await served.get("/api/metrics?rehearsals=true&since_s=3600")
    assert (found["sessions"], found["without_outcome"], found["left_out"]) == (0, 0, [])
    assert {"success_rate", "development_velocity"} <= {one["name"] for one in found["metrics"]}


async def test_tuning_is_read_and_taken_back_by_name(served: Served) -> None:
    assert (await served.get("/api/tuning"))["status"]["state"] == "off"
    assert not log().is_there(), "who only looks writes nothing"
    log().act(
        lambda tuning: [
            Switched("on", "person", "s"),
            Claimed("trial-1", "max_restarts", 3, 4, 60.0, 52.0, 60, ""),
            Claimed("trial-2", "silence_s", 900, 600, 60.0, 52.0, 60, ""),
        ]
    )
    shown = await served.get("/api/tuning")
    assert shown["status"]["changed"] == {"max_restarts": "trial-1", "silence_s": "trial-2"}
    assert shown["decisions"][1]["inverse"] == "orchestrate tune rollback trial-1"
    refused = await served.client.post("/api/tuning/rollback", json={"trial": "trial-9"})
    assert (refused.status_code, refused.json()["hint"]) == (409, "in force: trial-1, trial-2")
    done = await served.client.post("/api/tuning/rollback", json={"trial": "trial-1"})
    assert done.json()["status"]["values"] == {**BASELINE, "silence_s": 600}
    assert [one.by for one in log().events() if isinstance(one, RolledBack)] == ["dashboard"]
    assert (await served.client.post("/api/tuning/freeze")).json()["status"]["state"] == "frozen"
    assert (await served.client.post("/api/tuning/reset")).json()["status"]["values"] == BASELINE


async def test_a_damaged_log_is_a_problem_and_no_crash(served: Served) -> None:
    log().act(lambda tuning: [Switched("on", "person", "s")])
    with log().path.open("ab") as file:
        file.write(b"nonsense\n")
    for answer in (await served.client.get("/api/tuning"), await served.client.post("/api/tuning/freeze")):
        assert answer.status_code == 409
        assert "cannot be followed" in answer.json()["detail"]


async def test_one_setting_is_changed_and_the_others_stay(served: Served) -> None:
    for name, value in (("budget.per_day", "5"), ("budget.per_month", "50")):
        changed = await served.client.put("/api/settings", json={"name": name, "value": value})
        assert changed.status_code == 200, changed.text
    found = {one["name"]: one["value"] for one in (await served.get("/api/settings"))["settings"]}
    assert (found["budget.per_day"], found["budget.per_month"]) == (5, 50)
    assert found["gates.allowed_licences"] is None
    for body in ({"name": "budget.per_year", "value": "1"}, {"name": "budget.per_day", "value": "-1"}):
        refused = await served.client.put("/api/settings", json=body)
        assert refused.status_code == 409
        assert "budget" in refused.json()["detail"]
    lacking = await served.client.put("/api/settings", json={"name": "gates.performance.seconds", "value": "9"})
    assert "command" in lacking.json()["lacks"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", f"/api/{name}") for name in ("metrics", "tuning", "settings")),
        *(("POST", f"/api/tuning/{name}") for name in ("freeze", "rollback", "reset")),
        ("PUT", "/api/settings"),
    ],
)
async def test_without_the_token_or_from_another_site_nothing_is_told_or_changed(
    served: Served, method: str, path: str
) -> None:
    nobody = await served.client.request(method, path, headers={"Authorization": "Bearer wrong"})
    assert nobody.status_code == 401
    other = await served.client.request(method, path, headers={"Origin": "http://evil.example"})
    assert other.status_code == 403
    assert not log().is_there()
