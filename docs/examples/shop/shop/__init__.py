"""A small shop, with weaknesses: the workflows are rehearsed on it."""
