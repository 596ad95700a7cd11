"""One pattern per module: what runs next of its children, or what they came to."""
