"""Narration puts what the journal holds into words: once for the terminal, the dashboard and the report."""
