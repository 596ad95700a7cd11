"""Ten tasks to be answered from pictures of the page alone, with a key that the journals give.

    python -m benchmarks.screens FOLDER

Three rehearsals are played with the stand-ins: one of thirty steps that asks a person, one that a blocker stops, and
the default one.  ``FOLDER/key.json`` holds the ten answers, made from the journals before anybody looks at a picture;
beside it lie the page's pictures, on a laptop and on a phone, in light colours and in dark ones.  Wherever a picture is
made the page is also asked whether it scrolls sideways, what axe finds and what the console was told; the script fails
where there is anything of it.  The workspace stays, for pictures of other views of the same sessions.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

from benchmarks.pictures import FLAGS
from orchestrator.journal.folder import SessionFolder
from orchestrator.journal.reader import read_journal
from orchestrator.models.entries import AgentOutput, JournalEntry
from orchestrator.models.events import ToolCalled, ToolReturned
from orchestrator.session.fold import step
from orchestrator.session.state import Session
from orchestrator.session.summary import summarise

HERE: Final = Path(__file__).parent
WAIT_S: Final = 240.0
AXE: Final = HERE.parent / "tests" / "vendor" / "axe-core" / "axe.min.js"
SIZES: Final = {"laptop": (1440, 900), "phone": (390, 844)}
SCHEMES: Final = ("light", "dark")
ANSWER: Final = "Returns are taxed as the sale was."
ASKS: Final = ("--interactive", "--max-tokens", "400000")
"""A person is there to be asked, and the pace at which the tokens go can be told."""
TASKS: Final = (
    "What does claude do now?",
    "What was changed since the last review?",
    "Who stopped claude, and by which rule?",
    "What does it cost so far?",
    "What am I asked, and what happens if I choose what?",
    "Which files run on my machine?",
    "Where did the time go?",
    "Is anything left running?",
    "How do the two runs differ?",
    "Which command failed?",
)


def main() -> None:
    folder = Path(sys.argv[1])
    workspace = folder / "workspace"
    key: dict[str, Any] = {}
    wrong: list[str] = []
    thirty = start(folder, "thirty", "--scenario", str(HERE / "thirty_steps.toml"), *ASKS)
    with ExitStack() as ends:
        ends.callback(end, thirty)
        asked = wait_for(lambda: first_session(workspace, "thirty"), "a session")
        playwright = ends.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        ends.callback(browser.close)
        served = program("serve", "--workspace", str(workspace), stdout=subprocess.PIPE)
        ends.callback(end, served)
        assert served.stdout is not None
        url = next(found[0] for line in served.stdout if (found := re.search(r"http://\S+", line.decode())))
        with Views(browser, url, f"/?session={asked.id}") as views:
            wait_for(lambda: "sleep" in (open_call(asked) or ""), "a command at work")
            key[TASKS[0]] = open_call(asked)
            views.photograph(folder / "at-work", wrong)
            if key[TASKS[0]] != open_call(asked):
                wrong.append("at-work: the command had ended before the last picture was made")
            wait_for(lambda: folded(asked).approvals.questions, "a question")
            key |= answers_while_asked(asked)
            views.photograph(folder / "asked", wrong)
            program("answer", "--session", asked.id, "--workspace", str(workspace), ANSWER).wait()
            thirty.wait(timeout=WAIT_S)
            views.photograph(folder / "ended", wrong)
        for name, more in (("stopped", ("--scenario", str(HERE / "stopped_run.toml"))), ("default", ())):
            start(folder, name, *more).wait()
        stopped, done = (first_session(workspace, name) for name in ("stopped", "default"))
        assert stopped is not None
        assert done is not None
        key |= answers_of_ended(stopped, done)
        for name, path in {
            "ended-opened": f"/?session={asked.id}",
            "stopped": f"/?session={stopped.id}",
            "default": f"/?session={done.id}",
            "compared": f"/compare?a={stopped.id}&b={done.id}",
            "sessions": "/sessions",
        }.items():
            with Views(browser, url, path) as views:
                views.photograph(folder / name, wrong)
    ordered = {task: key[task] for task in TASKS}
    (folder / "key.json").write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"{folder}: the key, and {len(list(folder.glob('*.png')))} pictures")
    if wrong:
        raise SystemExit("\n".join(wrong))


def program(*words: str, stdout: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "orchestrator", *words], stdout=stdout, cwd=HERE.parent)


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def start(folder: Path, name: str, *more: str) -> subprocess.Popen[bytes]:
    """Begin a rehearsal whose task bears the name, in a target of its own."""
    target = folder / name
    target.mkdir(parents=True)
    (target / "README").write_text("A small shop.\n", "utf-8")
    command = [sys.executable, "-m", "orchestrator", "-q", "--rehearse", "--stand-ins", "--no-dashboard", *more]
    command += ["--target", str(target), "--workspace", str(folder / "workspace"), f"Build the shop ({name})"]
    environ = {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(HERE.parent)}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=environ, stdin=quiet, stdout=quiet, stderr=quiet, cwd=target)


def wait_for(look: Callable[[], Any], what: str) -> Any:
    """What ``look`` finds, as soon as it finds something.

    Raises:
        SystemExit: It found nothing in four minutes.
    """
    deadline = time.monotonic() + WAIT_S
    while not (found := look()):
        if time.monotonic() > deadline:
            raise SystemExit(f"there was not {what} within {WAIT_S:.0f} s")
        time.sleep(0.05)
    return found


def first_session(workspace: Path, name: str) -> SessionFolder | None:
    for path in sorted(workspace.glob("*/journal.jsonl")):
        if any(f"({name})" in summarise(session).task for session in fold(read_journal(path))):
            return SessionFolder(path.parent)
    return None


def fold(entries: Iterable[JournalEntry]) -> Iterable[Session]:
    """The session as its first entry opens it."""
    for entry in entries:
        yield step(None, entry)[0]
        return


def folded(folder: SessionFolder) -> Session:
    session: Session | None = None
    for entry in read_journal(folder.journal_file):
        session, _ = step(session, entry)
    assert session is not None
    return session


def calls(folder: SessionFolder) -> dict[str, tuple[ToolCalled, ToolReturned | None]]:
    """Claude's calls by their id, each with its return."""
    found: dict[str, tuple[ToolCalled, ToolReturned | None]] = {}
    for entry in read_journal(folder.journal_file):
        if isinstance(entry.body, AgentOutput) and entry.body.worker == "claude":
            for event in entry.body.events:
                if isinstance(event.payload, ToolCalled):
                    found[event.payload.call_id] = (event.payload, None)
                elif isinstance(event.payload, ToolReturned) and event.payload.call_id in found:
                    found[event.payload.call_id] = (found[event.payload.call_id][0], event.payload)
    return found


