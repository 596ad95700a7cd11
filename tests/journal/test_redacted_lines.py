from __future__ import annotations

import json

import pytest

from orchestrator.journal.redacted_lines import records_without_secrets, without_secrets
from orchestrator.safety.redaction import Redactor

SECRET = "canary-of-some-length"
REDACTOR = Redactor([SECRET])


def lines(*records: object) -> list[str]:
    return [json.dumps(record) + "\n" for record in records]


@pytest.mark.parametrize("text", ["", "plain\n", '{"a": 1.50, "b": "\\u00fc"}\n', '{"broken": \n'])
def test_what_holds_no_secret_stays_byte_for_byte(text: str) -> None:
    assert without_secrets(text, REDACTOR) == text


def test_a_secret_spelt_with_escapes_is_seen_for_what_it_is() -> None:
    spelt = "".join(f"\\u{ord(letter):04x}" for letter in SECRET)
    assert without_secrets(f'{{"a":["{spelt}"]}}\n', REDACTOR) == '{"a":["[redacted:known]"]}\n'


def test_a_record_stays_a_record_whatever_is_withheld_in_it() -> None:
    record = {"url": "https://me:hunter2hunter2@host/", "next": "a@b", SECRET: SECRET}
    assert json.loads(without_secrets(json.dumps(record), REDACTOR)) == {
        "url": "https://me:[redacted:url-password]@host/",
        "next": "a@b",
        "[redacted:known]": "[redacted:known]",
    }


@pytest.mark.parametrize("cut", range(1, len(SECRET)))
def test_a_secret_cut_anywhere_between_two_deltas_is_withheld(cut: int) -> None:
    pieces = (f"it is {SECRET[:cut]}", f"{SECRET[cut:]}, you see")
    kept = list(records_without_secrets(lines(*({"type": "d", "text": piece} for piece in pieces)), REDACTOR))
    joined = "".join(json.loads(line)["text"] for line in kept)
    assert joined == "it is [redacted:pieces], you see"


def test_a_secret_that_comes_letter_by_letter_among_other_records_is_withheld() -> None:
    records = [{"delta": {"text": letter}} for letter in f"<{SECRET}>"]
    told = lines(*(other for record in records for other in (record, {"type": "ping"})))
    kept = list(records_without_secrets(told, REDACTOR))
    joined = "".join(json.loads(line).get("delta", {}).get("text", "") for line in kept)
    assert joined == "<[redacted:pieces]>"
    assert kept[1] == told[1]


def test_pieces_are_found_across_the_windows_a_long_stream_is_read_in() -> None:
    filler = [{"text": f"word {number} "} for number in range(399)]
    told = lines(*filler, {"text": SECRET[:5]}, {"text": SECRET[5:]}, *filler)
    kept = "".join(json.loads(line)["text"] for line in records_without_secrets(told, REDACTOR))
    assert SECRET not in kept
    assert kept.count("[redacted:pieces]") == 1
    assert kept.count("word 398 ") == 2


def test_a_key_known_by_its_form_alone_is_found_in_pieces_too() -> None:
    told = lines({"text": "sk-ant-api03-abcdefgh"}, {"text": "ijklmnop0123456789"})
    kept = "".join(json.loads(line)["text"] for line in records_without_secrets(told, Redactor()))
    assert "ijklmnop" not in kept
