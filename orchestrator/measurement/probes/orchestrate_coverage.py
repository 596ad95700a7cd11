"""Reads what coverage.py recorded of a project's tests, by no setting but ours; prints one JSON object.

``python orchestrate_coverage.py LIST DATA``.  Every file of the list counts, also one that nothing imported.  What the
project's comments would leave out counts, and is said beside.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from typing import Any


def main() -> None:
    """Combine the records of all processes, and count."""
    listed, data = sys.argv[1:]
    with open(listed, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        names = file.read().split("\n")[:-1]
    import coverage  # type: ignore[import-not-found]  # in the environment of the tools

    records = sorted(os.path.join(data, name) for name in os.listdir(data))
    # The tests can write there: what is no file would be waited for without an end.
    odd = [record for record in records if not stat.S_ISREG(os.lstat(record).st_mode)]
    if odd:
        sys.exit(f"{os.path.basename(odd[0])} among the records is no file")
    strict = _opened(coverage, data, [])
    strict.combine(records, strict=True, keep=True)
    usual = _opened(coverage, data, None)
    usual.load()
    measured = {os.path.realpath(name) for name in strict.get_data().measured_files()}
    rows, broken = {}, []
    for name in names:
        try:
            rows[name] = _row(strict, usual, os.path.realpath(name), measured)
        except coverage.CoverageException as error:
            broken.append(f"{name}: {str(error)[:200]}")
    json.dump({"records": len(records), "files": rows, "broken": broken}, sys.stdout)


def _opened(coverage: Any, data: str, excluded: list[str] | None) -> Any:
    place = os.path.join(os.path.dirname(data), "combined")
    found = coverage.Coverage(data_file=place, config_file=False, branch=True)
    if excluded is not None:
        found.set_option("report:exclude_lines", excluded)
        found.set_option("report:partial_branches", excluded)
    return found


def _row(strict: Any, usual: Any, path: str, measured: set[str]) -> dict[str, object]:
    """Statements and branches of one file, and how many of either were run."""
    numbers = strict._analyze(path)
    _, _, excluded, _, _ = usual.analysis2(path)
    figures = numbers.numbers
    return {
        "statements": figures.n_statements,
        "missing": sorted(numbers.missing),
        "branches": figures.n_branches,
        "missing_branches": figures.n_missing_branches,
        "excluded": sorted(set(excluded) & set(numbers.missing)),
        "imported": path in measured,
    }


if __name__ == "__main__":
    main()
