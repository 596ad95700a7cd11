"""Cut the bytes that a CLI writes into lines, and those into records or noise."""
