from __future__ import annotations

from orchestrator.composition.strategies.position import agents_of
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import AgentResult, NodePath, Strategy
from orchestrator.workflows.compliance_profile import load_profile
from orchestrator.workflows.security_agents import (
    AUDITORS,
    COMPLIANCE,
    MOST_PROVED,
    SYNTHESIZER,
    agents_in,
    audit_plan,
    proof_plan,
)
from orchestrator.workflows.weaknesses import Source, Weakness

CLAUDE, CODEX = AgentName("claude"), AgentName("codex")
AGENTS = {CLAUDE: "Anthropic", CODEX: "OpenAI"}


def weakness(number: int, *vendors: str) -> Weakness:
    sources = tuple(Source(f"auditor-{vendor}", vendor, "high", "{{ told }}") for vendor in vendors)
    return Weakness(f"{number:012}", "a.py", number, "race", "high", sources)


def test_three_auditors_debate_and_a_reviewer_concludes_and_nobody_writes() -> None:
    plan = audit_plan(load_profile("asvs-l1"))

    assert (plan.strategy, plan.rounds) == (Strategy.DEBATE, 2)
    assert [agent.id for agent in agents_of(plan)] == [*AUDITORS, SYNTHESIZER]
    assert {agent.access for agent in agents_of(plan)} == {"read"}
    schemas = {agent.id: agent.answer_schema or {} for agent in agents_of(plan)}
    assert all("disputed" in schema["properties"] for schema in schemas.values())
    assert [name for name, schema in schemas.items() if "items" in schema["properties"]] == [COMPLIANCE]


def test_the_compliance_auditor_is_told_every_requirement() -> None:
    profile = load_profile("asvs-l1")
    (auditor,) = [agent for agent in agents_of(audit_plan(profile)) if agent.id == COMPLIANCE]

    assert all(item.asks in auditor.instructions for item in profile.item)


def test_a_weakness_is_proved_by_another_vendor_than_found_it() -> None:
    plan, left = proof_plan([weakness(1, "Anthropic"), weakness(2, "OpenAI"), weakness(3, "")], AGENTS)

    assert plan is not None
    told = {agent.agent: agent.instructions for agent in agents_of(plan)}
    assert '"line": 1' in told[CODEX]
    assert '"line": 2' in told[CLAUDE]
    assert left == []


def test_what_nobody_of_another_vendor_can_prove_is_left() -> None:
    plan, left = proof_plan([weakness(1, "Anthropic", "OpenAI")], AGENTS)

    assert (plan, [each.line for each in left]) == (None, [1])
    assert proof_plan([weakness(1, "Anthropic")], {CLAUDE: "Anthropic"})[0] is None
    assert proof_plan([], AGENTS) == (None, [])


def test_a_prover_is_given_so_many_and_the_rest_is_left() -> None:
    plan, left = proof_plan([weakness(n, "OpenAI") for n in range(1, MOST_PROVED + 3)], AGENTS)

    assert plan is not None
    assert [agent.agent for agent in agents_of(plan)] == [CLAUDE]
    assert len(left) == 2


def test_what_others_said_fills_nothing_in_for_a_prover() -> None:
    plan, _ = proof_plan([weakness(1, "OpenAI")], AGENTS)

    assert plan is not None
    assert "{{" not in next(iter(agents_of(plan))).instructions


def test_what_a_prover_is_told_is_bounded_whatever_was_said() -> None:
    long = Source("auditor", "OpenAI", "high", "word " * 5_000)
    many = [Weakness(f"{n:012}", f"{n}\x7f{'x' * 4_000}.py", n, "race", "high", (long,) * 3) for n in range(1, 9)]
    plan, _ = proof_plan(many, AGENTS)
    short, _ = proof_plan([Weakness("0" * 12, "a.py", 3, "race", "high", (long,) * 3)], AGENTS)

    assert plan is not None
    assert short is not None
    assert '"line": 1' in next(iter(agents_of(plan))).instructions
    assert "word word" in next(iter(agents_of(short))).instructions


def test_only_agents_that_gave_a_result_prove() -> None:
    good = AgentResult(NodePath("1.1"), "a", True, {}, agent=CLAUDE, vendor="Anthropic")
    bad = AgentResult(NodePath("1.2"), "b", False, {}, agent=CODEX, vendor="OpenAI")

    assert agents_in([good, bad]) == {CLAUDE: "Anthropic"}
