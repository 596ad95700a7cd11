"""Stand-ins replace CLIs that are missing: they write the same streams and really do what the model says.

Standard library only, and imports only within this folder: it is copied into a place of its own and started with
``python -I`` inside a sandbox that has neither our package nor its dependencies.
"""
