"""The house rules that can be checked by reading the source: floors, purity, names, a test for every module."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from orchestrator.agents.registry import AGENTS

pytestmark = pytest.mark.source

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "orchestrator"

# From the ground up.  A part imports only from floors below its own; parts of one floor do not see each other.
FLOORS = tuple(
    frozenset(re.findall(r"`(\w+)`", parts))
    for parts in re.findall(r"^\| \d+ \| (.+?) \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M)
)
"""As the table in CONTRIBUTING.md has them; it stands nowhere else."""
FLOOR_OF = {part: number for number, parts in enumerate(FLOORS) for part in parts}

# What decides does not act.  These parts know no file, clock, process or event loop; the modules named are their edges.
PURE_PARTS = (
    *("quotation", "models", "wire", "agents", "review_engine", "recovery", "safety", "session", "suites", "gates"),
    *("composition", "egress", "narration"),
)
EDGES = {
    "orchestrator/agents/registry.py",
    "orchestrator/composition/template_files.py",
    "orchestrator/review_engine/policy_files.py",
    "orchestrator/safety/obeyed_files.py",
    "orchestrator/safety/sandbox_policy_files.py",
    "orchestrator/suites/probe_files.py",
    "orchestrator/suites/probes/orchestrate_pytest.py",
    "orchestrator/suites/probes/orchestrate_records.py",
    "orchestrator/suites/probes/orchestrate_unittest.py",
}
IMPURE_MODULES = {
    *("anyio", "asyncio", "concurrent", "multiprocessing", "psutil", "random", "requests", "select", "selectors"),
    *("shutil", "signal", "socket", "sqlite3", "structlog", "subprocess", "tempfile", "threading", "time", "trio"),
    *("urllib.request", "http.client", "watchfiles", "logging", "fcntl", "glob", "importlib.resources"),
}
IMPURE_CALLS = {"open", "print", "input", "datetime.now", "datetime.utcnow", "date.today", "Path.cwd", "Path.home"}

IMPURE_ENDS = {name.rpartition(".")[2] for name in IMPURE_CALLS}

DRAWERS = re.compile(r"(utils?|helpers?|common|misc|manager|base|core)(_\w+)?$|\w+_(utils?|helpers?|common|misc)$")


def modules() -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*.py"))


def tree_of(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), filename=module)


def part_of(module: str) -> str:
    """``orchestrator/wire/lines.py`` → ``wire``; ``orchestrator/errors.py`` → ``errors``; ``__init__`` → ``""``."""
    second = Path(module).parts[1]
    return "" if second in {"__init__.py", "__main__.py"} else second.removesuffix(".py")


def agent_names() -> frozenset[str]:
    """The name of every adapter: asked of the registry, so that nothing here depends on how adapters are laid out."""
    return frozenset(AGENTS)


def decisions_by_name(nodes: Iterable[ast.AST]) -> Iterator[ast.Constant]:
    """Where an agent's name is compared with something, or matched."""
    for node in nodes:
        compared: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            compared = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            compared = [node.value]
        for inner in (i for expression in compared for i in ast.walk(expression) if isinstance(i, ast.Constant)):
            if inner.value in agent_names():
                yield inner


@dataclass(frozen=True)
class Reading:
    """What the tests ask of one module, which is parsed once for all of them."""

    imported: tuple[str, ...]
    """Every dotted name the module imports, wherever in it; ``from a import b`` counts as ``a.b``."""
    at_run_time: tuple[str, ...]
    """Those of them that are not for types alone."""
    reaches_up: tuple[tuple[int, int], ...]
    """Line and level of each relative import."""
    impure: tuple[str, ...]
    """Where it calls what reads a clock or acts, or awaits."""
    decisions: tuple[tuple[int, object], ...]
    """Line and name wherever an agent's name is compared with something, or matched."""
    defines: bool
    """Whether it has a function or a method."""


@cache
def reading(module: str) -> Reading:
    tree = tree_of(module)
    nodes = list(ast.walk(tree))
    skipped = {id(inner) for node in nodes if _is_for_types(node) for inner in ast.walk(node)}
    return Reading(
        tuple(name for node in nodes for name in _names_of(node)),
        tuple(name for node in nodes if id(node) not in skipped for name in _names_of(node)),
        tuple((node.lineno, node.level) for node in nodes if isinstance(node, ast.ImportFrom) and node.level),
        tuple(_impure(nodes)),
        tuple((inner.lineno, inner.value) for inner in decisions_by_name(nodes)),
        any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in nodes),
    )


