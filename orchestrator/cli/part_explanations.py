"""The parts of a command, such as ``settings set``, say at the end of their help what whole commands say there."""

from __future__ import annotations

from typing import Final

from orchestrator.cli.explanations import Explanation

_LOG = "adds a line to the log of tuning"

PART_EXPLANATIONS: Final[dict[str, Explanation]] = {
    "test-coverage check": Explanation(
        ("orchestrate test-coverage check tests/test_new.py",),
        changes="nothing: tests run on throw-away layers",
        codes="0 every test is kept; 1 one is not; 2 not fit to be measured",
    ),
    "settings show": Explanation(("orchestrate settings show", "orchestrate settings show --json")),
    "settings check": Explanation(("orchestrate settings check", "orchestrate settings check ./settings.toml")),
    "settings set": Explanation(
        ("orchestrate settings set budget.per_day 20", "orchestrate settings set tiers.CHEAP.claude haiku --project"),
        changes="your settings file; with --project that of the project",
        undo="the same with the former value, which settings show has",
    ),
    "tune status": Explanation(("orchestrate tune status", "orchestrate tune status --json")),
    "tune history": Explanation(("orchestrate tune history",), session="those that were tried out on"),
    "tune explain": Explanation(
        ("orchestrate tune explain trial-3",),
        session="those of the trial",
        codes="0 the decision comes out the same; 1 it does not; 2 not fit",
    ),
    "tune on": Explanation(("orchestrate tune on",), changes=_LOG, undo="orchestrate tune off"),
    "tune off": Explanation(("orchestrate tune off",), changes=_LOG, undo="orchestrate tune on"),
    "tune freeze": Explanation(("orchestrate tune freeze",), changes=_LOG, undo="orchestrate tune on"),
    "tune rollback": Explanation(
        ("orchestrate tune rollback trial-3",), changes=_LOG, undo="nothing: it has to prove itself once more"
    ),
    "tune reset": Explanation(
        ("orchestrate tune reset",), changes=_LOG, undo="nothing: what was won has to prove itself once more"
    ),
    "teams list": Explanation(("orchestrate teams list", "orchestrate teams list --json")),
    "teams show": Explanation(("orchestrate teams show change", "orchestrate teams show ./mine.toml")),
    "teams check": Explanation(("orchestrate teams check ./mine.toml",)),
    "workflows list": Explanation(("orchestrate workflows list", "orchestrate workflows list --json")),
    "workflows show": Explanation(("orchestrate workflows show ./nightly.toml",)),
    "workflows check": Explanation(("orchestrate workflows check ./nightly.toml",)),
    "templates list": Explanation(("orchestrate templates list", "orchestrate templates list --json")),
    "templates show": Explanation(("orchestrate templates show security_auditor",)),
    "templates check": Explanation(("orchestrate templates check ./mine.toml",)),
    "templates new": Explanation(
        ("orchestrate templates new sql_expert", "orchestrate templates new sql_expert --project"),
        changes="writes one file, and says where it lies",
        undo="delete that file",
    ),
    "compositions list": Explanation(("orchestrate compositions list",), session="all that were counted"),
    "compositions show": Explanation(("orchestrate compositions show NAME",), session="all that were counted"),
    "compositions export": Explanation(
        ("orchestrate compositions export -o counts.json",), changes="writes one file", session="all that were counted"
    ),
    "compositions federate": Explanation(
        ("orchestrate compositions federate theirs.json --epsilon 1 -o sum.json",),
        changes="writes one file; each use takes of the privacy of the counts",
        undo="nothing: what others have seen they have seen",
        session="all that were counted",
    ),
    "compositions import": Explanation(
        ("orchestrate compositions import theirs.json",),
        changes="adds compositions in quarantine to the store",
        undo="orchestrate compositions delete NAME",
    ),
    "compositions delete": Explanation(
        ("orchestrate compositions delete NAME",),
        changes="the store; sessions stay",
        undo="nothing: it is counted anew from now on",
    ),
    "compositions rebuild": Explanation(
        ("orchestrate compositions rebuild", "orchestrate compositions rebuild --from-journals"),
        changes="writes the store's files anew",
        undo="not needed: what they are made of stays",
        session="none; with --from-journals all of the workspace",
    ),
    "lessons forget": Explanation(
        ("orchestrate lessons forget 3f2a9c81d0",),
        changes="adds a line to the outcome log",
        undo="nothing brings a struck lesson back",
    ),
    "policies show": Explanation(("orchestrate policies show strict", "orchestrate policies show ./mine.toml")),
    "policies check": Explanation(("orchestrate policies check ./mine.toml",)),
    "policies explain": Explanation(("orchestrate policies explain .git/config --sandbox strict",)),
    "policies escalation": Explanation(("orchestrate policies escalation --policy ./mine.toml",)),
    "policies schema": Explanation(("orchestrate policies schema >sandbox.schema.json",)),
}
"""A row for each part of a command that has parts."""
