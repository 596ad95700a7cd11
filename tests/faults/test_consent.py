"""Section D, consent: what counts as one, for what it counts, and what is on record of it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Program

WITHIN_S = 60.0
ASKS = "pip install left-pad"


@pytest.fixture
def installing(program: Program) -> Path:
    """A target for an agent that runs a `pip install`, which a made-up pip writes down."""
    target = program.target(files={"a.txt": "a\n"})
    made_up(program, "pip", f'echo "$@" >>{target}/installed.txt')
    program.claude(f"cd {target}; echo b >b.txt; {ASKS}")
    return target


def made_up(program: Program, name: str, script: str) -> None:
    path = program.root / "agents" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def begin(program: Program, target: Path, *options: str) -> subprocess.Popen[str]:
    words = ("run", "do it", "--agents", "claude", "--target", str(target), "--no-dashboard", "--interactive")
    return program.start(*words, *options)


def wait_for(what: Callable[[], Any], *, within_s: float = WITHIN_S) -> Any:
    """What the function returns as soon as that is anything; ``None`` when time is up."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    return None


def entries(program: Program, kind: str) -> list[dict[str, Any]]:
    """The bodies (of effects and facts: these themselves) of this kind in the newest session's journal."""
    try:
        lines = (program.session() / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    bodies = [json.loads(line)["body"] for line in lines if line.endswith("}")]
    return [each for body in bodies for each in (body, body.get("effect"), body.get("fact")) if kind_of(each) == kind]


def kind_of(body: object) -> object:
    return body.get("kind") if isinstance(body, dict) else None


def is_asked(program: Program) -> list[dict[str, Any]]:
    return entries(program, "ask_person")


@pytest.mark.fault("D1")
@pytest.mark.parametrize("words", ["go away", "run nothing", "ok but not that branch", "y", "yes, but later"])
def test_only_a_choice_is_consent(program: Program, installing: Path, words: str) -> None:
    run = begin(program, installing)
    assert wait_for(lambda: is_asked(program)), "nothing was asked"
    program.orchestrate("answer", words)
    # Whatever those words did is done before the next answer is.
    program.orchestrate("answer", "no", "--question", "q1")
    run.communicate(timeout=WITHIN_S)
    assert not (installing / "installed.txt").exists(), f"{words!r} consented to {ASKS!r}"
    assert [each["run"] for each in entries(program, "answer_guard")] == [False]


@pytest.mark.fault("D1")
def test_a_number_is_a_choice_and_other_words_are_asked_again(program: Program, installing: Path) -> None:
    run = begin(program, installing)
    assert wait_for(lambda: is_asked(program)), "nothing was asked"
    refused = program.orchestrate("answer", "go for it")
    assert refused.code == 2, refused.text
    assert "yes or no" in refused.text
    assert program.orchestrate("answer", " 1 ").code == 0
    run.communicate(timeout=WITHIN_S)
    assert (installing / "installed.txt").read_text() == "install left-pad\n"


@pytest.mark.fault("D1")
def test_a_command_file_with_other_words_is_no_consent(program: Program, installing: Path) -> None:
    run = begin(program, installing)
    assert wait_for(lambda: is_asked(program)), "nothing was asked"
    # As the dashboard, or an older client, leaves an answer.
    for number, text in ((1, "okay, if you must"), (2, "NO ")):
        leave(program, number, {"by": "dashboard", "text": text, "question": "q1"})
    run.communicate(timeout=WITHIN_S)
    assert not (installing / "installed.txt").exists()


def leave(program: Program, number: int, answer: dict[str, str]) -> None:
    place = program.session() / "control" / "session" / f"{number:04d}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{number}")
    part.write_text(json.dumps({"command": "answer", "kind": "user_command", **answer}))
    part.rename(place)


