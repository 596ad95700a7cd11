from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.composition.capabilities import KNOWN_CAPABILITIES
from orchestrator.composition.task_analysis import CAPABILITIES
from orchestrator.composition.template_files import (
    BUILT_IN,
    FOLDER,
    STARTER,
    built_in_templates,
    load_template,
    parse_template,
)
from orchestrator.errors import InvalidFile
from orchestrator.models.agent_template import answer_schema
from orchestrator.toml_files import parse_toml


def test_the_seven_of_the_specification_are_there_with_their_tiers() -> None:
    assert {name: template.tier_preference for name, template in built_in_templates().items()} == {
        "test_coverage_analyzer": "CAPABLE",
        "security_auditor": "PREMIUM",
        "code_reviewer": "CAPABLE",
        "documentation_writer": "CHEAP",
        "performance_optimizer": "CAPABLE",
        "architecture_analyst": "PREMIUM",
        "refactoring_specialist": "CAPABLE",
    }
    assert sorted(BUILT_IN) == sorted(path.stem for path in FOLDER.glob("*.toml"))


def test_every_capability_that_the_analysis_asks_for_has_a_template_and_a_description() -> None:
    had = {name for template in built_in_templates().values() for name in template.capabilities}
    assert {name for names in CAPABILITIES.values() for name in names} <= had == set(KNOWN_CAPABILITIES)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_template_is_worth_its_tokens(name: str) -> None:
    template = built_in_templates()[name]
    assert template.id == name
    assert "How to work:\n1. " in template.default_instructions
    assert len(answer_schema(template)["required"]) >= 3
    # Whoever may write must know what to do where it may not.
    assert template.access == "read" or "If you may only read" in template.default_instructions


def test_a_new_template_is_right_as_it_stands(tmp_path: Path) -> None:
    text = STARTER.format(id="pipeline_expert", role="Pipeline Expert")
    assert parse_template(parse_toml(tmp_path / "x.toml", text.encode())).answer["findings"]["type"] == "array"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('tier_preference = "CAPABLE"', 'tier = "CAPABLE"', "did you mean 'tier_preference'?"),
        ('tier_preference = "CAPABLE"', 'tier_preference = "FAST"', "must be one of"),
        ('id = "x"', 'id = "../x"', "id must be a name"),
        ("min_tokens = 1000", "min_token = 1000", "did you mean 'min_tokens'?"),
        ("memory_mb = 512", "memory_mb = -1", "must be above 0"),
        ('role = "X"', "", "needs 'role'"),
        ("[quality_gates]", "quality_gates = 3", "must be a dict"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "x.toml"
    text = STARTER.format(id="x", role="X")
    assert old in text
    path.write_text(text.replace(old, new, 1))
    lines = path.read_text().splitlines()
    line = next((number for number, each in enumerate(lines, 1) if new and each.startswith(new[:14])), None)
    with pytest.raises(InvalidFile) as refused:
        load_template(path)
    assert (refused.value.line, said in refused.value.reason) == (line, True), refused.value.message


def test_a_placeholder_in_instructions_is_told_with_the_line_of_their_key(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(STARTER.format(id="x", role="X").replace("Say in a few", "Do {{ task }} in a few"))
    with pytest.raises(InvalidFile, match=r"x.toml:18: default_instructions hold '{{'"):
        load_template(path)


def test_what_is_no_text_or_no_toml_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    with pytest.raises(InvalidFile, match="there is no such template"):
        load_template(path)
    path.write_bytes(b'id = "\xff"')
    with pytest.raises(InvalidFile, match="not UTF-8"):
        load_template(path)
    path.write_text("id = \n")
    with pytest.raises(InvalidFile, match=r"x\.toml:1"):
        load_template(path)
    path.write_text(f"id = {'[' * 5000}")
    with pytest.raises(InvalidFile):
        load_template(path)
