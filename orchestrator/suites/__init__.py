"""Finds a project's test suites and reads what their runners report; pure: it runs and opens nothing itself.

``detection.detect`` turns the project's files into :class:`~orchestrator.suites.suite.Suite` values, somebody else runs
them, and ``results.judge`` turns the report that was written into a :class:`~orchestrator.suites.results.SuiteResult`.
"""
