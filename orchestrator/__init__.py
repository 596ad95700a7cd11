"""Put the Gemini, Claude and Codex command-line agents to work on one task as one supervised team."""

__version__ = "0.1.0"
