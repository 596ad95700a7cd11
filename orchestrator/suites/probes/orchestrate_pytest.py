"""A pytest plugin that records how each test really ended, beside whatever the project's own hooks make of it.

``-p orchestrate_pytest`` loads it before any conftest.py.  It needs pytest 3 and Python 3.7, and changes no outcome.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Generator
from typing import Any

import orchestrate_records  # type: ignore[import-not-found]  # it lies beside this file where that is run
import pytest
from _pytest import python as pytest_python
from _pytest import reports as pytest_reports
from _pytest import runner as pytest_runner

_records = orchestrate_records.opened("pytest")
_ADDED = "-p orchestrate_pytest"


def _machinery() -> dict[str, object]:
    """The parts of pytest through which an outcome passes; a conftest.py that replaces one could hide a failure."""
    return {
        "CallInfo.from_call": getattr(pytest_runner.CallInfo, "from_call", None),
        "call_and_report": getattr(pytest_runner, "call_and_report", None),
        "runtestprotocol": getattr(pytest_runner, "runtestprotocol", None),
        "TestReport.from_item_and_call": getattr(pytest_reports.TestReport, "from_item_and_call", None),
        "Function.runtest": pytest_python.Function.runtest,
        "Function.setup": pytest_python.Function.setup,
    }


_MACHINERY = {name: getattr(part, "__func__", part) for name, part in _machinery().items()}
_HOOKS_THAT_CALL = ("pytest_pyfunc_call", "pytest_runtest_call", "pytest_runtest_protocol")


def _hide() -> None:
    orchestrate_records.hide()
    rest = os.environ.get("PYTEST_ADDOPTS", "").replace(_ADDED, "", 1).strip()
    if rest:
        os.environ["PYTEST_ADDOPTS"] = rest
    else:
        os.environ.pop("PYTEST_ADDOPTS", None)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> object:
    """Hide what asks for records from the project's own code, unless workers of xdist need it still."""
    known = early_config.known_args_namespace
    if not getattr(known, "numprocesses", None) and not getattr(known, "tx", None):
        _hide()
    if orchestrate_records.tracer is not None and hasattr(known, "no_cov"):
        # Of two tracers the later one wins, and pytest-cov's obeys the project.
        known.no_cov = True
    yield


class Recorder:
    """The hooks of one session."""

    def __init__(self, records: orchestrate_records.Records) -> None:
        self.write = records.write
        self.phases: dict[str, dict[str, str]] = {}
        self.raised: dict[str, BaseException] = {}
        self.called: dict[str, bool] = {}
        self.collected: set[str] = set()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_sessionstart(self, session: pytest.Session) -> object:
        yield
        # xdist has started its workers by now, which need the environment to load this plugin as well.
        _hide()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, session: object, config: object, items: list[pytest.Item]) -> object:
        before = [item.nodeid for item in items]
        yield
        left = {item.nodeid for item in items}
        for name in before:
            if name not in left:
                self.write(deselected=name)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.write(broken=report.nodeid or "collection")
        elif report.skipped:
            self.write(test=report.nodeid, outcome="skipped")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: object) -> object:
        self.write(began=item.nodeid)
        self.phases[item.nodeid] = {}
        self.raised.pop(item.nodeid, None)
        if _is_called_by_the_project(item) and isinstance(item, pytest.Function):
            self._watch(item)
        yield

    def _watch(self, item: pytest.Function) -> None:
        """Notice by ourselves whether the test's function is called and raises: hooks of the project call it."""
        function = getattr(item, "obj", None)
        if not inspect.isroutine(function) or hasattr(item, "_testcase") or getattr(item.cls, "setUpClass", None):
            return
        name = item.nodeid
        self.called[name] = False

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def watched_coroutine(*args: object, **kwargs: object) -> object:
                self.called[name] = True
                try:
                    return await function(*args, **kwargs)
                except BaseException as error:
                    self.raised[name] = error
                    raise

            item.obj = watched_coroutine
            return

        @functools.wraps(function)
        def watched(*args: object, **kwargs: object) -> object:
            self.called[name] = True
            try:
                return function(*args, **kwargs)
            except BaseException as error:
                self.raised[name] = error
                raise

        item.obj = watched

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, None]:
        outcome = yield
        if outcome.excinfo is not None:
            self.raised.setdefault(item.nodeid, outcome.excinfo[1])

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, None]:
        outcome = yield
        report = outcome.get_result()
        error = call.excinfo.value if call.excinfo is not None else None
        if error is None and call.when == "call":
            error = self.raised.get(item.nodeid)
        raw = self._raw(item, error)
        if raw == "passed" and call.when == "call" and self.called.get(item.nodeid) is False:
            raw = "not called"
        said = "failed" if report.failed else "skipped" if report.skipped else "passed"
        if raw == "xfailed":
            raw = said if said != "passed" or not getattr(report, "wasxfail", None) else "skipped"
            raw = "skipped" if raw == "passed" else raw
        if raw in ("failed", "not called") and said != "failed":
            self.write(rewritten=item.nodeid, raw=raw, said=said)
        if raw == "passed" and said == "failed":
            raw = "failed"  # a strict expected failure that passed, or a hook that found something
        if raw == "passed" and said == "skipped":
            raw = "skipped"
        self.phases.setdefault(item.nodeid, {})[call.when] = "failed" if raw == "not called" else raw
        if call.when == "teardown":
            self._finish(item.nodeid)

    def _raw(self, item: pytest.Item, error: BaseException | None) -> str:
        if error is None:
            return "passed"
        if isinstance(error, pytest.skip.Exception) or type(error).__name__ == "SkipTest":
            return "skipped"
        if isinstance(error, pytest.xfail.Exception) or next(item.iter_markers("xfail"), None) is not None:
            return "xfailed"
        if getattr(getattr(item, "obj", None), "__unittest_expecting_failure__", False):
            return "xfailed"
        return "failed"

    def _finish(self, name: str) -> None:
        phases = self.phases.get(name, {})
        if phases.get("call") == "failed":
            outcome = "failed"
        elif "failed" in phases.values():
            outcome = "error"
        elif "skipped" in phases.values():
            outcome = "skipped"
        else:
            outcome = "passed" if "call" in phases else "skipped"
        self.write(test=name, outcome=outcome)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> object:
        yield
        now = {name: getattr(part, "__func__", part) for name, part in _machinery().items()}
        for name, part in _MACHINERY.items():
            if now[name] is not part:
                self.write(replaced=f"pytest's {name}")
        self.write(end=int(exitstatus))


def _is_called_by_the_project(item: pytest.Item) -> bool:
    """Whether something other than an installed plugin may call the test in pytest's place."""
    for name in _HOOKS_THAT_CALL:
        hook = getattr(item.ihook, name)
        hook = getattr(hook, "_orig", hook)
        for implementation in getattr(hook, "get_hookimpls", list)():
            code = getattr(implementation.function, "__code__", None)
            path = getattr(code, "co_filename", "")
            if path and "site-packages" not in path and "dist-packages" not in path and path != __file__:
                return True
    return False


def pytest_configure(config: pytest.Config) -> None:
    if _records is not None:
        config.pluginmanager.register(Recorder(_records), "orchestrate recorder")
