"""These are the decision tables, and the four lines that apply one to a panel's verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final

from orchestrator.models.decisions import Action, OrchestratorDecision, Policy, PolicyRow
from orchestrator.models.reviews import PeerReview, ReviewRequest, Verdict
from orchestrator.review_engine.verdict_weights import reaches, shares_by_verdict, weighs

STANDARD: Final = Policy(
    name="standard",
    rows=(
        # Spec 004, Decision Policy, rules 1 to 4.
        PolicyRow("any blocker", Action.STOP_AND_ESCALATE, at_least={Verdict.BLOCKER: 1}),
        PolicyRow("two or more concerns", Action.PAUSE_AND_CLARIFY, at_least={Verdict.CONCERNS: 2}),
        PolicyRow("a single concern", Action.LOG_WARNING, at_least={Verdict.CONCERNS: 1}),
        PolicyRow("all who answered approved", Action.CONTINUE, at_least={Verdict.APPROVED: 1}),
        # No answer is not an approval, so it takes a person.
        PolicyRow("nobody answered", Action.PAUSE_AND_CLARIFY),
    ),
)

CAUTIOUS: Final = Policy(
    name="cautious",
    rows=(
        PolicyRow("any blocker", Action.STOP_AND_ESCALATE, at_least={Verdict.BLOCKER: 1}),
        PolicyRow("any concern", Action.PAUSE_AND_CLARIFY, at_least={Verdict.CONCERNS: 1}),
        PolicyRow("somebody did not answer", Action.PAUSE_AND_CLARIFY, at_least={Verdict.ABSTAINED: 1}),
        PolicyRow("all approved", Action.CONTINUE, at_least={Verdict.APPROVED: 1}),
        PolicyRow("nobody answered", Action.PAUSE_AND_CLARIFY),
    ),
)

POLICIES: Final[Mapping[str, Policy]] = {policy.name: policy for policy in (STANDARD, CAUTIOUS)}
"""The built-in policies by the name ``--policy`` takes."""


def decide(policy: Policy, reviews: Sequence[PeerReview], *, request: ReviewRequest) -> OrchestratorDecision:
    """Apply the policy: the first row that fits the panel's verdicts decides.

    Raises:
        ValueError: The policy answers no such panel.  ``load_policy`` refuses those, so this is a bug.
    """
    tally = tally_of(reviews)
    shares = shares_by_verdict(policy, reviews) if weighs(policy) else {}
    row = row_for(policy, tally, shares)
    if row is None:
        raise ValueError(f"policy {policy.name!r} has no row for {panel_in_words(tally)}")
    return OrchestratorDecision(
        action=row.then,
        rule=row.when,
        policy=policy.name,
        review=request.id,
        about=request.about,
        tally=tally,
        shares=shares,
        reasons=_reasons(row, reviews),
    )


def tally_of(reviews: Sequence[PeerReview]) -> dict[Verdict, int]:
    """How many gave each verdict; every verdict has its count, also 0."""
    counted = Counter(review.verdict for review in reviews)
    return {verdict: counted[verdict] for verdict in Verdict}


def row_for(
    policy: Policy, tally: Mapping[Verdict, int], shares: Mapping[Verdict, float] | None = None
) -> PolicyRow | None:
    """The first row that fits, ``None`` where none does.  Without ``shares`` no row fits that asks for any."""
    return next((row for row in policy.rows if _fits(row, tally) and _weighs_enough(row, shares)), None)


def unanswered(policy: Policy) -> Mapping[Verdict, int] | None:
    """The smallest panel that no row of the policy fits, ``None`` if there is none.

    Between two thresholds of a table nothing changes, so the thresholds themselves stand for every panel there can be.
    A row that asks for shares is counted out: whether it fits depends on who is on the panel.
    """
    panels = (dict(zip(Verdict, counts, strict=True)) for counts in product(*_thresholds(policy)))
    return next((p for p in sorted(panels, key=lambda p: sum(p.values())) if row_for(policy, p) is None), None)


def panel_in_words(tally: Mapping[Verdict, int]) -> str:
    """``1 approved, 2 concerns``; ``an empty panel``."""
    said = [f"{count} {verdict.value}" for verdict, count in tally.items() if count]
    return ", ".join(said) if said else "an empty panel"


def _fits(row: PolicyRow, tally: Mapping[Verdict, int]) -> bool:
    return all(tally[verdict] >= count for verdict, count in row.at_least.items()) and all(
        tally[verdict] <= count for verdict, count in row.at_most.items()
    )


def _weighs_enough(row: PolicyRow, shares: Mapping[Verdict, float] | None) -> bool:
    return not row.at_least_share or (bool(shares) and reaches(shares or {}, row.at_least_share))


def _thresholds(policy: Policy) -> Iterator[list[int]]:
    for verdict in Verdict:
        lower = {row.at_least[verdict] for row in policy.rows if verdict in row.at_least}
        upper = {row.at_most[verdict] + 1 for row in policy.rows if verdict in row.at_most}
        yield sorted({0, *lower, *upper})


def _reasons(row: PolicyRow, reviews: Sequence[PeerReview]) -> tuple[str, ...]:
    """What those said whose verdicts the row asks for; without any, what everybody said."""
    asked_for = {verdict for verdict, count in row.at_least.items() if count > 0} | set(row.at_least_share)
    asked_for = asked_for or set(Verdict)
    return tuple(_in_one_line(review) for review in reviews if review.verdict in asked_for)


def _in_one_line(review: PeerReview) -> str:
    said = review.problem if review.verdict is Verdict.ABSTAINED else review.summary
    return f"{review.reviewer}: {' '.join((said or review.verdict.value).split())}"
