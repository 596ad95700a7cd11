"""Installing is tried with an npm of our own: a script that makes packages instead of downloading them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from orchestrator.errors import EnvironmentUnfit, OrchestrateError
from orchestrator.rehearsal.installing import install_clis, installed_clis, move_pins, pinned_packages

PACKAGES = {"@some/cli": "1.2.3"}

# The last argument is the package wanted; a package's executable says its version once its install step has run.
NPM = """\
#!/bin/sh
set -e
echo "npm $*" >> "$LOG"
for last; do :; done
name=${last%@*}
mkdir -p "node_modules/$name" node_modules/.bin
cat > "node_modules/$name/package.json" <<'EOF'
{"bin": {"cli": "cli.sh"}, "scripts": {"postinstall": "node install.cjs"}}
EOF
printf '#!/bin/sh\\necho not installed\\n' > node_modules/.bin/cli
chmod +x node_modules/.bin/cli
"""
NODE = """\
#!/bin/sh
echo "node $*" >> "$LOG"
printf '#!/bin/sh\\necho cli 1.2.3\\n' > ../../.bin/cli
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH on which our npm and node stand first; what they were asked is in ``log``."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name, text in (("npm", NPM), ("node", NODE)):
        put(folder / name, text)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("LOG", str(folder / "log"))
    return folder


def put(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def asked(tools: Path) -> list[str]:
    return (tools / "log").read_text().splitlines()


def test_packages_are_installed_once_and_found_afterwards(tools: Path, tmp_path: Path) -> None:
    cache, lines = tmp_path / "cache", list[str]()
    assert installed_clis(PACKAGES, cache) is None
    folder = install_clis(PACKAGES, cache, report=lines.append)
    assert (folder / "cli").is_file()
    assert folder == installed_clis(PACKAGES, cache) == install_clis(PACKAGES, cache, report=lines.append)
    npm, node = asked(tools)
    assert "--ignore-scripts" in npm
    assert npm.endswith("@some/cli@1.2.3")
    assert node == "node install.cjs"
    assert len(lines) == 2


def test_another_version_is_another_folder(tools: Path, tmp_path: Path) -> None:
    install_clis(PACKAGES, tmp_path, report=lambda _: None)
    assert installed_clis({"@some/cli": "1.2.4"}, tmp_path) is None


def test_an_installation_of_more_serves_those_who_want_less(tools: Path, tmp_path: Path) -> None:
    folder = install_clis(PACKAGES, tmp_path, report=lambda _: None)
    stamp = folder.parent.parent / "installed.json"
    told = json.loads(stamp.read_text())
    stamp.write_text(json.dumps({**told, "packages": {**PACKAGES, "another": "2.0"}}))
    assert installed_clis(PACKAGES, tmp_path) == folder
    assert installed_clis({**PACKAGES, "a third": "1.0"}, tmp_path) is None


@pytest.mark.parametrize("stamp", ["", "[]", "{}", '{"machine": "vax", "packages": {"@some/cli": "1.2.3"}}'])
def test_a_stamp_that_is_not_for_us_is_no_installation(tmp_path: Path, stamp: str) -> None:
    (tmp_path / "clis" / "x").mkdir(parents=True)
    (tmp_path / "clis" / "x" / "installed.json").write_text(stamp)
    assert installed_clis(PACKAGES, tmp_path) is None


def test_what_a_killed_installation_left_is_no_installation_and_is_replaced(tools: Path, tmp_path: Path) -> None:
    killed = "#!/bin/sh\nmkdir -p node_modules/.bin\ntouch node_modules/.bin/cli node_modules/half\nkill -9 $$\n"
    put(tools / "npm", killed)
    with pytest.raises(OrchestrateError):
        install_clis(PACKAGES, tmp_path, report=lambda _: None)
    assert installed_clis(PACKAGES, tmp_path) is None
    put(tools / "npm", NPM)
    folder = install_clis(PACKAGES, tmp_path, report=lambda _: None)
    assert not (folder.parent / "half").exists()


@pytest.mark.slow
async def test_an_npm_that_outlived_its_killed_starter_is_waited_for(tools: Path, tmp_path: Path) -> None:
    go, begun = tmp_path / "go", tmp_path / "begun"
    put(tools / "npm", NPM.replace("set -e", f"set -e\ntouch {begun}\nwhile [ ! -e {go} ]; do sleep 0.02; done", 1))
    program = (
        "import sys; from pathlib import Path; from orchestrator.rehearsal.installing import install_clis;"
        f"install_clis({PACKAGES!r}, Path({str(tmp_path)!r}), report=lambda line: print(line, flush=True))"
    )
    with anyio.fail_after(30):
        async with await anyio.open_process([sys.executable, "-c", program], cwd=Path.cwd()) as first:
            while not begun.exists():  # noqa: ASYNC110 -- another process makes it
                await anyio.sleep(0.01)
            first.kill()
        async with await anyio.open_process([sys.executable, "-c", program], cwd=Path.cwd()) as second:
            assert second.stdout is not None
            assert b"waiting" in await second.stdout.receive()
            go.touch()
            assert await second.wait() == 0
    assert installed_clis(PACKAGES, tmp_path) is not None


@pytest.mark.slow
async def test_two_at_once_install_once(tools: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from orchestrator.rehearsal.installing import install_clis;"
        f"print(install_clis({PACKAGES!r}, Path({str(tmp_path)!r}), report=lambda _: None))"
    )
    found: list[bytes] = []

    async def install() -> None:
        done = await anyio.run_process([sys.executable, "-c", program], cwd=Path.cwd(), env=dict(os.environ))
        found.append(done.stdout)

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(install)
            tasks.start_soon(install)
    assert len(set(found)) == 1
    assert len([line for line in asked(tools) if line.startswith("npm")]) == 1


def test_without_npm_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "node", NODE)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentUnfit, match="npm is not installed") as caught:
        install_clis(PACKAGES, tmp_path, report=lambda _: None)
    assert "Node.js" in (caught.value.hint or "")


