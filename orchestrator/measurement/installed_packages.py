"""Read what the packages in an environment say of themselves, without running or importing any of them."""

from __future__ import annotations

from collections.abc import Iterable
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.gates.gate import InstalledPackage

MOST_PACKAGES: Final = 2_000
MOST_METADATA_BYTES: Final = 1024**2


def installed_in(folders: Iterable[Path]) -> tuple[InstalledPackage, ...]:
    """Every distribution of these folders, by name.  Blocks."""
    found: dict[str, InstalledPackage] = {}
    for folder in folders:
        foreign = ForeignFolder(folder, links="follow")
        names = foreign.folders()
        for name in [] if isinstance(names, Unread) else names[:MOST_PACKAGES]:
            if name.endswith((".dist-info", ".egg-info")):
                file = "METADATA" if name.endswith(".dist-info") else "PKG-INFO"
                text = foreign.read_text(f"{name}/{file}", most_bytes=MOST_METADATA_BYTES)
                package = None if isinstance(text, Unread) else described(text)
                if package is not None:
                    found.setdefault(package.name, package)
    return tuple(found[name] for name in sorted(found))


def described(metadata: str) -> InstalledPackage | None:
    """What a METADATA file says; ``None`` where it names no package."""
    message = HeaderParser().parsestr(metadata)
    name, version = message.get("Name", ""), message.get("Version", "")
    if not name or not version:
        return None
    expression = message.get("License-Expression", "")
    classifiers = tuple(map(str, message.get_all("Classifier", [])))
    return InstalledPackage(str(name), str(version), str(expression), str(message.get("License", "")), classifiers)
