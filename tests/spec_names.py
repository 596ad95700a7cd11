"""Turn the code of the specification's pages 000 to 002 into data.

``python -m tests.spec_names PAGE… > tests/spec_names.json`` makes what tests/test_names_of_the_spec.py reads.
The pages themselves are no part of this repository.  What the pages show as an example of use is left out.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HEADING = re.compile(r"^(#{2,6}) +(?:\d+\. +)?(.*)$")
_MODULE = re.compile(r"^\*\*(?:Module|Location)\*\*:?:? *`([^`]+)`|^\*\*Module:\*\* *`([^`]+)`")
_RAISES = re.compile(r"^- `(\w+)`")
_SIGNATURE = re.compile(r"`(\w+\(.*\).*)`")
_VALIDATED = re.compile(r"`(\w+)`")


@dataclass
class _Page:
    """One page, and where in it the reading stands."""

    spec: str
    module: str = ""
    owner: str = ""
    """The class that the heading names."""
    what: str = ""
    """What the last heading or block declared."""
    section: str = ""
    """Of the words in bold before a list: Raises, Validation, Example."""

    def code(self, block: str) -> Iterator[dict[str, Any]]:
        """Of a block of Python."""
        yield from _imports(self.spec, block)
        if self.section in _EXAMPLES or self.spec == "001":
            return
        for entry in _declared(self.spec, self.module, self.owner, block):
            self.what = f"{self.owner}.{entry['name']}" if entry["kind"] == "method" else entry["name"]
            self.owner = entry["name"] if entry["kind"] == "class" else self.owner
            yield entry

    def heading(self, level: int, title: str) -> Iterator[dict[str, Any]]:
        """Of a heading, which may be a signature."""
        self.section = ""
        if level == 2:
            self.owner = self.module = ""
        signature = _SIGNATURE.match(title)
        if signature is None:
            name = re.match(r"`(\w+)`", title)
            self.owner = self.what = name[1] if name else self.owner
            return
        self.owner = "" if level == 4 else self.owner
        # One that is cut short stands whole in the block below.
        for entry in _declared(self.spec, self.module, self.owner, f"def {signature[1]}: pass"):
            self.what = f"{self.owner}.{entry['name']}" if self.owner else entry["name"]
            if "..." not in title:
                yield entry

    def words(self, line: str) -> Iterator[dict[str, Any]]:
        """Of any other line."""
        if found := _MODULE.match(line):
            self.module = _our_module(found[1] or found[2])
        elif line.startswith("**"):
            self.section = line.strip("*: ").split()[0].rstrip(":*")
        elif self.section == "Raises" and (error := _RAISES.match(line)):
            yield {"spec": self.spec, "kind": "error", "module": self.module, "name": self.what, "error": error[1]}
        elif self.section == "Validation" and line.startswith("- "):
            for name in _VALIDATED.findall(line.partition(" must ")[0]):
                base = {"spec": self.spec, "kind": "validated", "module": self.module}
                yield base | {"owner": self.owner, "name": name}


_EXAMPLES = frozenset({"Example", "Putting", "All", "Override"})


def entries(page: Path) -> Iterator[dict[str, Any]]:
    """Every class, function and value that a page declares, and every name that its examples import."""
    state = _Page(page.name[:3])
    lines = iter(page.read_text(encoding="utf-8").splitlines())
    for line in lines:
        heading = _HEADING.match(line)
        if line.startswith("```python"):
            yield from state.code("\n".join(_block(lines)))
        elif line.startswith("```"):
            list(_block(lines))
        elif heading:
            yield from state.heading(len(heading[1]), heading[2])
        else:
            yield from state.words(line)


def _block(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("```"):
            return
        yield line


def _our_module(told: str) -> str:
    """``src/empathy_os/orchestration/agent_templates.py`` and ``empathy_os.orchestration.agent_templates``."""
    path = told.removeprefix("src/").removesuffix(".py").rstrip("/").replace("/", ".")
    return path.replace("empathy_os", "orchestrator", 1)


def _parsed(block: str) -> ast.Module | None:
    try:
        return ast.parse(block)
    except SyntaxError:
        return None


def _imports(spec: str, block: str) -> Iterator[dict[str, Any]]:
    # Line by line where the block as a whole is no Python.
    text = block if _parsed(block) else "\n".join(re.findall(r"^from empathy_os\S* import [\w, ]+$", block, re.M))
    for node in ast.walk(_parsed(text) or ast.Module([], [])):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("empathy_os"):
            for alias in node.names:
                yield {"spec": spec, "kind": "import", "module": _our_module(node.module or ""), "name": alias.name}


def _declared(spec: str, module: str, owner: str, block: str) -> Iterator[dict[str, Any]]:
    tree = _parsed(block)
    for node in tree.body if tree else ():
        base = {"spec": spec, "module": module, "owner": ""}
        match node:
            case ast.ClassDef():
                yield base | _class(node)
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                        yield base | _function(inner) | {"kind": "method", "owner": node.name}
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield base | _function(node) | {"kind": "method" if owner else "function", "owner": owner}
            case ast.Assign(targets=[ast.Name(id=name)]) if module and (name.isupper() or name[0].isupper()):
                yield base | {"kind": "value", "name": name}


def _class(node: ast.ClassDef) -> dict[str, Any]:
    decorators = [ast.unparse(each) for each in node.decorator_list]
    return {
        "kind": "class",
        "name": node.name,
        "bases": [ast.unparse(base) for base in node.bases],
        "dataclass": any(each.startswith("dataclass") for each in decorators),
        "frozen": any("frozen=True" in each for each in decorators),
        "fields": [
            {
                "name": ast.unparse(each.target),
                "type": ast.unparse(each.annotation),
                "default": ast.unparse(each.value) if each.value is not None else None,
            }
            for each in node.body
            if isinstance(each, ast.AnnAssign)
        ],
        "members": {
            ast.unparse(each.targets[0]): ast.unparse(each.value) for each in node.body if isinstance(each, ast.Assign)
        },
    }


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, Any]:
    given = node.args
    named = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(named) - len(given.defaults)) + [ast.unparse(each) for each in given.defaults]
    return {
        "name": node.name,
        "async": isinstance(node, ast.AsyncFunctionDef),
        "parameters": [
            {"name": each.arg, "default": default}
            for each, default in zip(named, defaults, strict=True)
            if each.arg != "self"
        ],
    }


def main() -> None:
    """Print the entries of all pages given, each once."""
    found = {json.dumps(entry, sort_keys=True): entry for page in sys.argv[1:] for entry in entries(Path(page))}
    sys.stdout.write(json.dumps(list(found.values()), indent=1) + "\n")


if __name__ == "__main__":
    main()
