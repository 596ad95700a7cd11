"""``python -m orchestrator`` enters here; ``./orchestrate`` hands over to it."""

from __future__ import annotations

from orchestrator.cli.main import main

if __name__ == "__main__":
    main()
