"""Whole runs, steered from a browser: the program as people start it, stand-ins for the agents, real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect

from orchestrator.journal.folder import all_sessions
from orchestrator.journal.reader import read_journal
from orchestrator.models.entries import SessionOpened, UserCommand, WorkerStarted
from orchestrator.session.fold import step
from orchestrator.session.state import Session
from tests.server.programs import LONG_S, PACKAGE, Program
from tests.server.watching import PHONE, Watched, watching

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

LONG_WORK = """
name = "long"
[[turn]]
agent = "claude"
role = "implementer"
[[turn.step]]
say = "I begin."
[[turn.step]]
write = { path = "{target}/begun.txt", text = "begun\\n" }
[[turn.step]]
pause_s = 60.0
[[turn.step]]
say = "I am done."
[[turn]]
role = "implementer"
agent = "claude"
[[turn.step]]
say = "Here I am again."
[[turn.step]]
pause_s = 60.0
[[turn]]
review = "*"
repeat = true
[[turn.step]]
reply = { verdict = "approved", summary = "nothing speaks against it", points = [] }
"""


RELEASE = '''
name = "release"
[[turn]]
role = "implementer"
agent = "claude"
[[turn.step]]
run = """cd {target}
echo 1.0 | tee wanted.txt; echo $? > wanted.code
echo 2.0 | tee unwanted.txt; echo $? > unwanted.code"""
[[turn.step]]
pause_s = 60.0
'''
CAREFUL = """
extends = "default"
name = "careful"
confirm_commands = ["tee"]
"""


def asked_for(workspace: Path) -> list[tuple[str, str | None, str]]:
    """The commands in the journal: what, of whom, by whom."""
    entries = read_journal(all_sessions(workspace)[0].journal_file)
    return [(str(e.body.command), e.body.worker, e.body.by) for e in entries if isinstance(e.body, UserCommand)]


def session_of(workspace: Path) -> Session:
    session: Session | None = None
    for entry in read_journal(all_sessions(workspace)[0].journal_file):
        session, _ = step(session, entry)
    assert session is not None
    return session


def is_frozen(process: psutil.Process) -> bool:
    """By a signal, or by its control group."""
    if process.status() == psutil.STATUS_STOPPED:
        return True
    group = Path(f"/proc/{process.pid}/cgroup").read_text().rpartition("::")[2].strip().lstrip("/")
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    events = [Path(mount[1]) / group / "cgroup.events" for mount in mounts if mount[2] == "cgroup2"]
    return any("frozen 1" in file.read_text() for file in events if file.exists())


def tree_of(workspace: Path, worker: str) -> list[psutil.Process]:
    """The processes of its newest attempt, the shim first."""
    started = [
        entry.body
        for entry in read_journal(all_sessions(workspace)[0].journal_file)
        if isinstance(entry.body, WorkerStarted) and entry.body.worker == worker
    ]
    shim = psutil.Process(started[-1].shim.pid)
    return [shim, *shim.children(recursive=True)]


def are_gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


def waits_for_consent(workspace: Path, worker: str, *, file: str) -> bool:
    """Whether the guard of ``tee`` stands in the worker's tree, asked to let it write the file."""
    found = False
    for process in tree_of(workspace, worker):
        with suppress(psutil.NoSuchProcess):
            found |= [Path(word).name for word in process.cmdline()][1:] == ["tee", file]
    return found


def stopped_processes(workspace: Path, worker: str) -> int:
    """How many processes of the worker's tree are frozen."""
    return sum(is_frozen(process) for process in tree_of(workspace, worker)[1:])


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ends_with_a_line(path: Path) -> bool:
    return path.exists() and path.read_text().endswith("\n")


def test_a_rehearsal_is_watched_from_its_first_event_to_its_report(
    browser: Browser, start: Callable[..., Program], workspace: Path, port: int
) -> None:
    served = start("serve", "--port", str(port))
    with watching(browser, served.dashboard()) as watched:
        watched.has(".loading")
        run = start("--rehearse", "--stand-ins", "--no-dashboard", "Add input validation to the signup form")
        watched.has("h1", "Add input validation to the signup form")
        watched.has(".row .text", " (stand-in)")
        watched.has(".argv ins", "--include-directories")
        watched.has(".item", "milestone")
        watched.has(".verdict-concerns")
        watched.has(".action-log_warning")
        watched.has(".diff .add", "+def validate(")
        watched.has(".sub .status-done")
        assert run.end() == 0
        for worker in ("gemini", "claude", "codex"):
            watched.has(f".agent-{worker}.is-done .evidence", "nothing of it runs")
        watched.page.get_by_text("Report", exact=True).click()
        watched.has(".report h3", "Done: Add input validation to the signup form")
        assert watched.violations() == []
        _save(watched, "rehearsal")
        says_the_same_everywhere(watched, all_sessions(workspace)[0].id)
    rows = [entry.n for entry in read_journal(all_sessions(workspace)[0].journal_file)]
    assert isinstance(next(read_journal(all_sessions(workspace)[0].journal_file)).body, SessionOpened)
    assert rows == list(range(1, len(rows) + 1))


