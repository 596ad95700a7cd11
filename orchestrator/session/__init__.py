"""The fold: a session's state is a pure function of its journal."""
