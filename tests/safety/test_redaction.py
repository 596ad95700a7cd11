from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import islice
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.redaction import KNOWN, differences, generated, recorded
from orchestrator.models.events import (
    AgentEvent,
    Denied,
    EventType,
    Payload,
    Reported,
    Said,
    ToolCalled,
    TurnEnded,
    Unrecognised,
    UsageReported,
)
from orchestrator.models.identity import AgentName
from orchestrator.models.money import Usage
from orchestrator.safety.redaction import Redactor

# Put together here, so that no scanner takes them for real ones.
OPENAI = "sk-" + "proj-" + "Ab3dEf6hIj9lMn2pQr5t"
GITHUB = "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"
GOOGLE = "AIza" + "SyA1234567890abcdefghijklmnopqrstuv"
AWS = "AKIA" + "IOSFODNN7EXAMPLE"
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0In0" + ".c2lnbmF0dXJl"
PEM_BODY = "\nMIIEowIBAAKCAQEA7abcdefghijklmnopqrstuv\nabc=\n"
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----" + PEM_BODY + "-----END RSA " + "PRIVATE KEY-----"
PLAIN = Redactor()


def event(payload: Payload) -> AgentEvent:
    return AgentEvent(EventType.PROGRESS, AgentName("claude"), datetime(2026, 11, 21, tzinfo=UTC), payload)


@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        pytest.param(OPENAI, "api-key", id="an API key"),
        pytest.param("sk-" + "ant-api03-" + "x1" * 20, "api-key", id="an API key with a prefix"),
        pytest.param(GITHUB, "github-token", id="a GitHub token"),
        pytest.param("github_pat_" + "1A" * 20, "github-token", id="a fine-grained GitHub token"),
        pytest.param(GOOGLE, "google-key", id="a Google key"),
        pytest.param("ya29." + "a0B1" * 10, "google-token", id="a Google access token"),
        pytest.param(AWS, "aws-key", id="an AWS key id"),
        pytest.param("xoxb-" + "123456789012-abcdef", "slack-token", id="a Slack token"),
        pytest.param("glpat-" + "abcDEF1234567890xyz", "gitlab-token", id="a GitLab token"),
        pytest.param("npm_" + "a1B2" * 9, "npm-token", id="an npm token"),
        pytest.param(JWT, "jwt", id="a JWT"),
        pytest.param(PEM, "private-key", id="a private key"),
        pytest.param(PEM.replace("\n", "\\n"), "private-key", id="a private key in JSON"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "KEY={}", '"{}"', "a\n{}\nb", "({}), and so on", "https://x/?k={}&y=1"])
def test_a_key_is_known_by_its_form(secret: str, kind: str, around: str) -> None:
    assert PLAIN.text(around.format(secret)) == around.format(f"[redacted:{kind}]")


def test_what_stands_before_a_secret_stays() -> None:
    assert PLAIN.text("Authorization: Bearer abc123def456ghi") == "Authorization: Bearer [redacted:bearer]"
    assert PLAIN.text("https://me:pa55@host/x") == "https://me:[redacted:url-password]@host/x"


@pytest.mark.parametrize(
    "text",
    [
        "task-management-and-planning-2026",
        "pip install sk-learn-contrib-extras",
        "risk-1234567890123456789012",
        "Bearer authentication is used",
        "bearer of bad news",
        "the form AIza... or ghp_... or AKIA...",
        "see https://example.org:8080/a@b",
        'eyJ is how base64 of {" begins',
        "commit 3f2a9d1c0b4e5f6a7b8c9d0e1f2a3b4c5d6e7f80",
        "",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert PLAIN.text(text) is text


def test_a_key_whose_end_is_missing_goes_as_far_as_it_looks_like_one() -> None:
    torn = PEM.partition("abc=")[0]
    assert PLAIN.text(f"{torn} and the rest") == "[redacted:private-key] and the rest"
    heading = PEM.partition("\n")[0]
    assert PLAIN.text(f"look for {heading} in a.pem") == "look for [redacted:private-key] in a.pem"


def test_known_values_are_found_anywhere_and_in_other_spellings() -> None:
    value = 'pa"ss/wo rd+1'
    redactor = Redactor([value])
    for spelt in (value, json.dumps(value)[1:-1], quote(value, safe="")):
        assert redactor.text(f"a{spelt}b") == "a[redacted:known]b"


def test_short_values_are_not_looked_for() -> None:
    assert Redactor(["1234567", ""]).text("1234567") == "1234567"


def test_of_two_known_values_the_longer_goes_first() -> None:
    assert Redactor(["password", "password-and-more"]).text("password-and-more") == "[redacted:known]"


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(Said(f"it is {OPENAI}"), id="text"),
        pytest.param(ToolCalled("Bash", "1", "x", command=f"curl -H 'X: {OPENAI}'"), id="a command"),
        pytest.param(Denied("no", path=f"/{OPENAI}"), id="a path"),
        pytest.param(Reported("x", details={"a": [{"b": OPENAI}], OPENAI: 1}), id="nested details and their keys"),
        pytest.param(TurnEnded(ok=True, subtype="success", reply={"summary": OPENAI}), id="a structured reply"),
        pytest.param(Unrecognised("x", record={"a": {"b": (OPENAI, 1, None)}}), id="a record"),
    ],
)
def test_every_text_of_an_event_is_redacted(payload: Payload) -> None:
    before = event(payload)
    after = PLAIN.event(before)
    assert OPENAI not in repr(after)
    assert "[redacted:api-key]" in repr(after)
    assert type(after.payload) is type(payload)
    assert OPENAI in repr(before)