def _names_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _impure(nodes: Sequence[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            last = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if last in IMPURE_ENDS and (called := ast.unparse(node.func)) in IMPURE_CALLS:
                yield f"{node.lineno} calls {called}"
        elif isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield f"{node.lineno} awaits"


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def reaching_up(module: str) -> Iterator[str]:
    part = part_of(module)
    if not part:
        return  # the package's own doors (__init__, __main__) may name any part
    if part not in FLOOR_OF:
        yield f"{part} stands on no floor: give it one in CONTRIBUTING.md"
        return
    for line, level in reading(module).reaches_up:
        if level > len(Path(module).parts) - 2:
            yield f"{module}:{line} reaches out of its part"
    for name in reading(module).imported:
        if not name.startswith("orchestrator."):
            continue
        other = name.split(".")[1]
        if other not in {part, "__version__"} and FLOOR_OF.get(other, len(FLOORS)) >= FLOOR_OF[part]:
            yield f"{module} imports {name}, which does not lie below it"


def test_imports_only_go_down() -> None:
    assert [found for module in modules() for found in reaching_up(module)] == []


CIRCLES = {
    # A rehearsal is opened as an environment, and is one.
    ("orchestrator.coordinator.environments", "orchestrator.coordinator.rehearsal"),
    # The options of a run choose a team that has proven itself, which is looked for by those options.
    ("orchestrator.cli.build_request", "orchestrator.cli.proven_teams"),
}
"""Pairs that know each other, the first loading the other only when it is needed; nothing is added here."""


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports within functions count as well: whoever reads one of a circle has to read all."""
    names = {str(Path(m).with_suffix("")).replace("/", ".").removesuffix(".__init__"): m for m in modules()}
    imports = {
        name: {
            found
            for one in reading(module).at_run_time
            if (found := one if one in names else one.rpartition(".")[0]) in names and found != name
        }
        for name, module in names.items()
    }
    for known, other in CIRCLES:
        imports[known].discard(other)
    left = dict(imports)
    while free := [name for name, needed in left.items() if not needed & left.keys()]:
        for name in free:
            del left[name]
    # What is left is in a circle, or above one.
    while above := [name for name in left if not any(name in needed for needed in left.values())]:
        for name in above:
            del left[name]
    assert sorted(left) == []


def test_what_decides_neither_acts_nor_asks_the_time() -> None:
    pure = [module for module in modules() if part_of(module) in PURE_PARTS and module not in EDGES]
    acting = [f"{module}:{found}" for module in pure for found in reading(module).impure]
    importing = [
        f"{module} imports {name}"
        for module in pure
        for name in reading(module).at_run_time
        if any(f"{name}.".startswith(f"{impure}.") for impure in IMPURE_MODULES)
    ]
    assert (acting, importing) == ([], [])


def test_no_module_is_a_drawer() -> None:
    """A module is named for the noun it holds or the -ing it does."""
    assert [m for m in modules() if any(DRAWERS.match(name) for name in Path(m).with_suffix("").parts[1:])] == []


def needs_test(module: str) -> bool:
    """A module with a function or a method of its own; one that only declares has nothing to test by itself."""
    if Path(module).name in {"__init__.py", "__main__.py"}:
        return False
    return reading(module).defines


def has_test(module: str) -> bool:
    """``wire/lines.py`` ↔ ``tests/wire/test_lines.py``; a folder inside a part may be tested as a whole."""
    inside = Path(module).relative_to("orchestrator")
    beside = ROOT / "tests" / inside.parent / f"test_{inside.name}"
    whole = ROOT / "tests" / inside.parent.parent / f"test_{inside.parent.name}.py"
    return beside.exists() or (len(inside.parts) > 2 and whole.exists())


def test_every_module_has_a_test_beside_it() -> None:
    assert [module for module in modules() if needs_test(module) and not has_test(module)] == []


def test_facts_of_a_cli_live_in_its_adapter() -> None:
    """``if agent == "codex"`` outside agents/ is a bug, and so is a ``match`` on it."""
    others = [module for module in modules() if part_of(module) != "agents"]
    deciding = [
        f"{module}:{line} decides by the name of a CLI: {name!r}"
        for module in others
        for line, name in reading(module).decisions
    ]
    assert deciding == []


def test_every_adapter_has_its_name_guarded() -> None:
    adapters = {
        path.stem if path.is_file() else path.name
        for path in (PACKAGE / "agents").iterdir()
        if re.search(r"^AGENT\b.*=", _door_of(path), re.MULTILINE)
    }
    assert len(adapters) >= 3
    assert agent_names() == adapters
    for name in adapters:
        for planted in (f"x = agent == {name!r}", f"x = a in ({name!r},)", f"match a:\n    case {name!r}: pass"):
            assert list(decisions_by_name(ast.walk(ast.parse(planted)))), planted


def _door_of(path: Path) -> str:
    """The text of the module that the path is, or of the folder's ``__init__``; empty where it is neither."""
    module = path / "__init__.py" if path.is_dir() else path
    return module.read_text(encoding="utf-8") if module.suffix == ".py" and module.exists() else ""


SHARED_NAMES = frozenset({"__init__", "__main__"})
ADAPTERS = PACKAGE / "agents"


def test_no_two_files_share_a_name() -> None:
    """An editor's finder shows each once; the files of an adapter bear the names that its contract gives them."""
    stems: dict[str, list[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        if path.stem not in SHARED_NAMES and path.parent.parent != ADAPTERS:
            stems.setdefault(path.stem, []).append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in stems.items() if len(paths) > 1} == {}


def test_the_floors_hold_every_part_once() -> None:
    named = [part for parts in FLOORS for part in parts]
    assert len(named) == len(set(named))
    assert set(named) == {part_of(module) for module in modules()} - {""}


def closure(module: str, seen: set[str]) -> set[str]:
    """All modules of the package that a module imports at run time, itself included."""
    seen.add(module)
    for name in reading(module).at_run_time:
        parts = name.split(".")
        candidates = ("/".join(parts[:length]) for length in (len(parts), len(parts) - 1))
        found = next((f"{path}.py" for path in candidates if (ROOT / f"{path}.py").exists()), None)
        if found is not None and found.startswith("orchestrator/") and found not in seen:
            closure(found, seen)
    return seen


def test_the_shim_imports_the_standard_library_and_itself_alone() -> None:
    reached = closure("orchestrator/shim/shim.py", set())
    assert "orchestrator/shim/supervision.py" in reached
    assert {module for module in reached if not module.startswith("orchestrator/shim/")} == set()
    for module in modules():
        if module.startswith("orchestrator/shim/"):
            tops = {name.split(".")[0] for name in reading(module).at_run_time}
            assert tops - {"orchestrator"} <= sys.stdlib_module_names, f"{module} needs more than that"
            others = {name for name in reading(module).imported if name.startswith("orchestrator.")}
            assert {name for name in others if not name.startswith("orchestrator.shim")} == set(), module
