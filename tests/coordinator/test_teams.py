"""Each pattern of a plan in rehearsal: what every agent is told, by the model server's log, and what comes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from orchestrator.cli.replay import command as replay
from orchestrator.coordinator.session_request import RehearsalRequest
from orchestrator.errors import ExitCode, UsageError
from orchestrator.models.identity import AgentName
from orchestrator.models.plan_tree import (
    AgentLimits,
    AgentNode,
    Aggregator,
    Failure,
    GateNode,
    Strategy,
    StrategyNode,
    Tier,
)
from orchestrator.models.quality_gates import GateState
from orchestrator.rehearsal.model_server import model_server
from orchestrator.rehearsal.scenario import load_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.models.plan_tree import StrategyResult
    from orchestrator.rehearsal.model_server import ModelServer
    from tests.coordinator.conftest import Stage

pytestmark = pytest.mark.slow
CLIS = ("gemini", "claude", "codex")
NO_JSON = {"say": "I have nothing to add."}
_REFUSAL = {"error": {"type": "invalid_request_error", "code": "invalid_prompt", "message": "this is not answered"}}
REFUSED = {"status": 400, "message": "this is not answered", "times": 0}
REFUSED_BY_OPENAI = {**REFUSED, "body": json.dumps(_REFUSAL)}
HANGS = {"hang_s": 600.0}


def agent(name: str, cli: str, **fields: Any) -> AgentNode:
    return AgentNode(name, agent=AgentName(cli), title=f"you are {name}", instructions="Look at it.", **fields)


DESIGN, BUILD, CHECK = (agent(name, cli) for name, cli in zip(("design", "build", "check"), CLIS, strict=True))


def says(worker: str, text: str, confidence: float = 0.9) -> tuple[str, dict[str, Any]]:
    """One turn of a worker: an answer by the common schema."""
    return worker, {"reply": {"answer": text, "findings": [], "confidence": confidence}}


Turn = tuple[str, dict[str, Any] | list[dict[str, Any]]]
"""Whose it is, and the one thing or the things that it does."""


def scenario_of(*turns: Turn) -> str:
    text = 'name = "a team"\n'
    for worker, does in turns:
        # Who is refused is started again, and refused again.
        text += (
            f"\n[[turn]]\nworker = {json.dumps(worker)}\nrepeat = {json.dumps(does in (REFUSED, REFUSED_BY_OPENAI))}\n"
        )
        for step in does if isinstance(does, list) else [does]:
            text += "\n[[turn.step]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in step.items())
    return text


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)


@dataclass(slots=True)
class Rehearsed:
    """One session of a plan, and what its model was asked."""

    result: StrategyResult
    exit_code: ExitCode
    server: ModelServer
    target: Path
    folder: Path
    """The session's."""
    failures: dict[str, Failure | None] = field(default_factory=dict)

    def told(self, worker: str) -> str:
        """Everything that the model was sent in this worker's name."""
        return "\n".join(json.dumps(one.body) for one in self.server.requests if one.worker == worker)


@pytest.fixture(params=[pytest.param(True, id="stand-ins"), pytest.param(False, id="real", marks=pytest.mark.real)])
def teams(stage: Stage, request: pytest.FixtureRequest) -> Teams:
    stage.stand_ins = request.param
    return Teams(stage)


@dataclass(slots=True)
class Teams:
    """Runs plans against a model server that the test can read."""

    stage: Stage

    def has_tests(self) -> None:
        """Tests that hold as the target is, and fail once something else than ``right`` is written."""
        (self.stage.target / "test_value.py").write_text(TEST)
        (self.stage.target / "value.txt").write_text("begun")

    async def run(self, plan: StrategyNode, *turns: Turn) -> Rehearsed:
        path = self.stage.root / "scenario.toml"
        path.write_text(scenario_of(*turns))
        async with model_server(load_scenario(path)) as server:
            rehearsal = RehearsalRequest(path, stand_ins=self.stage.stand_ins, server=server.url)
            ended = await self.stage.run("plain", plan=plan, rehearsal=rehearsal)
            state = ended.state
            assert state.plan_run.result is not None, ended.reason
            if not self.stage.stand_ins:
                assert not [found.name for found in state.found if found.stand_in]
            outputs = state.plan_run.result.outputs
            failures = {str(one.path): one.failure for one in outputs}
            target = state.options.target
            return Rehearsed(state.plan_run.result, ended.exit_code, server, target, ended.folder, failures)


