from __future__ import annotations

import re

from orchestrator.models.recovery import Ignore, RecoveryRule
from orchestrator.recovery.signature import signature_of

RULE = RecoveryRule("outside", re.compile(""), Ignore(), "because")


def test_an_error_is_the_same_by_rule_and_path() -> None:
    assert signature_of(RULE, "/a") == "outside:/a"
    assert signature_of(RULE, None) == "outside"