def says_the_same_everywhere(watched: Watched, session: str) -> None:
    """One figure is one text: at the head of the page, in its charts, under its plan, in the table, compared."""
    page = watched.page
    took, tokens, cost = page.locator(".sub > span:not(.badge)").all_inner_texts()
    tokens, cost = tokens.removesuffix(" tokens"), cost.removeprefix("cost ")
    assert cost.startswith("at least $")  # codex and gemini tell none
    charts = page.locator(".burn figcaption").all_inner_texts()
    assert charts == [f"Tokens {tokens}, no limit set", f"Cost {cost}, no limit set"]
    assert page.locator(".plan .in-all .figure").last.inner_text() == tokens
    whole, parts = page.locator(".went figcaption").inner_text().removeprefix("Where the time went ").split(" in all: ")
    assert whole == took
    assert sum(round(float(part.split()[-2]) * 10) for part in parts.split(", ")) == round(float(took.split()[0]) * 10)
    assert page.locator(".went .quiet", has_text=" 0.0 s").count() == 0
    failed = sum(int(text.split()[1]) for text in page.locator(".failed-calls > .quiet").all_inner_texts())
    assert failed == 1
    assert page.locator(".card.is-done progress").count() == 0
    for worker in ("gemini", "claude", "codex"):
        ran = page.locator(f".card.agent-{worker} dd").nth(3).inner_text().split(",")[0]
        assert f"at work {ran}" in page.locator(".went li", has_text=worker).first.inner_text()
    base = page.url.partition("/?")[0].rstrip("/")
    page.goto(f"{base}/sessions")
    row = page.locator("table.sessions tbody tr")
    assert [row.locator("td.figure").nth(i).inner_text() for i in range(3)] == [took, tokens, cost]
    page.goto(f"{base}/compare?a={session}&b={session}")
    watched.has("table.compare")
    for label, text in (("Took", took), ("Tokens", tokens), ("Cost", cost), ("Failed calls", str(failed))):
        assert page.locator("table.compare tr", has_text=label).first.locator("td").first.inner_text() == text


def test_buttons_take_effect_on_real_processes_and_the_journal_says_who_asked(
    browser: Browser, start: Callable[..., Program], workspace: Path, port: int, tmp_path: Path
) -> None:
    scenario = tmp_path / "long.toml"
    scenario.write_text(LONG_WORK)
    run = start("--rehearse", "--stand-ins", "--scenario", str(scenario), "--port", str(port), "A long task")
    with watching(browser, run.dashboard()) as watched:
        watched.has("#worker-claude")
        watched.has(".agent-claude.is-running .doing", seconds=30)
        watched.has(".diff .add", "+begun", seconds=30)
        watched.press("Pause claude")
        watched.has(".agent-claude.is-frozen")
        wait_until(lambda: stopped_processes(workspace, "claude") > 0)
        watched.press("Resume claude")
        watched.has(".agent-claude.is-running")
        wait_until(lambda: stopped_processes(workspace, "claude") == 0)
        watched.press("Pause all")
        watched.has(".agent-claude.is-frozen")
        watched.press("Resume all")
        watched.has(".agent-claude.is-running")
        watched.press("Ask for a review")
        watched.has(".item h3", "manual")
        watched.has(".verdict-approved")
        first = tree_of(workspace, "claude")
        watched.press("Restart claude")
        watched.has(".agent-claude .figures", "attempt 2")
        watched.has(".agent-claude.is-running .doing", "Here I am again.", seconds=30)
        assert are_gone(first)
        watched.press("Stop")
        watched.has(".sub .status-interrupted")
        watched.has(".agent-claude.is-stopped .evidence", "nothing of it runs")
        assert run.end() == 130
        watched.has(".connection.over", "The session had ended, and this is how it stood")
        assert watched.page.locator("main.stale, header button").count() == 0
    asked = asked_for(workspace)
    assert {by for _, _, by in asked} == {"dashboard"}
    assert [(what, whom) for what, whom, _ in asked] == [
        ("pause", "claude"),
        ("resume", "claude"),
        ("pause", None),
        ("resume", None),
        ("review", None),
        ("restart", "claude"),
        ("stop", None),
    ]


