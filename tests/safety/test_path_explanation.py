from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Role
from orchestrator.safety.path_explanation import access
from orchestrator.safety.placeholders import Places
from orchestrator.value_class import changed

PLACES = Places(target=Path("/srv/t"), scratch=Path("/s/scratch/w"), home=Path("/s/homes/w"), session=Path("/s"))
CONFIG = SandboxConfig(
    name="x",
    readable=(Path("/docs"),),
    writable=(Path("{target}/../cache"),),
    hidden=(Path("/docs/secret"),),
    never_writable=(".git/hooks",),
)


@pytest.mark.parametrize(
    ("path", "role", "may", "because"),
    [
        ("/srv/t/a.py", Role.IMPLEMENTER, "write", "in the target"),
        ("/srv/t/a.py", Role.DESIGNER, "read", "a designer only reads"),
        ("/srv/t/.git/hooks/pre-commit", Role.IMPLEMENTER, "read", "`never_writable` has /srv/t/.git/hooks"),
        ("/srv/t/../t/a.py", Role.IMPLEMENTER, "write", "in the target"),
        ("/docs/a", Role.REVIEWER, "read", "`readable` has /docs"),
        ("/docs/secret/a", Role.IMPLEMENTER, "nothing", "`hidden` has /docs/secret"),
        ("/s/scratch/w/x", Role.REVIEWER, "write", "scratch"),
        ("/s/journal.jsonl", Role.IMPLEMENTER, "nothing", "no worker sees"),
        ("/tmp/x", Role.REVIEWER, "write", "made anew"),
        ("/usr/bin/git", Role.IMPLEMENTER, "read", "the system's"),
        ("/home/me/.ssh/id", Role.IMPLEMENTER, "nothing", "no entry"),
    ],
)
def test_a_path_is_explained(path: str, role: Role, may: str, because: str) -> None:
    found = access(CONFIG, Path(path), role=role, places=PLACES)
    assert found.may == may
    assert because in found.because


@pytest.mark.parametrize(
    ("changes", "path", "may"),
    [
        ({"target": "read"}, "/srv/t/a.py", "read"),
        ({"root": "read-only"}, "/home/me/x", "read"),
        ({"backend": "none"}, "/etc/shadow", "write"),
    ],
)
def test_what_the_policy_as_a_whole_says_counts(changes: dict[str, object], path: str, may: str) -> None:
    config = changed(CONFIG, **changes)
    assert access(config, Path(path), role=Role.IMPLEMENTER, places=PLACES).may == may
