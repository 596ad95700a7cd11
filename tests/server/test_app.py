from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.core.result import Ok

from orchestrator.server import control_routes, pages, routes
from orchestrator.server.app import make_app
from orchestrator.server.session_hub import SessionHub
from tests.server.conftest import Served, Stage
from tests.server.watching import Showing, showing

SPEC_004 = {
    "/health": "get",
    "/api/session": "get",
    "/api/workers": "get",
    "/api/reviews": "get",
    "/api/decisions": "get",
    "/api/recovery": "get",
    "/api/summary": "get",
    "/api/events/stream": "get",
    "/api/control/pause": "post",
    "/api/control/resume": "post",
    "/api/control/stop": "post",
    "/api/control/review": "post",
}


def test_every_endpoint_of_the_specification_is_described(tmp_path: Path) -> None:
    paths = make_app(SessionHub(tmp_path)).openapi()["paths"]
    for path, method in SPEC_004.items():
        assert method in paths[path], path


def test_the_first_request_builds_no_route_once_more(tmp_path: Path) -> None:
    served = {id(route) for route in make_app(SessionHub(tmp_path)).routes}
    assert {id(route) for part in (routes, control_routes, pages) for route in part.router.routes} <= served


def test_every_operation_describes_its_errors_as_problems(tmp_path: Path) -> None:
    for path, operations in make_app(SessionHub(tmp_path)).openapi()["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status.startswith("4"):
                    assert "application/problem+json" in response["content"], (path, status)


async def test_no_page_of_a_documentation_tool_is_served(served: Served) -> None:
    for path in ("/docs", "/redoc"):
        assert (await served.client.get(path)).status_code == 404
    assert (await served.client.get("/openapi.json")).status_code == 200


@pytest.fixture
def shown(stage: Stage, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Showing]:
    # One may change the user's settings and tuning there.
    for name in ("STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(workspace.parent / name.lower()))
    stage.say("one", "two")
    with showing(workspace) as shown:
        yield shown


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_schemathesis_finds_no_fault(shown: Showing) -> None:
    base, _, token = shown.url.partition("/?token=")
    headers = {"Authorization": f"Bearer {token}"}
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json", headers=headers)
    tried = 0
    for result in schema.exclude(path="/api/events/stream").get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()

        # How fast requests are made up is the machine's affair, and with another clock preloaded it takes minutes.
        @hypothesis.settings(max_examples=6, suppress_health_check=[hypothesis.HealthCheck.too_slow])
        @hypothesis.given(case=operation.as_strategy())
        def check(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(headers=headers)

        check()
        tried += 1
    assert tried >= len(SPEC_004)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", base)
