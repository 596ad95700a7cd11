"""What reusing a proven team saves: ``python -m benchmarks.reuse [--pairs 3] [--real] [--write]``.

Each pair is one rehearsal by the usual team (cold) and one by the team that the store then takes (warm), with the same
scenario file, on the same small project.  The warm team is not chosen here: twelve outcomes like that of a solo session
go through the store's own proof.  Tokens are the script's, so only what reuse leaves out can be saved: starts of agents
and their turns, each listed.  A pair whose results differ is printed and not counted.  ``--write`` puts the table into
``docs/learning.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from orchestrator.composition.team_choice import ProvenTeam
from orchestrator.journal.reader import read_journal
from orchestrator.models.identity import SessionId
from orchestrator.models.recorded_outcomes import RecordedOutcome
from orchestrator.store.composition_names import store_of
from orchestrator.store.composition_view import view_of
from orchestrator.store.derived_outcomes import outcome_of_journal
from orchestrator.store.log_records import LogRecord
from orchestrator.store.recorder import as_record
from orchestrator.store.reuse import candidates, proven_team

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "learning.md"
BEGINNING, END = "<!-- reuse -->", "<!-- end reuse -->"
SCENARIOS: Final = ("default", "plain", "usage-limit", "claude-root", "codex-trust", "gemini-path")
"""Those in which nobody is asked anything; they come with the program and know nothing of this benchmark."""
TASK: Final = "Add input validation to the signup form"
SESSION_S: Final = 600.0
SURE_OF: Final = 12
GOAL: Final = 0.2


@dataclass(frozen=True, slots=True)
class Run:
    """One rehearsal that has ended."""

    document: dict[str, Any]
    outcome: RecordedOutcome

    @property
    def result(self) -> object:
        """What has to be the same in both: the end, the change, and what the tests said of it."""
        suites = sorted((gate.gate, gate.state) for gate in self.outcome.gates)
        return self.document["exit_code"], tuple(sorted(self.document["change"]["files"])), suites

    @property
    def starts(self) -> Counter[str]:
        """How often each worker was started."""
        return Counter({worker["id"]: worker["attempts"] for worker in self.document["workers"]})

    @property
    def tokens(self) -> int:
        """Every token that the model's answers and prompts came to."""
        return int(self.outcome.tokens or 0)


@dataclass(frozen=True, slots=True)
class Pair:
    """The same task twice: by the usual team, and by the reused one."""

    scenario: str
    cold: Run
    warm: Run

    @property
    def counts(self) -> bool:
        """Whether both came to the same."""
        return self.cold.result == self.warm.result

    @property
    def saved_tokens(self) -> float:
        """Share of the tokens."""
        return 1 - self.warm.tokens / self.cold.tokens

    @property
    def saved_time(self) -> float:
        """Share of the time from first to last entry."""
        return 1 - self.warm.outcome.wall_s / self.cold.outcome.wall_s


def project_in(folder: Path) -> Path:
    """A project with one test that passes, so that the gates have something to measure."""
    folder.mkdir()
    (folder / "shop.py").write_text("def total(prices):\n    return sum(prices)\n")
    test = "import unittest\n\nfrom shop import total\n\n\nclass Totals(unittest.TestCase):\n"
    (folder / "test_shop.py").write_text(
        f"{test}    def test_a_sum(self):\n        self.assertEqual(total([1, 2]), 3)\n"
    )
    return folder


