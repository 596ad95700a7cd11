"""``orchestrate policies``: the review policies and the sandbox policies there are."""

from __future__ import annotations

import click


@click.command("policies")
def command() -> None:
    """List the review policies (--policy) and the sandbox policies (--sandbox)."""
    from orchestrator.review_engine.policies import POLICIES
    from orchestrator.safety.policies import available_policies, load_sandbox_policy

    print("review policies (--policy NAME, or your own FILE.toml); the first row that fits decides")
    for policy in POLICIES.values():
        print(f"\n  {policy.name}")
        for row in policy.rows:
            print(f"    {row.when:<28} {row.then.upper()}")
    print("\nsandbox policies (--sandbox NAME, or your own FILE.toml)\n")
    for name in available_policies():
        config = load_sandbox_policy(name)
        limits = (
            f"{config.limits.memory_mib} MiB, {config.limits.cpu_percent:g} % of a core, {config.limits.runtime_s:g} s"
        )
        print(f"  {name:<12} backend {config.backend} ({config.enforcement}), network {config.network}, {limits}")