async def test_a_plan_that_cannot_be_run_is_refused_before_anything_starts(teams: Teams) -> None:
    plan = StrategyNode(Strategy.TEACHING, (DESIGN, BUILD, CHECK))
    with pytest.raises(UsageError, match="teaching takes exactly 2 agents"):
        await teams.run(plan)


# One after the other


async def test_in_a_sequence_each_is_told_what_those_before_it_answered(teams: Teams) -> None:
    plan = StrategyNode(Strategy.SEQUENTIAL, (DESIGN, BUILD, CHECK))
    outputs = []
    for design in ("use a table", "use a tree"):
        turns = (says("design", design), says("build", "it stands"), says("check", "it holds"))
        ended = await teams.run(plan, *turns)
        assert ended.exit_code is ExitCode.DONE
        assert design in ended.told("build")
        assert design in ended.told("check")
        assert "it stands" in ended.told("check")
        assert "it stands" not in ended.told("design")
        outputs.append(ended.result.aggregated_output)
        assert outputs[-1]["outputs"]["design"]["answer"] == design
        assert outputs[-1]["final_output"]["answer"] == "it holds"
    assert outputs[0] != outputs[1]


async def test_a_malformed_answer_fails_the_sequence_and_is_handed_to_nobody(teams: Teams) -> None:
    plan = StrategyNode(Strategy.SEQUENTIAL, (DESIGN, BUILD))
    ended = await teams.run(plan, ("design", NO_JSON), says("build", "it stands"))
    assert ended.exit_code is ExitCode.FAILED
    assert ended.failures == {"1.1": Failure.MALFORMED, "1.2": None}
    assert "I have nothing to add." not in ended.told("build")


async def test_a_polisher_is_told_the_last_version(teams: Teams) -> None:
    plan = StrategyNode(Strategy.REFINEMENT, (DESIGN, BUILD, CHECK))
    ended = await teams.run(plan, says("design", "a draft"), says("build", "a review"), says("check", "the polish"))
    assert ended.exit_code is ExitCode.DONE
    assert "a draft" in ended.told("build")
    assert "a review" in ended.told("check")
    assert "a draft" not in ended.told("check")
    assert ended.result.aggregated_output["final_output"]["answer"] == "the polish"


async def test_a_refused_stage_ends_the_refinement(teams: Teams) -> None:
    plan = StrategyNode(Strategy.REFINEMENT, (DESIGN, BUILD, CHECK))
    ended = await teams.run(plan, says("design", "a draft"), ("build", REFUSED), says("check", "the polish"))
    assert ended.exit_code is not ExitCode.DONE
    assert ended.failures == {"1.1": None, "1.2": Failure.FAILED}
    assert ended.result.aggregated_output["final_output"]["answer"] == "a draft"
    assert ended.told("check") == ""


# Side by side


async def test_side_by_side_nobody_is_told_anothers_answer(teams: Teams) -> None:
    plan = StrategyNode(Strategy.PARALLEL, (DESIGN, BUILD, CHECK))
    ended = await teams.run(plan, says("design", "crimson"), says("build", "emerald"), says("check", "azure"))
    assert ended.exit_code is ExitCode.DONE
    answers = {name: output["answer"] for name, output in ended.result.aggregated_output["outputs"].items()}
    assert answers == {"design": "crimson", "build": "emerald", "check": "azure"}
    for name in answers:
        assert not [other for other in answers.values() if other != answers[name] and other in ended.told(name)]


