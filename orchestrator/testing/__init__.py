"""Conformance kits: an adapter of your own proves itself with the tests ours have to pass."""
