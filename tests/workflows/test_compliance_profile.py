from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import InvalidFile, UsageError
from orchestrator.models.plan_tree import AgentResult, NodePath
from orchestrator.models.quality_gates import GateState
from orchestrator.workflows.compliance_profile import PROFILES, held_against, load_profile, said_of_items
from orchestrator.workflows.weaknesses import Source, Standing, Weakness

ITEMS = """name = "own"
[[item]]
id = "1"
asks = "No statement is put together from texts."
kinds = ["sql injection"]
by = ["security"]
[[item]]
id = "2"
asks = "Redirects lead where they may."
kinds = ["open redirect"]
"""


def profile(folder: Path, text: str = ITEMS) -> str:
    (folder / "own.toml").write_text(text)
    return str(folder / "own.toml")


def weakness(
    kind: str, standing: Standing, *, tool: bool = False, severity: str = "high", accepted: str = ""
) -> Weakness:
    source = Source("who", "" if tool else "V", severity, "text")
    return Weakness("0123456789ab", "a.py", 3, kind, severity, (source,), standing, accepted=accepted)


@pytest.mark.parametrize(
    ("found", "states"),
    [
        pytest.param([], ("pass", "not measured"), id="nothing"),
        pytest.param([weakness("sql injection", Standing.REPRODUCED)], ("fail", "not measured"), id="verified"),
        pytest.param(
            [weakness("sql injection", Standing.REPORTED, tool=True, severity="medium")],
            ("fail", "not measured"),
            id="by a tool",
        ),
        pytest.param(
            [weakness("sql injection", Standing.REPORTED, tool=True, severity="low")],
            ("not measured", "not measured"),
            id="by a tool that doubts",
        ),
        pytest.param(
            [weakness("sql injection", Standing.UNVERIFIED)], ("not measured", "not measured"), id="one agent's word"
        ),
        pytest.param([weakness("open redirect", Standing.AGREED)], ("pass", "fail"), id="two vendors"),
        pytest.param(
            [weakness("sql injection", Standing.MEASURED, accepted="Ann: x")], ("pass", "not measured"), id="accepted"
        ),
        pytest.param([weakness("race", Standing.MEASURED)], ("pass", "not measured"), id="another kind"),
    ],
)
def test_only_what_is_measured_lets_an_item_pass(
    tmp_path: Path, found: list[Weakness], states: tuple[str, str]
) -> None:
    results = held_against(load_profile(profile(tmp_path)), found, {"security"}, {})
    assert tuple(str(each.state) for each in results) == states


def test_a_gate_that_was_not_measured_and_an_agents_word_let_nothing_pass(tmp_path: Path) -> None:
    own = load_profile(profile(tmp_path))
    rows = [{"id": "1", "state": "pass", "why": "a.py:3"}, {"id": "9", "state": "fail"}, "x"]
    words = said_of_items([AgentResult(NodePath("1"), "auditor", True, {"items": rows})], own)
    first, _ = held_against(own, [], set(), words)

    assert words == {"1": "auditor: pass: a.py:3"}
    assert (first.state, first.said) == (GateState.NOT_MEASURED, "auditor: pass: a.py:3")
    assert "security was not measured" in first.why
    assert first.to_dict()["state"] == "not measured"


@pytest.mark.parametrize("file", sorted(PROFILES.glob("*.toml")), ids=lambda file: file.stem)
def test_every_profile_that_comes_along_can_be_read(file: Path) -> None:
    assert load_profile(file.stem).name == file.stem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("name = 'x'", "item: Field required", id="no items"),
        pytest.param(ITEMS.replace('"2"', '"1"'), "is there twice", id="one id twice"),
        pytest.param(ITEMS.replace("open redirect", "opn redirect"), "no kind 'opn redirect'", id="no such kind"),
        pytest.param(ITEMS + 'by = ["security"]\n', "no tool looks for 'open redirect'", id="no tool looks for it"),
        pytest.param(ITEMS + "bi = 3\n", "bi", id="a key that is not there"),
        pytest.param("name = ", "own.toml", id="no TOML"),
    ],
)
def test_a_file_that_is_no_profile_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidFile, match=said):
        load_profile(profile(tmp_path, text))


@pytest.mark.parametrize("name", ["nothing", "", "../profiles/asvs-l1", "asvs_l1"])
def test_a_profile_that_is_not_there_is_refused_and_those_that_are_there_named(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_profile(name)
    assert "asvs-l1" in (caught.value.hint or "")
