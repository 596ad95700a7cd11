"""Runs the test by which somebody proves a finding, and notes why it failed and whether the named place ran.

``python orchestrate_proof.py PLAN`` in the project's own interpreter; ``PLAN`` is a file of JSON: ``test`` (the file to
run), ``at`` (the project's folder), ``file`` (the file of the place, absolute), ``first`` and ``last`` (the lines that
have to run), ``from`` and ``to`` (the lines of the whole function).  It needs Python 3.8 and nothing else.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from types import FunctionType
from typing import Any

NETWORK = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}
LOCAL = ("127.", "::1", "localhost", "0.0.0.0", "::")  # noqa: S104 - names that lead to this machine itself
MOST_MEMORY = 4 * 2**30
MOST_FILE = 64 * 2**20
# Those that read a source for a message, and those that load it.
LOADERS = ("<frozen ", "importlib", "traceback.py", "warnings.py", f"logging{os.sep}__init__.py", "zipimport")
CARRIERS = ("io.py", "tokenize.py", "linecache.py", "codecs.py", "pathlib.py", f"pathlib{os.sep}", "fileinput.py")


class Records:
    """What was seen, one JSON object a line."""

    def __init__(self) -> None:
        folder = os.environ.pop("ORCHESTRATE_REPORT")
        self._process = os.getpid()
        path = os.path.join(folder, f"records-proof-{os.urandom(8).hex()}.jsonl")
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._write, self._dumps, self._getpid = os.write, json.dumps, os.getpid

    def write(self, **record: object) -> None:
        """Append one, unless this is a child that the test has forked."""
        if self._getpid() == self._process:
            self._write(self._file, (self._dumps(record) + "\n").encode("utf-8", "backslashreplace"))


class Watch:
    """Notes that the named lines ran, what was asked of the network, and whether sources were read as text."""

    def __init__(self, plan: Any, records: Records) -> None:
        self._file, self._at = os.path.realpath(plan["file"]), os.path.realpath(plan["at"]) + os.sep
        self._first, self._last, self._records = plan["first"], plan["last"], records
        self._is_function = plan["to"] > plan["from"]
        self._known: dict[str, bool] = {}
        self._has_run = False

    def begin(self) -> None:
        """From now on."""
        if self._file.endswith((".py", ".pyw")):
            threading.settrace(self._enter)
            sys.settrace(self._enter)
        sys.addaudithook(self._heard)

    def _enter(self, frame: Any, event: str, argument: Any) -> Any:
        name = frame.f_code.co_filename
        if name not in self._known:
            self._known[name] = os.path.realpath(name) == self._file
        # The line of a definition runs when its module is loaded, and that shows nothing of the function.
        if not self._known[name] or (self._is_function and frame.f_code.co_name == "<module>"):
            return None
        return self._line

    def _line(self, frame: Any, event: str, argument: Any) -> Any:
        if not self._has_run and self._first <= frame.f_lineno <= self._last:
            self._has_run = True
            self._records.write(place=True)
        return self._line

    def _heard(self, event: str, arguments: Any) -> None:
        if event in NETWORK:
            self._asked(event, arguments)
        elif event == "open" and isinstance(arguments[0], (str, bytes)):
            path = os.fsdecode(arguments[0])
            # By its end first: a path is made real only where it may matter.
            if path.endswith((".py", ".pyi")) and os.path.realpath(path).startswith(self._at) and _is_read():
                self._records.write(read=path[-200:])

    def _asked(self, event: str, arguments: Any) -> None:
        place = arguments[0] if event in ("socket.getaddrinfo", "socket.gethostbyname") else arguments[-1]
        host = place[0] if isinstance(place, tuple) and place else place
        if isinstance(host, bytes):
            host = host.decode("utf-8", "replace")
        is_path = not isinstance(place, tuple) and event.startswith(("socket.connect", "socket.send"))
        if isinstance(host, str) and host and not is_path and not host.startswith(LOCAL):
            self._records.write(network=host[:200])


def _is_read() -> bool:
    """Whether whoever opens a source wants its text: not to load it, nor to show a line of it in a message."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if any(word in name for word in LOADERS):
            return False
        if not name.endswith(CARRIERS) and not any(word in name for word in CARRIERS):
            return True
        frame = frame.f_back
    return True


class Skipped(Exception):
    """A test that did not run."""


