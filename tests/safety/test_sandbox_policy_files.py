from __future__ import annotations

import inspect
import json
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.errors import InvalidFile, UsageError
from orchestrator.models.sandbox import Network, SandboxConfig
from orchestrator.safety.policy_schema import policy_schema
from orchestrator.safety.sandbox_policy_files import (
    FOLDERS,
    available_policies,
    load_sandbox_policy,
    with_approvals,
    with_network,
)


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", available_policies())
def test_every_shipped_policy_loads_and_bears_its_files_name(name: str) -> None:
    assert load_sandbox_policy(name).name == name


def test_the_default_policy_says_what_is_the_default_anyway_but_for_its_list_of_hosts() -> None:
    default = load_sandbox_policy("default")
    bare = SandboxConfig(name="default", network="allow-list", allowed_hosts=default.allowed_hosts)
    assert replace(default, description="") == bare
    assert default.allowed_hosts[0] == "{model}"
    assert {"registry.npmjs.org", "pypi.org", "github.com"} < set(default.allowed_hosts)
    assert load_sandbox_policy("strict").allowed_hosts == ("{model}",)


def test_a_run_can_list_another_host_or_open_the_network() -> None:
    default = load_sandbox_policy("default")
    listed = with_network(default, None, ("git.example.org", "10.1.2.3:8080", "*.test"))
    assert listed.allowed_hosts == (*default.allowed_hosts, "git.example.org", "10.1.2.3:8080", "*.test")
    assert with_network(default, "open", ()).network == "open"
    assert with_network(default, None, ()) == default
    mine = SandboxConfig(name="mine")
    assert with_network(mine, "allow-list", ("a.test",)).allowed_hosts == ("{model}", "a.test")


@pytest.mark.parametrize(
    ("policy", "network", "hosts", "says"),
    [
        ("default", None, ("https://a.test",), "no host"),
        ("default", "open", ("a.test",), "leaves the network open"),
        ("default", "none", ("a.test",), "has no network"),
        ("open", None, ("a.test",), "no sandbox"),
        ("open", "allow-list", (), "no sandbox"),
    ],
)
def test_a_list_that_nobody_would_keep_is_refused(
    policy: str, network: Network | None, hosts: tuple[str, ...], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        with_network(load_sandbox_policy(policy), network, hosts)


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


def test_what_a_policy_does_not_say_comes_from_the_one_it_extends(tmp_path: Path) -> None:
    text = 'extends = "strict"\nwarn_patterns = ["...", "make"]\nwritable = ["{session}/x"]\n[limits]\nmemory_mib = 1\n'
    config, strict = load_sandbox_policy(written(tmp_path, text)), load_sandbox_policy("strict")
    assert (config.name, config.extends, config.network) == ("mine", "strict", "allow-list")
    assert config.warn_patterns == (*strict.warn_patterns, "make")
    assert config.writable == (Path("{session}/x"),)
    assert (config.limits.memory_mib, config.limits.processes) == (1, strict.limits.processes)


def test_what_a_policy_says_of_egress_is_put_over_what_it_extends(tmp_path: Path) -> None:
    (tmp_path / "first.toml").write_text('[leaving]\npush_url = "git@e.org:x.git"\ntimeout_s = 7\n')
    config = load_sandbox_policy(
        written(tmp_path, 'extends = "./first.toml"\n[leaving]\npublish_url = "https://r.org/"\n')
    )
    leaving = config.leaving
    assert (leaving.push_url, leaving.publish_url, leaving.timeout_s) == ("git@e.org:x.git", "https://r.org/", 7)


def test_a_policy_can_extend_another_file(tmp_path: Path) -> None:
    (tmp_path / "first.toml").write_text('readable = ["data"]\n')
    config = load_sandbox_policy(written(tmp_path, 'extends = "./first.toml"\n'))
    assert config.readable == ((tmp_path / "data").resolve(),)


def test_shipped_policies_get_stricter_step_by_step() -> None:
    default, strict, reading, ci = (load_sandbox_policy(name) for name in ("default", "strict", "read-only", "ci"))
    assert set(default.blocked_commands) < set(strict.blocked_commands)
    assert strict.enforcement == reading.enforcement == ci.enforcement == "required"
    assert reading.target == "read"
    assert not reading.writable
    assert ci.network == strict.network == default.network == "allow-list"
    assert set(strict.allowed_hosts) < set(default.allowed_hosts)


def test_the_schema_for_editors_is_the_models() -> None:
    model = Path(inspect.getfile(SandboxConfig))
    for folder in FOLDERS[:1]:
        stored = json.loads((folder / "schema.json").read_text())
        assert stored == policy_schema(model.read_text()), (
            f"write it anew: orchestrate policies schema > {folder}/schema.json"
        )


def test_every_shipped_policy_names_its_schema() -> None:
    for path in available_policies().values():
        assert path.read_text().splitlines()[0] == "#:schema ./schema.json"


def test_consent_can_be_given_beforehand() -> None:
    config = with_approvals(SandboxConfig(name="x"), ["git push"])
    assert config.approved_commands == ("git push",)


def test_consent_nobody_asks_for_is_refused() -> None:
    with pytest.raises(UsageError, match="asks for consent to 'git push'"):
        with_approvals(SandboxConfig(name="x"), ["git psuh"])


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"'stricter'.*ci, default, open, read-only, strict"):
        load_sandbox_policy("stricter")


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
        pytest.param("[limits]\ndisc_mib = 3\n", 2, "unknown key 'limits.disc_mib'", id="an unknown limit"),
        pytest.param(
            'readable = ["{target}/a", "{traget}"]\n', 1, "may begin with {target}", id="an unknown placeholder"
        ),
        pytest.param('readable = ["/a/{target}"]\n', 1, "may begin with", id="a placeholder in the middle"),
        pytest.param('allowed_hosts = ["https://x.org"]\n', 1, "is no host", id="an address for a host"),
        pytest.param('blocked_commands = ["curl |"]\n', 1, "is no command", id="a pipe to nothing"),
        pytest.param('extends = "none-such"\n', 1, "there is no sandbox policy", id="an unknown policy to extend"),
        pytest.param('extends = "./mine.toml"\n', 1, "cannot extend itself", id="a policy that extends itself"),
        pytest.param('[leaving]\npush_url = "ext::sh"\n', 2, "no address", id="a program to push to"),
        pytest.param(
            '[limits]\ncpu_percent = 1\n[leaving]\npush_url = "http://e.org/"\n', 4, "clear", id="in the clear"
        ),
        pytest.param('[leaving]\npublish_url = "ssh://e.org/"\n', 2, "a registry is", id="a registry of another kind"),
        pytest.param('[leaving]\npush_credentials = [\n  "~/../x"]\n', 2, "neither a variable", id="no file of yours"),
        pytest.param('[leaving]\npublish_credentials = ["/etc/x"]\n', 2, "neither a variable", id="a file of all"),
        pytest.param("[leaving]\ntimeout_s = 0\n", 2, "greater than 0", id="no time to leave"),
        pytest.param("[leaving]\npush = 3\n", 2, "unknown key 'leaving.push'", id="an unknown place"),
        pytest.param("limits = 3\n", 1, "`limits`", id="a number for a table"),
        pytest.param("limits = { cpu_percent = -1 }\n", 1, "greater than 0", id="a limit in an inline table"),
    ],
)
def test_a_faulty_policy_is_refused_with_line_and_reason(tmp_path: Path, text: str, line: int, reason: str) -> None:
    with pytest.raises(InvalidFile, match=reason) as caught:
        load_sandbox_policy(written(tmp_path, text))
    assert caught.value.line == line
