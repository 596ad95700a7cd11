"""Read what a push or a publication asks for, and where it may go.

This room is pure; ``coordinator/egress/`` carries out what a person consented to.
"""