def main() -> None:
    """Run the test; the code is 0 where it passes, 1 where it fails and 3 where it shows nothing."""
    with open(sys.argv[1], encoding="utf-8", errors="surrogateescape") as file:
        plan = json.load(file)
    records = Records()
    records.write(start="proof")
    _limit()
    with open(plan["test"], encoding="utf-8") as file:
        text = file.read()
    sys.path[0] = plan["at"]
    if os.path.isdir(os.path.join(plan["at"], "src")):
        sys.path.insert(0, os.path.join(plan["at"], "src"))
    sys.argv[:] = ["proof.py"]
    outcome = _outcome(text, plan, Watch(plan, records))
    records.write(**outcome)
    records.write(end=0)
    sys.stdout.flush()
    # What the test left running or has registered for the end says nothing about the test.
    os._exit({"passed": 0, "failed": 1}.get(str(outcome["outcome"]), 3))


def _limit() -> None:
    import resource

    for which, most in ((resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_FSIZE, MOST_FILE)):
        _, hard = resource.getrlimit(which)
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (wanted, wanted))


def _outcome(text: str, plan: Any, watch: Watch) -> dict[str, object]:
    ran = 0
    try:
        names: dict[str, Any] = {"__name__": "proof", "__file__": "proof.py"}
        code = compile(text, "proof.py", "exec")
        watch.begin()
        exec(code, names)  # noqa: S102 - it is what is to be run
        for test in _tests(names):
            ran += 1
            _run(test)
    except BaseException as error:
        sys.settrace(None)
        return _failure(error, plan, ran)
    sys.settrace(None)
    return {"outcome": "passed", "ran": ran}


def _tests(names: dict[str, Any]) -> list[Any]:
    # Loaded only where the test itself loads it: every run begins anew.
    unittest = sys.modules.get("unittest")
    found: list[Any] = []
    for name, value in names.items():
        if name.startswith("test") and isinstance(value, FunctionType):
            found.append(value)
        elif unittest is not None and _is_case(value, unittest):
            found += [_method(value, method) for method in unittest.defaultTestLoader.getTestCaseNames(value)]
    return found


def _is_case(value: Any, unittest: Any) -> bool:
    return isinstance(value, type) and value.__module__ == "proof" and issubclass(value, unittest.TestCase)


def _method(case: Any, name: str) -> Any:
    def run() -> None:
        one = case(name)
        case.setUpClass()
        try:
            one.debug()
        finally:
            case.tearDownClass()

    return run


def _run(test: Any) -> None:
    code = getattr(test, "__code__", None)
    parameters = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]) if code is not None else []
    if parameters == ["tmp_path"]:
        from pathlib import Path
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as folder:
            _finish(test(Path(folder)))
        return
    if parameters:
        raise Skipped("a test takes no parameters but tmp_path")
    _finish(test())


def _finish(result: Any) -> None:
    if hasattr(result, "send") and hasattr(result, "cr_code"):
        from asyncio import run

        run(result)


def _failure(error: BaseException, plan: Any, ran: int) -> dict[str, object]:
    """Whether it failed by what it asserts, by what happened in the named function, or by anything else."""
    kind = type(error).__name__
    if isinstance(error, (Skipped, SystemExit)) or kind in ("SkipTest", "Skipped"):
        return {"outcome": "nothing", "why": f"{kind}: {error}"[:300], "ran": ran}
    places, trace = [], error.__traceback__
    while trace is not None:
        places.append((os.path.realpath(trace.tb_frame.f_code.co_filename), trace.tb_lineno, trace.tb_frame))
        trace = trace.tb_next
    by = "other"
    if isinstance(error, AssertionError) or type(error).__module__ == "_pytest.outcomes":
        by = "assertion" if _is_of_test(places) else "other"
    target = os.path.realpath(plan["file"])
    if by == "other" and any(name == target and plan["from"] <= line <= plan["to"] for name, line, _ in places):
        by = "place"
    last = f"{os.path.basename(places[-1][0])}:{places[-1][1]}" if places else ""
    return {"outcome": "failed", "by": by, "why": f"{kind}: {error}"[:300], "at": last, "ran": ran}


def _is_of_test(places: Any) -> bool:
    """Whether the assertion stands in the test itself, or in what unittest and pytest assert by."""
    for _, _, frame in reversed(places):
        name = frame.f_globals.get("__name__", "").partition(".")[0]
        if name not in ("unittest", "_pytest"):
            return bool(name == "proof")
    return False


if __name__ == "__main__":
    main()
