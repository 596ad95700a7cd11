from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import ExitCode, InvalidFile
from orchestrator.models.decisions import Action
from orchestrator.models.reviews import Verdict
from orchestrator.review_engine.policy_files import load_policy

REST = '[[rule]]\nwhen = "everything else"\nthen = "stop_and_escalate"\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_a_policy_file_becomes_a_table(tmp_path: Path) -> None:
    text = """
name = "strict"

[[rule]]
when = "two agree"
then = "continue"
at_least = { approved = 2 }
at_most = { concerns = 0, blocker = 0 }
"""
    path = written(tmp_path, text + REST)
    policy = load_policy(path)
    assert (policy.name, policy.source) == ("strict", str(path))
    assert [row.then for row in policy.rows] == [Action.CONTINUE, Action.STOP_AND_ESCALATE]
    assert policy.rows[0].at_least == {Verdict.APPROVED: 2}
    assert policy.rows[0].at_most == {Verdict.CONCERNS: 0, Verdict.BLOCKER: 0}


SHARE = '[[rule]]\nwhen = "most"\nthen = "continue"\nat_least_share = { approved = 0.6 }\n'
STOPS = 'name = "x"\n[[rule]]\nwhen = "any blocker"\nthen = "stop_and_escalate"\nat_least = { blocker = 1 }\n'
RULE = 'name = "x"\n[[rule]]\nwhen = "a"\nthen = "continue"\n'


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param("name = \n", 1, "Invalid value", id="no TOML"),
        pytest.param(REST, None, "needs a name", id="no name"),
        pytest.param("name = 3\n" + REST, 1, "needs a name", id="a name that is a number"),
        pytest.param('name = "x"\n', None, r"at least one \[\[rule\]\]", id="no rules"),
        pytest.param('name = "x"\nrule = 3\n', 2, r"at least one \[\[rule\]\]", id="a number for rules"),
        pytest.param('name = "x"\nrule = [3]\n', 2, r"write \[\[rule\]\]", id="a number for a rule"),
        pytest.param('name = "x"\nrules = 3\n' + REST, 2, "unknown key 'rules'", id="an unknown key"),
        pytest.param(RULE + 'whence = "b"\n', 5, "unknown key 'whence'", id="an unknown key of a rule"),
        pytest.param('name = "x"\n[[rule]]\nthen = "continue"\n', 2, "needs `when`", id="no reason"),
        pytest.param('name = "x"\n[[rule]]\nwhen = "a"\nthen = "go"\n', 4, "not 'go'", id="an unknown action"),
        pytest.param(RULE + "at_least = 1\n", 5, "is a table", id="a number for counts"),
        pytest.param(RULE + "at_least = { lgtm = 1 }\n", 5, "no verdict 'lgtm'", id="an unknown verdict"),
        pytest.param(RULE + "at_least = { blocker = -1 }\n", 5, "from 0 to 9", id="a count below 0"),
        pytest.param(RULE + "at_most = { blocker = true }\n", 5, "from 0 to 9", id="a count that is no number"),
        pytest.param(RULE + "[rule.at_least]\nblocker = 10\n", 5, "from 0 to 9", id="a count in a table of its own"),
        pytest.param(
            RULE + "at_least = { approved = 1 }\n", 2, "no rule says what to do with an empty panel", id="a gap"
        ),
        pytest.param(
            RULE + "at_most = { blocker = 0 }\n", 2, "no rule says what to do with 1 blocker", id="a gap for a blocker"
        ),
        pytest.param('name = "x"\nweights = 3\n' + REST, 2, r"write \[weights\]", id="a number for weights"),
        pytest.param('name = "x"\n[weights]\nclaude = -1\n' + REST, 3, "the weight of 'claude'", id="below 0"),
        pytest.param('name = "x"\n[weights]\nclaude = nan\n' + REST, 3, "the weight of 'claude'", id="no number"),
        pytest.param('name = "x"\n[weights]\nclaude = true\n' + REST, 3, "the weight of 'claude'", id="true"),
        pytest.param('name = "x"\n[weights]\nclaude = 2\n' + REST, 2, "decide nothing", id="weights for nothing"),
        pytest.param(RULE + "at_least_share = 1\n", 5, "is a table", id="a number for shares"),
        pytest.param(RULE + "at_least_share = { lgtm = 0.5 }\n", 5, "no verdict 'lgtm'", id="a share of nothing"),
        pytest.param(RULE + "at_least_share = { approved = 1.5 }\n", 5, "at most 1", id="more than all"),
        pytest.param(RULE + "at_least_share = { approved = 0 }\n", 5, "above 0", id="a share of 0"),
        pytest.param(
            RULE + "at_least_share = { approved = 0.5 }\n" + REST, 2, "stops at any blocker", id="no blocker first"
        ),
        pytest.param(
            STOPS.replace("blocker = 1", "blocker = 2") + SHARE, 2, "stops at any blocker", id="two blockers first"
        ),
        pytest.param(STOPS + SHARE, 6, "no rule says what to do with an empty panel", id="a gap behind shares"),
    ],
)
def test_a_faulty_policy_is_refused_with_line_and_reason(
    tmp_path: Path, text: str, line: int | None, reason: str
) -> None:
    with pytest.raises(InvalidFile, match=reason) as caught:
        load_policy(written(tmp_path, text))
    assert caught.value.line == line
    assert caught.value.exit_code is ExitCode.USAGE


def test_the_example_in_the_documentation_is_a_policy(tmp_path: Path) -> None:
    from orchestrator.review_engine import policy_files

    example = (policy_files.__doc__ or "").partition("toml\n")[2]
    assert load_policy(written(tmp_path, "\n".join(line[4:] for line in example.splitlines()))).name == "strict"


def test_a_policy_may_weigh(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, STOPS + SHARE + REST + "[weights]\nclaude = 3\n"))
    assert policy.weights == {"claude": 3.0}
    assert policy.rows[1].at_least_share == {Verdict.APPROVED: 0.6}


def test_a_policy_may_say_when_metrics_escalate(tmp_path: Path) -> None:
    texts = '["antipatterns>1 : stop", "questions > 2 for 60s: notice"]'
    policy = load_policy(written(tmp_path, f'name = "x"\nescalation = {texts}\n{REST}'))
    assert policy.escalation == ("antipatterns > 1 for 0s: stop", "questions > 2 for 1m: notice")
    assert load_policy(written(tmp_path, f'name = "x"\n{REST}')).escalation is None
    assert load_policy(written(tmp_path, f'name = "x"\nescalation = []\n{REST}')).escalation == ()


@pytest.mark.parametrize("value", ['"antipatterns > 1: stop"', "[1]", '["antipatterns"]', '["antipatterns > 1: x"]'])
def test_what_is_no_condition_is_refused_with_its_line(tmp_path: Path, value: str) -> None:
    with pytest.raises(InvalidFile, match=r"mine\.toml:2.*escalation"):
        load_policy(written(tmp_path, f'name = "x"\nescalation = {value}\n{REST}'))
