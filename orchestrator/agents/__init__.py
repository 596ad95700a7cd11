"""Each agent is described by one adapter here, and nothing outside this room knows its name."""
