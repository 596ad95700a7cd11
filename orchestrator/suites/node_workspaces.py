"""Lists the folders of a monorepo's packages, as npm, yarn, pnpm and lerna declare them."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

from orchestrator.suites.project import View
from orchestrator.suites.task_targets import unquoted


def workspaces(view: View) -> Sequence[str]:
    """The folders of a monorepo's packages, relative to its own."""
    declared = view.json("package.json").get("workspaces")
    patterns = declared.get("packages") if isinstance(declared, dict) else declared
    found = [pattern for pattern in patterns if isinstance(pattern, str)] if isinstance(patterns, list) else []
    lerna = view.json("lerna.json").get("packages")
    found += [pattern for pattern in lerna if isinstance(pattern, str)] if isinstance(lerna, list) else []
    found += [unquoted(line.strip()[2:]) for line in view.text("pnpm-workspace.yaml").splitlines() if _is_item(line)]
    folders = sorted(folder.rstrip("/") for folder in view.folders_of_manifests.get("package.json", ()))
    wanted = [pattern.removeprefix("./").rstrip("/") for pattern in found if not pattern.startswith("!")]
    refused = [pattern[1:].removeprefix("./").rstrip("/") for pattern in found if pattern.startswith("!")]
    return [folder for folder in folders if _matches(folder, wanted) and not _matches(folder, refused)]


def _is_item(line: str) -> bool:
    return line.lstrip().startswith("- ")


def _matches(folder: str, patterns: Sequence[str]) -> bool:
    for pattern in patterns:
        if "**" in pattern and fnmatch.fnmatchcase(folder, pattern.replace("**", "*")):
            return True
        if fnmatch.fnmatchcase(folder, pattern) and folder.count("/") == pattern.count("/"):
            return True
    return False
