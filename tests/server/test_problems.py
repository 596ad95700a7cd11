from __future__ import annotations

import json

from orchestrator.server.problems import answer, document, documented


def test_a_problem_says_what_and_what_next() -> None:
    assert json.loads(document(404, "there is no such worker", hint="its workers: claude")) == {
        "type": "about:blank",
        "title": "There is no such thing",
        "status": 404,
        "detail": "there is no such worker",
        "hint": "its workers: claude",
    }


def test_a_response_bears_the_media_type_and_no_empty_hint() -> None:
    response = answer(409, "not running")
    assert (response.status_code, response.media_type) == (409, "application/problem+json")
    assert b"hint" not in bytes(response.body)


def test_every_documented_error_names_the_same_schema() -> None:
    for described in documented(400, 404).values():
        assert described["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
