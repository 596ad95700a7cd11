"""Pushes in a worker's place, to real repositories: on disk, and behind a git server that wants a password."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.coordinator.egress.git_push import Pushing, origin_of
from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.egress import Push, PushArtifact, RefWanted
from orchestrator.models.sandbox import Leaving
from orchestrator.sandbox.bubblewrap import find_bubblewrap
from orchestrator.sandbox.host_jobs import HostJobs
from tests.coordinator.leaving_stage import PASSWORD, Repository, repository, serving

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("git")]


@dataclass(slots=True)
class Place:
    """A target, a repository far away, and a way to push from one to the other."""

    root: Path
    target: Repository
    far: Repository
    leaving: Leaving

    @property
    def url(self) -> str:
        return f"file://{self.far.path}"

    @property
    def pushing(self) -> Pushing:
        home = {"HOME": str(self.root / "home")}
        jobs = HostJobs(self.root / "session" / "box", (self.root / "session",), {**os.environ, **home})
        return Pushing(jobs, self.root / "session" / "leaving" / "one", self.leaving)

    async def inspect(self, *refs: str, url: str = "", forced: bool = False) -> PushArtifact:
        wanted = tuple(RefWanted(*ref.partition(":")[::2]) for ref in refs)
        push = Push(str(self.target.path), "origin", wanted, forced)
        return await self.pushing.inspect(push, url or self.url, readable=(self.target.path,))


@pytest.fixture
def place(tmp_path: Path, not_proven: Callable[[str], NoReturn]) -> Place:
    if find_bubblewrap(os.environ) is None:
        not_proven("there is no bubblewrap to run errands in")
    root = tmp_path.resolve()
    (root / "home").mkdir()
    far = repository(root / "far.git", bare=True)
    return Place(root, repository(root / "target"), far, Leaving(timeout_s=30))


async def test_what_would_be_pushed_is_told_exactly_and_then_there(place: Place) -> None:
    first = place.target.commit("one")
    parcel = await place.inspect("main")
    assert [(ref.name, ref.old, ref.new, ref.commits) for ref in parcel.refs] == [("refs/heads/main", None, first, 1)]
    assert (await place.pushing.send(parcel)).code == 0
    place.target.commit("two")
    last = place.target.commit("three")
    parcel = await place.inspect()
    assert [(ref.old, ref.new, ref.commits) for ref in parcel.refs] == [(first, last, 2)]
    assert "1 file changed" in parcel.files
    ran = await place.pushing.send(parcel)
    assert ran.code == 0
    assert b"main -> main" in ran.stderr or last[:7].encode() in ran.stderr
    assert place.far.at("main") == last


async def test_what_is_pushed_is_what_was_shown_although_the_branch_has_moved(place: Place) -> None:
    shown = place.target.commit("one")
    parcel = await place.inspect("main")
    place.target.commit("two")
    assert (await place.pushing.send(parcel)).code == 0
    assert place.far.at("main") == shown


async def test_no_push_if_the_far_branch_has_moved_since_it_was_shown(place: Place) -> None:
    place.target.commit("one")
    await place.pushing.send(await place.inspect("main"))
    place.target.commit("two")
    parcel = await place.inspect("main")
    other = repository(place.root / "other")
    other.git("pull", "-q", str(place.far.path), "main")
    moved = other.commit("from elsewhere")
    other.git("push", "-q", str(place.far.path), "main")
    ran = await place.pushing.send(parcel)
    assert ran.code == 1
    assert place.far.at("main") == moved


async def test_nothing_that_the_target_configures_is_used(place: Place) -> None:
    """Hooks, ssh commands, helpers, other URLs: whoever writes the target could write them."""
    target, trace = place.target, place.root / "target" / "trace"
    target.commit("one")
    decoy = repository(place.root / "target" / "decoy.git", bare=True)
    spoils = f"touch {trace}; touch {place.root}/session/leaving/one/trace"
    for name in ("pre-push", "post-checkout", "reference-transaction", "pre-receive"):
        hook = target.path / ".git" / "hooks" / name
        hook.write_text(f"#!/bin/sh\n{spoils}\n")
        hook.chmod(0o755)
    for key, value in (
        ("core.sshCommand", f"sh -c '{spoils}'"),
        ("core.fsmonitor", f"sh -c '{spoils}'"),
        ("credential.helper", f"!{spoils}"),
        (f"url.file://{decoy.path}.insteadOf", place.url),
        (f"url.file://{decoy.path}.pushInsteadOf", place.url),
        ("remote.origin.url", f"file://{decoy.path}"),
        ("remote.origin.pushurl", f"file://{decoy.path}"),
        ("protocol.ext.allow", "always"),
    ):
        target.git("config", key, value)
    template = place.root / "target" / "template" / "hooks"
    template.mkdir(parents=True)
    (template / "pre-push").write_text(f"#!/bin/sh\n{spoils}\n")
    target.git("config", "init.templateDir", str(template.parent))
    assert (await place.pushing.send(await place.inspect("main"))).code == 0
    assert place.far.at("main") == target.at("main")
    assert decoy.at("main") is None
    assert not trace.exists()
    assert not (place.root / "session" / "leaving" / "one" / "trace").exists()
    clone = place.root / "session" / "leaving" / "one" / "clone"
    assert not list((clone / "hooks").glob("*"))
    assert "decoy" not in (clone / "config").read_text()
    target.git("push", "-q", place.url, "main")
    assert trace.exists(), "whoever pushes from the target itself does obey it"
    assert decoy.at("main") is not None


@pytest.mark.parametrize("how", ["git-credentials", "netrc", "variable"])
async def test_a_host_that_wants_a_password_gets_it_from_the_coordinator(
    place: Place, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.far.git("config", "http.receivepack", "true")
    commit = place.target.commit("one")
    with serving(place.root) as served:
        home = place.root / "home"
        if how == "netrc":
            (home / ".netrc").write_text(f"machine 127.0.0.1 login somebody password {PASSWORD}\n")
        elif how == "git-credentials":
            (home / ".git-credentials").write_text(f"http://somebody:{PASSWORD}@127.0.0.1%3a{served.port}\n")
        else:
            monkeypatch.setenv("FAR_TOKEN", PASSWORD)
            place.leaving = replace(place.leaving, push_credentials=("FAR_TOKEN",))
        parcel = await place.inspect("main", url=served.url)
        assert parcel.url == served.url
        assert (await place.pushing.send(parcel)).code == 0
        assert "POST /far.git/git-receive-pack" in served.seen
    assert place.far.at("main") == commit


async def test_without_the_password_nothing_is_pushed_and_git_says_why(place: Place) -> None:
    place.target.commit("one")
    with serving(place.root) as served, pytest.raises(EnvironmentUnfit, match=r"cannot be asked.*could not read"):
        await place.inspect("main", url=served.url)
    assert served.seen == []
    assert place.far.at("main") is None


async def test_what_the_far_side_has_lost_is_only_overwritten_by_force_and_said(place: Place) -> None:
    place.target.commit("one")
    old = place.target.commit("two")
    await place.pushing.send(await place.inspect("main"))
    place.target.git("reset", "-q", "--hard", "HEAD~1")
    new = place.target.commit("two, better")
    with pytest.raises(EnvironmentUnfit, match="does not contain"):
        await place.inspect("main")
    parcel = await place.inspect("main", forced=True)
    assert [(ref.old, ref.new, ref.rewinds) for ref in parcel.refs] == [(old, new, True)]
    assert (await place.pushing.send(parcel)).code == 0
    assert place.far.at("main") == new


async def test_tags_and_other_names_are_pushed_together_or_not_at_all(place: Place) -> None:
    commit = place.target.commit("one")
    place.target.git("tag", "-m", "first", "v1")
    parcel = await place.inspect("v1", "main:release")
    assert [ref.name for ref in parcel.refs] == ["refs/tags/v1", "refs/heads/release"]
    assert (await place.pushing.send(parcel)).code == 0
    assert place.far.at("v1^{commit}") == place.far.at("release") == commit
    assert (await place.inspect("v1")).is_empty


@pytest.mark.parametrize(
    ("ref", "reason"),
    [("nothing", "is no branch or tag"), ("both", "is a branch and a tag")],
)
async def test_a_name_that_means_nothing_or_two_things_is_refused(place: Place, ref: str, reason: str) -> None:
    place.target.commit("one")
    place.target.git("branch", "both")
    place.target.git("tag", "both")
    with pytest.raises(EnvironmentUnfit, match=reason):
        await place.inspect(ref)


async def test_a_folder_that_a_worker_may_not_read_is_not_read_for_it(place: Place) -> None:
    secret = repository(place.root / "secret")
    secret.commit("one")
    push = Push(str(secret.path), "origin")
    with pytest.raises(EnvironmentUnfit, match="cannot be read"):
        await place.pushing.inspect(push, place.url, readable=(place.target.path,))


async def test_a_shallow_repository_is_not_pushed_half(place: Place) -> None:
    source = repository(place.root / "source")
    source.commit("one")
    source.commit("two")
    shutil.rmtree(place.target.path)
    source.git("clone", "-q", "--depth=1", f"file://{source.path}", str(place.target.path))
    with pytest.raises(EnvironmentUnfit, match="cannot be taken over"):
        await place.inspect("main")


def test_the_origin_is_where_the_targets_own_configuration_pushes_to(tmp_path: Path) -> None:
    target = repository(tmp_path / "target")
    assert origin_of(target.path) is None
    target.git("remote", "add", "origin", "https://me:secret-word@example.org/x.git")
    assert origin_of(target.path) == "https://example.org/x.git"
    target.git("remote", "set-url", "--push", "origin", "git@example.org:x.git")
    assert origin_of(target.path) == "git@example.org:x.git"
    below = target.path / "below"
    below.mkdir()
    assert origin_of(below) is None, "a folder inside another repository is not that repository"
