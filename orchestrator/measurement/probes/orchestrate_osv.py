"""Asks an OSV service for the known vulnerabilities of packages; prints one JSON object.

``python orchestrate_osv.py LIST URL``, where each line of the list is ecosystem, name and version with a tab between.
"""

from __future__ import annotations

import json
import sys
from urllib.request import Request, urlopen

WAIT_S = 30
MOST_PAGES = 20
ANSWER = frozenset({"vulns", "next_page_token"})


def main() -> None:
    """Ask for one after the other; the first that cannot be asked for ends it."""
    with open(sys.argv[1], encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        rows = [line.split("\t") for line in file.read().split("\n")[:-1]]
    asked = []
    for ecosystem, name, version in rows:
        found = _found({"package": {"ecosystem": ecosystem, "name": name}, "version": version})
        told = [[str(row["id"]), str(row.get("summary") or row.get("details") or "")[:200]] for row in found]
        asked.append([ecosystem, name, version, told])
    json.dump({"asked": asked}, sys.stdout)


def _found(question: dict[str, object]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for _ in range(MOST_PAGES):
        # The address is the user's own, and was looked at: it is http or https.
        request = Request(sys.argv[2], json.dumps(question).encode(), {"Content-Type": "application/json"})  # noqa: S310 - the address that the user gave
        with urlopen(request, timeout=WAIT_S) as response:  # noqa: S310 - the address that the user gave
            answer = json.load(response)
        # An empty object says that nothing is known; an error, whatever its status, says other things.
        if not isinstance(answer, dict) or not answer.keys() <= ANSWER:
            raise SystemExit(f"the service's answer is none: {str(answer)[:200]}")
        found += answer.get("vulns", [])
        token = answer.get("next_page_token")
        if not token:
            return found
        question = {**question, "page_token": token}
    raise SystemExit("the service's answer has no end")


if __name__ == "__main__":
    main()
