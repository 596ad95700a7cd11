"""Documents that are sent through pipes and sockets."""

from __future__ import annotations

import os
import threading

from orchestrator.shim.document_pipe import LENGTH_BYTES, MOST_BYTES, framed, receive, send


def test_a_document_longer_than_a_pipe_arrives_whole_with_bytes_that_are_no_text() -> None:
    reading, writing = os.pipe()
    document = {"environment": {"LONG": "x" * 300_000, "ODD": os.fsdecode(b"\xff\xfe")}, "groups": []}
    sender = threading.Thread(target=send, args=(writing, document))
    sender.start()
    assert receive(reading) == document
    sender.join()
    os.close(writing)
    assert receive(reading) is None, "the sender is gone"
    os.close(reading)


def test_half_a_message_and_one_beyond_all_measure_are_none() -> None:
    for sent in (framed({"a": 1})[:-2], (MOST_BYTES + 1).to_bytes(LENGTH_BYTES, "little") + b"x"):
        reading, writing = os.pipe()
        os.write(writing, sent)
        os.close(writing)
        assert receive(reading) is None
        os.close(reading)


def test_what_nobody_can_take_is_not_sent() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    assert not send(writing, {"a": 1})
    os.close(writing)
