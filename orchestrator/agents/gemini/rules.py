"""List Gemini CLI's known errors and what cures them, in the order in which they are tried."""

from __future__ import annotations

from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import FailureKind
from orchestrator.models.recovery import Escalate, GiveUp, Ignore, RecoveryRule, Relaunch, Wait

DENIAL_WORDS: Final = late_pattern(
    r"Path not in workspace|must be within (?:one of )?the (?:workspace|designated plans) director"
    r"|requires user confirmation|is ignored by configured ignore patterns|denied by policy|Permission denied writing"
    r"|Permission denied: cannot access"
)
"""How a denial reads in a failed tool result, whose type says only that the parameters were invalid."""

_YOLO = "--approval-mode=yolo"

RULES: Final[tuple[RecoveryRule, ...]] = (
    RecoveryRule(
        name="gemini-untrusted-folder",
        pattern=late_pattern(r"not running in a trusted directory|privileged approval modes in an untrusted folder"),
        remedy=Relaunch(flags=("--skip-trust",)),
        because="gemini does not trust the folder yet",
        source="G1",
    ),
    RecoveryRule(
        name="gemini-mode-overridden",
        pattern=late_pattern(r"Approval mode overridden to \"default\""),
        remedy=Ignore(),
        because="gemini says so before it refuses the untrusted folder, and that refusal is what is cured",
        source="G2",
    ),
    RecoveryRule(
        name="gemini-start-warning",
        pattern=late_pattern(
            r"current folder is not trusted|disabled because (?:this|the) folder is (?:untrusted|not trusted)"
            r"|^(?:Warning: |MCP |\[STARTUP\]|Skipping |Ripgrep )|due to untrusted folder"
        ),
        remedy=Ignore(),
        because="gemini warns and goes on without what it names",
        evidence="binary",
        source="gemini, bundle only",
    ),
    RecoveryRule(
        name="gemini-protected-name",
        # Some folder of the path is itself one of the allowed ones.
        pattern=late_pattern(
            r"Attempted path \"(?P<root>/[^\"]{1,1000}?)/[^\"]*\" resolves outside the allowed workspace directories: "
            r"(?:[^\n]{1,4000}?, )?(?P=root)(?:, | or the project temp directory)"
        ),
        remedy=Ignore(),
        because="the name is protected (.env, .git): no flag opens it, and the agent was told",
        source="G3",
    ),
    RecoveryRule(
        name="gemini-outside-workspace",
        pattern=late_pattern(r"Attempted path \"(?P<path>[^\"]+)\" resolves outside the allowed workspace directories"),
        remedy=Relaunch(flags=("--include-directories",), with_path=True),
        because="the path lies outside the folders gemini was given",
        source="G3; spec 004, scenario 1",
    ),
    RecoveryRule(
        name="gemini-outside-workspace-2025",
        pattern=late_pattern(
            r"[Pp]ath must be within one of the workspace directories(?:: (?P<path>/[^\s,]+))?"
            r"|Error: Path not in workspace"
        ),
        remedy=Relaunch(flags=("--include-directories",), with_path=True),
        because="the path lies outside the folders gemini was given",
        evidence="spec",
        source="spec 004, scenario 1",
    ),
    RecoveryRule(
        name="gemini-plans-only",
        pattern=late_pattern(r"plan path .* must be within the designated plans directory"),
        remedy=Relaunch(flags=(_YOLO,)),
        because="plan mode writes plans only",
        source="G6",
    ),
    RecoveryRule(
        name="gemini-tool-withheld",
        pattern=late_pattern(r"Tool \"(?:write_file|replace|run_shell_command)\" not found"),
        remedy=Relaunch(flags=(_YOLO,)),
        because="the approval mode withholds writing tools when nobody can be asked",
        source="G4",
    ),
    RecoveryRule(
        name="gemini-unknown-tool",
        pattern=late_pattern(r"Tool \"[^\"]+\" not found"),
        remedy=Ignore(),
        because="the agent called a tool that does not exist, and was told so",
        source="G4",
    ),
    RecoveryRule(
        name="gemini-needs-confirmation",
        pattern=late_pattern(r"requires user confirmation, which is not supported in non-interactive mode"),
        remedy=Relaunch(flags=(_YOLO,)),
        because="the tool asks a person, and none is there",
        source="G5",
    ),
    RecoveryRule(
        name="gemini-yolo-disabled",
        pattern=late_pattern(r"YOLO mode is disabled"),
        remedy=Relaunch(flags=("--approval-mode=auto_edit",)),
        because="a setting or an administrator forbids yolo",
        evidence="binary",
        source="G7",
    ),
    RecoveryRule(
        name="gemini-ignored-file",
        pattern=late_pattern(r"is ignored by configured ignore patterns"),
        remedy=Ignore(),
        because="an ignore file hides it from gemini, and the agent was told",
        source="G8",
    ),
    RecoveryRule(
        name="gemini-auth-type",
        pattern=late_pattern(r"Invalid auth method selected|The enforced authentication type is"),
        remedy=GiveUp("choose how gemini logs in: run gemini once, or set GEMINI_API_KEY"),
        because="the chosen way of logging in is not accepted",
        failure=FailureKind.AUTHENTICATION,
        source="G9",
    ),
    RecoveryRule(
        name="gemini-not-logged-in",
        pattern=late_pattern(r"must specify the GEMINI_API_KEY|Please set an Auth method"),
        remedy=GiveUp("run gemini and sign in, or set GEMINI_API_KEY"),
        because="gemini is not logged in",
        failure=FailureKind.AUTHENTICATION,
        source="G10",
    ),
    RecoveryRule(
        name="gemini-folder-missing",
        pattern=late_pattern(r"critical error occurred:.*Directory does not exist: (?P<missing>\S+)"),
        remedy=Escalate(("make the folder, or leave it out",)),
        because="a folder it was told to include does not exist",
        source="G11",
    ),
    RecoveryRule(
        name="gemini-flag-refused",
        pattern=late_pattern(
            r"Unknown arguments?: |Invalid values:|Cannot use both --yolo|Cannot use both a positional prompt"
            r"|Not enough arguments following"
        ),
        remedy=Escalate(("orchestrate doctor compares the installed version with the one we know",)),
        because="this version of gemini does not accept the command line",
        source="G12",
    ),
    RecoveryRule(
        name="gemini-settings-broken",
        pattern=late_pattern(r"Please fix the configuration file\(s\)"),
        remedy=Escalate(("correct the file that the message names",)),
        because="gemini cannot read its settings",
        source="G13",
    ),
    RecoveryRule(
        name="gemini-sandbox-missing",
        pattern=late_pattern(r"FatalSandboxError|Sandbox request rejected"),
        remedy=Escalate(("leave out gemini's own --sandbox",)),
        because="gemini's own sandbox is not available",
        evidence="binary",
        source="G14",
    ),
    RecoveryRule(
        name="gemini-turn-limit",
        pattern=late_pattern(r"Reached max session turns"),
        remedy=Escalate(("raise model.maxSessionTurns", "split the task")),
        because="gemini reached its own limit of turns",
        evidence="binary",
        source="G15",
    ),
    RecoveryRule(
        name="gemini-loop",
        pattern=late_pattern(r"Loop detected, stopping execution"),
        remedy=Escalate(("tell the agent what to do differently",)),
        because="gemini repeated itself and stopped",
        source="G16",
    ),
    RecoveryRule(
        name="gemini-usage-limit",
        pattern=late_pattern(r"\[API Error: "),
        remedy=Wait(),
        because="the account's limit is reached for now",
        failure=FailureKind.USAGE_LIMIT,
        source="G17",
    ),
    RecoveryRule(
        name="gemini-refused",
        pattern=late_pattern(r"\[API Error: "),
        remedy=GiveUp("run gemini and sign in again, or set another GEMINI_API_KEY"),
        because="the service does not accept the key",
        failure=FailureKind.AUTHENTICATION,
        source="G17",
    ),
    RecoveryRule(
        name="gemini-overloaded",
        pattern=late_pattern(r"\[API Error: "),
        remedy=Wait(),
        because="the service is overloaded or out of order for now",
        failure=FailureKind.OVERLOADED,
        source="G17",
    ),
    RecoveryRule(
        name="gemini-session-taken",
        pattern=late_pattern(r"Session ID \S+ already exists|Invalid session identifier|No previous sessions found"),
        remedy=Relaunch(fresh=True),
        because="the conversation to continue is not there",
        source="G18",
    ),
    RecoveryRule(
        name="gemini-policy-denied",
        pattern=late_pattern(r"Tool execution denied by policy"),
        remedy=Escalate(("look at gemini's policy files",)),
        because="a policy file denies the tool",
        evidence="binary",
        source="gemini, bundle only",
    ),
    RecoveryRule(
        name="gemini-file-not-writable",
        pattern=late_pattern(
            r"Permission denied writing to file: (?P<path>/\S+)|Permission denied: cannot access '(?P<file>[^']+)'"
        ),
        remedy=Escalate(("check who owns the file and its folder",)),
        because="the operating system refuses the file",
        evidence="binary",
        source="gemini, bundle only",
    ),
)
