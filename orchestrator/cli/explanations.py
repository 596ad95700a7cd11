"""Every command says the same things at the end of its help: on which session it works, what it changes and costs,
how to undo it, its exit codes, and examples.
"""

from __future__ import annotations

from orchestrator.value_class import value_class

NEWEST = "the newest one, or the one you name"
RUNNING = "the one that runs, or --session ID"
NO_SESSION = "none"
NOTHING = "nothing"
NO_AGENT = "nothing: no agent is started"
USUAL_CODES = "0; 1 if it failed; 2 if the command line or a file is not fit"


@value_class
class Explanation:
    """The end of a command's help."""

    examples: tuple[str, ...]
    session: str = NO_SESSION
    changes: str = NOTHING
    costs: str = NO_AGENT
    undo: str = ""
    """Empty where nothing is changed."""
    codes: str = USUAL_CODES

    def text(self) -> str:
        """Lay the text out for click, which leaves lines after its mark unwrapped."""
        undo = (("Undo", self.undo),) if self.undo else ()
        rows = (("Session", self.session), ("Changes", self.changes), ("Costs", self.costs), *undo)
        lines = [f"{label:<11}{words}" for label, words in (*rows, ("Exit code", self.codes))]
        return "\n".join(("\b", *lines, "", "\b", "Examples:", *(f"  {example}" for example in self.examples)))


_RUN = Explanation(
    ('orchestrate "Fix the flaky login test" --timeout 30m', "orchestrate run --task-file task.md --json"),
    session="a new one",
    changes="the target, by the agents; a copy of it with --isolated",
    costs="what the agents' accounts take; nothing with --rehearse",
    undo="orchestrate undo SESSION",
    codes="0 done; 1 failed; 2 not fit; 3 needs a person; 130 interrupted",
)

