from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.models.effects import AnswerGuard, CloseSession, InspectOutbound, Outcome, SendOutbound
from orchestrator.models.egress import PackageArtifact, Publish, Push, PushArtifact, RefChange, RefWanted
from orchestrator.models.entries import (
    Command,
    CoordinatorResumed,
    GuardAsked,
    OutboundInspected,
    OutboundSent,
    TimePassed,
    UserCommand,
)
from orchestrator.models.events import EventType
from orchestrator.models.facts import PersonAsked, Warned
from orchestrator.models.identity import WorkerId
from orchestrator.models.options import Rehearsal
from orchestrator.models.sandbox import Leaving, SandboxConfig
from orchestrator.session.outbound_commands import told
from orchestrator.session.state import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.session.conftest import Play

CLAUDE = WorkerId("claude")
FAR, REGISTRY = "https://example.org/far.git", "https://registry.example.org/"
CONFIG = SandboxConfig(name="x", confirm_timeout_s=30, leaving=Leaving(push_url=FAR, publish_url=REGISTRY))
APPROVED = replace(CONFIG, approved_commands=("git push", "npm publish"))
ON_DISK = replace(CONFIG, leaving=Leaving(push_url="file:///srv/far.git"))
OLD, NEW = "a" * 40, "b" * 40
PARCEL = PushArtifact(FAR, (RefChange("refs/heads/main", OLD, NEW, 2),), "1 file changed, 3 insertions(+)")
PACKAGE = PackageArtifact(REGISTRY, "thing", "1.2.3", "sha512-AAAA", 1234, 5, tag="next")


def asked(*argv: str, request: str = "r1") -> GuardAsked:
    return GuardAsked(CLAUDE, request, "executable", argv or ("git", "push", "origin", "main"), "/t")


@pytest.fixture
def played(play: Callable[..., Play]) -> Callable[..., Play]:
    def opened(**options: object) -> Play:
        p = play("claude", **{"sandbox": CONFIG, "interactive": True, **options})
        p.start("claude")
        return p

    return opened


def inspected(p: Play, parcel: PushArtifact | PackageArtifact | None = PARCEL, problem: str | None = None) -> None:
    name, effect = p.last(InspectOutbound)
    p.take(OutboundInspected(CLAUDE, effect.request, name, parcel, problem))


def done(p: Play, code: int | None, stderr: str = "") -> None:
    name, effect = p.last(SendOutbound)
    p.take(OutboundSent(CLAUDE, effect.request, name, code, "out", stderr))


def says(p: Play, text: str) -> None:
    p.take(UserCommand(Command.ANSWER, by="terminal", text=text, question=p.session.approvals.questions[0].id))


def refusals(p: Play) -> list[str]:
    return [effect.reason for effect in p.wanted(AnswerGuard) if not effect.run and effect.code is None]


def test_a_person_is_asked_about_exactly_what_would_leave_and_then_it_leaves_once(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked())
    assert p.last(InspectOutbound)[1] == InspectOutbound(CLAUDE, "r1", Push("/t", "origin", (RefWanted("main"),)), FAR)
    assert p.wanted(PersonAsked) == []
    inspected(p)
    text = p.wanted(PersonAsked)[0].question.text
    assert f"push to {FAR}: refs/heads/main {OLD}..{NEW}, 2 commits (1 file changed" in text
    says(p, "yes")
    assert p.wanted(SendOutbound) == [SendOutbound(CLAUDE, "r1", PARCEL)]
    assert p.wanted(AnswerGuard) == []
    done(p, 0, "main -> main")
    assert p.wanted(AnswerGuard) == [
        AnswerGuard(CLAUDE, "r1", run=False, reason="run in its place: 0", code=0, stdout="out", stderr="main -> main")
    ]
    assert not p.session.approvals.leaving
    assert not p.session.approvals.guards


@pytest.mark.parametrize("how", ["no", "late", "gone"])
def test_what_nobody_consents_to_does_not_leave(played: Callable[..., Play], how: str) -> None:
    p = played()
    p.take(asked())
    inspected(p)
    if how == "no":
        says(p, "no")
    elif how == "late":
        p.later(31)
        p.take(TimePassed())
    else:
        p.exits("claude", 1)
    assert p.wanted(SendOutbound) == []
    assert len(refusals(p)) == 1
    assert not p.session.approvals.leaving
    assert not p.session.approvals.guards


