"""Stand-ins as programs: how they are placed and started, and what they refuse before they ask any model."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestrator.agents.registry import AGENTS, TEAM, get_agent
from orchestrator.rehearsal.stand_in.__main__ import NAMES, main
from orchestrator.rehearsal.stand_in.cli_options import Refused, kinds, parse
from orchestrator.rehearsal.stand_in.exchange import Conversation, inside
from orchestrator.rehearsal.stand_in.executables import install_stand_ins


def run(folder: Path, *argv: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder / argv[0]), *argv[1:]],
        input="hello",
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", **env},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_there_is_a_stand_in_for_everybody_of_the_team_of_the_version_it_was_written_against(
    stand_ins: Path, tmp_path: Path
) -> None:
    team = [AGENTS[name] for name in TEAM]
    assert set(NAMES) == {agent.executable for agent in team}
    for agent in team:
        said = run(stand_ins, agent.executable, "--version", home=tmp_path)
        assert said.returncode == 0
        assert agent.pinned in said.stdout


def test_the_placed_program_needs_nothing_but_itself_and_an_interpreter(tmp_path: Path) -> None:
    folder = tmp_path / "with a blank"
    executables = install_stand_ins(folder, Path(sys.executable))
    install_stand_ins(folder, Path(sys.executable))
    assert run(executables, "codex", "--version", home=tmp_path).stdout == f"codex-cli {get_agent('codex').pinned}\n"
    imported = {
        line.split()[1].partition(".")[0]
        for file in (folder / "lib" / "stand_in").glob("*.py")
        for line in file.read_text().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert {name for name in imported if name} <= sys.stdlib_module_names


@pytest.mark.parametrize("name", NAMES)
def test_a_stand_in_never_talks_to_a_real_service(stand_ins: Path, tmp_path: Path, name: str) -> None:
    keys = {"ANTHROPIC_API_KEY": "k", "GEMINI_API_KEY": "k", "CODEX_API_KEY": "k", "OPENAI_API_KEY": "k"}
    flags = {"codex": ["exec", "--json", "--skip-git-repo-check"], "claude": ["--print"], "gemini": ["--skip-trust"]}
    said = run(stand_ins, name, *flags[name], home=tmp_path, **keys)
    assert said.returncode == 1
    assert "only talks to a rehearsal's model" in said.stderr


@pytest.mark.parametrize(
    ("argv", "env", "code", "words"),
    [
        pytest.param(["claude", "--print", "--bogus"], {}, 1, "error: unknown option '--bogus'", id="claude flag"),
        pytest.param(
            ["codex", "exec", "--bogus"], {}, 2, "error: unexpected argument '--bogus' found", id="codex flag"
        ),
        pytest.param(["codex", "exec", "--full-auto"], {}, 2, "unexpected argument '--full-auto'", id="codex old flag"),
        pytest.param(["codex", "exec", "-s", "x"], {}, 2, "invalid value 'x' for '--sandbox", id="codex sandbox"),
        pytest.param(["gemini", "--bogus"], {}, 1, "Unknown arguments: bogus", id="gemini flag"),
        pytest.param(
            ["gemini", "--yolo", "--approval-mode=yolo"],
            {},
            1,
            "Cannot use both --yolo (-y) and",
            id="gemini both modes",
        ),
        pytest.param(
            ["claude", "--print", "--output-format", "stream-json"], {}, 1, "requires --verbose", id="claude verbose"
        ),
        pytest.param(
            ["claude", "--print", "--permission-mode", "x"], {}, 1, "Allowed choices are acceptEdits", id="claude mode"
        ),
        pytest.param(["claude", "--print", "--resume", "x"], {}, 1, "No conversation found", id="claude resume"),
        pytest.param(["gemini", "--skip-trust"], {}, 41, "GEMINI_API_KEY", id="gemini without key"),
        pytest.param(
            ["gemini", "--skip-trust"],
            {"GOOGLE_GEMINI_BASE_URL": "http://x"},
            41,
            "Invalid auth method",
            id="gemini url",
        ),
        pytest.param(
            ["gemini", "--skip-trust", "--include-directories", "/no/such"],
            {"GEMINI_API_KEY": "k"},
            1,
            "Directory does not exist: /no/such",
            id="gemini missing folder",
        ),
        pytest.param(["codex", "exec"], {"CODEX_HOME": "/no/such"}, 1, "Not inside a trusted", id="codex trust first"),
    ],
)
def test_what_the_real_one_refuses_is_refused_in_its_words(
    stand_ins: Path, tmp_path: Path, argv: list[str], env: Mapping[str, str], code: int, words: str
) -> None:
    said = run(stand_ins, *argv, home=tmp_path, **env)
    assert said.returncode == code
    assert words in said.stderr
    assert not said.stdout


def test_settings_that_cannot_be_read_end_gemini_with_its_own_code(stand_ins: Path, tmp_path: Path) -> None:
    (tmp_path / ".gemini").mkdir()
    (tmp_path / ".gemini" / "settings.json").write_text("{")
    assert run(stand_ins, "gemini", "--skip-trust", home=tmp_path).returncode == 52


def test_a_name_that_is_no_stand_in_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["aider"]) == 2
    assert "usage" in capsys.readouterr().err


def test_words_flags_and_values_are_told_apart() -> None:
    known = kinds(switches="--on", values="--one", lists="--many")
    refuse = Refused
    options = parse(
        ["--many", "a", "b", "--on", "-o", "x", "--one=y=z", "word", "--", "--on"], known, {"-o": "--one"}, refuse
    )
    assert options.many("--many") == ["a", "b"]
    assert options.many("--one") == ["x", "y=z"]
    assert options.has("--on")
    assert options.words == ["word", "--on"]
    with pytest.raises(Refused, match="--off"):
        parse(["--off=1"], known, {}, refuse)


def test_a_path_is_inside_only_when_its_links_lead_there(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    folders = [str(tmp_path / "in")]
    assert inside(str(tmp_path / "in" / "new.txt"), folders)
    assert not inside(str(tmp_path / "in" / "link" / "new.txt"), folders)
    assert not inside(str(tmp_path / "inner"), folders)


def test_a_conversation_is_kept_from_its_first_message_on(tmp_path: Path) -> None:
    conversation = Conversation(tmp_path, "one")
    conversation.say({"role": "user"})
    again = Conversation(tmp_path, "one")
    assert again.exists
    again.load()
    assert again.messages == [{"role": "user"}]
    assert json.loads((tmp_path / "one.json").read_text())["totals"] == {}
    assert [file.name for file in tmp_path.iterdir()] == ["one.json"]


STOPPED_IN_A_WAIT = """
import os, signal, threading
from orchestrator.rehearsal.stand_in.exchange import Stopped, stop_on
stop_on(signal.SIGINT)
# As with a signal that comes just before the read begins: it is noted, and the read is not interrupted.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
def receive():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    os.kill(os.getpid(), signal.SIGINT)
silent, _ = os.pipe()
threading.Timer(0.3, receive).start()
try:
    os.read(silent, 1)
except Stopped as stopped:
    print("stopped by", stopped.number)
"""


def test_a_signal_that_is_only_noted_ends_a_wait_without_an_end() -> None:
    with subprocess.Popen([sys.executable, "-c", STOPPED_IN_A_WAIT], stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.communicate(timeout=30)[0]
        except subprocess.TimeoutExpired:
            said = "it goes on waiting"
        finally:
            process.kill()
    assert said == "stopped by 2\n"
