"""Read an agent template from a TOML file: the built-in ones by their names, any other by its content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from orchestrator.models.agent_template import AgentTemplate, ResourceRequirements
from orchestrator.toml_files import TomlFile, read_toml, unknown_key

FOLDER: Final = Path(__file__).parent.parent / "templates"
"""Of the built-in ones."""
BUILT_IN: Final = (
    *("test_coverage_analyzer", "security_auditor", "code_reviewer", "documentation_writer"),
    *("performance_optimizer", "architecture_analyst", "refactoring_specialist"),
)
"""Their ids, in the specification's order; each is a file."""
_REQUIRED: Final = ("id", "role", "capabilities", "tier_preference", "default_instructions")
_KEYS: Final = (*_REQUIRED, "tools", "access", "quality_gates", "resource_requirements", "answer")
_FIGURES: Final = ("min_tokens", "max_tokens", "timeout_seconds", "memory_mb")

STARTER: Final = '''\
# An agent template: `orchestrate templates check FILE` says whether it is one.
id = "{id}"
role = "{role}"

# What it can do; a team is put together by these names.
capabilities = ["code_review"]

# CHEAP, CAPABLE or PREMIUM; `orchestrate settings show` says which CLI and model that is here.
tier_preference = "CAPABLE"

# Names of what it works with. They are told to the agent; nothing is installed for them.
tools = []

# read: it may change nothing. write: it may change the project where its place in the team lets it.
access = "read"

# The task and the results of others are told to it by themselves.
default_instructions = """
Say in a few numbered steps how to do this work well: what to look at first, what counts as a finding,
what to leave alone, and what to do where something cannot be found out.
"""

# Thresholds of gates, by name.
[quality_gates]

[resource_requirements]
min_tokens = 1000
max_tokens = 10000       # tokens that its model generates, thinking included
timeout_seconds = 300
memory_mb = 512

# What its answer holds beside `summary` and `confidence`, as JSON-schema properties.
[answer.findings]
type = "array"
description = "What was found, the gravest first."
items = {{ type = "string" }}
'''
"""A new template, which is right as it stands."""


@lru_cache(maxsize=1)
def built_in_templates() -> Mapping[str, AgentTemplate]:
    """The templates that come with the program, by id; nobody may change them in place (``copied``)."""
    return MappingProxyType({name: load_template(FOLDER / f"{name}.toml") for name in BUILT_IN})


def load_template(path: Path) -> AgentTemplate:
    """The template in a file.

    Raises:
        InvalidFile: It cannot be read, or is no template; with line and reason.
    """
    return parse_template(read_toml(path, what="template"))


def parse_template(file: TomlFile) -> AgentTemplate:
    """The template that a file's text describes.

    Raises:
        InvalidFile: It describes none; with line and reason.
    """
    data = file.data
    _refuse_unknown(file, data, _KEYS, table=None)
    for name in _REQUIRED:
        if name not in data:
            raise file.fault(f"a template needs {name!r}")
    given = {name: data[name] for name in _KEYS if name in data and name != "resource_requirements"}
    if isinstance(given["default_instructions"], str):
        given["default_instructions"] = given["default_instructions"].strip()
    try:
        return AgentTemplate(
            **{"tools": [], "quality_gates": {}, **given},
            resource_requirements=_requirements(file, data.get("resource_requirements", {})),
        )
    except ValueError as error:
        raise file.fault(str(error), key=_key_in(str(error), _KEYS)) from None


def _requirements(file: TomlFile, found: Any) -> ResourceRequirements:
    table = "resource_requirements"
    if not isinstance(found, dict):
        raise file.fault(f"{table} must be a table", key=table)
    _refuse_unknown(file, found, _FIGURES, table=table)
    try:
        return ResourceRequirements(**found)
    except ValueError as error:
        raise file.fault(str(error), table=table, key=_key_in(str(error), _FIGURES)) from None


def _key_in(reason: str, keys: tuple[str, ...]) -> str | None:
    """The key that a reason begins with."""
    word = re.match(r"\w+", reason)
    return word.group() if word is not None and word.group() in keys else None


def _refuse_unknown(file: TomlFile, data: Mapping[str, Any], known: tuple[str, ...], *, table: str | None) -> None:
    for name in data:
        if name not in known:
            raise file.fault(unknown_key(name, known), table=table, key=name)