def rehearse(folder: Path, scenario: str, team: str, *, real: bool) -> Run:
    """Run one session to its end, with a home and a workspace of its own."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder / "home"), "LANG": "C.UTF-8"}
    if "XDG_CACHE_HOME" in os.environ:
        environ["XDG_CACHE_HOME"] = os.environ["XDG_CACHE_HOME"]
    (folder / "home").mkdir()
    argv = [sys.executable, "-m", "orchestrator", "--rehearse", "--scenario", scenario, "--team", team, "--json"]
    argv += ["--target", str(project_in(folder / "shop")), "--workspace", str(folder / "sessions"), "--no-dashboard"]
    argv += [*([] if real else ["--stand-ins"]), TASK]
    done = subprocess.run(argv, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=SESSION_S, check=False)
    try:
        document = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(
            f"{scenario} by {team} gave no document (exit code {done.returncode}):\n{done.stderr}"
        ) from None
    outcome = outcome_of_journal(read_journal(Path(document["journal"])))
    if outcome is None:
        raise SystemExit(f"{scenario} by {team} did not end")
    return Run(document, outcome)


def reused_after(like: RecordedOutcome) -> ProvenTeam | None:
    """The team that the store takes once so many real sessions have ended like this one."""
    now = datetime.now(UTC)
    ended = [
        replace(like, session=SessionId(f"{like.session}-{n}"), rehearsal=False, closed_at=now - timedelta(days=n))
        for n in reversed(range(SURE_OF))
    ]
    view = view_of(LogRecord(one.closed_at, as_record(one)) for one in ended)
    versions = {member.agent: member.version for member in like.members}
    found = candidates(
        view.of_store(store_of(like.project)), like.pattern, versions=versions, allowed=list(versions), models={}
    )
    return proven_team(found)


def interval(shares: Sequence[float]) -> tuple[float, float]:
    """Where the mean lies with 90 % confidence, by drawing the pairs again 2,000 times."""
    chance = random.Random(15)
    means = sorted(statistics.fmean(chance.choices(shares, k=len(shares))) for _ in range(2_000))
    return means[100], means[1_899]


def left_out(pair: Pair) -> str:
    """Every start of the usual team that did not happen, and what it had taken."""
    tokens = {str(member.worker): member.tokens for member in pair.cold.outcome.members}
    words = []
    for worker, starts in sorted((pair.cold.starts - pair.warm.starts).items()):
        took = f", {tokens[worker]} tokens" if tokens.get(worker) is not None else ""
        words.append(f"{worker} ({starts} start{'s' if starts > 1 else ''}{took})")
    return "; ".join(words) or "nothing"


def table(pairs: Sequence[Pair]) -> list[str]:
    """The result as Markdown: a row for each scenario, then the means."""
    lines = [
        "| Scenario | Pairs | Tokens cold → warm | Tokens saved | Time saved | Left out |",
        "|---|---|---|---|---|---|",
    ]
    for scenario in dict.fromkeys(pair.scenario for pair in pairs):
        of_it = [pair for pair in pairs if pair.scenario == scenario]
        same = [pair for pair in of_it if pair.counts]
        if not same:
            lines.append(f"| `{scenario}` | 0 of {len(of_it)} | not counted: the results differ | | | |")
            continue
        cold = round(statistics.fmean(pair.cold.tokens for pair in same))
        warm = round(statistics.fmean(pair.warm.tokens for pair in same))
        tokens = statistics.fmean(pair.saved_tokens for pair in same)
        took = statistics.fmean(pair.saved_time for pair in same)
        shares = f"{tokens:.0%} | {took:.0%}"
        counted = f"{len(same)} of {len(of_it)}"
        lines.append(f"| `{scenario}` | {counted} | {cold:,} → {warm:,} | {shares} | {left_out(same[0])} |")
    same = [pair for pair in pairs if pair.counts]
    if same:
        parts = []
        for what, each in (("tokens", [p.saved_tokens for p in same]), ("time", [p.saved_time for p in same])):
            low, high = interval(each)
            parts.append(f"{statistics.fmean(each):.0%} of the {what} (90 % interval {low:.0%} to {high:.0%})")
        saved = f"In the mean of {len(same)} pairs, reuse saved {' and '.join(parts)}"
        lines += ["", f"{saved}; the goal is above {GOAL:.0%} of both."]
    return lines


def main() -> int:
    """Run all pairs and print the table; returns 1 where the goal is missed or the store reuses nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--real", action="store_true", help="the real CLIs instead of stand-ins")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="orchestrate-reuse-"))
    pairs = []
    try:
        for scenario in SCENARIOS:
            for number in range(options.pairs):
                at = [folder / f"{scenario}-{number}-{side}" for side in ("cold", "warm", "first")]
                for place in at:
                    place.mkdir()
                cold = rehearse(at[0], scenario, "change", real=options.real)
                warm = rehearse(at[1], scenario, "solo", real=options.real)
                reused = reused_after(warm.outcome) if warm.outcome.result == "success" else None
                if reused is None or reused.team.value != "solo":
                    print(f"{scenario}: the store would not reuse this team: {warm.outcome.because}", flush=True)
                    continue
                pairs.append(Pair(scenario, cold, warm))
                shares = f"{pairs[-1].saved_tokens:.0%} of tokens, {pairs[-1].saved_time:.0%} of time"
                print(f"{scenario} {number + 1}: {shares}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    lines = table(pairs)
    print("\n".join(lines))
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.split(BEGINNING)[0], text.split(END)[1]
        PAGE.write_text(f"{before}{BEGINNING}\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")
    same = [pair for pair in pairs if pair.counts]
    saved = [statistics.fmean(shares) for shares in zip(*((p.saved_tokens, p.saved_time) for p in same), strict=True)]
    return 0 if saved and min(saved) > GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
