from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.composition.domains import Domain
from orchestrator.composition.pattern_rules import PATTERN_RULES, CompositionPattern, Question, choose_pattern
from orchestrator.composition.task_analysis import Complexity
from orchestrator.composition.template_files import built_in_templates

ONE = built_in_templates()["code_reviewer"]
OTHER = built_in_templates()["performance_optimizer"]
TWIN = replace(ONE, id="twin")
M, C = Complexity.MODERATE, Complexity.COMPLEX
D, P = Domain, CompositionPattern


@pytest.mark.parametrize(
    ("question", "row"),
    [
        (Question(D.DOCUMENTATION, C, True, [ONE, TWIN]), 1),
        (Question(D.SECURITY, M, False, [ONE]), 2),
        (Question(D.ARCHITECTURE, C, False, [ONE, TWIN]), 2),
        (Question(D.DOCUMENTATION, M, False, [ONE]), 3),
        (Question(D.REFACTORING, C, False, [ONE, TWIN]), 4),
        (Question(D.TESTING, C, False, [ONE]), 5),
        (Question(D.TESTING, M, False, [ONE, TWIN]), 6),
        (Question(D.TESTING, C, False, [ONE, OTHER]), 7),
        (Question(D.GENERAL, C, False, [ONE, OTHER]), 8),
        (Question(D.GENERAL, M, False, [ONE, OTHER]), 9),
        (Question(D.PERFORMANCE, M, False, []), 9),
    ],
)
def test_the_nine_rules_of_the_specification_go_in_order(question: Question, row: int) -> None:
    assert choose_pattern(question) is PATTERN_RULES[row - 1]


def test_the_rows_lead_where_the_specification_says_each_with_a_reason() -> None:
    assert [rule.pattern for rule in PATTERN_RULES] == [
        *(P.PARALLEL, P.PARALLEL, P.TEACHING, P.REFINEMENT, P.SEQUENTIAL, P.DEBATE, P.SEQUENTIAL, P.ADAPTIVE),
        P.SEQUENTIAL,
    ]
    assert len({rule.reason for rule in PATTERN_RULES}) == len(PATTERN_RULES) == 9
