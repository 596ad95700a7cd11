"""Make the JSON Schema of sandbox policies for editors (Taplo, Even Better TOML)."""

from __future__ import annotations

import ast
from typing import Any

from orchestrator.models.sandbox import SANDBOX_CONFIG, Leaving, ResourceLimits, SandboxConfig, TeamBounds


def policy_schema(source: str) -> dict[str, Any]:
    """The schema of a policy file; what stands under a field in ``source`` (the model's module) describes it."""
    texts = _described(source)
    schema = SANDBOX_CONFIG.json_schema()
    schema["$schema"] = "http://json-schema.org/draft-07/schema#"
    schema["title"] = "A sandbox policy of orchestrate"
    # A file without a name is called after itself.
    schema.pop("required", None)
    tables = schema.pop("$defs")
    said = texts[SandboxConfig.__name__]
    _describe(schema, said)
    for name, model in (("leaving", Leaving), ("limits", ResourceLimits), ("team", TeamBounds)):
        table = tables[model.__name__]
        _describe(table, texts[model.__name__])
        schema["properties"][name] = {**table, "title": name.capitalize(), "description": said[name]}
    return schema


def _describe(schema: dict[str, Any], texts: dict[str, str]) -> None:
    for name, said in texts.items():
        if name in schema["properties"]:
            schema["properties"][name]["description"] = said
    for value in schema["properties"].values():
        value.pop("title", None)


def _described(source: str) -> dict[str, dict[str, str]]:
    """The text under each field of each class."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef):
            continue
        fields = found.setdefault(node.name, {})
        for field, below in zip(node.body, node.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
            ):
                fields[ast.unparse(field.target)] = " ".join(str(below.value.value).replace("``", "`").split())
    return found
