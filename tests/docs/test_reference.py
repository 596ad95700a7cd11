"""The reference and its sister pages say what the program does: names, tables, examples and files are tested."""

from __future__ import annotations

import importlib
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from orchestrator.cli.group import COMMANDS, ENVIRONMENT
from orchestrator.errors import ExitCode
from orchestrator.models.work import Role
from orchestrator.prompts import load_templates
from orchestrator.rehearsal.scenario import find_scenario, load_scenario
from orchestrator.review_engine.decision_policies import POLICIES, STANDARD
from orchestrator.review_engine.policy_files import load_policy
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.session.breakdown import TIERS

Blocks = Callable[[str], list[str]]
OF_OTHERS = {"--fast", "--real"}
"""Options of ./check."""
TITLES = {Role.DESIGNER: "Gemini", Role.IMPLEMENTER: "Claude", Role.REVIEWER: "Codex"}


def options_of(name: str) -> Iterator[str]:
    command: click.Command = importlib.import_module(f"orchestrator.cli.{name.replace('-', '_')}").command
    parts = command.commands.values() if isinstance(command, click.Group) else ()
    for parameter in (parameter for each in (command, *parts) for parameter in each.params):
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield from (*parameter.opts, *parameter.secondary_opts)


def code_of(text: str) -> str:
    """All that is set as code, in lines and in words."""
    return "\n".join([*re.findall(r"^```\w+\n(.*?)^```$", text, re.M | re.S), *re.findall(r"`([^`\n]+)`", text)])


def rows(text: str, after: str) -> list[list[str]]:
    """The cells of the first table that follows a text, its head left out."""
    lines = text[text.index(after) :].splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("| ---"))
    table = []
    for line in lines[begin + 1 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))])
    return table


def test_every_option_of_a_run_is_told(reference: str) -> None:
    told = set(re.findall(r"--[a-z][a-z-]+", reference))
    assert {option for option in options_of("run") if option.startswith("--")} <= told


def test_every_option_that_is_told_exists(pages: str) -> None:
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", code_of(pages))) - {"--include-directories"}
    known = {option for name in COMMANDS for option in options_of(name)} | OF_OTHERS | {"--help"}
    assert told <= known


def test_every_command_is_told_and_no_other(reference: str, pages: str) -> None:
    told = {row[0] for row in rows(reference, "| Command | What it does |")}
    named = {name for cell in told for name in re.findall(r"orchestrate ([a-z-]+)", cell)}
    assert named == set(COMMANDS)
    used = set(re.findall(r"(?<!\[)orchestrate ([a-z][a-z-]*)\b", code_of(pages)))
    assert used <= set(COMMANDS), used - set(COMMANDS)


def test_every_variable_of_the_help_is_told(reference: str) -> None:
    named = {row[0].strip("`") for row in rows(reference, "| Variable | Meaning |")}
    assert set(re.findall(r"^  (\w+)", ENVIRONMENT, re.M)) <= named


def test_the_exit_codes_are_the_programs(reference: str) -> None:
    assert [int(row[0]) for row in rows(reference, "| Code | Meaning |")] == [code.value for code in ExitCode]


def test_the_tiers_are_the_plans(reference: str) -> None:
    told = rows(reference, "<!-- tiers -->")
    assert len(told) == len(TIERS)
    for *there, tier, designs, implements, reviews in told:
        roles = [role for role, cell in zip(TITLES, there, strict=True) if cell == "yes"]
        row = TIERS[frozenset(roles)]
        assert int(tier) == row.tier
        assert designs == (TITLES[row.designs] if row.designs else "-")
        assert implements == (TITLES[row.implements] if row.implements else "-")
        if row.reviews is not None:
            assert reviews == TITLES[row.reviews]
        else:
            assert "measured checks" in reviews or not roles


def test_the_rules_are_the_standard_policys(reference: str) -> None:
    told = [(row[0], row[1].strip("`")) for row in rows(reference, "| Rule (policy `standard`) |")]
    assert told == [(row.when, str(row.then).upper()) for row in STANDARD.rows]


def test_every_example_file_loads(blocks: Blocks, tmp_path: Path) -> None:
    kinds: dict[str, Callable[[Path], object]] = {
        "--policy": load_policy,
        "--sandbox": lambda path: load_sandbox_policy(str(path)),
        "--scenario": load_scenario,
    }
    met = set()
    for number, text in enumerate(blocks("toml")):
        kind = re.findall(r"--\w+", text.splitlines()[0])[0]
        path = tmp_path / f"{number}.toml"
        path.write_text(text)
        kinds[kind](path)
        met.add(kind)
    assert met == set(kinds)


def test_the_example_prompt_is_a_template(blocks: Blocks, tmp_path: Path) -> None:
    text = next(block for block in blocks("text") if block.startswith("[orchestrate "))
    (tmp_path / "designer.md").write_text(text)
    assert load_templates(tmp_path)["designer"] == text


def test_policies_and_scenarios_named_in_commands_exist(pages: str) -> None:
    for name in re.findall(r"--scenario ([a-z-]+)", code_of(pages)):
        find_scenario(name)
    for name in re.findall(r"--policy ([a-z-]+)", code_of(pages)):
        assert name in POLICIES


@pytest.mark.slow
def test_the_session_folder_is_what_a_rehearsal_leaves(
    blocks: Blocks, orchestrate: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    listing = next(block for block in blocks("text") if block.startswith("session.json"))
    told = {line.split()[0].rstrip("/") for line in listing.splitlines()}
    target = tmp_path / "project"
    target.mkdir()
    workspace = tmp_path / "workspace"
    task = "Add input validation to the signup form"
    done = orchestrate("--rehearse", "--stand-ins", task, "--target", str(target), "--workspace", str(workspace))
    assert done.returncode == 0, done.stderr
    (session,) = (path for path in workspace.iterdir() if path.is_dir())
    # No dashboard had to let it go on.
    assert {path.name for path in session.iterdir()} == told - {"resumed.log"}
