"""A small checkout whose lock names one tiny package from a local folder, so that a real installation takes seconds."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# What the program of the small checkout says about how it was started.
TELLING_MAIN = """
import json, os, sys
import tiny
print(json.dumps({"arguments": sys.argv[1:], "tiny": tiny.VERSION, "executable": sys.executable,
                  "main": __file__, "cwd": os.getcwd(), "isolated": sys.flags.isolated,
                  "bytecode": not sys.dont_write_bytecode}))
"""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of the launchers with a package and a lock of its own."""

    folder: Path
    shelf: Path
    """Where the wheels lie that locks may name."""
    tools: Path
    """The only folder on PATH: python3 and what the launcher itself calls."""
    home: Path

    def environ(self, **more: str) -> dict[str, str]:
        return {
            "PATH": str(self.tools),
            "HOME": str(self.home),
            "PIP_FIND_LINKS": self.shelf.as_uri(),
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
            "UV_CONFIG_FILE": str(self.home / "uv.toml"),
            **more,
        }

    def command(self, *arguments: str) -> list[str]:
        return [str(self.folder / "orchestrate"), *arguments]

    def start(
        self,
        *arguments: str,
        command: Sequence[str] | None = None,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*(command or self.command()), *arguments],
            env=dict(environ or self.environ()),
            cwd=cwd or self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    def lock(self, version: str, *, name: str = "tiny", digest: str | None = None) -> None:
        """Write a lock that names this version of the tiny package."""
        wheel = make_wheel(self.shelf, version)
        digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        text = f"{name}=={version} \\\n    --hash=sha256:{digest}\n"
        (self.folder / "requirements.lock").write_text(text, encoding="utf-8")


def make_wheel(shelf: Path, version: str) -> Path:
    """Write a wheel of the package ``tiny`` by hand."""
    shelf.mkdir(exist_ok=True)
    wheel = shelf / f"tiny-{version}-py3-none-any.whl"
    about = f"tiny-{version}.dist-info"
    files = {
        "tiny.py": f"VERSION = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{name},sha256={_digest(text)},{len(text)}" for name, text in files.items()]
    files[f"{about}/RECORD"] = "\n".join([*rows, f"{about}/RECORD,,", ""])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # ZipInfo's fixed date: the same bytes each time
    return wheel


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder = tmp_path / "a clone of it"
    (folder / "orchestrator").mkdir(parents=True)
    for name in ("orchestrate", "check", "orchestrator/launching.py", "orchestrator/launching.sh"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "orchestrator/__init__.py").touch()
    (folder / "orchestrator/__main__.py").write_text(TELLING_MAIN, encoding="utf-8")
    tools = tmp_path / "tools"
    tools.mkdir()
    base = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
    (tools / "python3").symlink_to(base.resolve())
    for name in ("cmp", "cksum", "readlink"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    home = tmp_path / "home"
    home.mkdir()
    made = Checkout(folder, tmp_path / "shelf", tools, home)
    made.lock("1.0")
    return made


@pytest.fixture
def quick_checkout(checkout: Checkout) -> Checkout:
    """One that finds uv on PATH: the same set-up in a tenth of the time."""
    (checkout.tools / "uv").symlink_to(Path(sysconfig.get_path("scripts")) / "uv")
    settings = f'no-index = true\n[pip]\nfind-links = ["{checkout.shelf}"]\n'
    (checkout.home / "uv.toml").write_text(settings, encoding="utf-8")
    return checkout
