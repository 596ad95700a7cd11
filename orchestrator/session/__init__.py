"""The fold computes a session's state as a pure function of its journal."""
