"""Read a complete decision table from a TOML file; no other file of this part touches the disk.

Besides what the example has, `[weights]` gives agents weights, and `at_least_share = { approved = 0.6 }` asks for a
share of them.  A policy that does so begins with the rule that stops at any blocker, which no weight outvotes.
`escalation = ["failed_tool_share > 0.5 for 10m: ask_person"]`, in front of the rules, says when metrics of the session
call for an action.

.. code-block:: toml

    name = "strict"

    [[rule]]
    when = "any doubt"                 # shown to people
    then = "pause_and_clarify"         # stop_and_escalate, pause_and_clarify, log_warning or continue
    at_least = { concerns = 1 }        # verdicts: approved, concerns, blocker, abstained
    at_most = { blocker = 0 }

    [[rule]]                           # the last rule should fit every panel
    when = "everything else"
    then = "stop_and_escalate"
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestrator.models.decisions import Action, Policy, PolicyRow
from orchestrator.models.escalation import FORM, conditions_of
from orchestrator.models.reviews import Verdict
from orchestrator.review_engine.decision_policies import panel_in_words, unanswered
from orchestrator.review_engine.verdict_weights import weighs, weights_by_agent
from orchestrator.toml_files import TomlFile, read_toml

_MAX_COUNT = 9
"""No panel is larger, and the completeness check stays quick."""
_MAX_WEIGHT = 1_000
_TOP_KEYS = ("name", "rule", "weights", "escalation")
OF_REVIEWS = frozenset({"rule", "weights", "escalation"})
"""Keys that only a review policy has, and no sandbox policy."""
_RULE_KEYS = ("when", "then", "at_least", "at_most", "at_least_share")


def load_policy(path: Path) -> Policy:
    """Read a policy file.

    Raises:
        InvalidFile: With line and reason; also where some panel of verdicts would find no rule.
    """
    file = read_toml(path, what="policy")
    for key in file.data:
        if key not in _TOP_KEYS:
            raise file.fault(f"unknown key {key!r}; a policy has {', '.join(_TOP_KEYS)}", key=key)
    name = file.data.get("name")
    if not isinstance(name, str) or not name.strip():
        raise file.fault("a policy needs a name, a text", key="name")
    rules = file.data.get("rule")
    if not isinstance(rules, list) or not rules:
        raise file.fault("a policy needs at least one [[rule]]", key="rule")
    rows = tuple(_row(file, n, rule) for n, rule in enumerate(rules))
    policy = Policy(
        name=name,
        rows=rows,
        source=str(path),
        weights=weights_by_agent(_weights(file)),
        escalation=_escalation(file),
    )
    _check_weighed(file, policy)
    missing = unanswered(policy)
    if missing is not None:
        raise file.fault(
            f"no rule says what to do with {panel_in_words(missing)}; end with one that asks for nothing",
            table="rule",
            nth=len(rules) - 1,
        )
    return policy


def _row(file: TomlFile, nth: int, rule: Any) -> PolicyRow:
    if not isinstance(rule, dict):
        raise file.fault("a rule is a table: write [[rule]]", key="rule")
    for key in rule:
        if key not in _RULE_KEYS:
            raise file.fault(f"unknown key {key!r}; a rule has {', '.join(_RULE_KEYS)}", table="rule", nth=nth, key=key)
    when = rule.get("when")
    if not isinstance(when, str) or not when.strip():
        raise file.fault("a rule needs `when`, the reason shown to people", table="rule", nth=nth, key="when")
    then = rule.get("then")
    if not isinstance(then, str) or then not in [action.value for action in Action]:
        known = ", ".join(Action)
        raise file.fault(f"`then` must be one of {known}, not {then!r}", table="rule", nth=nth, key="then")
    return PolicyRow(
        when=when,
        then=Action(then),
        at_least=_counts(file, nth, key="at_least", counts=rule.get("at_least", {})),
        at_most=_counts(file, nth, key="at_most", counts=rule.get("at_most", {})),
        at_least_share=_shares(file, nth, rule.get("at_least_share", {})),
    )


def _escalation(file: TomlFile) -> tuple[str, ...] | None:
    texts = file.data.get("escalation")
    if texts is None:
        return None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise file.fault(f'`escalation` is a list of conditions: ["{FORM}"]', key="escalation")
    try:
        return tuple(condition.words for condition in conditions_of(texts))
    except ValueError as error:
        raise file.fault(f"`escalation`: {error}", key="escalation") from None


def _weights(file: TomlFile) -> dict[str, float]:
    weights = file.data.get("weights", {})
    if not isinstance(weights, dict):
        raise file.fault("`weights` is a table of agents: write [weights]", key="weights")
    for agent, weight in weights.items():
        if not _is_number(weight) or not 0 <= weight <= _MAX_WEIGHT:
            raise file.fault(f"the weight of {agent!r} must be a number from 0 to {_MAX_WEIGHT}", key=agent)
    return dict(weights)


def _shares(file: TomlFile, nth: int, shares: Any) -> dict[Verdict, float]:
    key = "at_least_share"
    if not isinstance(shares, dict):
        raise file.fault(f"`{key}` is a table such as {{ approved = 0.6 }}", table="rule", nth=nth, key=key)
    known = [verdict.value for verdict in Verdict]
    for verdict, share in shares.items():
        if verdict not in known:
            raise file.fault(
                f"`{key}` weighs {', '.join(known)}; there is no verdict {verdict!r}", table="rule", nth=nth, key=key
            )
        if not _is_number(share) or not 0 < share <= 1:
            raise file.fault(f"`{key}.{verdict}` must be above 0 and at most 1", table="rule", nth=nth, key=key)
    return {Verdict(verdict): float(share) for verdict, share in shares.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_weighed(file: TomlFile, policy: Policy) -> None:
    """No weight may outvote a blocker, so what weighs begins with the rule that stops at one."""
    if not weighs(policy):
        if policy.weights:
            raise file.fault("no rule has at_least_share, so the weights decide nothing", key="weights")
        return
    first = policy.rows[0]
    stops = PolicyRow(first.when, Action.STOP_AND_ESCALATE, at_least={Verdict.BLOCKER: 1})
    if first != stops:
        raise file.fault(
            "a policy that weighs verdicts begins with a rule that stops at any blocker: "
            'then = "stop_and_escalate", at_least = { blocker = 1 }',
            table="rule",
            nth=0,
        )


def _counts(file: TomlFile, nth: int, *, key: str, counts: Any) -> dict[Verdict, int]:
    if not isinstance(counts, dict):
        raise file.fault(f"`{key}` is a table such as {{ concerns = 1 }}", table="rule", nth=nth, key=key)
    known = [verdict.value for verdict in Verdict]
    for verdict, count in counts.items():
        if verdict not in known:
            raise file.fault(
                f"`{key}` counts {', '.join(known)}; there is no verdict {verdict!r}", table="rule", nth=nth, key=key
            )
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= _MAX_COUNT:
            raise file.fault(
                f"`{key}.{verdict}` must be a number from 0 to {_MAX_COUNT}", table="rule", nth=nth, key=key
            )
    return {Verdict(verdict): count for verdict, count in counts.items()}
