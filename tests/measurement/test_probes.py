"""Our small programs, each run as the sandbox runs it: by an interpreter that knows nothing of this package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import orchestrator
from tests.measurement.planted import osv_stand_in

PROBES = Path(orchestrator.__file__).parent / "measurement" / "probes"
DOCUMENTED = '''
"""A module."""
from typing import overload
def plain(): ...
async def later():
    """Documented."""
    def within(): ...
def _hidden(): ...
class Shown:
    """Documented."""
    def __init__(self): ...
    def method(self): ...
    @property
    def size(self):
        """Documented."""
    @size.setter
    def size(self, value): ...
    class Inner: ...
class _Hidden:
    def method(self): ...
@overload
def many(a: int) -> int: ...
def many(a): ...
try:
    import x
except ImportError:
    def fallback(): ...
'''


def run(name: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-I", str(PROBES / name), *arguments]
    return subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def docs(folder: Path, **files: str) -> dict[str, Any]:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "list").write_text("".join(f"{name}.py\n" for name in files))
    told: dict[str, Any] = json.loads(run("orchestrate_docs.py", "list", cwd=folder).stdout)
    return told


def test_public_names_are_counted_by_hand(tmp_path: Path) -> None:
    told = docs(tmp_path, shown=DOCUMENTED, _hidden=DOCUMENTED, empty="")
    # module, plain, later, Shown, method, size, Inner, many, fallback
    assert (told["files"], told["names"]) == (3, 9)
    assert [what for _, _, what in told["missing"]] == [
        "function plain",
        "method Shown.method",
        "class Shown.Inner",
        "function many",
        "function fallback",
    ]
    assert told["broken"] == []


def test_a_file_that_cannot_be_parsed_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    told = docs(tmp_path, broken="def f(:", deep="(" * 100_000, good='"""Good."""')
    assert [text.partition(":")[0] for text in told["broken"]] == ["broken.py", "deep.py"]
    assert told["names"] == 1


def test_a_module_gets_more_names_than_a_command_line_holds(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("".join(f"{'x' * 200}{number}\n" for number in range(20_000)))
    (tmp_path / "mine.py").write_text("import sys\nprint(sys.argv[1], len(sys.argv), sys.argv[-1][-5:])\n")
    code = "import sys; sys.path.insert(0, '.'); sys.argv = sys.argv[1:]; exec(open(sys.argv[0]).read())"
    argv = [sys.executable, "-c", code, str(PROBES / "orchestrate_listed.py"), "mine", "list", "--flag"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "--flag 20002 19999\n", done.stderr


def test_names_become_importable_and_nothing_silences_the_checker(tmp_path: Path) -> None:
    (tmp_path / "my-run.py").write_text("# mypy: ignore-errors\nx = 1  # type: ignore\ny = '# noqa'\n")
    (tmp_path / "list").write_text("my-run.py\n")
    done = run("orchestrate_types.py", "list", str(tmp_path / "work"), sys.executable, cwd=tmp_path)
    first, *_, last = (json.loads(line) for line in done.stdout.splitlines() if line)
    assert (first, last) == ({"files": 1, "renamed": {"my_run.py": "my-run.py"}}, {"end": 0})
    assert (tmp_path / "work/src/my_run.py").read_text() == "\nx = 1  \ny = '# noqa'\n"


def test_each_run_is_timed_and_the_first_that_fails_ends_it(tmp_path: Path) -> None:
    told = json.loads(run("orchestrate_timed.py", "2", "sh", "-c", "echo noise", cwd=tmp_path).stdout)
    assert [row["code"] for row in told["runs"]] == [0, 0]
    assert all(row["seconds"] > 0 and row["memory_mib"] > 0 for row in told["runs"])
    assert (
        json.loads(run("orchestrate_timed.py", "3", "sh", "-c", "exit 3", cwd=tmp_path).stdout)["runs"][0]["code"] == 3
    )
    assert len(json.loads(run("orchestrate_timed.py", "3", "nowhere", cwd=tmp_path).stdout)["runs"]) == 1


IMPORTS = """
import json, os.path, requests.adapters
from . import near
from shop.near import thing
from yaml import load
try:
    import tomllib
    import fast_json
