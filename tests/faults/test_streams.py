"""What agents write: several records on a line, figures that cannot be, a million of them (E5, E6, E15)."""

from __future__ import annotations

import json
import resource

import pytest

from tests.faults.conftest import CLAUDE_SAYS, RUN_TIME_S, Program

FILES = {"a.py": "x = 1\n"}


@pytest.mark.fault("E5")
@pytest.mark.parametrize(
    "between",
    ["", "Loaded cached credentials. ", "\\000\\000\\000", "warning {x} "],
    ids=["nothing", "noise", "NULs", "braces"],
)
def test_a_final_record_that_shares_its_line_ends_the_turn(program: Program, between: str) -> None:
    returned, result = CLAUDE_SAYS["returned"], CLAUDE_SAYS["result"]
    program.agent(
        "claude",
        f"echo '{CLAUDE_SAYS['init']}'; echo '{CLAUDE_SAYS['call']}'; echo >>a.py; echo run >>\"$HOME/runs\"\n"
        f"printf '%s{between}%s' '{returned}' '{result}'",
    )
    ran = program.run(program.target(files=FILES), "--timeout", "60s")
    assert ran.code == 0, ran.text
    assert "started again" not in ran.text


@pytest.mark.fault("E5")
def test_records_that_are_spread_over_several_lines_are_records(program: Program) -> None:
    spread = {
        name: json.dumps(json.loads(CLAUDE_SAYS[name]), indent=2) for name in ("init", "call", "returned", "result")
    }
    program.agent(
        "claude",
        f"echo '{spread['init']}'; printf %s '{spread['call']}'; echo >>a.py; echo run >>\"$HOME/runs\"\n"
        f"echo '{{'; echo 'Loaded cached credentials. {spread['returned']}'; printf %s '{spread['result']}'",
    )
    ran = program.run(program.target(files=FILES), "--timeout", "60s")
    assert ran.code == 0, ran.text
    assert "started again" not in ran.text


@pytest.mark.fault("E6")
@pytest.mark.parametrize("figure", ["-40000", "1e300"])
def test_a_figure_that_cannot_be_moves_no_limit(program: Program, figure: str) -> None:
    said = f'{{"input_tokens":{figure},"output_tokens":{figure}}}'
    message = CLAUDE_SAYS["call"].replace('"role":"assistant"', f'"role":"assistant","model":"m","usage":{said}')
    result = json.dumps({**json.loads(CLAUDE_SAYS["result"]), "usage": json.loads(said)})
    program.agent(
        "claude",
        f"echo '{CLAUDE_SAYS['init']}'; echo '{message}'; echo >>a.py; echo '{CLAUDE_SAYS['returned']}'\n"
        f"echo '{result}'",
    )
    ran = program.run(program.target(files=FILES), "--max-tokens", "20000")
    assert "used -" not in ran.text
    tokens = program.report()["usage"]["input_tokens"]
    assert tokens is None or 0 <= tokens < 20_000, ran.text


@pytest.mark.fault("E6")
def test_the_tokens_that_gemini_thought_are_counted(program: Program) -> None:
    stats = '{"total_tokens":10380,"input_tokens":300,"output_tokens":75,"cached":0,"input":300}'
    program.agent(
        "gemini",
        'echo \'{"type":"init","session_id":"s","model":"m"}\'; echo >>a.py\n'
        'echo \'{"type":"tool_use","tool_name":"run_shell_command","tool_id":"t","parameters":{"command":"true"}}\'\n'
        'echo \'{"type":"tool_result","tool_id":"t","status":"success","output":"ok"}\'\n'
        f'echo \'{{"type":"result","status":"success","stats":{stats}}}\'',
    )
    target = program.target(files=FILES)
    words = ("--agents", "gemini", "--target", str(target), "--no-dashboard", "--no-interactive")
    ran = program.orchestrate("run", "do it", *words)
    assert program.report()["usage"]["output_tokens"] == 10_080, ran.text


@pytest.mark.slow
@pytest.mark.fault("E15")
@pytest.mark.timeout(400)
def test_four_times_as_many_records_cost_four_times_as_much(program: Program) -> None:
    """CPU seconds of the coordinator and all it started, of which the agent's own are one ``sed``."""
    few, many = _cpu_of(program, 10_000), _cpu_of(program, 40_000)
    assert many < few * 6, f"{few:.1f} s for 10,000 records, {many:.1f} s for 40,000"


def _cpu_of(program: Program, records: int) -> float:
    call = {"type": "tool_use", "id": "t&", "name": "Bash", "input": {"command": "true"}}
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "m&", "role": "assistant", "model": "m", "content": [call], "usage": usage}
    record = json.dumps({"type": "assistant", "message": message})
    says = f"echo '{CLAUDE_SAYS['init']}'; seq {records} | sed 's/.*/{record}/'; echo '{CLAUDE_SAYS['result']}'"
    program.agent("claude", f"echo >>a.py; {says}")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = program.run(program.target(f"target-{records}", files=FILES), timeout_s=RUN_TIME_S * 3)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ran.text.count("Bash: true") >= records, ran.text[-2_000:]
    return after.ru_utime - before.ru_utime
