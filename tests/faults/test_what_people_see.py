"""Section F: what is said of a session that waits for a person, and of what an agent does."""

from __future__ import annotations

import pytest

from tests.faults.conftest import CLAUDE_SAYS, Program
from tests.faults.test_consent import begin, is_asked, made_up, wait_for


@pytest.mark.fault("F3")
def test_a_session_that_waits_for_a_person_says_so(program: Program) -> None:
    target = program.target(files={"a.txt": "a\n"})
    made_up(program, "pip", "exit 0")
    program.claude(f"cd {target}; echo b >b.txt; pip install left-pad")
    run = begin(program, target)
    assert wait_for(lambda: is_asked(program))

    listed, shown = program.orchestrate("sessions"), program.orchestrate("show")

    assert "waits for you" in listed.text
    assert shown.text.splitlines()[0].startswith("waits for you"), shown.text
    assert program.orchestrate("stop", "--kill").code == 0
    run.wait(timeout=60)


@pytest.mark.fault("F4")
def test_a_question_names_who_asks_it(program: Program) -> None:
    target = program.target(files={"a.txt": "a\n"})
    made_up(program, "pip", "exit 0")
    program.claude(f"cd {target}; echo b >b.txt; pip install left-pad")
    run = begin(program, target)
    assert wait_for(lambda: is_asked(program))

    assert "the guard of the sandbox policy default asks" in program.orchestrate("show").text
    assert program.orchestrate("stop", "--kill").code == 0
    run.wait(timeout=60)


@pytest.mark.fault("F4")
def test_a_choice_to_stop_stops(program: Program) -> None:
    """A blocker that nobody else can look at is asked, with the choice to stop."""
    target = program.target(files={"a.txt": "a\n"})
    blocker = '{\\"type\\": \\"blocker\\", \\"payload\\": {\\"text\\": \\"which database?\\"}}'
    said = '{"type":"assistant","message":{"id":"m2","role":"assistant","content":[{"type":"text","text":"%s"}]}}'
    program.claude("echo b >b.txt", between=f"{said % blocker}")
    run = begin(program, target)
    assert wait_for(lambda: is_asked(program))
    choices = is_asked(program)[0]["question"]["suggestions"]
    numbers = [number for number, words in enumerate(choices, 1) if words.startswith("stop")]
    assert numbers, "nobody is offered to stop"

    assert program.orchestrate("answer", str(numbers[0])).code == 0
    assert wait_for(lambda: run.poll() is not None), "it was told to stop, and goes on"
    assert run.returncode == 130


@pytest.mark.fault("F5")
def test_what_an_agent_does_is_said_without_the_way_to_the_target(program: Program) -> None:
    target = program.target(files={"a.txt": "a\n"})
    call = CLAUDE_SAYS["call"].replace('"command":"true"', f'"command":"cd {target} && cat {target}/a.txt"')
    lines = "\n".join(
        f"echo '{line}'" for line in (CLAUDE_SAYS["init"], call, CLAUDE_SAYS["returned"], CLAUDE_SAYS["result"])
    )
    program.agent("claude", lines)
    program.run(target)

    assert "Bash: cat a.txt" in program.orchestrate("logs", "claude").out
