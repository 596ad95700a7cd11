"""The shim is a small process between coordinator and worker: it starts, limits and reaps the worker.

In: the path of a spec file; its own environment is the child's.  Out: ``workers/<worker>.<attempt>.json``, and raw
output that never passes through it.  Started as ``python -I -S shim.py SPEC``.
"""

from __future__ import annotations

import sys


def start() -> int:
    """Find our own package, which ``-I -S`` hides, and supervise."""
    # The work is in an imported module because a script's bytecode is never cached: compiling it here cost 6 ms.
    sys.path.append(__file__.rsplit("/", 3)[0])
    from orchestrator.shim.supervision import supervise

    return supervise(sys.argv[1])


if __name__ == "__main__":
    sys.exit(start())