except ImportError:
    import slow_json
if TYPE_CHECKING:
    from numpy import ndarray
def late():
    import attrs
"""
NEEDED = """
if not TYPE_CHECKING:
    import a1
try:
    import a2
except ImportError as error:
    raise SystemExit("install a2") from error
try:
    import a3
except ImportError:
    sys.exit("install a3")
try:
    pass
except* OSError:
    import a4
match word:
    case "x":
        import a5
if typing.TYPE_CHECKING:
    import never
"""


def test_what_a_file_cannot_do_without_is_imported_whatever_stands_around_it(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(NEEDED)
    (tmp_path / "list").write_text("own.py\n")
    told = json.loads(run("orchestrate_imports.py", "list", cwd=tmp_path).stdout)
    assert [module for _, _, module in told["imports"]] == ["a1", "a2", "a3", "a4", "a5"]


def test_imports_are_those_of_neither_the_standard_library_nor_the_project(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.py").write_text(IMPORTS)
    (tmp_path / "shop" / "near.py").write_text("def f(:\n")
    (tmp_path / "list").write_text("shop/a.py\nshop/near.py\n")
    told = json.loads(run("orchestrate_imports.py", "list", cwd=tmp_path).stdout)
    assert [module for _, _, module in told["imports"]] == ["attrs", "requests", "slow_json", "yaml"]
    assert (told["files"], told["broken"]) == (2, ["shop/near.py: SyntaxError"])


def test_commands_are_run_in_each_folder_and_what_cannot_be_started_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "list").write_text("\na\n")
    commands = json.dumps([["sh", "-c", "pwd; echo bad >&2; exit 3"], ["nowhere-to-be-had"]])
    told = json.loads(run("orchestrate_each.py", "list", commands, cwd=tmp_path).stdout)
    assert [row["folder"] for row in told["rows"]] == ["", "a"]
    first, second = told["rows"][1]["runs"]
    assert (first["code"], Path(first["out"].strip()).name, first["err"]) == (3, "a", "bad\n")
    assert (second["code"], second["out"]) == (127, "")


def test_a_line_ran_that_any_process_ran(tmp_path: Path) -> None:
    text = "function f() {\n  return '😀';\n}\nf();\n"
    (tmp_path / "a.js").write_text(text)
    (tmp_path / "never.js").write_text("1;\n2;\n")
    (tmp_path / "list").write_text("a.js\nnever.js\n")
    records = tmp_path / "records"
    records.mkdir()
    units = len(text.encode("utf-16-le")) // 2

    def record(name: str, count: int, end: int = units) -> None:
        ranges = [
            {"ranges": [{"startOffset": 0, "endOffset": end, "count": 1}]},
            {"ranges": [{"startOffset": 0, "endOffset": 33, "count": count}]},
        ]
        scripts = [{"url": (tmp_path / "a.js").as_uri(), "functions": ranges}, {"url": "node:fs", "functions": []}]
        (records / name).write_text(json.dumps({"result": scripts}))

    record("one.json", 0)
    told = json.loads(run("orchestrate_v8.py", "list", "records", cwd=tmp_path).stdout)
    assert told["files"] == {
        "a.js": {"lines": 4, "missing": [1, 2, 3], "read": True},
        "never.js": {"lines": 2, "missing": [1, 2], "read": False},
    }
    record("two.json", 1)
    told = json.loads(run("orchestrate_v8.py", "list", "records", cwd=tmp_path).stdout)
    assert (told["records"], told["files"]["a.js"]["missing"]) == (2, [])
    record("three.json", 1, end=units + 5)
    told = json.loads(run("orchestrate_v8.py", "list", "records", cwd=tmp_path).stdout)
    assert told["odd"] == ["a.js"]


def test_nothing_is_allowed_in_the_copy_that_clippy_checks(tmp_path: Path) -> None:
    crate = tmp_path / "crate"
    (crate / "src").mkdir(parents=True)
    (crate / "target").mkdir()
    (crate / "src/lib.rs").write_text("#![allow(dead_code)]\nfn allow() { allow() }\n#[cfg_attr(x, expect(unused))]\n")
    (crate / "Cargo.toml").write_text('[package]\nname = "allow"\n[lints.clippy]\nall = "allow"\n[features]\n')
    (tmp_path / "list").write_text("crate\n")
    (tmp_path / "work").mkdir()
    run("orchestrate_rust.py", "list", "work", cwd=tmp_path)
    copy = tmp_path / "work/copy-0"
    assert (copy / "src/lib.rs").read_text() == (
        "#![warn(dead_code)]\nfn allow() { allow() }\n#[cfg_attr(x, warn(unused))]\n"
    )
    assert (copy / "Cargo.toml").read_text().count("warn") == 1
    assert not (copy / "target").exists()


def test_a_folder_of_sources_is_looked_at_whatever_its_name(tmp_path: Path) -> None:
    for name in ("crate/src/target/mod.rs", "crate/target/x.rs", "web/src/build/a.ts", "web/build/a.ts", "web/node.ts"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "crate/Cargo.toml").write_text("")
    for program, folder in (("orchestrate_rust.py", "crate"), ("orchestrate_typescript.py", "web")):
        (tmp_path / "list").write_text(f"{folder}\n")
        work = tmp_path / f"work-{folder}"
        work.mkdir()
        run(program, "list", work.name, cwd=tmp_path)
    assert (tmp_path / "work-crate/copy-0/src/target/mod.rs").is_file()
    assert not (tmp_path / "work-crate/copy-0/target").exists()
    assert (tmp_path / "work-web/copy-0/src/build/a.ts").is_file()
    assert not (tmp_path / "work-web/copy-0/build").exists()


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("# ! [ allow (dead_code) ]", "# ! [ warn (dead_code) ]"),
        ("#/* x */[allow// y\n(unused)]", "#/* x */[warn// y\n(unused)]"),
        ('#[cfg_attr(feature = "]", allow(unused))]', '#[cfg_attr(feature = "]", warn(unused))]'),
        ("#[rustfmt::skip] x.expect(1)[0]", "#[rustfmt::skip] x.expect(1)[0]"),
    ],
)
def test_however_an_attribute_is_written_it_allows_nothing(tmp_path: Path, source: str, meant: str) -> None:
    (tmp_path / "crate").mkdir()
    (tmp_path / "crate/lib.rs").write_text(source)
    (tmp_path / "list").write_text("crate\n")
    (tmp_path / "work").mkdir()
    run("orchestrate_rust.py", "list", "work", cwd=tmp_path)
    assert (tmp_path / "work/copy-0/lib.rs").read_text() == meant


def test_the_checks_that_typescript_is_told_to_leave_out_are_made(tmp_path: Path) -> None:
    (tmp_path / "web/node_modules/.bin").mkdir(parents=True)
    tsc = tmp_path / "web/node_modules/.bin/tsc"
    tsc.write_text('#!/bin/sh\n[ "$1" = --showConfig ] && cat tsconfig.json || cat orchestrate.tsconfig.json\n')
    tsc.chmod(0o755)
    (tmp_path / "work").mkdir()
    (tmp_path / "list").write_text("web\n")
    for setting, is_off in (("true", True), ("false", False)):
        (tmp_path / "web/tsconfig.json").write_text(f'{{"compilerOptions": {{"noCheck" : {setting}}}}}')
        told = json.loads(run("orchestrate_typescript.py", "list", "work", cwd=tmp_path).stdout)
        (row,) = told["rows"]
        assert (row["is_off"], '"noCheck": false' in row["out"]) == (is_off, is_off)
        shutil.rmtree(tmp_path / "work/copy-0")


def test_no_comment_silences_the_copy_that_typescript_checks(tmp_path: Path) -> None:
    (tmp_path / "web/node_modules/.bin").mkdir(parents=True)
    tsc = tmp_path / "web/node_modules/.bin/tsc"
    tsc.write_text('#!/bin/sh\necho "$@"; cat orchestrate.tsconfig.json\n')
    tsc.chmod(0o755)
    (tmp_path / "web/a.ts").write_text("// @ts-ignore\nx;\n")
    (tmp_path / "list").write_text("web\n")
    (tmp_path / "work").mkdir()
    told = json.loads(run("orchestrate_typescript.py", "list", "work", cwd=tmp_path).stdout)
    (row,) = told["rows"]
    assert row["code"] == 0
    assert '"exclude": ["node_modules"]' in row["out"]
    assert (Path(row["copy"]) / "a.ts").read_text() == "// (not obeyed)\nx;\n"


def test_a_service_is_asked_for_each_package(tmp_path: Path) -> None:
    with osv_stand_in() as url:
        (tmp_path / "list").write_text("npm\tbadpkg\t1.0.0\nGo\texample.org/good\t1.0.0\n")
        done = run("orchestrate_osv.py", "list", url, cwd=tmp_path)
    assert json.loads(done.stdout)["asked"] == [
        ["npm", "badpkg", "1.0.0", [["PYSEC-2026-1", "planted"]]],
        ["Go", "example.org/good", "1.0.0", []],
    ]
    refused = run("orchestrate_osv.py", "list", url, cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")


def test_a_pipe_among_the_records_keeps_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1;\n")
    (tmp_path / "list").write_text("a.js\n")
    (tmp_path / "records").mkdir()
    os.mkfifo(tmp_path / "records" / "pipe")
    (tmp_path / "records" / "link").symlink_to("/dev/zero")
    told = json.loads(run("orchestrate_v8.py", "list", "records", cwd=tmp_path).stdout)
    assert (told["records"], told["odd"]) == (0, ["link: OSError", "pipe: ValueError"])


def test_secrets_are_looked_for_in_every_encoding(tmp_path: Path) -> None:
    """A stand-in of the tool says what it was given: which file, and its first line as UTF-8."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "detect_secrets.py").write_text(
        "import json, sys\n"
        "rows = {name.removeprefix('./'): [open(name, encoding='utf-8').readline()] for name in sys.argv[2:]}\n"
        "print(json.dumps({'plugins_used': [], 'results': rows}))\n"
    )
    texts = {"a.py": "caf\u00e9".encode(), "b.txt": "key".encode("utf-16"), "c.txt": "caf\u00e9".encode("latin-1")}
    texts |= {"d.txt": "key".encode("utf-32"), "e.png": b"\x89PNG\0", "f\udcff.txt": b"key"}
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "list").write_text("".join(f"{name}\n" for name in texts), errors="surrogateescape")
    (tmp_path / "work").mkdir()
    argv = [sys.executable, str(PROBES / "orchestrate_secrets.py"), "list", "work", "scan"]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "lib")}
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, env=environ, timeout=60, check=True)
    told = json.loads(done.stdout)
    assert (told["looked_at"], told["no_text"]) == (5, 1)
    assert {name: rows[0].removeprefix("\ufeff") for name, rows in told["results"].items()} == {
        **{"a.py": "caf\u00e9", "b.txt": "key", "c.txt": "caf\u00e9", "d.txt": "key", "f\udcff.txt": "key"}
    }


@pytest.mark.parametrize(
    "answer", [b"[]", b"null", b'{"code": 3, "message": "bad"}', b'{"vulns": [], "next_page_token": "t"}']
)
def test_what_is_no_whole_answer_of_a_service_is_none(tmp_path: Path, answer: bytes) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None: ...

    (tmp_path / "list").write_text("npm\tgoodpkg\t1.0.0\n")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        done = run("orchestrate_osv.py", "list", f"http://127.0.0.1:{server.server_port}/", cwd=tmp_path)
        server.shutdown()
        thread.join()
    assert (done.returncode, done.stdout) == (1, "")
    assert "the service's answer" in done.stderr