async def test_one_that_hangs_is_timed_out_and_the_others_stand(teams: Teams) -> None:
    slow = agent("build", "claude", limits=AgentLimits(timeout_s=20.0))
    plan = StrategyNode(Strategy.PARALLEL, (DESIGN, slow, CHECK), aggregator=Aggregator.CONSENSUS)
    ended = await teams.run(plan, says("design", "crimson"), ("build", HANGS), says("check", "azure"))
    assert ended.failures == {"1.1": None, "1.2": Failure.TIMED_OUT, "1.3": None}
    assert ended.result.success
    assert ended.result.aggregated_output["consensus"]["success_votes"] == 2
    said = CliRunner().invoke(replay, [str(ended.folder), "--aggregator", "all"])
    assert "under all, the plan comes to a failure; recorded is a success" in said.output


def debater(name: str, cli: str) -> AgentNode:
    properties = {"position": {"type": "string"}, "why": {"type": "string"}, "confidence": {"type": "number"}}
    return agent(
        name,
        cli,
        answer_schema={
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        },
    )


def holds(worker: str, position: str, why: str) -> tuple[str, dict[str, Any]]:
    return worker, {"reply": {"position": position, "why": why, "confidence": 0.8}}


PANEL = tuple(debater(name, cli) for name, cli in zip(("first", "second", "third"), CLIS, strict=True))


async def test_first_opinions_are_blind_and_replies_are_not(teams: Teams) -> None:
    plan = StrategyNode(Strategy.DEBATE, PANEL, rounds=2)
    whys = {"first": "tables are quick", "second": "trees are small", "third": "tables are old"}
    turns = [holds(worker, "tree" if worker == "second" else "table", why) for worker, why in whys.items()] + [
        holds(f"{worker}-2", "tree" if worker == "second" else "table", "as before") for worker in whys
    ]
    ended = await teams.run(plan, *turns)
    assert ended.exit_code is ExitCode.DONE
    for worker, why in whys.items():
        others = [other for other in whys.values() if other != why]
        assert not [other for other in others if other in ended.told(worker)], "the first round is blind"
        assert not [other for other in others if other not in ended.told(f"{worker}-2")], "the second is not"
    assert ended.result.aggregated_output["consensus"]["success_votes"] == 2
    assert [each.agent_id for each in ended.result.dissent] == ["second"]
    assert ended.result.warnings == ()


async def test_a_debate_without_opinions_has_no_consensus(teams: Teams) -> None:
    plan = StrategyNode(Strategy.DEBATE, PANEL)
    ended = await teams.run(
        plan, holds("first", "table", "it is quick"), ("second", NO_JSON), ("third", REFUSED_BY_OPENAI)
    )
    assert ended.exit_code is not ExitCode.DONE
    assert ended.failures == {"1.1": None, "1.2": Failure.MALFORMED, "1.3": Failure.FAILED}
    assert not ended.result.aggregated_output["consensus"]["consensus_reached"]


# As much as it needs


async def test_a_sure_junior_needs_no_expert(teams: Teams) -> None:
    plan = StrategyNode(Strategy.TEACHING, (DESIGN, BUILD))
    ended = await teams.run(plan, says("design", "easy", 0.7), says("build", "hard"))
    assert ended.exit_code is ExitCode.DONE
    assert ended.result.aggregated_output["outcome"] == "junior_success"
    assert ended.told("build") == ""


async def test_an_expert_is_told_what_the_unsure_junior_made_and_may_fail_too(teams: Teams) -> None:
    plan = StrategyNode(Strategy.TEACHING, (DESIGN, BUILD))
    ended = await teams.run(plan, says("design", "hardly", 0.69), ("build", NO_JSON))
    assert ended.exit_code is ExitCode.FAILED
    assert ended.result.aggregated_output["outcome"] == "expert_takeover"
    assert "hardly" in ended.told("build")


async def test_a_classifier_chooses_the_specialist(teams: Teams) -> None:
    cheap, premium = replace(BUILD, tier=Tier.CHEAP), replace(CHECK, tier=Tier.PREMIUM)
    plan = StrategyNode(Strategy.ADAPTIVE, (DESIGN, cheap, premium))
    turns = (says("build", "quickly done"), says("check", "well done"))
    sure = await teams.run(plan, says("design", "simple", 0.81), *turns)
    assert sure.result.aggregated_output["specialist_output"]["answer"] == "quickly done"
    assert "simple" in sure.told("build")
    assert sure.told("check") == ""
    unsure = await teams.run(plan, says("design", "who knows", 0.8), says("build", "quickly done"), ("check", NO_JSON))
    assert unsure.exit_code is ExitCode.FAILED
    assert unsure.result.aggregated_output["selected_specialist"] == "check"


