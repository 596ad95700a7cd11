"""What every test has: the asyncio backend, a check that nothing is left behind, a way to say "not provable here"."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import psutil
import pytest
import pytest_timeout  # type: ignore[import-untyped]  # it has no types
from hypothesis import settings

from tests.foreign_access import WATCH

# The same examples every time, so that a red run is the change's doing; new ones with --hypothesis-profile=hunt.
settings.register_profile("check", derandomize=True, database=None, deadline=None)
settings.register_profile("hunt", max_examples=5_000, deadline=None)
settings.load_profile("check")

# A shell starts what it runs in the background with Ctrl-C ignored, and every program a test starts would inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

UNPROVEN = "not_proven"
WHOLE_SESSIONS = frozenset({"program"})
"""Fixtures with which a test calls the program from outside, and has it start agents, sandboxes and test runs."""
LEAK_GRACE_S = 30.0
"""How long what a test has told to end may take to be gone."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


ORDINARY = 65534
"""The user id of nobody in particular."""


@pytest.fixture
def ordinary_folder() -> Iterator[Path]:
    """A folder of an ordinary user's, who the test is while it runs: root may do what permissions forbid."""
    # Not below pytest's own folders, which only their owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="orchestrate-test-")).resolve()
    user = os.geteuid()
    if user == 0:
        os.chown(folder, ORDINARY, ORDINARY)
        # The real id, too: that is whom os.access() asks about.  The saved one leads back.
        os.setresuid(ORDINARY, ORDINARY, user)
    try:
        yield folder
    finally:
        if user == 0:
            os.setresuid(user, user, user)
        shutil.rmtree(folder)


# --- "not proven here" ----------------------------------------------------------------------------------------------


@pytest.fixture
def not_proven(request: pytest.FixtureRequest) -> Callable[[str], NoReturn]:
    """Ends a test whose claim cannot be proven on this machine; ``./check`` lists the reasons at its end."""

    def give_up(reason: str) -> NoReturn:
        # Properties travel with the report, also from the processes of pytest-xdist.
        request.node.user_properties.append((UNPROVEN, reason))
        pytest.skip(f"not proven here: {reason}")

    return give_up


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-proven", action="store_true", help="fail if any test could not prove its claim here")


class NotProvenHere:
    """Collects what could not be proven, lists it, and fails the run under ``--all-proven``."""

    def __init__(self, *, fail: bool) -> None:
        self.fail = fail
        self.reasons: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, reason in report.user_properties:
            if name == UNPROVEN:
                self.reasons[report.nodeid] = str(reason)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.fail and self.reasons and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.reasons:
            return
        terminalreporter.section("not proven here", red=self.fail, yellow=not self.fail)
        for test, reason in sorted(self.reasons.items()):
            terminalreporter.line(f"{reason}  ({test})")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that plays whole sessions is slow by what it does: nobody has to remember to mark it.

    ``@pytest.mark.fault("A1")`` puts the entry a test belongs to into every report of it.
    """
    for item in items:
        if WHOLE_SESSIONS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
        item.user_properties += [("fault", entry) for mark in item.iter_markers("fault") for entry in mark.args]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is loaded and collected stays until the end, so that no look for garbage has to go through it: not one of
    the many while it comes to be, and none of a test's own afterwards."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    if not WATCH.is_active:
        WATCH.start()
    if "PYTEST_STATE_HOME" not in os.environ:
        # What sessions come to is recorded in the user's state folder: here in one of the suite's own.
        os.environ["PYTEST_STATE_HOME"] = os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="orchestrate-state-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ["XDG_STATE_HOME"], ignore_errors=True))
    config.pluginmanager.register(Watchdog(), "watchdog")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(NotProvenHere(fail=config.getoption("--all-proven")), "not-proven-here")


# --- nothing hangs -------------------------------------------------------------------------------------------------


class Watchdog:
    """Ends the run when a test has taken its time, as pytest-timeout does: with one thread for all tests, where that
    starts and joins one for each."""

    LOOK_S = 0.5

    def __init__(self) -> None:
        self._watched: tuple[float, pytest.Item, Any] | None = None
        self._thread: threading.Thread | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> bool | None:
        if settings.method != "thread":
            return None
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self._thread.start()
        self._watched = (time.monotonic() + settings.timeout, item, settings)
        return True

    @pytest.hookimpl(optionalhook=True)
    def pytest_timeout_cancel_timer(self) -> None:
        self._watched = None

    def _watch(self) -> None:
        never = threading.Event()
        while not never.wait(self.LOOK_S):
            watched = self._watched
            if watched is not None and time.monotonic() > watched[0]:
                pytest_timeout.timeout_timer(*watched[1:])


# --- what others made is opened by one room alone -------------------------------------------------------------------


@pytest.fixture(autouse=True)
def only_one_room_opens_what_others_made(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test: nothing of a target, a home or a scratch folder was opened by another module."""
    WATCH.offences.clear()
    yield
    found, WATCH.offences = WATCH.offences, []
    if found:
        pytest.fail("opened by another room than orchestrator/files: " + "; ".join(dict.fromkeys(found)), pytrace=False)


