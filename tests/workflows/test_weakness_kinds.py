from __future__ import annotations

import pytest

from orchestrator.workflows.weakness_kinds import (
    KINDS,
    NO_WEAKNESS,
    OTHER,
    cwe_of,
    is_known_to_tools,
    kind_of,
    kind_of_rule,
    mend_of,
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param("SQL injection", "sql injection", id="our own name"),
        pytest.param("Improper neutralisation (CWE-89)", "sql injection", id="a number"),
        pytest.param("CWE-502: RCE by unpickling", "deserialisation", id="a number before words"),
        pytest.param(
            "remote code execution through pickle.loads", "deserialisation", id="the special before the general"
        ),
        pytest.param("Server-side template injection (SSTI)", "template injection", id="a template"),
        pytest.param("zip-slip while unpacking", "path traversal", id="another word for it"),
        pytest.param("IDOR on invoices", "missing authorisation", id="an abbreviation"),
        pytest.param("hard coded credential", "hard-coded secret", id="without hyphens"),
        pytest.param("something odd", OTHER, id="nobody knows"),
        pytest.param("CWE-99999", OTHER, id="a number that no row has"),
        pytest.param("", OTHER, id="nothing"),
    ],
)
def test_words_mean_a_kind(text: str, kind: str) -> None:
    assert kind_of(text) == kind


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("B602", "command injection"),
        ("B608", "sql injection"),
        ("B701", "cross-site scripting"),
        ("B413", "weak cipher"),
        ("B404", NO_WEAKNESS),
        ("B101", NO_WEAKNESS),
    ],
)
def test_a_rule_finds_a_kind(rule: str, kind: str) -> None:
    assert kind_of_rule(rule) == kind


def test_a_rule_that_no_row_has_is_read_by_its_message() -> None:
    assert kind_of_rule("B999", "Possible SQL injection") == "sql injection"
    assert kind_of_rule("", "AWS Access Key") == OTHER


def test_every_kind_has_a_name_of_its_own_a_number_and_what_mends_it() -> None:
    kinds = [kind for kind in KINDS if kind.name != NO_WEAKNESS]
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert all(kind.cwes and kind.mend for kind in kinds)
    assert all(kind_of(kind.name) == kind.name for kind in kinds)


def test_what_is_known_of_a_kind() -> None:
    assert (is_known_to_tools("sql injection"), is_known_to_tools("open redirect")) == (True, False)
    assert (cwe_of("open redirect"), cwe_of(OTHER)) == (601, None)
    assert (mend_of(OTHER), is_known_to_tools(OTHER)) == ("", False)