# Until the gates pass


WRITER = agent("build", "claude", access="write")
ANOTHER = agent("check", "codex", access="write")
TEST = "import pathlib, unittest\n\n\nclass Value(unittest.TestCase):\n    def test_it(self):\n"
TEST += "        self.assertTrue(pathlib.Path('value.txt').read_text().strip() in ('begun', 'right'))\n"


def writes(worker: str, value: str) -> tuple[str, list[dict[str, Any]]]:
    """A worker that writes the value and says so."""
    answer = {"answer": f"it is {value}", "findings": [], "confidence": 0.9}
    return worker, [{"run": f"echo {value} > value.txt; echo > by-{worker}.txt"}, {"reply": answer}]


async def test_a_cascade_goes_on_to_the_next_who_is_told_what_the_tests_say(teams: Teams) -> None:
    teams.has_tests()
    plan = StrategyNode(Strategy.ADAPTIVE, (WRITER, ANOTHER), gate=GateNode(("tests",)))
    ended = await teams.run(plan, writes("build", "wrong"), writes("check", "right"))
    assert ended.exit_code is ExitCode.DONE
    assert ended.result.aggregated_output["selected_specialist"] == "check"
    assert "it is wrong" in ended.told("check")
    assert [gate.state for gate in ended.result.gates] == [GateState.FAIL, GateState.PASS]


async def test_a_cascade_whose_last_does_not_pass_either_has_failed_and_says_so(teams: Teams) -> None:
    teams.has_tests()
    plan = StrategyNode(Strategy.ADAPTIVE, (WRITER, ANOTHER), gate=GateNode(("tests",)))
    ended = await teams.run(plan, writes("build", "wrong"), writes("check", "worse"))
    assert ended.exit_code is ExitCode.FAILED
    assert [gate.state for gate in ended.result.gates] == [GateState.FAIL, GateState.FAIL]
    assert "none of the 2 passed its gates" in ended.result.errors


async def test_a_cascade_whose_last_refuses_has_failed(teams: Teams) -> None:
    teams.has_tests()
    plan = StrategyNode(Strategy.ADAPTIVE, (WRITER, ANOTHER), gate=GateNode(("tests",)))
    ended = await teams.run(plan, writes("build", "wrong"), ("check", REFUSED_BY_OPENAI))
    assert ended.exit_code is ExitCode.FAILED
    assert ended.failures == {"1.1": None, "1.2": Failure.FAILED}
    assert "it is wrong" in ended.told("check")


async def test_a_loop_ends_when_the_tests_pass(teams: Teams) -> None:
    teams.has_tests()
    plan = StrategyNode(Strategy.REPEAT, (WRITER,), gate=GateNode(("tests",)), at_most=3)
    ended = await teams.run(plan, writes("build", "wrong"), writes("build-2", "right"))
    assert ended.exit_code is ExitCode.DONE
    assert ended.result.aggregated_output["rounds"] == 2
    assert "it is wrong" in ended.told("build-2")


async def test_a_loop_ends_at_once_where_there_are_no_tests(teams: Teams) -> None:
    plan = StrategyNode(Strategy.REPEAT, (WRITER,), gate=GateNode(("tests",)), at_most=3)
    ended = await teams.run(plan, writes("build", "wrong"))
    assert ended.exit_code is not ExitCode.DONE
    assert ended.result.aggregated_output["outcome"] == "not_measured"
    assert ended.told("build-2") == ""


# Writers side by side


