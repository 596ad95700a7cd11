from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.models.workers import WorkerStatus
from orchestrator.server.pages import content_policy, static_folder
from tests.server.conftest import Served

MODULES = sorted(path.relative_to(static_folder()) for path in static_folder().rglob("*.js"))


def test_no_module_and_no_style_names_another_host() -> None:
    for path in static_folder().rglob("*"):
        if path.suffix in {".js", ".css", ".html"} and "vendor" not in path.parts:
            assert not re.search(r"https?://", path.read_text()), path


@pytest.mark.parametrize("module", [path for path in MODULES if "vendor" not in path.parts], ids=str)
def test_nothing_is_made_of_markup(module: Path) -> None:
    text = (static_folder() / module).read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet|\beval\b", text)


def test_every_state_of_a_worker_has_its_colours() -> None:
    style = (static_folder() / "dashboard.css").read_text()
    lanes = (static_folder() / "parts" / "timeline.js").read_text()
    for status in set(WorkerStatus) - {WorkerStatus.WAITING}:
        assert f".span-{status}" in style, status
        assert f'"{status}"' in lanes, status


def test_every_vendored_module_has_its_licence_beside_it() -> None:
    vendor = static_folder() / "vendor"
    readme = (vendor / "README.md").read_text()
    for module in vendor.glob("*.js"):
        assert f"`{module.name}`" in readme
        name = module.stem.removesuffix("-hooks")
        assert (vendor / f"{name}.LICENSE").is_file()


def test_the_policy_allows_the_import_map_by_its_hash_and_no_other_inline_script() -> None:
    policy = content_policy()
    assert re.search(r"script-src 'self' 'sha256-[A-Za-z0-9+/=]+'(;|$)", policy)
    assert "unsafe" not in policy


async def test_every_module_is_served_as_what_it_is(served: Served) -> None:
    for module in MODULES:
        answer = await served.client.get(f"/static/{module}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert (await served.client.get("/")).headers["content-type"] == "text/html; charset=utf-8"
    assert (await served.client.get("/favicon.ico")).status_code == 200


@pytest.mark.parametrize("path", ["/static/../setup.py", "/static/%2e%2e/setup.py", "/static//etc/passwd", "/static/x"])
async def test_nothing_outside_the_folder_is_served(served: Served, path: str) -> None:
    assert (await served.client.get(path)).status_code == 404


def test_the_page_names_every_module_beforehand() -> None:
    """Or they would be fetched one behind the other, each named only by the one before it."""
    folder = static_folder()
    named = re.findall(r'rel="modulepreload" href="/static/([^"]+)"', (folder / "dashboard.html").read_text())
    assert sorted(named) == sorted(str(path.relative_to(folder)) for path in folder.rglob("*.js"))
