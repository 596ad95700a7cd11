from __future__ import annotations

import pytest

from orchestrator.late_adapter import late_adapter
from orchestrator.tuning.parameters import BASELINE
from orchestrator.tuning.predictions import Prediction
from orchestrator.tuning.tuning_events import Assigned, Place, Redecided, TuningEvent

FIRST = Place("trial-1", "candidate", 3)


def test_the_places_of_a_session_are_its_first_one_and_those_that_are_crossed() -> None:
    crossed = (Place("trial-2", "incumbent", 1),)
    assert Assigned("s", BASELINE, "trial-1", "candidate", 3, crossed=crossed).places == (FIRST, *crossed)
    assert Assigned("s", BASELINE).places == ()


@pytest.mark.parametrize(
    "event",
    [
        Assigned("s", BASELINE, crossed=(FIRST,)),
        Redecided("offline-1", "silence_s", 900, 600, "agents wait", Prediction(4, 1), "/w", (("s", "hash"),), "rules"),
    ],
)
def test_what_is_written_is_what_is_read(event: TuningEvent) -> None:
    adapter = late_adapter(TuningEvent)
    assert adapter.validate_json(adapter.dump_json(event)) == event