class Terminal:
    """A person's terminal with the program in it."""

    def __init__(self, program: Program, *arguments: str) -> None:
        self.said = ""
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            program.command(*arguments),
            cwd=program.root,
            env={**program.environ, "TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def type(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def read(self, wait_s: float = 0.1) -> bool:
        """Take in what was written; ``False`` when the program has gone."""
        if select.select([self.ours], [], [], wait_s)[0]:
            try:
                self.said += os.read(self.ours, 65_536).decode(errors="replace")
            except OSError:
                return False
        return True

    def wait_for(self, what: Callable[[], object]) -> bool:
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            going = self.read()
            if what():
                return True
            if not going:  # what follows the closing of the terminal may still come, the process's end above all
                time.sleep(0.05)
        return False

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.ours)


@pytest.fixture
def terminal(program: Program, installing: Path) -> Iterator[Terminal]:
    words = ("run", "do it", "--agents", "claude", "--target", str(installing), "--no-dashboard")
    shown = Terminal(program, *words)
    yield shown
    shown.close()


def end(program: Program, terminal: Terminal) -> None:
    """Refuse what may still be open, and wait for the end."""
    assert terminal.wait_for(lambda: is_asked(program)), terminal.said
    program.orchestrate("answer", "no", "--question", "q1")
    assert terminal.wait_for(lambda: terminal.process.poll() is not None), terminal.said[-2000:]


@pytest.mark.fault("D2")
def test_what_was_typed_before_the_question_answers_nothing(
    program: Program, installing: Path, terminal: Terminal
) -> None:
    assert terminal.wait_for(lambda: wait_for(lambda: entries(program, "session_opened"), within_s=0.01))
    terminal.type("1\n1\n")
    assert terminal.wait_for(lambda: is_asked(program)), terminal.said
    end(program, terminal)
    assert not (installing / "installed.txt").exists(), "keys pressed before the question consented to it"


@pytest.mark.fault("D2")
def test_what_is_typed_as_the_question_appears_answers_nothing(
    program: Program, installing: Path, terminal: Terminal
) -> None:
    assert terminal.wait_for(lambda: re.search(r"answer (?:in one line|with yes or no)[^\n]*: ", terminal.said)), (
        terminal.said
    )
    terminal.type("yes\n")
    end(program, terminal)
    assert not (installing / "installed.txt").exists(), "a key pressed at once consented to it"


@pytest.mark.fault("D1")
def test_an_answer_is_not_for_a_question_that_took_anothers_place(program: Program) -> None:
    target = program.target(files={"a.txt": "a\n"})
    made_up(program, "pip", f'echo "$@" >>{target}/installed.txt')
    program.claude(f"cd {target}; echo b >b.txt; {ASKS}; pip install right-pad")
    run = begin(program, target)
    assert wait_for(lambda: is_asked(program)), "nothing was asked"
    leave(program, 1, {"by": "dashboard", "text": "no", "question": "q1"})
    assert wait_for(lambda: len(is_asked(program)) > 1), "nothing was asked again"
    # Somebody who still has the first question before them.
    program.orchestrate("answer", "yes")
    program.orchestrate("answer", "no", "--question", "q2")
    run.communicate(timeout=WITHIN_S)
    assert not (target / "installed.txt").exists(), "a question that nobody had seen was consented to"


@pytest.mark.fault("D1")
@pytest.mark.parametrize(
    "keys", ["yes\nbut not to that place\n", "yes\nbut not to that place"], ids=["ended", "not ended"]
)
def test_several_lines_that_are_pasted_are_no_consent(
    program: Program, installing: Path, terminal: Terminal, keys: str
) -> None:
    assert terminal.wait_for(lambda: is_asked(program)), terminal.said
    looks = 0

    def decided() -> bool:
        # Pasted again now and then: what comes too early for anybody to have read the question counts for nothing.
        nonlocal looks
        looks += 1
        if looks % 8 == 1 and terminal.process.poll() is None:
            terminal.type(keys)
        return "is no answer" in terminal.said or (installing / "installed.txt").exists()

    assert terminal.wait_for(decided), terminal.said[-2000:]
    end(program, terminal)
    assert not (installing / "installed.txt").exists(), "the first of several lines consented"


