"""Name the CLIs of agents that this program does not drive: a worker may start one of them as well.

No adapter: no more is known of them than how they are called.
"""

from __future__ import annotations

from typing import Final

OTHER_CLIS: Final = (
    *("aider", "aider-chat", "amp", "auggie", "cline", "codebuff", "crush", "cursor-agent", "droid", "goose run"),
    *("goose session", "gptme", "iflow", "iflow-cli", "kilocode", "kimi", "kimi-cli", "kiro-cli", "letta-code"),
    *("mini-swe-agent", "mistral-vibe", "openhands", "plandex", "q chat", "qwen", "qwen-code", "rovodev", "sweagent"),
)
"""Programs, and packages without their scope; with a verb where another program has the name as well."""
