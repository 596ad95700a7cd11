from __future__ import annotations

import pytest

from orchestrator.egress.egress_requests import MOST_REFS, RefGiven, Unsupported, leaving, resolve
from orchestrator.models.egress import Publish, Push, RefWanted

MAIN, TAG, OTHER = "a" * 40, "b" * 40, "c" * 40
REFS = {"refs/heads/main": MAIN, "refs/heads/both": MAIN, "refs/tags/both": TAG, "refs/tags/v1": TAG}
HEAD = ("refs/heads/main", MAIN)


@pytest.mark.parametrize(
    ("line", "push"),
    [
        ("git push", Push("/t")),
        ("git push origin", Push("/t", "origin")),
        ("git push -u origin main", Push("/t", "origin", (RefWanted("main"),))),
        ("git -C sub push -q", Push("/t/sub")),
        ("git -C /other -C .. push", Push("/")),
        ("/usr/bin/git push origin a:b v1", Push("/t", "origin", (RefWanted("a", "b"), RefWanted("v1")))),
        ("git push origin +HEAD:main", Push("/t", "origin", (RefWanted("HEAD", "main", forced=True),))),
        ("git push --force-with-lease=main:abc origin main", Push("/t", "origin", (RefWanted("main"),), forced=True)),
        ("git push -f", Push("/t", forced=True)),
        ("git push -- origin refs/heads/x", Push("/t", "origin", (RefWanted("refs/heads/x"),))),
    ],
)
def test_a_plain_push_is_understood(line: str, push: Push) -> None:
    assert leaving(line.split(), "/t") == push


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("git push --mirror", "--mirror"),
        ("git push --all", "--all"),
        ("git push --tags", "--tags"),
        ("git push --delete origin main", "--delete"),
        ("git push -d origin main", "-d"),
        ("git push -n", "-n"),
        ("git push --dry-run", "--dry-run"),
        ("git push -o ci.skip", "-o"),
        ("git push --receive-pack=./x origin", "--receive-pack"),
        ("git push --exec=./x", "--exec"),
        ("git push --repo=x", "--repo"),
        ("git push --recurse-submodules=on-demand", "--recurse"),
        ("git push -fd origin main", "-fd"),
        ("git push origin :main", "deletes"),
        ("git push origin :", "deletes"),
        ("git push origin refs/heads/*:refs/heads/*", "name a branch"),
        ("git push origin main~1:main", "name a branch"),
        ("git push origin main:a..b", "no name"),
        ("git push origin main:--x", "no name"),
        ("git -c core.sshCommand=x push", "`git -c`"),
        ("git --git-dir=x push", "--git-dir"),
        ("git --exec-path /x push", "--exec-path"),
        (f"git push origin {' '.join('abcdefghijklmnopqrstuvwxyz'[: MOST_REFS + 1])}", "at once"),
    ],
)
def test_what_could_not_be_shown_exactly_is_refused(line: str, reason: str) -> None:
    found = leaving(line.split(), "/t")
    assert isinstance(found, Unsupported)
    assert reason in found.reason


@pytest.mark.parametrize(
    "line",
    [
        "",
        "git status",
        "git stash push",
        "git log push",
        "pip install x",
        "npm install publish",
        "npm",
        "docker push x",
    ],
)
def test_any_other_command_is_the_workers_own(line: str) -> None:
    assert leaving(line.split(), "/t") is None


@pytest.mark.parametrize(
    ("line", "publish"),
    [
        ("npm publish", Publish("/t")),
        ("npm pub ./pkg --tag next --access=public", Publish("/t/pkg", "next", "public")),
        ("npm --prefix sub publish --registry https://r.org/", Publish("/t/sub", registry="https://r.org/")),
        ("npm-cli.js publish .", Publish("/t")),
    ],
)
def test_a_plain_publication_is_understood(line: str, publish: Publish) -> None:
    assert leaving(line.split(), "/t") == publish


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("npm publish thing", "only a package's folder"),
        ("npm publish https://x.org/a.tgz", "only a package's folder"),
        ("npm publish --dry-run", "--dry-run"),
        ("npm publish --otp 123456", "--otp"),
        ("npm publish -w a", "-w"),
        ("npm publish --userconfig=x", "--userconfig"),
        ("npm publish --tag 1.0", "no tag"),
        ("npm publish --access everybody", "neither public"),
    ],
)
def test_any_other_publication_is_refused(line: str, reason: str) -> None:
    found = leaving(line.split(), "/t")
    assert isinstance(found, Unsupported)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("refs", "given"),
    [
        ((), RefGiven("refs/heads/main", MAIN, False)),
        ((RefWanted("HEAD"),), RefGiven("refs/heads/main", MAIN, False)),
        ((RefWanted("@", "x"),), RefGiven("refs/heads/x", MAIN, False)),
        ((RefWanted("main", "x", forced=True),), RefGiven("refs/heads/x", MAIN, True)),
        ((RefWanted("v1"),), RefGiven("refs/tags/v1", TAG, False)),
        ((RefWanted("v1", "v2"),), RefGiven("refs/tags/v2", TAG, False)),
        ((RefWanted("refs/heads/both"),), RefGiven("refs/heads/both", MAIN, False)),
        ((RefWanted(OTHER, "main"),), RefGiven("refs/heads/main", OTHER, False)),
        ((RefWanted("main", "refs/for/main"),), RefGiven("refs/for/main", MAIN, False)),
    ],
)
def test_names_become_ids(refs: tuple[RefWanted, ...], given: RefGiven) -> None:
    assert resolve(Push("/t", refs=refs), REFS, HEAD) == (given,)


@pytest.mark.parametrize(
    ("refs", "reason"),
    [
        ((RefWanted("none"),), "is no branch or tag"),
        ((RefWanted("both"),), "is a branch and a tag"),
        ((RefWanted(OTHER),), "say what"),
        ((RefWanted("main"), RefWanted("HEAD")), "called the same"),
    ],
)
def test_a_name_that_stands_for_nothing_certain_is_refused(refs: tuple[RefWanted, ...], reason: str) -> None:
    found = resolve(Push("/t", refs=refs), REFS, HEAD)
    assert isinstance(found, Unsupported)
    assert reason in found.reason


def test_without_a_branch_the_name_over_there_must_be_said() -> None:
    found = resolve(Push("/t"), REFS, ("HEAD", MAIN))
    assert isinstance(found, Unsupported)
    assert resolve(Push("/t", refs=(RefWanted("HEAD", "x"),)), REFS, ("HEAD", MAIN)) == (
        RefGiven("refs/heads/x", MAIN, False),
    )


def test_force_is_for_all_or_for_one() -> None:
    refs = (RefWanted("main"), RefWanted("v1", forced=True))
    for push, forced in ((Push("/t", refs=refs), [False, True]), (Push("/t", refs=refs, forced=True), [True, True])):
        found = resolve(push, REFS, HEAD)
        assert not isinstance(found, Unsupported)
        assert [ref.forced for ref in found] == forced