# --- nothing is left behind -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Belongings:
    """What there is at one moment; cheap to find out, since it is asked twice for every test."""

    descriptors: frozenset[tuple[int, str]]
    """This process's."""
    threads: frozenset[threading.Thread]
    processes: frozenset[int]
    """Every pid of the machine, and some that have ended: one that is new may be a child or an orphan of the test."""


# What libraries open once and keep.  A descriptor is named by what it leads to.
KEPT_FOR_EVER = ("/dev/urandom", "/dev/null", "/proc/self/", f"/proc/{os.getpid()}/")


def belongings() -> Belongings:
    return Belongings(
        descriptors=frozenset(_descriptors()),
        threads=frozenset(threading.enumerate()),
        processes=_processes(),
    )


def leaks(before: Belongings, folder: Path) -> list[str]:
    """What is there now and was not before, in words; ``folder`` marks orphans as this test's."""
    now = belongings()
    found = [f"descriptor {number} -> {target}" for number, target in now.descriptors - before.descriptors]
    found += [f"thread {thread.name}" for thread in now.threads - before.threads if thread.is_alive()]
    for pid in now.processes - before.processes - {os.getpid()}:
        if _is_child(pid):
            found.append(f"child process {_told(pid)}")
        elif _is_about(pid, str(folder)):
            found.append(f"orphaned process {_told(pid)}")
    return found


@pytest.fixture(autouse=True)
def nothing_is_left_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After every test: no process, descriptor or thread that was not there before it."""
    folder = tmp_path_factory.getbasetemp()
    before = belongings()
    yield
    deadline = time.monotonic() + LEAK_GRACE_S
    collected = False
    while found := leaks(before, folder):
        if not collected:
            gc.collect()
            collected = True
        elif time.monotonic() > deadline:
            _end_what_is_new(before, folder)
            pytest.fail("left behind: " + "; ".join(sorted(found)), pytrace=False)
        else:
            time.sleep(0.02)


def _descriptors() -> Iterator[tuple[int, str]]:
    folder = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    for name in os.listdir(folder):
        try:
            target = os.readlink(f"{folder}/{name}") if sys.platform == "linux" else name
        except OSError:
            continue  # the listing's own
        if not target.startswith(KEPT_FOR_EVER):
            yield int(name), target


def _processes() -> frozenset[int]:
    """Every pid of the machine; listed anew only if one has been given away since the last time."""
    global _listed
    last_given = _last_given_pid()
    if last_given is None or last_given != _listed[0]:
        _listed = (last_given, frozenset(psutil.pids()))
    return _listed[1]


_listed: tuple[str | None, frozenset[int]] = (None, frozenset())


def _last_given_pid() -> str | None:
    """What the kernel numbered last, a process or a thread; ``None`` where it does not say."""
    try:
        with open("/proc/loadavg", encoding="ascii") as file:
            last = file.read().split()[-1]
    except OSError:
        return None
    return last if last != "0" else None


def _is_child(pid: int) -> bool:
    """Whether the process is this one's own, a zombie too."""
    try:
        return psutil.Process(pid).ppid() == os.getpid()
    except psutil.Error:
        return False


def _is_about(pid: int, folder: str) -> bool:
    """Whether a living process works in the folder or names it in its arguments."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False  # of another parent, which has to reap it
        # With its separator: the folder of another run may begin with the same letters.
        return any(f"{folder}/" in f"{place}/" for place in (*process.cmdline(), process.cwd()))
    except psutil.Error:
        return False


def _told(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        return f"{pid} ({process.status()}): {' '.join(process.cmdline())[:200]}"
    except psutil.Error:
        return str(pid)


def _end_what_is_new(before: Belongings, folder: Path) -> None:
    """The next test starts clean, whatever this one has left."""
    children = {child.pid for child in psutil.Process().children(recursive=True)}
    orphans = {pid for pid in psutil.pids() if _is_about(pid, str(folder))}
    for pid in (children | orphans) - before.processes - {os.getpid()}:
        # One may end meanwhile by itself, or with the one before it.
        with suppress(psutil.NoSuchProcess):
            psutil.Process(pid).kill()
