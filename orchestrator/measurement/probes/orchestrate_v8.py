"""Counts which lines of JavaScript files ran, from what V8 wrote of every process of Node; prints one JSON object.

``python orchestrate_v8.py LIST RECORDS``.  Lines count as Node's own test runner counts them: all of a file, and
one did not run that lies whole within a range that ran 0 times.  A file that no process read counts with all its lines.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from bisect import bisect_left
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

MOST_BYTES = 512 * 1024**2


def main() -> None:
    """Go through the records."""
    with open(sys.argv[1], encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        names = file.read().split("\n")[:-1]
    texts = {os.path.realpath(name): name for name in names}
    ran: dict[str, list[bool]] = {}
    odd, records = list[str](), 0
    for entry in sorted(os.scandir(sys.argv[2]), key=lambda entry: entry.name):
        try:
            with opened(entry.path) as record:
                scripts = json.load(record)["result"]
            records += 1
            for script in scripts:
                name = texts.get(os.path.realpath(unquote(urlsplit(script["url"]).path)))
                if name is None or not script["url"].startswith("file:"):
                    continue
                lines, length = lines_of(name)
                if script["functions"][0]["ranges"][0]["endOffset"] != length:
                    # It was compiled from another text, whose lines are not those of the file.
                    odd.append(name)
                    continue
                seen = ran_in(lines, script["functions"])
                ran[name] = [one or other for one, other in zip(ran.get(name, seen), seen, strict=True)]
        except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            odd.append(f"{entry.name}: {type(error).__name__}")
    files = {}
    for name in names:
        if name not in ran:
            count = len(lines_of(name)[0])
            files[name] = {"lines": count, "missing": list(range(1, count + 1)), "read": False}
        else:
            missing = [number for number, has_run in enumerate(ran[name], 1) if not has_run]
            files[name] = {"lines": len(ran[name]), "missing": missing, "read": True}
    json.dump({"records": records, "odd": sorted(set(odd)), "files": files}, sys.stdout)


def opened(path: str) -> BinaryIO:
    """A record for reading.  The tests wrote it: what is no file, or is endless, is no record."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
        os.close(descriptor)
        raise ValueError("it is no file, or too long")
    return open(descriptor, "rb")


def lines_of(name: str) -> tuple[list[tuple[int, int]], int]:
    """Where each line begins and ends, and the whole ends, in units of UTF-16 as V8 counts them."""
    with open(name, encoding="utf-8", errors="replace", newline="") as file:
        text = file.read()
    found, at = list[tuple[int, int]](), 0
    for line in text.split("\n"):
        units = len(line.encode("utf-16-le", "surrogatepass")) // 2
        found.append((at, at + units))
        at += units + 1
    # A break at the very end begins no line.
    return (found[:-1] if found[-1][0] == found[-1][1] else found), found[-1][1]


def ran_in(lines: list[tuple[int, int]], functions: list[dict[str, list[dict[str, int]]]]) -> list[bool]:
    """Whether each line ran."""
    ran = [True] * len(lines)
    for function in functions:
        for row in function["ranges"]:
            first = bisect_left(lines, (row["startOffset"], -1))
            for number in range(first, len(lines)):
                if lines[number][1] > row["endOffset"]:
                    break
                ran[number] = row["count"] > 0
    return ran


if __name__ == "__main__":
    main()
