"""Reads a runner's report, whatever its form; what cannot be read is a problem of the report and never an exception."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from orchestrator.suites import go_report, json_reports, libtest_report, recorder_report, tap_report, xml_reports
from orchestrator.suites.report import Draft, Report
from orchestrator.suites.suite import Form

if TYPE_CHECKING:
    from orchestrator.suites.suite import Suite

MOST_FILES = 2000
MOST_BYTES = 64 * 1024 * 1024

Reader = Callable[[bytes, Draft], None]
READERS: Mapping[Form, Reader] = {
    Form.RECORDS: recorder_report.read,
    Form.JUNIT: xml_reports.read_junit,
    Form.TRX: xml_reports.read_trx,
    Form.JEST: json_reports.read_jest,
    Form.RSPEC: json_reports.read_rspec,
    Form.GO: go_report.read,
    Form.LIBTEST: libtest_report.read,
    Form.TCLTEST: libtest_report.read_tcltest,
    Form.TAP: tap_report.read,
}


def read_report(suite: Suite, output: bytes, files: Mapping[str, bytes]) -> Report:
    """Read what one run of the suite reported.

    Args:
        output: What the runner printed.
        files: What lay in the report's folder afterwards, by name.
    """
    reader = READERS.get(suite.form)
    draft = Draft()
    if reader is None:
        return draft.report()
    if suite.from_output:
        reader(output, draft)
        return draft.report()
    if len(files) > MOST_FILES or sum(map(len, files.values())) > MOST_BYTES:
        draft.problems.append(f"the report has more than {MOST_FILES} files or {MOST_BYTES // 2**20} MiB")
        return draft.report()
    for name in sorted(files):
        reader(files[name], draft)
    return draft.report()
