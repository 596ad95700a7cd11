from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import InvalidFile, UsageError
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.safety.policies import available_policies, load_sandbox_policy


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", available_policies())
def test_every_shipped_policy_loads_and_bears_its_files_name(name: str) -> None:
    assert load_sandbox_policy(name).name == name


def test_the_default_policy_says_what_is_the_default_anyway() -> None:
    assert load_sandbox_policy("default") == SandboxConfig(name="default")


def test_the_open_policy_has_no_sandbox() -> None:
    assert load_sandbox_policy("open").backend == "none"


def test_a_policy_of_ones_own_is_named_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    text = 'readable = ["~/docs", "../beside", "/data"]\n[limits]\nmemory_mib = 4096\n'
    config = load_sandbox_policy(written(tmp_path, text))
    assert config.name == "mine"
    assert config.readable == (Path("/home/somebody/docs"), (tmp_path.parent / "beside").resolve(), Path("/data"))
    assert config.limits.memory_mib == 4096
    assert config.blocked_commands == SandboxConfig(name="x").blocked_commands


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"'strict'.*default, open"):
        load_sandbox_policy("strict")


def test_a_file_that_is_missing_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="no such sandbox policy"):
        load_sandbox_policy(str(tmp_path / "none.toml"))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param('name = "x"\nbackend = \n', 2, "Invalid value", id="no TOML"),
        pytest.param('name = "x"\nreadible = []\n', 2, "unknown key 'readible'", id="a misspelt key"),
        pytest.param('backend = "docker"\n', 1, "`backend`", id="an unknown backend"),
        pytest.param('# first\nreadable = "a"\n', 2, "`readable`", id="a text for a list"),
        pytest.param('writable = [""]\n', 1, "no path", id="an empty path"),
        pytest.param("hidden = [3]\n", 1, "`hidden", id="a number for a path"),
        pytest.param("[limits]\ncpu_percent = 0\n", 2, "greater than 0", id="a limit of nothing"),
        pytest.param('[limits]\nmemory_mib = "2 GB"\n', 2, "`limits.memory_mib`", id="a text for a number"),
        pytest.param("[limits]\ndisk_mib = 3\n", 2, "unknown key 'limits.disk_mib'", id="an unknown limit"),
        pytest.param("limits = 3\n", 1, "`limits`", id="a number for a table"),
        pytest.param("limits = { cpu_percent = -1 }\n", 1, "greater than 0", id="a limit in an inline table"),
    ],
)
def test_a_faulty_policy_is_refused_with_line_and_reason(tmp_path: Path, text: str, line: int, reason: str) -> None:
    with pytest.raises(InvalidFile, match=reason) as caught:
        load_sandbox_policy(written(tmp_path, text))
    assert caught.value.line == line
