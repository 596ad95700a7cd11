"""Runs outbound commands, such as ``git push`` and ``npm publish``, in a worker's place once a person consented."""
