"""``orchestrate policies``: list the review policies and the sandbox policies, and explain them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import completion_values
from orchestrator.cli.shared_options import AnyPath, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.group("policies", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List the review policies (--policy) and the sandbox policies (--sandbox)."""
    if context.invoked_subcommand is None:
        _list()


@command.command("show")
@click.argument("name", default="default", shell_complete=completion_values.sandbox_policies)
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show the sandbox policy NAME, or of a file, whole: with what it inherits."""
    from orchestrator.models.sandbox import SANDBOX_CONFIG
    from orchestrator.safety.sandbox_policy_files import load_sandbox_policy

    config = load_sandbox_policy(name)
    if as_json:
        print(json.dumps(SANDBOX_CONFIG.dump_python(config, mode="json"), indent=2))
        return
    for line in _as_toml(SANDBOX_CONFIG.dump_python(config, mode="json", exclude_none=True)):
        print(line)


@command.command("check")
@click.argument("file", type=AnyPath())
def check(file: Path) -> None:
    """Say whether FILE is a sandbox policy or a review policy; if not, which line is wrong and why."""
    from orchestrator.review_engine.policy_files import OF_REVIEWS, load_policy
    from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
    from orchestrator.toml_files import read_toml

    if not OF_REVIEWS.isdisjoint(read_toml(file.absolute(), what="policy").data):
        policy = load_policy(file.absolute())
        rules = "1 rule" if len(policy.rows) == 1 else f"{len(policy.rows)} rules"
        print(f"{file}: right; the review policy {policy.name}, {rules}")
        return
    # Also a file without a suffix is meant as a file, never as a name.
    config = load_sandbox_policy(str(file.absolute()))
    print(f"{file}: right; {_summary(config)}")


@command.command("explain")
@click.argument("path", type=AnyPath())
@click.option("--sandbox", default="default", metavar="NAME|FILE", show_default=True, help="The policy that is asked.")
@click.option("--target", type=AnyPath(), default=".", metavar="PATH", help="The project [default: this folder].")
@json_option
def explain(path: Path, sandbox: str, target: Path, *, as_json: bool) -> None:
    """Say what each role may do with PATH, and which line of the policy says so."""
    from pathlib import Path as RealPath

    from orchestrator.cli.session_lookup import expanded
    from orchestrator.models.work import Role
    from orchestrator.safety.path_explanation import access
    from orchestrator.safety.placeholders import Places
    from orchestrator.safety.sandbox_policy_files import load_sandbox_policy

    config, whole = load_sandbox_policy(sandbox), RealPath(os.path.realpath(expanded(target)))
    session = RealPath("/<session>")
    places = Places(whole, session / "scratch" / "<worker>", session / "homes" / "<worker>", session)
    asked = RealPath(os.path.realpath(whole / expanded(path)))
    found = {role: access(config, asked, role=role, places=places) for role in Role}
    if as_json:
        roles = {str(role): {"may": each.may, "because": each.because} for role, each in found.items()}
        print(json.dumps({"path": str(asked), "sandbox": config.name, "roles": roles}, indent=2))
        return
    print(f"{asked}, under {config.name}")
    for role, each in found.items():
        print(f"  {role:<12} {each.may:<8} {each.because}")


@command.command("escalation")
@click.option("--policy", default="standard", metavar="NAME|FILE", show_default=True, help="The review policy.")
@json_option
def escalation(policy: str, *, as_json: bool) -> None:
    """Say when metrics of a session call for an action: what is in force, the metrics, the actions."""
    from orchestrator.cli.build_request import find_policy
    from orchestrator.coordinator.escalation_conditions import conditions_for
    from orchestrator.models.escalation import DEFAULTS, DOES, FORM, MEANS, EscalationAction, conditions_of

    found = find_policy(policy)
    conditions = [condition.words for condition in conditions_for(found)]
    source = f"the policy {found.name}" if found.escalation is not None else "your settings"
    if found.escalation is None and conditions == [one.words for one in conditions_of(DEFAULTS)]:
        source = "nobody says otherwise"
    if as_json:
        print(json.dumps({"conditions": conditions, "because": source, "metrics": MEANS, "actions": DOES}, indent=2))
        return
    print(f"in force ({source}):")
    for words in conditions or ["none"]:
        print(f"  {words}")
    print(f"\nwritten as {FORM}, for in s, m or h; a condition acts once while its metric stays beyond the threshold")
    for metric, means in MEANS.items():
        print(f"  {metric:<24} {means}")
    print("\nactions")
    for action, does in DOES.items():
        if action is not EscalationAction.FREEZE_TUNING:
            print(f"  {action:<24} {does}")
    print("\nsay others: `orchestrate settings set escalation.conditions`, `escalation` of a policy file, --escalate")


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of sandbox policies, for editors."""
    import inspect

    from orchestrator.models import sandbox
    from orchestrator.safety.policy_schema import policy_schema

    print(json.dumps(policy_schema(inspect.getsource(sandbox)), indent=2))


def _list() -> None:
    from orchestrator.review_engine.decision_policies import POLICIES
    from orchestrator.safety.sandbox_policy_files import available_policies, load_sandbox_policy

    print("review policies (--policy NAME, or your own FILE.toml); the first row that fits decides")
    for policy in POLICIES.values():
        print(f"\n  {policy.name}")
        for row in policy.rows:
            print(f"    {row.when:<28} {row.then.upper()}")
    print(
        "\nsandbox policies (--sandbox NAME, or your own FILE.toml); `orchestrate policies show NAME` has all of one\n"
    )
    for name in available_policies():
        config = load_sandbox_policy(name)
        print(f"  {name:<12} {config.description}")
        print(f"  {'':<12} {_summary(config)}")


def _summary(config: Any) -> str:
    limits = config.limits
    places = ", ".join(f"{what} to {url}" for what, url in _places(config) if url) or "nothing leaves"
    return (
        f"backend {config.backend} ({config.enforcement}), network {config.network}, {places}, "
        f"{limits.memory_mib} MiB, {limits.cpu_percent:g} % of a core, {limits.runtime_s:g} s"
    )


def _places(config: Any) -> tuple[tuple[str, str], ...]:
    return (("pushes", config.leaving.push_url), ("publishes", config.leaving.publish_url))


def _as_toml(data: dict[str, Any]) -> Iterator[str]:
    """Render as TOML what JSON and TOML spell alike; tables come last."""
    tables = {key: value for key, value in data.items() if isinstance(value, dict)}
    for key, value in data.items():
        if key not in tables:
            yield f"{key} = {json.dumps(value, ensure_ascii=False)}"
    for key, table in tables.items():
        yield f"\n[{key}]"
        yield from (f"{name} = {json.dumps(value)}" for name, value in table.items())