def open_call(folder: SessionFolder) -> str | None:
    return next((call.command or call.summary for call, back in calls(folder).values() if back is None), None)


def answers_while_asked(folder: SessionFolder) -> dict[str, Any]:
    summary = summarise(folded(folder))
    (question,) = summary.questions
    made = list(calls(folder).values())
    reviewed = next(entry.at for entry in read_journal(folder.journal_file) if entry.body.kind == "snapshot_taken")
    after = {
        event.payload.path
        for entry in read_journal(folder.journal_file)
        if isinstance(entry.body, AgentOutput) and entry.at > reviewed
        for event in entry.body.events
        if isinstance(event.payload, ToolCalled) and event.payload.tool == "Write"
    }
    return {
        TASKS[1]: sorted(Path(path).name for path in after if path),
        TASKS[3]: {"cost": summary.usage.cost_usd, "complete": summary.cost_complete},
        TASKS[4]: {
            "asked by": question.asked_by,
            "text": question.text,
            "choices": dict(zip(question.suggestions, question.effects, strict=False)),
            "points": question.points,
        },
        TASKS[9]: [call.command or call.summary for call, back in made if back is not None and not back.ok],
    }


def answers_of_ended(stopped: SessionFolder, done: SessionFolder) -> dict[str, Any]:
    one, other = summarise(folded(stopped)), summarise(folded(done))
    decision = next(review.decision for review in one.reviews if review.decision is not None)
    return {
        TASKS[2]: {"rule": decision.rule, "policy": decision.policy, "because": decision.reasons},
        TASKS[5]: [str(planted.path) for planted in one.planted],
        TASKS[6]: {str(worker.id): round(worker.ran_s, 1) for worker in other.workers if worker.attempts},
        TASKS[7]: {str(worker.id): worker.exit.proof for worker in one.workers if worker.exit},
        TASKS[8]: {
            "state": [one.status, other.status],
            "files": [len(each.change.files) if each.change else None for each in (one, other)],
        },
    }


def note_message(said: list[str], message: ConsoleMessage) -> None:
    said.append(f"console: {message.text}")


def note_error(said: list[str], error: Error) -> None:
    said.append(f"error: {error}")


class Views:
    """One page, opened on a laptop and on a phone, in light colours and in dark ones."""

    def __init__(self, browser: Browser, url: str, path: str) -> None:
        self._browser = browser
        self._url = url
        self._path = path
        self._ends = ExitStack()
        self._pages: dict[str, tuple[Page, list[str]]] = {}

    def __enter__(self) -> Views:
        for (size, (width, height)), scheme in product(SIZES.items(), SCHEMES):
            context = self._browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
            )
            self._ends.callback(context.close)
            page = context.new_page()
            said: list[str] = []
            page.on("console", partial(note_message, said))
            page.on("pageerror", partial(note_error, said))
            page.goto(self._url)
            page.goto(self._url.partition("/?")[0] + self._path)
            self._pages[f"{size}-{scheme}"] = (page, said)
        for page, _ in self._pages.values():
            page.locator(".rows .row, table tbody tr").first.wait_for(timeout=60_000, state="attached")
            page.wait_for_load_state()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def photograph(self, place: Path, wrong: list[str]) -> None:
        """Photograph each as a whole, once its figures are there, and note what is wrong on it."""
        next(iter(self._pages.values()))[0].wait_for_timeout(1_500)
        for name, (page, _) in self._pages.items():
            page.screenshot(path=place.with_name(f"{place.name}-{name}.png"), full_page=True)
        for name, (page, said) in self._pages.items():
            found = said.copy()
            said.clear()
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append("scrolls sideways")
            page.evaluate(AXE.read_text("utf-8"))
            for one in page.evaluate("axe.run()")["violations"]:
                found += [f"axe: {one['id']}: {node['html'][:200]}" for node in one["nodes"]]
            wrong += [f"{place.name}-{name}: {complaint}" for complaint in found]


if __name__ == "__main__":
    main()
