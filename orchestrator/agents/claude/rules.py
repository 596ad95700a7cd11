"""List Claude Code's known errors and what cures them, in the order in which they are tried."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.models.events import FailureKind
from orchestrator.models.recovery import Escalate, GiveUp, Ignore, RecoveryRule, Relaunch, Wait

DENIAL_WORDS: Final = late_pattern(
    r"Claude requested permissions to |Permission to use \S+ |while in plan mode\.|requires? approval|needs approval"
    r"|cannot be auto-allowed|no approval surface|No such tool available: .* is disabled for this session"
    r"|has been denied|which is a sensitive file|Permission denied by hook"
)
"""How a denial reads in a failed tool result; 197 has no other sign of it."""

_ACCEPT_EDITS = "--permission-mode=acceptEdits"
_SEE_LOG = "read the end of the worker's stderr log"

RULES: Final[tuple[RecoveryRule, ...]] = (
    RecoveryRule(
        name="claude-start-warning",
        pattern=late_pattern(r"^(?:\[?warn(?:ing)?\]?:? |MCP server|Ignoring |Skipping )", re.IGNORECASE),
        remedy=Ignore(),
        because="Claude Code warns and goes on",
        evidence="binary",
        source="claude, binary only",
    ),
    RecoveryRule(
        name="claude-root-refused",
        pattern=late_pattern(r"cannot be used with root/sudo privileges"),
        remedy=Relaunch(env={"IS_SANDBOX": "1"}),
        because="as root, bypassing approvals needs IS_SANDBOX=1",
        source="C1",
    ),
    RecoveryRule(
        name="claude-dangerous-rm",
        pattern=late_pattern(r"Dangerous rm operation detected"),
        remedy=Escalate(("let the agent find another way", "run the command yourself if it is really wanted")),
        because="no flag allows removing a critical folder",
        source="C8",
    ),
    RecoveryRule(
        name="claude-sensitive-file",
        pattern=late_pattern(r"which is a sensitive file|suspicious Windows path pattern|/\.claude/settings\.json"),
        remedy=Escalate(("make that change yourself", "tell the agent to leave the file alone")),
        because="the file is protected by Claude Code's own safety check",
        evidence="binary",
        source="C7",
    ),
    RecoveryRule(
        name="claude-safety-check",
        pattern=late_pattern(r""),
        reason="safetyCheck",
        remedy=Escalate(("let the agent find another way",)),
        because="Claude Code's own safety check refused it, which no relaunch may get round",
        evidence="binary",
        source="C7",
    ),
    RecoveryRule(
        name="claude-no-approval-surface",
        pattern=late_pattern(r"no approval surface"),
        remedy=Relaunch(flags=(_ACCEPT_EDITS,)),
        because="the tool needs an approval that nobody can give",
        source="C9",
    ),
    RecoveryRule(
        name="claude-outside-folders",
        pattern=late_pattern(r"requested permissions to (?:write to|read from|edit) (?P<path>/.+?), but you haven't"),
        reason="workingDir",
        remedy=Relaunch(flags=(_ACCEPT_EDITS,), with_path=True),
        because="the path lies outside the folders Claude Code was given",
        source="C2",
    ),
    RecoveryRule(
        name="claude-outside-folders-shell",
        pattern=late_pattern(r"(?P<path>/[^\s'\"]+)"),
        reason="workingDir",
        remedy=Relaunch(flags=(_ACCEPT_EDITS,), with_path=True),
        because="the path lies outside the folders Claude Code was given",
        evidence="binary",
        source="C2",
    ),
    RecoveryRule(
        name="claude-edit-not-granted",
        pattern=late_pattern(r"requested permissions to (?:write to|read from|edit) (?P<path>/.+?), but you haven't"),
        remedy=Relaunch(flags=(_ACCEPT_EDITS,), with_path=True),
        because="the permission mode asks a person before an edit",
        source="C3",
    ),
    RecoveryRule(
        name="claude-edit-denied",
        # Our own words for a denial that only the result's list tells of.
        pattern=late_pattern(r"^(?:Write|Edit|Read|NotebookEdit) was denied: (?P<path>/.+)"),
        remedy=Relaunch(flags=(_ACCEPT_EDITS,), with_path=True),
        because="the permission mode asks a person before an edit",
        source="C3",
    ),
    RecoveryRule(
        name="claude-dont-ask-mode",
        pattern=late_pattern(r"denied because Claude Code is running in don't ask mode"),
        remedy=Relaunch(flags=(_ACCEPT_EDITS,)),
        because="the don't-ask mode denies whatever is not allowed by name",
        source="C4",
    ),
    RecoveryRule(
        name="claude-plan-mode",
        pattern=late_pattern(r"Cannot write to .+ while in plan mode"),
        remedy=Relaunch(flags=(_ACCEPT_EDITS,)),
        because="plan mode writes nothing",
        source="C5",
    ),
    RecoveryRule(
        name="claude-outside-approval",
        pattern=late_pattern(
            r"(?:(?P<path>/[^\s'\"]{1,300})['\"]? )?needs approval\. The path is outside the working directories"
        ),
        remedy=Relaunch(flags=(_ACCEPT_EDITS,), with_path=True),
        because="the path lies outside the folders Claude Code was given",
        source="C2",
    ),
    RecoveryRule(
        name="claude-command-needs-approval",
        pattern=late_pattern(
            r"The following part requires approval|needs approval\. The path is inside"
            r"|can't be checked before it runs|This command requires approval|sed command requires approval"
            r"|Permission to use Bash with command .* has been denied|requires approval for this .* command"
        ),
        remedy=Relaunch(flags=("--allowedTools=Bash",)),
        because="the permission mode asks a person before a shell command",
        source="C6",
    ),
    RecoveryRule(
        name="claude-policy-denied",
        pattern=late_pattern(
            r"Permission to (?:read|edit) .+ has been denied|Your organization requires approval for this tool"
            r"|Permission denied by hook|could not raise its permission prompt|invalid permission result"
        ),
        remedy=Escalate(("look at the permission rules and hooks that apply to this project",)),
        because="a rule or hook of the project, the user or the organisation denies it",
        evidence="binary",
        source="claude, binary only",
    ),
    RecoveryRule(
        name="claude-tool-disabled",
        pattern=late_pattern(r"No such tool available: \S+ \S+ is disabled for this session"),
        remedy=Ignore(),
        because="the tool is switched off on purpose; the agent is told so",
        source="C10",
    ),
    RecoveryRule(
        name="claude-prompt-swallowed",
        pattern=late_pattern(r"was read as a value of --|Input must be provided either through stdin"),
        remedy=Escalate((_SEE_LOG, "the prompt template may be empty")),
        because="Claude Code got no prompt",
        source="C11",
    ),
    RecoveryRule(
        name="claude-verbose-missing",
        pattern=late_pattern(r"output-format=stream-json requires --verbose"),
        remedy=Relaunch(flags=("--verbose",)),
        because="stream-json output needs --verbose",
        source="C12",
    ),
    RecoveryRule(
        name="claude-print-missing",
        pattern=late_pattern(r"requires --print"),
        remedy=Relaunch(flags=("--print",)),
        because="the option works in print mode only",
        source="C12",
    ),
    RecoveryRule(
        name="claude-flag-refused",
        pattern=late_pattern(
            r"error: unknown option '|is invalid\. Allowed choices are|--json-schema is not valid JSON"
        ),
        remedy=Escalate(("orchestrate doctor compares the installed version with the one we know",)),
        because="this version of Claude Code does not know an option",
        source="C13",
    ),
    RecoveryRule(
        name="claude-settings-unfit",
        pattern=late_pattern(
            r"^Error: (?:Settings file (?:not found|exceeds)|Cannot use settings file"
            r"|Invalid JSON provided to --settings)"
        ),
        remedy=Escalate(("correct the settings file that the message names, or leave out --settings",)),
        because="Claude Code cannot read the settings that it was told to use",
        evidence="binary",
        source="claude, binary only",
    ),
    RecoveryRule(
        name="claude-mcp-unfit",
        pattern=late_pattern(
            r"passed via --permission-prompt-tool\) not found|Invalid MCP configuration|MCP config file not found"
        ),
        remedy=Escalate(("correct or leave out the MCP option",)),
        because="an MCP option names something that is not there",
        source="C14",
    ),
    RecoveryRule(
        name="claude-restricted-bypass",
        pattern=late_pattern(r"bypassPermissions not supported in restricted mode"),
        remedy=Escalate(("leave out --restricted", "run without bypassing approvals")),
        because="restricted mode and bypassing approvals exclude each other",
        source="C15",
    ),
    RecoveryRule(
        name="claude-mode-downgraded",
        pattern=late_pattern(r"permission mode is \S+, asked for was"),
        remedy=Escalate(("look at Claude Code's managed settings",)),
        because="settings or a policy overrode the permission mode",
        evidence="binary",
        source="C16",
    ),
    RecoveryRule(
        name="claude-not-logged-in",
        pattern=late_pattern(
            r"Not logged in|Failed to authenticate|Please run /login|Invalid API key|run /login|OAuth (?:access )?token"
            r"|disabled (?:API key authentication|Claude subscription access)|account is on hold"
        ),
        remedy=GiveUp("log in: run claude and type /login, or set ANTHROPIC_API_KEY"),
        because="Claude Code is not logged in, or its key is not accepted",
        failure=FailureKind.AUTHENTICATION,
        source="C17",
    ),
    RecoveryRule(
        name="claude-no-credit",
        pattern=late_pattern(r"Credit balance is too low"),
        remedy=GiveUp("add credit to the account, or use another key"),
        because="the account has no credit",
        failure=FailureKind.BILLING,
        source="C18",
    ),
    RecoveryRule(
        name="claude-model-unknown",
        pattern=late_pattern(r"issue with the selected model"),
        remedy=GiveUp("name another model: --model claude=MODEL"),
        because="the model does not exist, or the account may not use it",
        evidence="binary",
        source="C18",
    ),
    RecoveryRule(
        name="claude-context-full",
        pattern=late_pattern(r"[Pp]rompt is too long|Request too large|prompt_too_long"),
        remedy=Relaunch(fresh=True),
        because="the conversation no longer fits the model's context",
        failure=FailureKind.CONTEXT_FULL,
        source="C18",
    ),
    RecoveryRule(
        name="claude-usage-limit",
        pattern=late_pattern(r"\(429\)|usage limit|rate.?limit"),
        remedy=Wait(),
        because="the provider's limit is reached for now",
        failure=FailureKind.USAGE_LIMIT,
        source="section 4",
    ),
    RecoveryRule(
        name="claude-overloaded",
        pattern=late_pattern(
            r"Repeated 529|at capacity|(?:API Error|HTTP|status(?: code)?):?\s*\(?5\d\d\b"
            r"|\b5\d\d\b(?=\s*(?:status code|\{|Internal|Bad Gateway|Service|Gateway|Overloaded))"
        ),
        remedy=Wait(),
        because="the provider's capacity is reached for now",
        failure=FailureKind.OVERLOADED,
        source="section 4",
    ),
    RecoveryRule(
        name="claude-session-missing",
        pattern=late_pattern(
            r"No conversation found with session ID|--resume requires a valid session ID|^Error: Invalid session ID"
        ),
        remedy=Relaunch(fresh=True),
        because="the conversation to continue is not there",
        source="C19",
    ),
    RecoveryRule(
        name="claude-session-taken",
        pattern=late_pattern(r"Session ID \S+ is already in use"),
        remedy=Relaunch(fresh=True),
        because="another process has the conversation open",
        source="C19",
    ),
    RecoveryRule(
        name="claude-folder-not-writable",
        pattern=late_pattern(r"EACCES: permission denied, mkdir '(?P<path>[^']+)'"),
        remedy=Escalate(("make HOME and TMPDIR writable for the user that runs the agents",)),
        because="Claude Code cannot make its own folders",
        evidence="binary",
        source="C20",
    ),
    RecoveryRule(
        name="claude-folder-gone",
        pattern=late_pattern(r"The current directory no longer exists"),
        remedy=Escalate(("make the target folder again",)),
        because="the target folder was removed while the agent ran",
        evidence="binary",
        source="C21",
    ),
    RecoveryRule(
        name="claude-not-trusted",
        pattern=late_pattern(r"Error: Workspace not trusted"),
        remedy=Escalate(("run claude once in the target folder and trust it",)),
        because="Claude Code does not trust the folder",
        evidence="binary",
        source="claude, binary only",
    ),
)
