from __future__ import annotations

from os.path import normpath
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment
from orchestrator.safety import SandboxMonitor
from orchestrator.safety.path_access import OWN_FOLDERS, SYSTEM_FOLDERS


@pytest.mark.parametrize(
    ("path", "read", "write"),
    [
        pytest.param("/project/a.py", True, True, id="the target"),
        pytest.param("a/../b.py", True, True, id="a relative path lies in the target"),
        pytest.param("/session/scratch/claude/notes", True, True, id="its own scratch folder"),
        pytest.param("/session/homes/claude/.cache", True, True, id="its own home"),
        pytest.param("/tmp/x", True, True, id="temporary files"),
        pytest.param("/session/scratch/gemini/design.md", True, False, id="another's scratch folder it was given"),
        pytest.param("/docs/a.md", True, False, id="a folder of the policy"),
        pytest.param("/usr/bin/git", True, False, id="the system's programs"),
        pytest.param("/docs/private/a.md", False, False, id="what the policy hides"),
        pytest.param("/project/.env", False, False, id="what the policy hides inside the target"),
        pytest.param("/session/journal.jsonl", False, False, id="the rest of the session"),
        pytest.param("/project/../etc-not/x", False, False, id="a detour out of the target"),
        pytest.param("../secret", False, False, id="a relative detour"),
        pytest.param("/project-2/a.py", False, False, id="a folder whose name begins alike"),
        pytest.param("/root/.ssh/id_rsa", False, False, id="the user's own files"),
        pytest.param("//docs//private/./a.md", False, False, id="what the policy hides, spelt with more slashes"),
        pytest.param("//project/a.py", True, True, id="the target, spelt with more slashes"),
    ],
)
def test_a_worker_may_read_and_write(
    path: str, read: bool, write: bool, config: SandboxConfig, assignment: Assignment
) -> None:
    monitor = SandboxMonitor(config, assignment)
    assert (monitor.may_read(path), monitor.may_write(path)) == (read, write)


@given(
    st.lists(st.sampled_from(["project", "docs", "private", "..", ".", "tmp", "a", "usr", "project-2", ""]), max_size=6)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_texts_say_what_pathlib_says(assignment: Assignment, parts: list[str]) -> None:
    path = "/".join(parts)
    policy = SandboxConfig(name="p", hidden=(Path("/docs/private"), Path("/project/a")), readable=(Path("/docs"),))
    monitor = SandboxMonitor(policy, assignment)
    whole = Path("/" + normpath(assignment.target / path).lstrip("/"))
    hidden = any(whole.is_relative_to(folder) for folder in policy.hidden)
    own = (*assignment.writable, *assignment.readable, assignment.scratch, assignment.home, *OWN_FOLDERS)
    folders = (*own, assignment.target, *policy.readable, *SYSTEM_FOLDERS)
    assert monitor.may_read(path) == (not hidden and any(whole.is_relative_to(folder) for folder in folders))
