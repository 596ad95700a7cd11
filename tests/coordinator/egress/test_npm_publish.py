"""Publications in a worker's place: the real npm, and a stand-in for a registry on loopback that wants a token."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from orchestrator.coordinator.egress.npm_publish import TARBALL, Publishing, artifact_of
from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.egress import PackageArtifact, Publish
from orchestrator.models.sandbox import Leaving
from orchestrator.sandbox.bubblewrap import find_bubblewrap
from orchestrator.sandbox.host_jobs import HostJobs
from tests.coordinator.leaving_stage import TOKEN, Registry, registering

pytestmark = pytest.mark.slow
URL = "https://registry.example.org/"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with registering() as made:
        yield made


@dataclass(slots=True)
class Place:
    """A package, and a way to publish it."""

    root: Path
    url: str
    environ: dict[str, str]

    @property
    def package(self) -> Path:
        return self.root / "target"

    @property
    def publishing(self) -> Publishing:
        jobs = HostJobs(self.root / "session" / "box", (self.root / "session",), self.environ)
        return Publishing(jobs, self.root / "session" / "leaving" / "one", Leaving(timeout_s=60))

    def write(self, **manifest: object) -> None:
        told = {"name": "thing", "version": "1.2.3", **manifest}
        (self.package / "package.json").write_text(json.dumps(told))
        (self.package / "index.js").write_text("module.exports = 1\n")

    async def inspect(self, tag: str | None = None, access: str | None = None) -> PackageArtifact:
        wanted = Publish(str(self.package), tag, access)
        return await self.publishing.inspect(wanted, self.url, readable=(self.package,))


@pytest.fixture
def place(tmp_path: Path, registry: Registry, not_proven: Callable[[str], NoReturn]) -> Place:
    if shutil.which("npm") is None:
        not_proven("npm is not installed")
    if find_bubblewrap(os.environ) is None:
        not_proven("there is no bubblewrap to run errands in")
    root = tmp_path.resolve()
    (root / "home").mkdir()
    (root / "target").mkdir()
    made = Place(root, registry.url, {**os.environ, "HOME": str(root / "home"), "NPM_TOKEN": TOKEN})
    made.write()
    return made


async def test_exactly_the_tarball_that_was_shown_is_published_and_no_script_of_it_runs(
    place: Place, registry: Registry
) -> None:
    names = ("prepare", "prepack", "postpack", "prepublish", "prepublishOnly", "publish", "postpublish")
    place.write(scripts=dict.fromkeys(names, "exit 1"))
    parcel = await place.inspect(tag="next")
    assert (parcel.name, parcel.version, parcel.files, parcel.tag) == ("thing", "1.2.3", 2, "next")
    (place.package / "index.js").write_text("module.exports = 'something else'\n")
    ran = await place.publishing.send(parcel)
    assert ran.code == 0, ran.stderr.decode()
    assert "thing@1.2.3" in ran.text
    sent = registry.published[0]
    tarball = base64.b64decode(next(iter(sent["_attachments"].values()))["data"])
    assert f"sha512-{base64.b64encode(hashlib.sha512(tarball).digest()).decode()}" == parcel.integrity
    assert sent["versions"]["1.2.3"]["dist"]["integrity"] == parcel.integrity
    assert sent["dist-tags"] == {"next": "1.2.3"}


async def test_the_users_settings_name_the_token_and_the_packages_own_change_nothing(
    place: Place, registry: Registry
) -> None:
    here = place.url.partition(":")[2]
    (place.package / ".npmrc").write_text(
        "registry=http://127.0.0.1:9/\n@me:registry=http://127.0.0.1:9/\nignore-scripts=false\n"
        f"{here}:_authToken=wrong\n"
    )
    place.write(name="@me/thing", scripts={"prepack": "exit 1"})
    del place.environ["NPM_TOKEN"]
    (place.root / "home" / ".npmrc").write_text(f"{here}:_authToken={TOKEN}\n@me:registry=http://127.0.0.1:9/\n")
    assert (await place.publishing.send(await place.inspect(access="public"))).code == 0
    assert registry.published[0]["name"] == "@me/thing"
    assert registry.refused == 0


async def test_without_a_token_nothing_is_published(place: Place, registry: Registry) -> None:
    del place.environ["NPM_TOKEN"]
    ran = await place.publishing.send(await place.inspect())
    assert ran.code != 0
    assert registry.published == []


async def test_a_folder_without_a_package_is_refused(place: Place) -> None:
    (place.package / "package.json").unlink()
    with pytest.raises(EnvironmentUnfit, match="cannot be packed"):
        await place.inspect()


def packed(path: Path, **manifest: object) -> Path:
    """A tarball with this manifest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"name": "thing", "version": "1.2.3", **manifest}).encode()
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo("package/package.json")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    return path


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ({"publishConfig": {"registry": "https://evil.example/"}}, "publishConfig"),
        ({"publishConfig": {"@me:registry": "https://evil.example/"}}, "publishConfig"),
        ({"publishConfig": ["registry"]}, "publishConfig"),
        ({"publishConfig": {"tag": "x) to https://else.where/\nMay it?"}}, "no tag"),
        ({"publishConfig": {"tag": {"a": 1}}}, "no tag"),
        ({"publishConfig": {"access": ["public"]}}, "neither public"),
        ({"name": 3}, "no name and version"),
        ({"private": True}, "private"),
        ({"version": 3}, "no name and version"),
        ({"name": "thing\nother"}, "no name and version"),
    ],
)
def test_a_manifest_that_leads_elsewhere_or_nowhere_is_refused(
    tmp_path: Path, manifest: dict[str, object], reason: str
) -> None:
    with pytest.raises((EnvironmentUnfit, ValueError), match=reason):
        artifact_of(packed(tmp_path / "x.tgz", **manifest), Publish("/t"), URL)


def test_a_tarball_tells_what_is_in_it(tmp_path: Path) -> None:
    config = {"access": "public", "registry": URL.rstrip("/")}
    parcel = artifact_of(packed(tmp_path / "x.tgz", publishConfig=config), Publish("/t", tag="next"), URL)
    assert (parcel.name, parcel.version, parcel.files) == ("thing", "1.2.3", 1)
    assert (parcel.tag, parcel.access) == ("next", "public")


async def test_a_tarball_that_was_changed_since_is_not_published(tmp_path: Path) -> None:
    publishing = Publishing(HostJobs(tmp_path / "box", (), os.environ), tmp_path / "one", Leaving())
    tarball = packed(tmp_path / "one" / "sending" / TARBALL)
    parcel = artifact_of(tarball, Publish("/t"), URL)
    packed(tarball, version="1.2.4")
    with pytest.raises(EnvironmentUnfit, match="no longer what was consented to"):
        await publishing.send(parcel)
