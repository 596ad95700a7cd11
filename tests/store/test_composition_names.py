from __future__ import annotations

from dataclasses import replace

from orchestrator.store.composition_names import OWN_CHECKS, configuration_id, names_of_gates, store_of, task_pattern
from tests.store.conftest import PASSED, outcome


def test_a_task_is_of_its_domain_and_says_whether_it_asks_for_an_answer() -> None:
    assert task_pattern("Raise the test coverage of the parser", no_change=False) == "testing"
    assert task_pattern("What does the parser do?", no_change=False).endswith("_answer")
    assert task_pattern("Raise the test coverage", no_change=True) == "testing_answer"
    assert task_pattern("  ", no_change=False) == "general"


def test_another_version_team_or_kind_of_task_is_another_composition_and_so_is_a_rehearsal() -> None:
    one = outcome(PASSED)
    other_version = replace(one, members=(replace(one.members[0], version="2.0"), *one.members[1:]))
    others = [replace(one, pattern="testing"), replace(one, team="solo"), replace(one, rehearsal=True), other_version]
    assert len({configuration_id(each) for each in (one, *others)}) == 5
    planned = replace(one, plan="abc")
    assert configuration_id(planned) not in {configuration_id(each) for each in (one, replace(one, plan="abd"))}
    assert configuration_id(replace(planned, members=planned.members[::-1])) == configuration_id(planned)
    other_model = replace(one, members=(replace(one.members[0], model="m"), *one.members[1:]))
    assert configuration_id(other_model) == configuration_id(one)


def test_a_composition_is_held_to_gates_and_not_to_our_own_checks() -> None:
    gate = outcome(PASSED).gates[0]
    assert list(names_of_gates([gate, replace(gate, gate=OWN_CHECKS)])) == [gate.gate]


def test_a_project_has_a_view_of_its_own() -> None:
    assert store_of("/p") == "/p/.orchestrator/compositions"