def test_what_is_installed_is_not_taken_where_there_is_no_node_to_run_it(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_clis(PACKAGES, tmp_path / "cache", report=lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(EnvironmentUnfit, match="node is not installed"):
        install_clis(PACKAGES, tmp_path / "cache", report=lambda _: None)


@pytest.mark.parametrize(
    ("npm", "within_s", "error", "words"),
    [
        pytest.param("echo 'npm error code ENOTFOUND' >&2; exit 1", 60, EnvironmentUnfit, "cannot reach", id="offline"),
        pytest.param("echo 'npm error code E404' >&2; exit 1", 60, OrchestrateError, "E404", id="no such version"),
        pytest.param("sleep 60", 0.2, OrchestrateError, "did not end within", id="too slow"),
    ],
)
def test_a_failure_of_npm_is_told_in_its_words(
    tools: Path, tmp_path: Path, npm: str, within_s: float, error: type[OrchestrateError], words: str
) -> None:
    put(tools / "npm", f"#!/bin/sh\n{npm}\n")
    with pytest.raises(error, match=words):
        install_clis(PACKAGES, tmp_path, report=lambda _: None, timeout_s=within_s)


def test_an_executable_of_another_version_is_not_taken(tools: Path, tmp_path: Path) -> None:
    put(tools / "node", "#!/bin/sh\nexit 0\n")
    with pytest.raises(OrchestrateError, match=r"not 1\.2\.3"):
        install_clis(PACKAGES, tmp_path, report=lambda _: None)


def test_the_pinned_packages_are_those_of_the_adapters() -> None:
    packages = pinned_packages()
    assert all(version[0].isdigit() for version in packages.values())
    assert json.dumps(dict(packages))


def test_moving_a_pin_changes_the_adapter_and_its_stand_in_and_nothing_else(tmp_path: Path) -> None:
    files = {
        "agents/a/__init__.py": 'package="@some/a",\npinned="1.2.3",  # since 1.2.3\n',
        "agents/b/__init__.py": 'package="@some/b",\npinned="1.2.3",\n',
        "rehearsal/stand_in/a.py": 'VERSION = "1.2.3"\n',
        "rehearsal/stand_in/b.py": 'VERSION = "9.9.9"\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    written = move_pins(tmp_path, {"@some/a": ("1.2.3", "1.3.0"), "@some/b": ("1.2.3", "1.2.3")})
    assert {str(file.relative_to(tmp_path)) for file in written} == {"agents/a/__init__.py", "rehearsal/stand_in/a.py"}
    assert (tmp_path / "agents/a/__init__.py").read_text() == 'package="@some/a",\npinned="1.3.0",  # since 1.2.3\n'
    assert (tmp_path / "rehearsal/stand_in/a.py").read_text() == 'VERSION = "1.3.0"\n'
    assert (tmp_path / "agents/b/__init__.py").read_text() == files["agents/b/__init__.py"]


@pytest.mark.slow
def test_the_command_says_what_is_missing_and_exits_as_an_unfit_machine(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "orchestrator.rehearsal.installing"],
        env={"PATH": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "node is not installed" in run.stderr
    assert not run.stdout
