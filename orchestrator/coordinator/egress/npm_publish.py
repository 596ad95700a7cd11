"""Run ``npm publish`` in a worker's place: pack the package into a tarball of our own, and publish exactly that.

Nothing of the package runs where a token or a network is: it is packed in a sandbox without either, with its scripts
off, and what is published is the tarball that was looked at.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tarfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from orchestrator.egress.destinations import destination
from orchestrator.egress.egress_requests import why_unfit
from orchestrator.errors import EnvironmentUnfit
from orchestrator.files.foreign import ForeignFolder, Listing, Unread
from orchestrator.files.time_limits import off_loop
from orchestrator.late_pattern import late_pattern
from orchestrator.models.egress import PackageArtifact, Publish
from orchestrator.models.sandbox import Leaving
from orchestrator.sandbox.host_jobs import HostJob, HostJobs, JobResult
from orchestrator.value_class import value_class

TARBALL: Final = "package.tgz"
MOST_BYTES: Final = 512 * 1024 * 1024
MOST_FILES: Final = 100_000
_QUIET: Final = ("--ignore-scripts", "--no-update-notifier", "--no-audit", "--no-fund")
_NAME: Final = late_pattern(r"(@[\w.~-]+/)?[\w.~-]+@\d+\.\d+\.\d+[\w.+-]*")
_HARMLESS: Final = frozenset({"access", "tag", "registry"})
"""Of a manifest's ``publishConfig``: what cannot send it anywhere else, or is shown."""


@value_class
class Publishing:
    """One publication, in a folder of its own."""

    jobs: HostJobs
    folder: Path
    leaving: Leaving

    async def inspect(self, publish: Publish, url: str, *, readable: Sequence[Path]) -> PackageArtifact:
        """Pack the package, and say exactly what is in the tarball.

        Raises:
            EnvironmentUnfit: It cannot be published; the message says why.
        """
        packing, sending = self.folder / "packing", self.folder / "sending"
        ForeignFolder(packing).remove_all()
        sending.mkdir(mode=0o700, parents=True, exist_ok=True)
        argv = ("npm", "pack", publish.cwd, *_QUIET, "--pack-destination", str(packing))
        within_s = self.leaving.timeout_s
        ran = await self.jobs.run(HostJob(argv, packing, readable, env={"LC_ALL": "C"}, within_s=within_s))
        if ran.problem is not None:
            raise EnvironmentUnfit(f"the package cannot be packed: {ran.problem}")
        made = ForeignFolder(packing)
        listed = made.entries(most=1_000)
        entries = listed.entries if isinstance(listed, Listing) else ()
        packed = [entry.name for entry in entries if entry.name.endswith(".tgz") and entry.status.kind == "file"]
        (sending / TARBALL).unlink(missing_ok=True)
        if len(packed) != 1 or isinstance(made.copy(packed[0], sending / TARBALL, most_bytes=MOST_BYTES), Unread):
            raise EnvironmentUnfit(
                f"the package cannot be packed: {len(packed)} tarballs came out of it, or a huge one"
            )
        try:
            look = partial(artifact_of, sending / TARBALL, publish, url)
            return await off_loop(look, within_s=self.leaving.timeout_s, what="the look at the tarball")
        except (tarfile.TarError, OSError, ValueError, KeyError, TypeError) as error:
            raise EnvironmentUnfit(f"its tarball is none: {error}") from error

    async def send(self, parcel: PackageArtifact) -> JobResult:
        """Publish exactly that tarball.

        Raises:
            EnvironmentUnfit: The tarball has changed since, or the sandbox cannot be made.
        """
        where, sending = destination(parcel.url), self.folder / "sending"
        hashing = partial(_integrity, sending / TARBALL)
        if await off_loop(hashing, within_s=self.leaving.timeout_s, what="hashing it") != parcel.integrity:
            raise EnvironmentUnfit("the tarball is no longer what was consented to")
        scope, slash, _ = parcel.name.partition("/")
        words = ["--registry", parcel.url, *([f"--{scope}:registry={parcel.url}"] if slash else [])]
        words += [f"--{name}={value}" for name, value in (("tag", parcel.tag), ("access", parcel.access)) if value]
        credentials = self.leaving.publish_credentials
        (sending / ".npmrc").write_text(_settings(parcel.url, credentials, self.jobs.environ), encoding="utf-8")
        job = HostJob(
            ("npm", "publish", f"./{TARBALL}", *_QUIET, *words),
            sending,
            host=where.host,
            port=where.port,
            credentials=credentials,
            env={"LC_ALL": "C"},
            within_s=self.leaving.timeout_s,
        )
        return await self.jobs.run(job)


def _settings(url: str, credentials: Sequence[str], environ: Mapping[str, str]) -> str:
    """npm's settings: under which variable the registry's token is; npm itself puts it in."""
    place = url.partition(":")[2].rstrip("/")
    names = [name for name in credentials if not name.startswith("~/") and name in environ]
    return "".join(f"{place}/:_authToken=${{{name}}}\n" for name in names[:1])


def artifact_of(path: Path, publish: Publish, url: str) -> PackageArtifact:
    """What the tarball itself says: whoever made it may have told us something else.

    Raises:
        EnvironmentUnfit: Its manifest would send it somewhere else.
        ValueError: It has no readable manifest, or is beyond all measure.
    """
    files, size, manifest = 0, 0, b""
    with tarfile.open(path, "r|gz") as tar:
        for member in tar:
            files, size = files + 1, size + member.size
            if files > MOST_FILES or size > 4 * MOST_BYTES:
                raise ValueError("it holds too much")
            inner = member.name.partition("/")[2]
            content = tar.extractfile(member) if inner == "package.json" and member.isreg() else None
            manifest = content.read(1_000_000) if content is not None else manifest
    told: dict[str, Any] = json.loads(manifest)
    name, version = told["name"], told["version"]
    if not isinstance(name, str) or not _NAME.fullmatch(f"{name}@{version}") or told.get("private") is True:
        raise ValueError("it has no name and version, or is marked as private")
    wishes = told.get("publishConfig") or {}
    if (
        not isinstance(wishes, dict)
        or wishes.keys() - _HARMLESS
        or str(wishes.get("registry", url)).rstrip("/") != url.rstrip("/")
    ):
        raise EnvironmentUnfit(f"its `publishConfig` asks for what the policy does not: {json.dumps(wishes)[:200]}")
    tag, access = publish.tag or wishes.get("tag"), publish.access or wishes.get("access")
    reason = why_unfit(tag, access)
    if reason is not None:
        raise EnvironmentUnfit(f"its `publishConfig`: {reason}")
    return PackageArtifact(url, name, version, _integrity(path), path.stat().st_size, files, tag, access)


def _integrity(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    return f"sha512-{base64.b64encode(digest).decode()}"