def test_consent_given_beforehand_is_for_what_was_inspected_and_is_said(played: Callable[..., Play]) -> None:
    p = played(interactive=False, sandbox=APPROVED)
    p.take(asked())
    inspected(p)
    assert p.wanted(SendOutbound) == [SendOutbound(CLAUDE, "r1", PARCEL)]
    assert NEW in p.wanted(Warned)[-1].text


def test_consent_to_another_rule_is_none(played: Callable[..., Play]) -> None:
    p = played(sandbox=replace(CONFIG, approved_commands=("npm publish",)))
    p.take(asked())
    inspected(p)
    assert p.wanted(SendOutbound) == []
    assert len(p.wanted(PersonAsked)) == 1


def test_without_a_person_nothing_is_even_looked_at(played: Callable[..., Play]) -> None:
    p = played(interactive=False)
    p.take(asked())
    assert p.wanted(InspectOutbound) == []
    assert "nobody is there to ask" in refusals(p)[0]
    assert "--approve 'git push'" in p.wanted(Warned)[-1].text


@pytest.mark.parametrize("word", ["../srv/far.git", "/srv/far.git/", "file:///srv/far.git"])
def test_a_repository_on_disk_may_be_named_by_its_path(played: Callable[..., Play], word: str) -> None:
    p = played(sandbox=ON_DISK)
    p.take(asked("git", "push", word))
    assert p.last(InspectOutbound)[1].url == "file:///srv/far.git"


def test_what_cannot_be_sent_is_refused_with_the_reason(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked())
    inspected(p, None, "fetch first")
    assert refusals(p) == ["fetch first"]
    assert p.wanted(PersonAsked) == []


def test_what_is_there_already_needs_nobody(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked())
    inspected(p, replace(PARCEL, refs=(RefChange("refs/heads/main", NEW, NEW, 0),)))
    assert p.last(AnswerGuard)[1].code == 0
    assert p.wanted(PersonAsked) == []
    assert p.wanted(SendOutbound) == []


@pytest.mark.parametrize(
    ("options", "argv", "reason"),
    [
        pytest.param({"sandbox": SandboxConfig(name="x")}, (), "`leaving.push_url`", id="a target without an origin"),
        pytest.param({"sandbox": SandboxConfig(name="x"), "origin": "ext::sh"}, (), "no address", id="an odd origin"),
        pytest.param(
            {"sandbox": SandboxConfig(name="x")}, ("npm", "publish"), "`leaving.publish_url`", id="no registry"
        ),
        pytest.param({}, ("git", "push", "https://evil.org/x"), "another place", id="another address"),
        pytest.param({}, ("git", "push", FAR[:-4]), "another place", id="the beginning of the address"),
        pytest.param({}, ("git", "push", "upstream"), "another place", id="another remote"),
        pytest.param({"sandbox": ON_DISK}, ("git", "push", "../far"), "another place", id="another folder"),
        pytest.param({"sandbox": ON_DISK}, ("git", "push", "/srv"), "another place", id="another whole path"),
        pytest.param(
            {"sandbox": replace(CONFIG, leaving=Leaving(push_url="")), "origin": FAR},
            (),
            "names no place",
            id="a policy that wants no push",
        ),
        pytest.param({}, ("npm", "publish", "--registry=https://evil.org/"), "another place", id="another registry"),
        pytest.param({}, ("git", "push", "--mirror"), "--mirror", id="a form that is not understood"),
        pytest.param({"rehearsal": Rehearsal()}, (), "in a rehearsal nothing leaves", id="a rehearsal"),
    ],
)
def test_what_has_no_place_to_go_is_refused_at_once(
    played: Callable[..., Play], options: dict[str, object], argv: tuple[str, ...], reason: str
) -> None:
    p = played(**options)
    p.take(asked(*argv))
    assert reason in refusals(p)[0]
    assert reason in p.wanted(Warned)[-1].text
    assert p.wanted(InspectOutbound) == []


def test_the_origin_is_the_one_the_session_began_with(played: Callable[..., Play]) -> None:
    p = played(sandbox=SandboxConfig(name="x"), origin="git@example.org:far.git")
    p.take(asked("git", "push"))
    assert p.last(InspectOutbound)[1].url == "git@example.org:far.git"


