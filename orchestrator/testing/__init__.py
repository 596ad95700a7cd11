"""These conformance kits let an adapter of your own prove itself with the tests that ours have to pass."""
