"""A package of its own brings an agent: from ``pip install`` to a finished rehearsal, this repository untouched."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import NoReturn

import pytest

from benchmarks.rehearsals import BEGINNING, END, PACKAGE, ROOT, ROWS, CannotInstall, Row, install, rehearse
from orchestrator.agents.contract import Agent
from orchestrator.testing.agents import (
    check_assignment_is_obeyed,
    check_evidence,
    check_prompt,
    check_recording,
    check_refusal,
    check_rules,
    check_warning,
    golden,
    missing_parts,
    told,
)


@pytest.fixture
def agent() -> Agent:
    """The package's adapter, loaded from where it lies."""
    spec = spec_from_file_location("orchestrate_qwen", PACKAGE / "orchestrate_qwen" / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Agent = module.AGENT
    return found


def test_the_packages_adapter_passes_the_kit_and_lacks_nothing(agent: Agent, update_goldens: bool) -> None:
    folders = sorted(path.parent for path in PACKAGE.glob("recordings/*/*/meta.json"))
    for folder in folders:
        if update_goldens:
            (folder / "events.json").write_text(golden(told(agent, folder)), encoding="utf-8")
        check_recording(agent, folder)
    for line in (PACKAGE / "recordings" / "warnings.txt").read_text(encoding="utf-8").splitlines():
        check_warning(agent, line)
    for row in tomllib.loads((PACKAGE / "recordings" / "refusals.toml").read_text(encoding="utf-8"))["refusal"]:
        check_refusal(agent, row)
    check_rules(agent)
    check_prompt(agent)
    check_assignment_is_obeyed(agent)
    check_evidence(agent, folders)
    assert not missing_parts(agent, folders)


def test_a_renewed_login_of_the_package_goes_back_and_nothing_else(agent: Agent) -> None:
    now_s = 1_800_000_000.0

    def login(**changed: object) -> bytes:
        usual = {"access_token": "a", "token_type": "Bearer", "refresh_token": "r", "resource_url": "portal.qwen.ai"}
        return json.dumps({**usual, "expiry_date": now_s * 1000, **changed}).encode()

    def goes_back(after: bytes, before: bytes | None = None) -> bool:
        return not agent.credential.newer_login(before or login(), after, now_s)

    later = (now_s + 7200) * 1000
    assert goes_back(login(access_token="b", expiry_date=later))
    assert goes_back(login(access_token="b", refresh_token="s", expiry_date=later))
    far = login(expiry_date=later)
    assert not goes_back(login(refresh_token="s", expiry_date=later * 1.001), before=far)
    assert not goes_back(login(resource_url="evil.example", expiry_date=later))
    assert not goes_back(login(expiry_date=later, more=1))
    assert not goes_back(login(refresh_token="", expiry_date=later))
    assert not goes_back(login(expiry_date=now_s * 900))
    assert not goes_back(b"x")
    left_out = json.loads(login(expiry_date=later))
    del left_out["resource_url"]
    assert goes_back(json.dumps(left_out).encode())


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_opencode_and_an_agent_of_a_package_of_its_own_finish_rehearsals(
    tmp_path: Path, not_proven: Callable[[str], NoReturn]
) -> None:
    # These five meet every role, scenario and policy; ``python -m benchmarks.rehearsals`` plays all twelve.
    try:
        programs = install(tmp_path)
    except CannotInstall as error:
        not_proven(str(error))
    rows = [row for row in ROWS if row.scenario == "permission" and row.policy == "strict"]
    rows += [Row("opencode", "qwen", "blocker", "default"), Row("qwen", "opencode", "blocker", "strict")]
    rows += [Row("qwen", "opencode", "default", "default")]
    assert set(rows) <= set(ROWS)
    wrong = {str(row): found for row in rows if (found := rehearse(row, programs, tmp_path / str(row)))}
    assert not wrong, "\n".join(f"{name}: {line}" for name, lines in wrong.items() for line in lines)


def test_the_page_about_agents_shows_every_rehearsal_and_that_it_ended_well() -> None:
    page = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    table = page.split(BEGINNING)[1].split(END)[0].strip().splitlines()[2:]
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert [tuple(cells[:4]) for cells in told] == [
        (row.implementer, row.reviewer, row.scenario, row.policy) for row in ROWS
    ]
    assert {cells[4] for cells in told} == {"done", "stopped by the reviewer"}