def test_a_package_is_shown_with_its_digest(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked("npm", "publish", "--tag", "next"))
    assert p.last(InspectOutbound)[1].wanted == Publish("/t", "next")
    inspected(p, PACKAGE)
    text = p.wanted(PersonAsked)[0].question.text
    assert f"publish thing@1.2.3 (5 files, 1,234 bytes, tag next) to {REGISTRY}; sha512-AAAA" in text


def test_a_request_that_is_found_again_is_not_looked_at_again(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked())
    p.take(asked())
    inspected(p)
    p.take(asked())
    says(p, "yes")
    p.take(asked())
    assert len(p.wanted(InspectOutbound)) == len(p.wanted(PersonAsked)) == len(p.wanted(SendOutbound)) == 1


def test_what_was_looked_at_for_a_worker_that_is_gone_is_not_asked_about(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked())
    p.exits("claude", 1)
    assert refusals(p) == ["claude is gone"]
    inspected(p)
    assert p.wanted(PersonAsked) == []
    assert not p.session.approvals.leaving


def test_the_end_of_one_worker_is_none_of_anothers_business(play: Callable[..., Play]) -> None:
    p = play("claude", "codex", sandbox=CONFIG, interactive=True)
    p.start("claude")
    p.take(asked())
    p.reports("claude", EventType.MILESTONE, "half of it stands")
    p.snapshot("a.py")
    p.reviews("review-001-codex", "approved")
    assert refusals(p) == []
    inspected(p)
    assert len(p.wanted(PersonAsked)) == 1


def test_nothing_leaves_a_session_that_is_ending(played: Callable[..., Play]) -> None:
    p = played(sandbox=APPROVED)
    p.take(asked())
    p.take(UserCommand(Command.STOP, by="signal INT"))
    inspected(p)
    assert p.wanted(SendOutbound) == []
    assert refusals(p) == ["the session is ending"]


def test_what_is_on_its_way_is_not_called_back_by_the_workers_end(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked())
    inspected(p)
    says(p, "yes")
    p.exits("claude", 1)
    assert p.session.approvals.leaving
    done(p, 0)
    assert not p.session.approvals.leaving


def test_a_session_does_not_close_while_something_is_being_sent(played: Callable[..., Play]) -> None:
    p = played()
    p.take(asked())
    inspected(p)
    says(p, "yes")
    p.take(UserCommand(Command.STOP, by="signal INT"))
    p.exits("claude")
    assert p.wanted(CloseSession) == []
    done(p, 0)
    assert len(p.wanted(CloseSession)) == 1


@pytest.mark.parametrize("interactive", [True, False])
def test_what_nobody_knows_goes_to_a_person_and_is_never_done_again(
    played: Callable[..., Play], interactive: bool
) -> None:
    p = played(interactive=interactive, sandbox=APPROVED)
    p.take(asked())
    inspected(p)
    p.take(CoordinatorResumed(1, alive=(CLAUDE,), interactive=interactive))
    done(p, None, "the coordinator was killed meanwhile")
    text = p.wanted(PersonAsked)[-1].question.text
    assert f"git ls-remote {FAR} refs/heads/main" in text
    assert "nobody knows whether it has left" in refusals(p)[0]
    assert len(p.wanted(SendOutbound)) == 1
    ending = p.session.ending
    assert (ending.outcome if ending else None) is (None if interactive else Outcome.NEEDS_PERSON)
    says(p, "it has left")
    assert p.session.approvals.questions == ()
    assert p.session.phase is (Phase.RUNNING if interactive else Phase.ENDING)
    assert len(p.wanted(SendOutbound)) == 1


def test_what_would_be_lost_over_there_is_said() -> None:
    parcel = replace(PARCEL, refs=(RefChange("refs/heads/main", OLD, NEW, 1, rewinds=True),), files="")
    assert told(parcel) == f"push to {FAR}: refs/heads/main {OLD}..{NEW}, OVERWRITING what is only there, 1 commit"
    there = RefChange("refs/heads/main", OLD, OLD, 0)
    fresh = replace(PARCEL, refs=(there, RefChange("refs/tags/v1", None, NEW, 3)), files="")
    assert told(fresh) == f"push to {FAR}: new refs/tags/v1 at {NEW}, 3 commits"