@pytest.mark.parametrize(
    "payload",
    [Said("hello"), UsageReported(Usage(input_tokens=1, model="m")), Reported("x", details={"a": [1, {"b": None}]})],
)
def test_an_event_without_a_secret_is_the_same_object(payload: Payload) -> None:
    before = event(payload)
    assert PLAIN.event(before) is before


@given(st.text(), st.sampled_from([OPENAI, GITHUB, GOOGLE, AWS, JWT]), st.text())
def test_a_key_between_any_texts_does_not_show(before: str, secret: str, after: str) -> None:
    assert secret not in PLAIN.text(f"{before} {secret} {after}")


@given(st.text(min_size=8), st.text(), st.text())
def test_a_known_value_never_shows(value: str, before: str, after: str) -> None:
    redacted = Redactor([value]).text(before + value + after)
    # What the marks themselves are made of cannot be taken out of them.
    assert value not in redacted.replace("[redacted:known]", "\0") or value in "[redacted:known]"


@given(
    st.lists(st.sampled_from(["sk-", "eyJ", ".", "Bearer ", "://", "a1", ":", "@", " ", "-----BEGIN PRIVATE KEY-----"]))
)
def test_redacting_twice_changes_nothing_more(parts: list[str]) -> None:
    once = PLAIN.text("".join(parts))
    assert PLAIN.text(once) == once


@pytest.mark.parametrize(
    "part", ["sk-", "eyJ", "eyJa.", "Bearer ", "bearer", "://", "://a:", "-----BEGIN PRIVATE KEY-----", "ghp_"]
)
@pytest.mark.slow
def test_hostile_text_costs_no_more_than_its_length(part: str) -> None:
    # 1 MB; with time growing as the square of the length this would take hours, and the run's limit ends it.
    assert PLAIN.text(part * (1_000_000 // len(part)))


def test_the_search_leaves_out_no_text_that_holds_a_secret() -> None:
    """The full form, 100,000 lines of any seed, is ``python -m benchmarks.redaction``."""
    redactor = Redactor(KNOWN)
    texts = [*generated(2_500, seed=17), *islice(recorded(), 2_500)]
    assert sum(redactor.searched(text) != text for text in texts) > 1_000
    assert list(differences(iter(texts), redactor)) == []


def test_an_ordinary_text_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(Redactor, "searched", lambda _, text: looked.append(text))
    for text in ("The task-list on disk-1 is at https://example.com/a?b=c", "日本語のテキスト, 🎉", "x" * 100_000):
        assert Redactor(KNOWN).text(text) is text
    assert looked == []


@pytest.mark.parametrize("secret", ["half\udc80pair!", "\ud83d" * 8, "\x1f" * 8, "a b c d e f", "(.*)+[^x]{9}$"])
def test_a_known_value_of_any_characters_does_not_show(secret: str) -> None:
    redactor = Redactor([secret, "another-value"])
    assert redactor.text(f"it is {secret}, it is") == "it is [redacted:known], it is"
    assert (
        redactor.text("it is another-value, and half \ud83d of a pair")
        == "it is [redacted:known], and half \ud83d of a pair"
    )


def test_more_known_values_than_a_search_takes_are_looked_for_one_by_one() -> None:
    many = [f"value-{n}-" + "x" * 10_000 for n in range(200)]
    redactor = Redactor(many)
    assert redactor.text(f"it is {many[7]}") == "it is [redacted:known]"
    assert redactor.text("nothing of it") == "nothing of it"


def test_all_who_look_for_the_same_share_one_search() -> None:
    """What it learns while it searches is 130 KiB, and each worker has a listener that redacts."""
    assert Redactor(KNOWN)._may_match is Redactor(KNOWN)._may_match
    assert Redactor()._may_match is not Redactor(KNOWN)._may_match
