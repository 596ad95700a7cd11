"""Tell whether a project that names no package uses one: by what its own files import."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.gates.gate import LIST, PROBES, TOOLS, Command, Evidence, Reading, Subject, Unmeasured
from orchestrator.gates.ruff_output import last_words

MOST_NAMED = 5


def plan_imports(subject: Subject) -> Command | Unmeasured:
    """Read the imports of every file of the project itself."""
    if not subject.source_files:
        return Unmeasured("the project names no package, and there is no Python file besides tests and examples")
    argv = (f"{TOOLS}/python", "-I", f"{PROBES}/orchestrate_imports.py", LIST)
    shown = "orchestrate gates --only dependencies,licences"
    return Command(
        argv, subject.source_files, shown=shown, tool="python", version_argv=(f"{TOOLS}/python", "--version")
    )


def read_imports(subject: Subject, evidence: Evidence) -> Reading | Unmeasured:
    """A project whose files import nothing but the standard library and each other depends on no package.

    What it imports besides is a package that is named nowhere, so that nothing can be said of it.
    """
    run = evidence.run
    assert run is not None
    try:
        told: Any = json.loads(run.stdout)
        files = int(told["files"])
        imports = [(str(module), str(name), int(line)) for name, line, module in told["imports"]]
        broken = [str(text) for text in told["broken"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Unmeasured(f"the look at imports ended with {run.code} and cannot be read{last_words(run.stderr)}")
    if run.code != 0 or files != len(subject.source_files):
        return Unmeasured(f"only {files} of {len(subject.source_files)} files were looked at")
    if broken:
        return Unmeasured(f"{len(broken)} files cannot be parsed: {broken[0]}")
    if imports:
        first = {module: f"{module} ({name}:{line})" for module, name, line in reversed(imports)}
        names = ", ".join(sorted(first.values())[:MOST_NAMED])
        return Unmeasured(f"the project imports {names}, and names no package in any file that is read")
    message = f"no package: {files} files import the standard library and each other alone"
    return Reading(0.0, files, message, counts="files")
