"""Run ``git push`` in a worker's place: copy the references into a clean clone of our own, and push from there.

The worker's repository is only ever read, in a sandbox without a network; what comes out of it is a pack, which is
data.  The clone is made from that by us, so no hook and no configuration of the target is in
it, and what is pushed are ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from orchestrator.egress.destinations import destination, without_login
from orchestrator.egress.egress_requests import RefGiven, Unsupported, resolve
from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder
from orchestrator.models.egress import Push, PushArtifact, RefChange
from orchestrator.models.sandbox import Leaving
from orchestrator.safety.git_isolation import ISOLATED
from orchestrator.sandbox.host_jobs import HOME, HostJob, HostJobs, JobResult
from orchestrator.sandbox.mounts import Mount
from orchestrator.snapshots.repository import RepositoryUnreadable, repository_at
from orchestrator.value_class import value_class

_ISOLATED: Final[Mapping[str, str]] = {**ISOLATED, "GIT_NO_REPLACE_OBJECTS": "1"}
_OURS: Final = ("git", "--git-dir=clone", "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never")
_SSH: Final = "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes"
"""An unknown host is a refusal: nobody is there to be asked by ssh."""
_HELPER: Final = (
    '!f() { test "$1" = get || exit 0; test -n "$ORCHESTRATE_USER" || echo username=x-access-token; '
    "printf 'password=%s\\n' \"$NAME\"; }; f"
)


@value_class
class Pushing:
    """One push, in a folder of its own."""

    jobs: HostJobs
    folder: Path
    leaving: Leaving
    layers: Sequence[Mount] = ()
    """What the worker sees in the place of repositories."""

    async def inspect(self, push: Push, url: str, *, readable: Sequence[Path]) -> PushArtifact:
        """Take what would be pushed into a clean clone, and say exactly what that is.

        Raises:
            EnvironmentUnfit: It cannot be pushed; the message says why.
        """
        given = await self._collect(push, readable)
        old = await self._there(url, [ref.name for ref in given])
        changes = [await self._change(ref, old.get(ref.name)) for ref in given]
        files = [await self._figures(change) for change in changes if change.old != change.new]
        return PushArtifact(url, tuple(changes), "; ".join(each for each in files if each))

    async def send(self, parcel: PushArtifact) -> JobResult:
        """Push exactly that: each reference only from the id that was shown to the id that was shown.

        Raises:
            EnvironmentUnfit: The sandbox cannot be made.
        """
        refs = [ref for ref in parcel.refs if ref.old != ref.new]
        leases = [f"--force-with-lease={ref.name}:{ref.old or ''}" for ref in refs]
        every = ["--atomic"] if len(refs) > 1 else []
        words = ["push", "--no-verify", *every, *leases, parcel.url, *(f"{ref.new}:{ref.name}" for ref in refs)]
        return await self._reach(parcel.url, words)

    async def _collect(self, push: Push, readable: Sequence[Path]) -> Sequence[RefGiven]:
        """Read the worker's repository: its references, then a pack of all that those wanted reach."""
        theirs = ("git", "-c", "safe.directory=*", "-C", push.cwd)
        listed = await self._read((*theirs, "for-each-ref", "--format=%(objectname) %(refname)"), readable)
        head = await self._read((*theirs, "rev-parse", "--symbolic-full-name", "HEAD"), readable)
        commit = await self._read((*theirs, "rev-parse", "HEAD"), readable)
        refs = {name: found for found, name in (line.split(" ", 1) for line in listed.text.splitlines())}
        given = resolve(push, refs, (head.text.strip(), commit.text.strip()))
        if isinstance(given, Unsupported):
            raise EnvironmentUnfit(given.reason)
        wanted = "".join(f"{ref.id}\n" for ref in given).encode()
        pack = (*theirs, "pack-objects", "--revs", "--stdout", "-q", "--delta-base-offset")
        await self._read(("sh", "-c", 'exec "$@" >pack', "sh", *pack), readable, wanted)
        clone = self.folder / "clone"
        ForeignFolder(clone).remove_all()
        kind = "sha256" if len(given[0].id) == 64 else "sha1"
        await self._do(("git", "init", "-q", "--bare", "--template=", f"--object-format={kind}", "clone"))
        await self._do(("sh", "-c", 'exec "$@" <reading/pack', "sh", *_OURS, "index-pack", "--stdin"))
        # A pack that lacks something (of a shallow clone, say) is found out here, not half-way through the push.
        await self._do((*_OURS, "rev-list", "--objects", "--quiet", "--stdin"), wanted)
        return given

    async def _there(self, url: str, names: Sequence[str]) -> Mapping[str, str]:
        """The ids that the references have over there; asked over there, since the worker could write them here."""
        listed = await self._reach(url, ["ls-remote", url, *names])
        if listed.problem is not None:
            raise EnvironmentUnfit(f"{url} cannot be asked: {listed.problem}")
        pairs = (line.split("\t", 1) for line in listed.text.splitlines() if "\t" in line)
        return {name: found for found, name in pairs if name in names}

    async def _change(self, ref: RefGiven, old: str | None) -> RefChange:
        is_known = old is not None and (await self._try(("cat-file", "-e", old))).code == 0
        is_ancestor = is_known and (await self._try(("merge-base", "--is-ancestor", str(old), ref.id))).code == 0
        rewinds = old is not None and not is_ancestor and old != ref.id
        if rewinds and not ref.forced:
            raise EnvironmentUnfit(
                f"{ref.name} stands at {old} over there, which {ref.id} does not contain: fetch first"
            )
        if old is not None and ref.name.startswith("refs/tags/") and old != ref.id and not ref.forced:
            raise EnvironmentUnfit(f"{ref.name} exists over there already, as {old}")
        # The objects of a tag that is no commit have no commits to count.
        count = await self._try(("rev-list", "--count", ref.id, *([f"^{old}"] if is_known else [])))
        return RefChange(ref.name, old, ref.id, int(count.text.strip() or 0), rewinds)

    async def _figures(self, change: RefChange) -> str:
        is_known = change.old is not None and (await self._try(("cat-file", "-e", change.old))).code == 0
        if not is_known:
            return ""
        ran = await self._try(
            ("diff-tree", "--shortstat", "--no-ext-diff", "--no-textconv", str(change.old), change.new)
        )
        return ran.text.strip()

    async def _read(self, argv: Sequence[str], readable: Sequence[Path], stdin: bytes = b"") -> JobResult:
        """In front of what a worker may have written: whatever that makes git do, it does here, and to nobody."""
        folder = self.folder / "reading"
        within_s = self.leaving.timeout_s
        env = {**_ISOLATED, "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1"}
        job = HostJob(argv, folder, readable, env=env, stdin=stdin, within_s=within_s, further=self.layers)
        ran = await self.jobs.run(job)
        if ran.problem is not None:
            raise EnvironmentUnfit(f"the repository cannot be read: {ran.problem}")
        return ran

    async def _try(self, words: Sequence[str], stdin: bytes = b"") -> JobResult:
        argv = words if words[0] in ("git", "sh") else (*_OURS, *words)
        job = HostJob(argv, self.folder, env=_ISOLATED, stdin=stdin, within_s=self.leaving.timeout_s)
        return await self.jobs.run(job)

    async def _do(self, words: Sequence[str], stdin: bytes = b"") -> None:
        ran = await self._try(words, stdin)
        if ran.problem is not None:
            raise EnvironmentUnfit(f"what would be pushed cannot be taken over: {ran.problem}")

    async def _reach(self, url: str, words: Sequence[str]) -> JobResult:
        """With the one host, and the credentials."""
        where, leaving = destination(url), self.leaving
        env = {**_ISOLATED, "GIT_ALLOW_PROTOCOL": where.scheme, "GIT_SSH_COMMAND": _SSH}
        job = HostJob(
            (*_OURS, *_helpers(leaving.push_credentials), *words),
            self.folder,
            writable=(Path(where.path),) if where.scheme == "file" else (),
            host=where.host,
            port=where.port,
            is_web=where.scheme != "ssh",
            credentials=leaving.push_credentials if where.scheme != "file" else (),
            env={**env, "ORCHESTRATE_USER": "given" if "@" in url else ""},
            within_s=leaving.timeout_s,
        )
        return await self.jobs.run(job)


def origin_of(target: Path) -> str | None:
    """Where the target's ``origin`` is pushed to, without any login; ``None`` without one.  Read as data."""
    try:
        # Only the target's own: what lies above it is no business of the workers'.
        repository = repository_at(target)
    except RepositoryUnreadable:
        return None
    if repository is None:
        return None
    url = repository.setting("remote.origin.pushurl") or repository.setting("remote.origin.url")
    return without_login(url) if url else None


def _helpers(credentials: Sequence[str]) -> Sequence[str]:
    """Where git finds a password: its own file, and variables that hold one."""
    words = ["-c", "credential.helper="]
    for name in credentials:
        if name == "~/.git-credentials":
            words += ["-c", f"credential.helper=store --file={HOME}/.git-credentials"]
        elif not name.startswith("~/") and name != "SSH_AUTH_SOCK":
            words += ["-c", f"credential.helper={_HELPER.replace('$NAME', f'${name}')}"]
    return words
