"""The shim is a small process between coordinator and worker: it starts, limits and reaps the worker.

In: the path of a spec file; its own environment is the child's.  Out: ``workers/<worker>.<attempt>.json``, and raw
output that never passes through it.  Started as ``python -I -S shim.py SPEC``; or, once a session, as ``shim.py
--standby CONTROL [KEPT...]``, and then forked for each attempt.
"""

from __future__ import annotations

import sys


def start() -> int:
    """Find our own package, which ``-I -S`` hides, and supervise, or keep shims ready."""
    # The work is in an imported module because a script's bytecode is never cached: compiling it here cost 6 ms.
    sys.path.append(__file__.rsplit("/", 3)[0])
    if sys.argv[1] == "--standby":
        from orchestrator.shim.standby import stand_by

        control, *kept = map(int, sys.argv[2:])
        return stand_by(control, kept)
    from orchestrator.shim.supervision import supervise

    return supervise(sys.argv[1])


if __name__ == "__main__":
    sys.exit(start())