EXPLANATIONS: dict[str, Explanation] = {
    "run": _RUN,
    "plan": Explanation(('orchestrate plan "Fix the flaky login test" --team solo',)),
    "sessions": Explanation(("orchestrate sessions", "orchestrate sessions --all --json"), session="all"),
    "show": Explanation(("orchestrate show", "orchestrate show --json | jq .state"), session=NEWEST),
    "attach": Explanation(
        ("orchestrate attach", "orchestrate attach SESSION --verbose"),
        session="the newest that runs, or the one you name",
        changes="nothing by itself; its keys pause, review and answer",
        codes="0 left, and the session goes on; else as the run ends",
    ),
    "logs": Explanation(
        ("orchestrate logs -f claude", "orchestrate logs --important -n 20"),
        session="the one that runs, else the newest",
    ),
    "teams": Explanation(("orchestrate teams", "orchestrate teams check ./mine.toml")),
    "replay": Explanation(
        ("orchestrate replay", "orchestrate replay --policy strict"),
        session=NEWEST,
        codes="0 every decision is the same; 1 one differs; 2 cannot be read",
    ),
    "metrics": Explanation(
        ("orchestrate metrics --since 30d", "orchestrate metrics --json"), session="all that have ended"
    ),
    "bundle": Explanation(("orchestrate bundle -o bug.tar.gz",), session=NEWEST, changes="writes one file"),
    "diff": Explanation(("orchestrate diff --stat", "orchestrate diff SESSION claude"), session=NEWEST),
    "compare": Explanation(
        ("orchestrate compare SESSION OTHER", "orchestrate compare SESSION --json"),
        session="the two you name, or the one you name and the newest",
    ),
    "apply": Explanation(
        ("orchestrate apply SESSION --dry-run", "orchestrate apply SESSION"),
        session="the one you name",
        changes="the files of the target that the session changed",
        undo="orchestrate undo SESSION",
        codes="0; 1 if a file conflicts and was left as it is; 2 not fit",
    ),
    "undo": Explanation(
        ("orchestrate undo SESSION --dry-run", "orchestrate undo SESSION src/login.py"),
        session="the one you name",
        changes="puts the target's files back as they were",
        undo="orchestrate apply SESSION",
        codes="0; 1 if not all of it could be; 2 not fit; 3 you are asked first",
    ),
    "clean": Explanation(
        ("orchestrate clean --older-than 30d --dry-run", "orchestrate clean --keep 20"),
        session="those you describe; never one that runs",
        changes="deletes their journals, reports and snapshots",
        undo="not possible",
    ),
    "stop": Explanation(
        ("orchestrate stop", "orchestrate stop claude"),
        session=RUNNING,
        changes="ends its workers; what they did stays",
        undo="orchestrate resume",
        codes="0 it has ended; 1 it did not end in time; 2 no such session",
    ),
    "pause": Explanation(
        ("orchestrate pause", "orchestrate pause claude"),
        session=RUNNING,
        changes="its workers stand still",
        undo="orchestrate resume",
    ),
    "resume": Explanation(
        ("orchestrate resume", 'orchestrate resume SESSION --answer "go on as it is"'),
        session=NEWEST,
        changes="the target, by the agents, as the run does",
        costs="what the agents' accounts take",
        undo="orchestrate pause, or orchestrate stop",
        codes=_RUN.codes,
    ),
    "question": Explanation(
        ("orchestrate question", "orchestrate question SESSION --diff"),
        session="the one that runs, else the newest",
        codes="0 nothing is asked; 3 a question is open; 2 no such session",
    ),
    "continue": Explanation(
        (
            'orchestrate continue "now also cover the empty input"',
            'orchestrate continue SESSION "and say so in the README" --max-cost 1',
        ),
        session=NEWEST,
        changes="the target, by the agents, as the run does",
        costs="what the agents' accounts take; nothing in a rehearsal",
        undo="orchestrate undo SESSION, which takes back all of the session",
        codes=_RUN.codes,
    ),
    "answer": Explanation(
        ("orchestrate answer 2", 'orchestrate answer "keep the old name" --question q2'),
        session=RUNNING,
        changes="tells the session what you decided; it goes on by it",
        costs="what the agents take as they go on",
        undo="not possible; the answer stands in the journal",
    ),
    "review": Explanation(
        ('orchestrate review "is the new lock needed?"', "orchestrate review --worker claude"),
        session=RUNNING,
        changes="its reviewers read and judge; nobody writes",
        costs="the reviewers' turns",
    ),
    "serve": Explanation(
        ("orchestrate serve", "orchestrate serve --port 9000"),
        session="all",
        codes="0 once it is interrupted; 2 not fit",
    ),
    "doctor": Explanation(
        ("orchestrate doctor", "orchestrate doctor --sandbox strict"),
        codes="0 a run is possible; 2 the sandbox is not; 3 no agent is usable",
    ),
    "release-prep": Explanation(
        ("orchestrate release-prep --agents none", "orchestrate release-prep --min-coverage 90 --json"),
        session="a new one, in which the agents look",
        changes="nothing: tests run on a copy, agents read",
        costs="what the agents' accounts take; nothing with --agents none",
        codes="0 ready; 1 blocked; 2 not fit",
    ),
    "security-deep-dive": Explanation(
        ("orchestrate security-deep-dive --agents none", "orchestrate security-deep-dive --sarif findings.sarif"),
        session="one for the auditors, and one for those who prove what they found",
        changes="nothing: agents read, proofs run on throw-away layers",
        costs="what the agents' accounts take; nothing with --agents none",
        codes="0 passed; 1 a gate blocks; 2 not fit; 3 a person has to decide",
    ),
    "gates": Explanation(
        ("orchestrate gates --only tests,lint", "orchestrate gates --sarif findings.sarif"),
        changes="sets its tools up once, in your cache; the project stays as it is",
        codes="0 no gate blocks; 1 one does; 2 not fit",
    ),
    "test-coverage": Explanation(
        (
            "orchestrate test-coverage --target 90",
            "orchestrate test-coverage --rehearse",
            "orchestrate test-coverage check tests/test_shop.py",
        ),
        session="a new one, in which tests are written",
        changes="nothing: orchestrate apply takes what is proven",
        costs="what the agents' accounts take; nothing with --agents none",
        codes="0 reached, or all tests kept; 1 not; 2 not fit; 3 needs you",
    ),
    "tests": Explanation(("orchestrate tests --target ~/shop",)),
    "trust": Explanation(
        ("orchestrate trust --show", "orchestrate trust"),
        changes="remembers your consent, in your state folder",
        undo="change the project's settings: another consent is asked for",
    ),
    "tune": Explanation(
        ("orchestrate tune on", "orchestrate tune", "orchestrate tune explain trial-1"),
        changes="all but `history` and `explain`: the log of tuning",
        undo="orchestrate tune off, or reset",
        codes="0; 1 if `explain` comes out otherwise; 2 if the log is not fit",
    ),
    "settings": Explanation(
        ("orchestrate settings show", "orchestrate settings check"),
        changes="`set` writes your settings file, or the project's",
        undo="orchestrate settings set, with the former value",
    ),
    "workflows": Explanation(("orchestrate workflows", "orchestrate workflows check nightly.toml")),
    "workflow": Explanation(
        ("orchestrate workflow nightly.toml --rehearse", 'orchestrate workflow nightly "Look at the importer"'),
        session="a new one, where the workflow has a team",
        changes="what its writers change, and the reports it names",
        undo="orchestrate undo",
        costs="what the agents' accounts take; nothing without a team",
        codes="0 done, and the gates pass; 1 not; 2 not fit; 3 needs you",
    ),
    "templates": Explanation(
        ("orchestrate templates", "orchestrate templates show security_auditor"),
        changes="nothing; `new` writes one file",
    ),
    "compositions": Explanation(
        ("orchestrate compositions", "orchestrate compositions export -o counts.json"),
        changes="`delete`, `import` and `rebuild` write the log and its view",
        undo="`rebuild` for the view; what `delete` took stays gone",
    ),
    "lessons": Explanation(
        ("orchestrate lessons", "orchestrate lessons forget 3f2a9c81d0"),
        changes="`forget` adds a line to the outcome log",
        undo="nothing brings a struck lesson back",
    ),
    "policies": Explanation(("orchestrate policies show strict", "orchestrate policies explain .git/config")),
    "completion": Explanation(('eval "$(orchestrate completion bash)"',)),
    "scenarios": Explanation(("orchestrate scenarios", "orchestrate scenarios --show blocker >mine.toml")),
}
"""A row for each command of :data:`orchestrator.cli.group.COMMANDS`."""