async def test_of_two_who_write_the_same_line_both_versions_are_there_and_it_is_told(teams: Teams) -> None:
    plan = StrategyNode(Strategy.PARALLEL, (WRITER, ANOTHER, DESIGN))
    turns = (writes("build", "crimson"), writes("check", "azure"), says("design", "look at value.txt"))
    ended = await teams.run(plan, *turns)
    assert ended.exit_code is ExitCode.FAILED
    (told,) = [error for error in ended.result.errors if error.startswith("value.txt: ")]
    assert "the changes of check and of build conflict" in told
    assert (ended.target / "value.txt").read_text() == "crimson\n"
    (kept,) = ended.result.kept
    assert "+azure" in (ended.folder / kept).read_text()
    assert (ended.target / "by-build.txt").exists()
    assert (ended.target / "by-check.txt").exists(), "what does not conflict is there"


async def test_writers_of_a_target_that_is_too_large_to_be_copied_work_one_after_the_other(
    teams: Teams, monkeypatch: pytest.MonkeyPatch
) -> None:
    teams.has_tests()
    monkeypatch.setattr("orchestrator.coordinator.isolation.MOST_BYTES", 3)
    plan = StrategyNode(Strategy.PARALLEL, (WRITER, ANOTHER))
    ended = await teams.run(plan, writes("build", "crimson"), writes("check", "azure"))
    assert ended.failures == {"1.1": None, "1.2": None}
    assert (ended.target / "value.txt").read_text() == "azure\n"
    assert ended.result.kept == ()


async def test_a_milestone_beside_others_is_reviewed_by_what_its_own_layer_holds(teams: Teams) -> None:
    plan = StrategyNode(Strategy.PARALLEL, (WRITER, ANOTHER))
    worker, (wrote, answer) = writes("build", "crimson")
    reported = {"report": {"type": "milestone", "text": "value.txt stands"}}
    fine = {"reply": {"verdict": "approved", "summary": "fine", "points": []}}
    panel = ((f"review-001-{cli}", fine) for cli in ("gemini", "codex"))
    ended = await teams.run(plan, (worker, [wrote, reported, answer]), writes("check", "azure"), *panel)
    assert "+crimson" in ended.told("review-001-gemini")


async def test_of_several_changes_the_one_that_passes_is_taken_and_the_other_kept(teams: Teams) -> None:
    teams.has_tests()
    plan = StrategyNode(Strategy.BEST_OF, (WRITER, ANOTHER), gate=GateNode(("tests",)))
    ended = await teams.run(plan, writes("build", "wrong"), writes("check", "right"))
    assert ended.exit_code is ExitCode.DONE
    assert ended.result.aggregated_output["candidates"] == {"build": "fail", "check": "pass"}
    assert (ended.target / "value.txt").read_text() == "right\n"
    assert not (ended.target / "by-build.txt").exists()
    assert "+wrong" in (ended.folder / ended.result.kept[0]).read_text()
    none = await teams.run(plan, writes("build", "wrong"), ("check", NO_JSON))
    assert none.exit_code is ExitCode.FAILED
    assert none.failures["1.2"] is Failure.MALFORMED
    assert (none.target / "value.txt").read_text() == "begun"


# Nested


async def test_a_writer_is_told_what_a_panel_concluded_and_the_gate_ends_it(teams: Teams) -> None:
    teams.has_tests()
    panel = StrategyNode(Strategy.DEBATE, PANEL[:2], title="panel", synthesizer=debater("chair", "codex"))
    plan = StrategyNode(Strategy.SEQUENTIAL, (panel, WRITER, GateNode(("tests",)), CHECK))
    opinions = (holds("first", "table", "it is quick"), holds("second", "tree", "it is small"))
    good = await teams.run(
        plan, *opinions, holds("chair", "both", "for both reasons"), writes("build", "right"), says("check", "well")
    )
    assert good.exit_code is ExitCode.DONE
    assert "it is quick" in good.told("chair")
    assert "for both reasons" in good.told("build")
    assert good.result.aggregated_output["final_output"]["answer"] == "well"
    bad = await teams.run(
        plan, *opinions, ("chair", REFUSED_BY_OPENAI), writes("build", "wrong"), says("check", "well")
    )
    assert bad.exit_code is not ExitCode.DONE
    assert bad.failures["1.1.synthesis"] is Failure.FAILED
    assert bad.told("check") == "", "the gate ended it"
