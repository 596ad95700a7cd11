"""What the command guard says of the tests' corpus: right, missed or false alarm, kind by kind.

Run it with ``python -m benchmarks.corpus [HALF]`` from the checkout.  *Missed*: it says less than the corpus wants
(runs what should be asked about, asks about what should be refused).  *False alarm*: it says more.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from orchestrator.models.identity import AgentName, WorkerId
from orchestrator.models.work import Assignment, Role
from orchestrator.safety import CommandFilter
from orchestrator.safety.path_scope import WorkerPaths
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy

CORPUS: Final = Path(__file__).resolve().parent.parent / "tests" / "safety" / "corpus.toml"
GRAVITY: Final = ("allow", "unknown", "warn", "confirm", "block")

Kind: TypeAlias = Literal["right", "missed", "false alarm"]


class Case(NamedTuple):
    """One command, what should be said of it, and what is."""

    half: int
    about: str
    command: str
    wanted: str
    said: str

    @property
    def kind(self) -> Kind:
        if self.said == self.wanted:
            return "right"
        return "missed" if GRAVITY.index(self.said) < GRAVITY.index(self.wanted) else "false alarm"


def guard() -> CommandFilter:
    """The default policy's filter, in an implementer's surroundings."""
    config = load_sandbox_policy("default")
    target, scratch, home = Path("/project"), Path("/session/scratch/w"), Path("/session/homes/w")
    assignment = Assignment(
        *(WorkerId("w"), AgentName("claude"), Role.IMPLEMENTER),
        prompt="",
        target=target,
        scratch=scratch,
        home=home,
        readable=(target,),
        writable=(scratch, target),
    )
    return CommandFilter.of(config, WorkerPaths.of(config, assignment))


def cases(groups: Sequence[dict[str, Any]], judge: CommandFilter) -> Iterator[Case]:
    """Every command of the corpus with both decisions."""
    for group in groups:
        for command in group["commands"]:
            said = judge.judge(command).decision
            yield Case(group.get("half", 1), group["about"], command, group["says"], said)


def main(arguments: Sequence[str]) -> None:
    wanted = [int(argument) for argument in arguments]
    groups = tomllib.loads(CORPUS.read_text(encoding="utf-8"))["group"]
    found = [case for case in cases(groups, guard()) if not wanted or case.half in wanted]
    print(f"{'kind':<72} {'all':>5} {'right':>6} {'missed':>7} {'false alarm':>12}")
    for about in dict.fromkeys(case.about for case in found):
        _row(about, [case for case in found if case.about == about])
    _row("alarms wanted", [case for case in found if case.wanted != "allow"])
    _row("harmless", [case for case in found if case.wanted == "allow"])
    _row("all", found)
    for case in found:
        if case.kind != "right":
            print(f"{case.kind}: wanted {case.wanted}, said {case.said}: {case.command!r}")


def _row(about: str, found: Sequence[Case]) -> None:
    counts = Counter(case.kind for case in found)
    print(f"{about:<72} {len(found):>5} {counts['right']:>6} {counts['missed']:>7} {counts['false alarm']:>12}")


if __name__ == "__main__":
    main(sys.argv[1:])
