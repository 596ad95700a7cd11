from __future__ import annotations

from pathlib import Path

from orchestrator.gates.gate import InstalledPackage
from orchestrator.measurement.installed_packages import described, installed_in
from tests.measurement.conftest import written

METADATA = """Metadata-Version: 2.4
Name: shop
Version: 1.2
License-Expression: MIT
License: a text
 of two lines
Classifier: License :: OSI Approved :: MIT License

Name: not-this
"""


def test_a_package_is_described_by_its_head_alone() -> None:
    expected = InstalledPackage(
        "shop", "1.2", "MIT", "a text\n of two lines", ("License :: OSI Approved :: MIT License",)
    )
    assert described(METADATA) == expected
    assert described("Name: only\n") is None


def test_every_distribution_of_the_folders_is_found_once(tmp_path: Path) -> None:
    written(tmp_path, {"a/shop-1.2.dist-info/METADATA": METADATA, "b/shop-1.2.dist-info/METADATA": METADATA})
    written(tmp_path, {"a/broken.dist-info/other": "", "a/shop/__init__.py": ""})
    assert [package.name for package in installed_in([tmp_path / "a", tmp_path / "b", tmp_path / "none"])] == ["shop"]
