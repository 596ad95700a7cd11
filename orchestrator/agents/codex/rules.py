"""List Codex's known errors and what cures them, in the order in which they are tried."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import FailureKind
from orchestrator.models.recovery import Escalate, GiveUp, Ignore, RecoveryRule, Relaunch, Wait

_WRITE = "--sandbox=workspace-write"

RULES: Final[tuple[RecoveryRule, ...]] = (
    RecoveryRule(
        name="codex-server-required",
        pattern=late_pattern(r"required MCP servers failed to initialize"),
        remedy=Escalate(("start the MCP server that the message names, or do not require it in Codex's settings",)),
        because="an MCP server that Codex's settings require does not start",
        evidence="binary",
        source="codex, binary only",
    ),
    RecoveryRule(
        name="codex-start-warning",
        pattern=late_pattern(
            r"^warning: (?!proceeding)|\bWARN\b|\bMCP (?:client|server|startup|tool)|\brmcp|falling back"
            r"|must have their trust setting updated first|^Codex could not find bubblewrap"
            r"|^Codex's Linux sandbox uses bubblewrap",
            re.IGNORECASE,
        ),
        remedy=Ignore(),
        because="Codex warns and goes on, with a default or without an MCP server",
        evidence="binary",
        source="codex, binary only",
    ),
    RecoveryRule(
        name="codex-untrusted-directory",
        pattern=late_pattern(r"Not inside a trusted directory"),
        remedy=Relaunch(flags=("--skip-git-repo-check",)),
        because="the target is no git repository that Codex trusts",
        source="X1; spec 004, scenario 2",
    ),
    RecoveryRule(
        name="codex-read-only-sandbox",
        pattern=late_pattern(r"patch rejected: writing is blocked by read-only sandbox"),
        remedy=Relaunch(flags=(_WRITE,)),
        because="Codex runs in its read-only sandbox",
        source="X2",
    ),
    RecoveryRule(
        name="codex-outside-project",
        pattern=late_pattern(r"patch rejected: writing outside of the project"),
        remedy=Relaunch(flags=(_WRITE, "--add-dir")),
        because="the path lies outside the folders Codex was given",
        source="X3",
    ),
    RecoveryRule(
        name="codex-escalation-refused",
        pattern=late_pattern(
            r"you cannot ask for escalated permissions|requires approval, but approval policy is never"
        ),
        remedy=Ignore(),
        because="the agent asked to leave its sandbox and was told that it may not",
        source="X4",
    ),
    RecoveryRule(
        name="codex-swallowed-read-only",
        pattern=late_pattern(r"Read-only file system"),
        reason="read_only",
        remedy=Ignore(),
        because="one command inside a longer one could not write; the agent saw it and went on",
        source="X6",
    ),
    RecoveryRule(
        name="codex-command-read-only",
        pattern=late_pattern(r"(?:^|[\s'\"(])(?P<path>/[^\s:'\"]+)['\"]?: Read-only file system"),
        remedy=Relaunch(flags=(_WRITE,), with_path=True),
        because="a command could not write where the sandbox is read-only",
        source="X5",
    ),
    RecoveryRule(
        name="codex-unknown-tool",
        pattern=late_pattern(r"unsupported call: "),
        remedy=Ignore(),
        because="the agent called a tool that does not exist, and was told so",
        evidence="binary",
        source="X7",
    ),
    RecoveryRule(
        name="codex-rejected-by-policy",
        pattern=late_pattern(r"rejected by policy|patch rejected by user|exec command rejected by user"),
        remedy=Escalate(("look at the rules Codex applies in this project",)),
        because="a rule of the user or the organisation denies it",
        evidence="binary",
        source="codex, binary only",
    ),
    RecoveryRule(
        name="codex-flag-refused",
        pattern=late_pattern(r"error: unexpected argument '|error: invalid value '"),
        remedy=Escalate(("orchestrate doctor compares the installed version with the one we know",)),
        because="this version of Codex does not know an option",
        source="X8",
    ),
    RecoveryRule(
        name="codex-variable-missing",
        pattern=late_pattern(r"Missing environment variable"),
        remedy=GiveUp("set the variable that holds the key"),
        because="the variable that should hold the key is not set",
        source="X9",
    ),
    RecoveryRule(
        name="codex-not-logged-in",
        pattern=late_pattern(
            r"401 Unauthorized|403 Forbidden|^Not logged in|(?:re-run|[Rr]un) `?codex login|sign in again|log in again"
        ),
        remedy=GiveUp("log in with codex login, or set CODEX_API_KEY"),
        because="Codex is not logged in, or its key is not accepted",
        failure=FailureKind.AUTHENTICATION,
        source="section 4",
    ),
    RecoveryRule(
        name="codex-home-missing",
        pattern=late_pattern(r"CODEX_HOME points to \"(?P<path>[^\"]+)\", but that path does not exist"),
        remedy=Escalate(("make the folder that CODEX_HOME names",)),
        because="Codex's home folder is not there",
        source="X11",
    ),
    RecoveryRule(
        name="codex-config-refused",
        pattern=late_pattern(
            r"Error loading config\.toml|Error: Model provider .+ not found|unknown configuration field"
        ),
        remedy=Escalate(("correct the configuration that the message names",)),
        because="Codex cannot read its configuration",
        source="X10",
    ),
    RecoveryRule(
        name="codex-temporary-home",
        pattern=late_pattern(r"Refusing to create helper binaries under temporary dir|could not create PATH aliases"),
        remedy=Ignore(),
        because="Codex works without those helpers",
        source="X12",
    ),
    RecoveryRule(
        name="codex-session-missing",
        pattern=late_pattern(r"no rollout found for thread id"),
        remedy=Relaunch(fresh=True),
        because="the conversation to continue is not there",
        source="X15",
    ),
    RecoveryRule(
        name="codex-path-missing",
        pattern=late_pattern(
            r"^Error: No such file or directory \(os error 2\)|Failed to read output schema file"
            r"|Failed to open last message file"
        ),
        remedy=Escalate(("make the folder that the message or the command line names",)),
        because="a path on the command line does not exist",
        source="X13",
    ),
    RecoveryRule(
        name="codex-context-full",
        pattern=late_pattern(r"ran out of room in the model's context window"),
        remedy=Relaunch(fresh=True),
        because="the conversation no longer fits the model's context",
        failure=FailureKind.CONTEXT_FULL,
        source="X14",
    ),
    RecoveryRule(
        name="codex-usage-limit",
        pattern=late_pattern(r"Quota exceeded|hit your usage limit|last status: 429"),
        remedy=Wait(),
        because="the account's limit is reached for now",
        failure=FailureKind.USAGE_LIMIT,
        source="X14",
    ),
    RecoveryRule(
        name="codex-warning",
        pattern=late_pattern(r"Codex is ignoring \d+ unrecognized configuration|Model metadata for .* not found"),
        remedy=Ignore(),
        because="Codex works with its defaults instead",
        source="X16",
    ),
    RecoveryRule(
        name="codex-no-prompt",
        pattern=late_pattern(r"No prompt provided via stdin"),
        remedy=Escalate(("the prompt template may be empty",)),
        because="Codex got no prompt",
        source="section 4",
    ),
    RecoveryRule(
        name="codex-sandbox-unfit",
        pattern=late_pattern(
            r"bubblewrap is unavailable|setting up uid map: Permission denied"
            r"|No permissions to create a new namespace|Failed RTM_NEWADDR|Landlock was not able to fully enforce"
        ),
        remedy=Escalate(
            (
                "allow user namespaces on this machine",
                "run inside the orchestrator's own sandbox, or with --sandbox open",
            )
        ),
        because="Codex's own sandbox does not work on this machine",
        evidence="binary",
        source="codex, binary only",
    ),
    RecoveryRule(
        name="codex-requirements",
        pattern=late_pattern(r"` is disallowed by requirements \("),
        remedy=Escalate(("ask whoever manages Codex's requirements",)),
        because="a managed setting forbids the mode",
        evidence="binary",
        source="codex, binary only",
    ),
)
