"""Measures a project by gates: their tools and its tests run in the sandbox, on a layer that is thrown away."""
