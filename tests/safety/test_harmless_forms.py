from __future__ import annotations

import pytest

from orchestrator.safety.harmless_forms import FORMS, does_nothing
from orchestrator.safety.shell.words import UNKNOWN, Word


@pytest.mark.parametrize(
    ("command", "harmless"),
    [
        ("git push --dry-run", True),
        ("git push origin -nv", True),
        ("git push --dry-run --no-dry-run", False),
        ("git push --dry-run --no-dry", False),
        ("git push --no-dry-run --dry-run", True),
        ("git push -o --dry-run", False),
        ("git push -- --dry-run", False),
        ("git push ? --dry-run", True),
        ("git push --brand-new --dry-run", False),
        ("git commit --dry-run push", False),
        ("npm publish --dry-run=true", True),
        ("npm publish --dry-run=false", False),
        ("npm publish --dry-run false", False),
        ("npm publish --tag --help", False),
        ("pip install --dry-run x", False),
        ("pip install -r --help", False),
        ("pip install x --help", True),
        ("gh release list", True),
        ("gh release create", False),
        ("gh release", False),
        ("fdisk -l /dev/sda", True),
        ("sfdisk --dump x", True),
        ("sfdisk --list --delete x", False),
        ("sgdisk -p -Z x", False),
        ("mkfs --help", True),
        ("mkfs /dev/sda --help", False),
        ("sudo --help", True),
        ("sudo apt --help", False),
        ("nobody --help", False),
        ("release-it --version", True),
        ("deno publish --dry-run", True),
        ("skopeo copy --help", True),
    ],
)
def test_a_form_is_harmless_only_where_it_surely_is_one(command: str, harmless: bool) -> None:
    program, *given = command.split()
    words = [UNKNOWN if part == "?" else Word(part) for part in given]
    assert does_nothing(program, words) is harmless


def test_every_row_says_who_says_so_and_stands_there_once() -> None:
    assert all(form.source for form in FORMS)
    rows = [(form.program, form.verb, form.options) for form in FORMS]
    assert len(rows) == len(set(rows))
