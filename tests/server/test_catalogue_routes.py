from __future__ import annotations

from orchestrator.composition.team_choice import Team
from tests.server.conftest import Served


async def test_teams_and_gates_are_told_for_people_and_programs(served: Served) -> None:
    teams = {team["name"]: team for team in await served.get("/api/teams")}
    assert {name for name, team in teams.items() if team["origin"] == "built in"} == {*Team}
    assert (teams["change"]["writes"], teams["answer"]["writes"]) == (True, False)
    gates = {gate["name"]: gate for gate in await served.get("/api/gates")}
    assert gates["coverage"]["threshold"].startswith("at least ")
    assert all(gate["title"] for gate in gates.values())