def test_commands_that_wait_run_or_not_as_the_page_is_told_and_one_worker_is_stopped(
    browser: Browser, start: Callable[..., Program], workspace: Path, port: int, tmp_path: Path
) -> None:
    scenario, policy = tmp_path / "release.toml", tmp_path / "careful.toml"
    scenario.write_text(RELEASE)
    policy.write_text(CAREFUL)
    run = start(
        *("--rehearse", "--stand-ins", "--scenario", str(scenario), "--sandbox", str(policy)),
        *("--interactive", "--port", str(port), "Release it"),
    )
    with watching(browser, run.dashboard()) as watched:
        for button, name, code in (("Confirm", "wanted", "0"), ("Refuse", "unwanted", "126")):
            watched.has(".question code", f"tee {name}.txt", seconds=30)
            target = session_of(workspace).options.target
            assert waits_for_consent(workspace, "claude", file=f"{name}.txt")
            assert not list(target.glob(f"{name}.*"))
            assert watched.violations() == []
            watched.press(button)
            ended = target / f"{name}.code"
            wait_until(partial(ends_with_a_line, ended))
            assert ended.read_text().strip() == code
            assert (target / f"{name}.txt").exists() is (button == "Confirm")
            assert not waits_for_consent(workspace, "claude", file=f"{name}.txt")
        watched.has_not(".question")
        watched.has(".row .text", "answer q2 (by dashboard): no")
        tree = tree_of(workspace, "claude")
        watched.press("Stop claude")
        watched.has(".agent-claude.is-stopped .evidence", "nothing of it runs")
        assert are_gone(tree)
        watched.has("header .reason", "claude is stopped, and what follows waits")
        watched.press("Stop")
        watched.has(".sub .status-interrupted")
        assert run.end() == 130
    asked = [("answer", None), ("answer", None), ("stop", "claude"), ("stop", None)]
    assert asked_for(workspace) == [(what, whom, "dashboard") for what, whom in asked]
    assert session_of(workspace).approvals.answers == (("q1", "yes"), ("q2", "no"))


def test_a_question_is_answered_on_the_page_and_the_work_goes_on(
    browser: Browser, start: Callable[..., Program], workspace: Path, port: int
) -> None:
    run = start(
        *("--rehearse", "--stand-ins", "--scenario", "pause", "--interactive", "--port", str(port)),
        "Say how long data may be kept",
    )
    with watching(browser, run.dashboard(), size=PHONE, scheme="dark") as watched:
        watched.has(".question", seconds=30)
        expect(watched.page.locator("h2").first).to_contain_text("question waits for you")
        watched.has(".agent-claude.is-frozen")
        assert watched.violations() == []
        _save(watched, "question")
        watched.page.get_by_label("Your answer").fill("90 days")
        watched.press("Answer")
        watched.has_not(".question")
        settled = "section[aria-labelledby=answers-title]"
        watched.has(settled, "90 days")
        watched.has(settled, "from dashboard")
        assert watched.violations() == []
        watched.has(".sub .status-done", seconds=30)
    assert run.end() == 0
    assert [(what, by) for what, _, by in asked_for(workspace)] == [("answer", "dashboard")]
    assert session_of(workspace).approvals.answers == (("q1", "90 days"),)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--rehearse", "--stand-ins", "--scenario", "plain", "--no-dashboard", "A task"), id="a run"),
        pytest.param(("--help",), id="help"),
        pytest.param(("sessions",), id="a list of sessions"),
    ],
)
def test_without_a_dashboard_nothing_of_it_is_loaded(
    tmp_path: Path, workspace: Path, arguments: tuple[str, ...]
) -> None:
    told = "import sys; from orchestrator.cli.main import run; run(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    environ = {
        **os.environ,
        "PYTHONPATH": str(PACKAGE),
        "ORCHESTRATOR_WORKSPACE": str(workspace),
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", told, *arguments], env=environ, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    loaded = done.stderr.split()
    assert "orchestrator.cli.main" in loaded
    assert not {"fastapi", "uvicorn", "wsproto", "orchestrator.server"} & set(loaded)


def _save(watched: Watched, name: str) -> None:
    folder = os.environ.get("ORCHESTRATE_SCREENSHOTS")
    if folder:
        (Path(folder) / f"{name}.png").write_bytes(watched.page.screenshot(full_page=True))
