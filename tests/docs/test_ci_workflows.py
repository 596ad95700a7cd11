"""The workflows of docs/ci.md and our action.yml, run by a stand-in of the runner: environment, files, expressions."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # no stubs are among our requirements

from tests.measurement.planted import clean, project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs/ci.md").read_text(), re.MULTILINE | re.DOTALL)
GATES, TASK, GITLAB = (yaml.safe_load(block) for block in BLOCKS)
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
# YAML 1.1, which PyYAML reads, takes a key `on` for a truth value.
ON: Any = True


@dataclass
class Runner:
    """One job: a checkout, files of the runner's own, and what expressions know."""

    folder: Path
    checkout: Path
    context: dict[str, Any]
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    said: str = ""

    def filled(self, text: str, context: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            found: Any = context
            for part in match[1].strip().split("."):
                found = found.get(part, "") if isinstance(found, dict) else ""
            return str(found)

        return re.sub(r"\$\{\{(.*?)\}\}", value, text)

    def step(self, step: Mapping[str, Any], given: Mapping[str, str], *, more: str = "") -> int:
        """What ``uses:`` our action, or ``run:``; the exit code."""
        env = {name: self.filled(text, self.context) for name, text in step.get("env", {}).items()}
        inputs = {name: row.get("default", "") for name, row in ACTION["inputs"].items()}
        inputs |= {name: self.filled(str(text), self.context) for name, text in step.get("with", {}).items()}
        inputs |= given
        inputs["arguments"] += more
        inner = {**self.context, "inputs": inputs}
        (run,) = ACTION["runs"]["steps"]
        assert run["shell"] == "bash"
        assert "${{" not in run["run"], "an input would be a part of the script"
        env |= {name: self.filled(text, inner) for name, text in run["env"].items()}
        code = self.run(run["run"], env)
        told = dict(line.split("=", 1) for line in self.file("output").read_text().splitlines())
        inner["steps"] = {run["id"]: {"outputs": told}}
        self.outputs[step["id"]] = {name: self.filled(row["value"], inner) for name, row in ACTION["outputs"].items()}
        return code

    def file(self, name: str) -> Path:
        file = self.folder / name
        file.touch()
        return file

    def run(self, script: str, env: Mapping[str, str], *, program: str = "bash") -> int:
        temp = self.folder / "temp"
        temp.mkdir(exist_ok=True)
        environ = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": os.environ["HOME"],
            "CI": "true",
            "RUNNER_TEMP": str(temp),
            **self.context.get("environ", {}),
            **env,
        }
        argv = (
            [program, "-e", "-c", script]
            if program == "sh"
            else [program, "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        )
        done = subprocess.run(
            argv, cwd=self.checkout, env=environ, capture_output=True, text=True, timeout=600, check=False
        )
        self.said = done.stdout + done.stderr
        return done.returncode


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("checkout") / "shop", clean())


@pytest.fixture
def runner(tmp_path: Path, checkout: Path) -> Runner:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "orchestrate"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m orchestrator "$@"\n')
    program.chmod(0o755)
    files = {name: str(tmp_path / name.rpartition("_")[2].lower()) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    environ = {**files, "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "own/shop", "GITHUB_WORKSPACE": str(checkout)}
    github = {"action_path": str(tmp_path / "bin"), "repository": "own/shop"}
    return Runner(tmp_path, checkout, {"github": github, "environ": environ})


def steps(workflow: Any, job: str) -> Mapping[str, Any]:
    """The step that uses our action; what stands around it is of the host's own."""
    rows = workflow["jobs"][job]["steps"]
    known = ("actions/checkout", "actions/cache", "actions/upload-artifact", "OWNER/orchestrate")
    assert all(row["uses"].partition("@")[0] in known for row in rows)
    (mine,) = (row for row in rows if row["uses"].startswith("OWNER/"))
    found: Mapping[str, Any] = mine
    return found


def test_no_workflow_has_a_token_that_writes() -> None:
    for workflow in (GATES, TASK):
        assert workflow["permissions"] == {"contents": "read"}
        assert "pull_request_target" not in str(workflow[ON])
    assert "secrets." not in str(GATES), "a pull request of a fork sees no secret"
    for row in TASK["jobs"]["task"]["steps"]:
        if row["uses"].startswith("actions/checkout"):
            assert row["with"]["persist-credentials"] is False


def test_the_gates_of_a_pull_request(runner: Runner) -> None:
    step = steps(GATES, "gates")
    fork = {"pull_request": {"head": {"repo": {"full_name": "stranger/shop"}}}}
    runner.context["github"]["event"] = fork
    code = runner.step(step, {}, more="--only\ntests,lint,dependencies\n")
    assert code == 0, runner.said
    assert runner.outputs["gates"]["approved"] == "true"
    assert runner.outputs["gates"]["blocked-by"] == ""
    assert runner.file("summary").read_text().startswith("# Gates: pass")
    upload = GATES["jobs"]["gates"]["steps"][-1]["with"]["path"]
    assert (runner.checkout / upload / "junit.xml").is_file()
    assert "::group::Gates" in runner.said
    # Nobody's pull request of a fork gets an agent, whatever the workflow asks for.
    assert runner.step({"id": "task"}, {"task": "do it", "artifacts": str(runner.folder / "a")}) == 2
    assert "gets gates only" in runner.said
    # Whoever deletes the fork behind a pull request has not made it one of ours.
    runner.context["github"]["event"] = {"pull_request": {"number": 7, "head": {"repo": ""}}}
    assert runner.step({"id": "task"}, {"task": "do it", "artifacts": str(runner.folder / "a")}) == 2
    assert "gets gates only" in runner.said


def test_a_task_is_one_word_whatever_it_holds(runner: Runner) -> None:
    step = steps(TASK, "task")
    runner.context["inputs"] = {"task": 'Add a form"; touch pwned; echo $(touch pwned) `touch pwned`\n--sandbox open'}
    runner.context["secrets"] = {"ANTHROPIC_API_KEY": "sk-x"}
    more = f"--rehearse\n--stand-ins\n--workspace\n{runner.folder / 'workspace'}\n"
    code = runner.step(step, {"artifacts": str(runner.folder / "kept")}, more=more)
    assert code == 0, runner.said
    assert not list(runner.folder.rglob("pwned"))
    assert not list(runner.checkout.glob("pwned"))
    assert (runner.folder / "kept/changes.patch").is_file()
    assert runner.outputs["task"]["approved"] == "true"


def test_the_job_of_gitlab(runner: Runner) -> None:
    job = GITLAB["gates"]
    (line,) = job["script"]
    places = {"CI_PROJECT_DIR": str(runner.checkout), "GITLAB_CI": "true"}
    runner.context["environ"] = places
    code = runner.run(f"{line} --only lint,secrets", {"XDG_CACHE_HOME": str(Path.home() / ".cache")}, program="sh")
    assert code == 0, runner.said
    for file in job["artifacts"]["reports"].values():
        assert (runner.checkout / file).is_file()