@pytest.mark.fault("D3")
def test_one_command_is_asked_about_once(program: Program) -> None:
    """As a version manager's shim does it: the first pip looks for the real one through the guarded PATH."""
    target = program.target(files={"a.txt": "a\n"})
    real = program.root / "real"
    real.mkdir()
    program.environ["PATH"] = f"{program.root / 'agents'}:{real}:{program.environ['PATH'].partition(':')[2]}"
    made_up(program, "pip", f'PATH={real}:/usr/bin:/bin; export PATH\nsh -c \'pip "$@"; exit $?\' sh "$@"')
    (real / "pip").write_text(f'#!/bin/sh\necho "$@" >>{target}/installed.txt\n')
    (real / "pip").chmod(0o755)
    program.claude(f"cd {target}; echo b >b.txt; {ASKS}; {ASKS}")
    run = begin(program, target)
    assert wait_for(lambda: is_asked(program)), "nothing was asked"
    program.orchestrate("answer", "yes", "--question", "q1")
    asked = wait_for(lambda: len(is_asked(program)) > 1 or run.poll() is not None)
    assert asked, "it neither ended nor asked about the second command"
    ran = (target / "installed.txt").read_text() if (target / "installed.txt").exists() else ""
    for number in range(2, 5):
        program.orchestrate("answer", "no", "--question", f"q{number}")
    run.communicate(timeout=WITHIN_S)
    assert ran == "install left-pad\n", "the consented command was asked about twice"
    assert len(is_asked(program)) == 2, "the same command beside it needs a consent of its own"


@pytest.mark.fault("D9")
def test_a_consent_is_on_record(program: Program, installing: Path) -> None:
    run = begin(program, installing)
    assert wait_for(lambda: is_asked(program)), "nothing was asked"
    program.orchestrate("answer", "yes")
    out, _ = run.communicate(timeout=WITHIN_S)
    shown = program.orchestrate("show").out
    report = (program.session() / "report.md").read_text(encoding="utf-8")
    for name, text in (("report.md", report), ("show", shown), ("the closing summary", out)):
        assert ASKS in text, f"{name} does not say what was asked"
        assert "orchestrate answer" in text, f"{name} does not say from where it was answered"
        assert "allowed" in text, f"{name} does not say what became of it"
        assert f"uid {os.getuid()}" in text, f"{name} does not say who answered"
    document = json.dumps(program.report())
    assert ASKS in document
    assert "allowed to run" in document


@pytest.mark.fault("D9")
def test_a_refusal_is_on_record(program: Program, installing: Path) -> None:
    run = begin(program, installing)
    assert wait_for(lambda: is_asked(program)), "nothing was asked"
    program.orchestrate("answer", "no")
    run.communicate(timeout=WITHIN_S)
    report = (program.session() / "report.md").read_text(encoding="utf-8")
    assert ASKS in report
    assert "outcome: refused" in report


WRITES = r"""
case $(cat {target}/round 2>/dev/null) in
    begun) echo over >{target}/round ;;
    over) ;;
    *)
        echo begun >{target}/round
        # It writes before it says so: it is frozen at any moment after that.
        for n in 1 2 3 4; do ( while :; do echo . >>{target}/dots; done ) & done
        until [ -s {target}/dots ]; do sleep 0.01; done
        echo {events} >>"$ORCHESTRATOR_EVENTS"
        while :; do echo . >>{target}/dots; done ;;
esac
"""
BLOCKED = json.dumps({"type": "blocker", "payload": {"text": "stuck"}})


@pytest.mark.fault("D4")
def test_a_frozen_worker_writes_nothing_after_the_decision(program: Program) -> None:
    target = program.target(files={"a.txt": "a\n"})
    program.claude(WRITES.format(target=target, events=f"'{BLOCKED}'"))
    dots = target / "dots"
    run = begin(program, target)
    assert wait_for(lambda: is_asked(program)), "nothing was asked"
    stands = wait_for(lambda: stood_still(dots))
    assert stands, "the worker was not frozen"
    program.orchestrate("answer", "leave it at that")
    run.communicate(timeout=WITHIN_S)
    assert dots.stat().st_size == stands, "it wrote on after the decision"


def stood_still(path: Path) -> int:
    """The size of a file that does not grow; 0 while it does."""
    before = path.stat().st_size if path.exists() else 0
    time.sleep(0.5)
    return before if before and path.stat().st_size == before else 0
