"""A clean project of more than two hundred lines whose every gate can be measured, and what is planted into it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.measurement.conftest import written

STEPS = 20
BUDGET = '[gates.performance]\ncommand = "python3 bench.py"\n'
SITE = f".venv/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def vulnerable(name: str) -> Mapping[str, object]:
    """What OSV says of a vulnerable package."""
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]
    affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges}]
    return {"id": "PYSEC-2026-1", "summary": "planted", "details": "planted", "affected": affected}


def module(title: str) -> str:
    """A typed and documented module with a branch in each function."""
    parts = [f'"""{title}."""\n']
    for number in range(STEPS):
        parts.append(
            f"\n\ndef step_{number}(value: int, limit: int = {number}) -> int:\n"
            '    """Move a value towards the limit.\n\n    It goes down from above, else up.\n    """\n'
            f"    if value > limit:\n        return value - {number + 1}\n    return value + {number + 1}\n"
        )
    return "".join(parts)


def tests_of(package: str, path: str) -> str:
    """Both branches of each function.

    Args:
        path: Lines that make the package known.
    """
    imports = f"import unittest\n{path}import {package}.stock\nfrom {package} import steps\n"
    parts = [f"{imports}\n\nclass Steps(unittest.TestCase):\n"]
    for number in range(STEPS):
        up, down = 2 * number + 1, 99 - number
        parts.append(
            f"    def test_step_{number}(self) -> None:\n"
            f"        self.assertEqual(steps.step_{number}({number}), {up})\n"
            f"        self.assertEqual(steps.step_{number}(100), {down})\n\n"
        )
    return "".join(parts)


def installed(name: str, version: str, licence: str = "MIT") -> Mapping[str, str]:
    """A typed package in the project's environment."""
    head = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nLicense-Expression: {licence}\n"
    return {
        f"{SITE}/{name}-{version}.dist-info/METADATA": head,
        f"{SITE}/{name}/__init__.py": '"""A package."""\n',
        f"{SITE}/{name}/py.typed": "",
    }


def clean(layout: str = "flat") -> dict[str, str]:
    """Every file of the clean project, its environment included."""
    top = "src/" if layout == "src" else ""
    path = "import sys\nsys.path.insert(0, 'src')\n" if layout == "src" else ""
    return {
        f"{top}shop/__init__.py": '"""A shop."""\n',
        f"{top}shop/steps.py": module("Steps"),
        f"{top}shop/stock.py": '"""Stock."""\n\nimport goodpkg\n\nNAME: str = goodpkg.__name__\n',
        "tests/test_steps.py": tests_of("shop", path)
        + "    def test_stock(self) -> None:\n        self.assertEqual(shop.stock.NAME, 'goodpkg')\n",
        "requirements.txt": "goodpkg==2.1\n",
        "bench.py": '"""Bench."""\n\nprint(sum(range(1000)))\n',
        ".orchestrator/settings.toml": f"{BUDGET}seconds = 60\nmemory_mib = 2000\n",
        ".venv/pyvenv.cfg": f"home = {Path(sys.executable).resolve().parent}\nversion = {sys.version.split()[0]}\n",
        **installed("goodpkg", "2.1"),
    }


@dataclass(frozen=True, slots=True)
class Plant:
    """What is planted, and which gates it may block."""

    blocks: frozenset[str]
    files: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    warns: frozenset[str] = frozenset()


SHELL = (
    '"""Shell."""\n\nimport subprocess\n\n\ndef run(text: str) -> int:\n    """Run it."""\n'
    "    return subprocess.run(text, shell=True, check=False).returncode\n"
)
PLANTS: Mapping[str, Plant] = {
    "a vulnerability": Plant(frozenset({"security"}), {"shop/shell.py": SHELL}),
    "an untested module": Plant(frozenset({"coverage", "branches"}), {"shop/more.py": module("More")}),
    "an undocumented function": Plant(
        frozenset(),
        {"shop/plain.py": '"""Plain."""\n\n\ndef plain() -> None: ...\n'},
        warns=frozenset({"documentation"}),
    ),
    "an undocumented function, strictly": Plant(
        frozenset({"documentation"}), {"shop/plain.py": '"""Plain."""\n\n\ndef plain() -> None: ...\n'}, ("--strict",)
    ),
    "a secret": Plant(frozenset({"secrets"}), {"shop/key.py": '"""Key."""\n\nKEY = "AKIA" "Q3EGRIT6XK7YVNPL"\n'}),
    "a failing test": Plant(
        frozenset({"tests"}),
        {
            "tests/test_bad.py": "import unittest\n\n\nclass Bad(unittest.TestCase):\n"
            "    def test_bad(self) -> None:\n        self.fail()\n"
        },
    ),
    "a vulnerable pin": Plant(
        frozenset({"dependencies"}), {"requirements.txt": "goodpkg==2.1\nbadpkg==1.0\n", **installed("badpkg", "1.0")}
    ),
    "a type error": Plant(
        frozenset({"types"}),
        {"shop/wrong.py": '"""Wrong."""\n\nfrom shop.steps import step_1\n\nNAME: str = step_1(1)\n'},
    ),
    "a slow function": Plant(
        frozenset({"performance"}),
        {
            "bench.py": '"""Bench."""\n\nimport time\n\ntime.sleep(0.5)\n',
            ".orchestrator/settings.toml": f"{BUDGET}seconds = 0.4\n",
        },
    ),
    "a forbidden licence": Plant(frozenset({"licences"}), installed("goodpkg", "2.1", "GPL-3.0-only")),
    "hidden by a suppression": Plant(
        frozenset({"lint"}),
        {"shop/hidden.py": '"""Hidden."""\n\nimport os  # noqa: F401\n', "ruff.toml": 'exclude = ["*"]\n'},
    ),
}
# In two parts above, so that no scanner of this repository takes it for a key of ours.
KEY = "AKIA" + "Q3EGRIT6XK7YVNPL"


def project(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a project with an environment of its own."""
    written(folder, {name: text.replace('"AKIA" "Q3EGRIT6XK7YVNPL"', f'"{KEY}"') for name, text in files.items()})
    programs = folder / ".venv/bin"
    programs.mkdir(parents=True)
    for name in ("python", "python3"):
        (programs / name).symlink_to(Path(sys.executable).resolve())
    return folder


@contextmanager
def osv_stand_in(*bad: str) -> Iterator[str]:
    """A service on this machine that knows these vulnerable packages, or ``badpkg``; the address to ask."""
    known = bad or ("badpkg",)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = asked["package"]["name"]
            answer = {"vulns": [vulnerable(name)]} if name in known else {}
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
