"""The shim's own JSON: the same as everybody's, and files that are whole or absent."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.shim.attempt_records import claim, decode, decode_file, encode, replace_file

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_it_reads_and_writes_what_the_public_module_does(value: dict[str, object]) -> None:
    assert json.loads(encode(value)) == value
    assert decode(json.dumps(value)) == value


@pytest.mark.parametrize("text", ["", "{half", "nul", "{} {}", "[1,", '"', "\x00"])
def test_what_is_no_document_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)


@pytest.mark.parametrize("text", ["", "{half", "{} {}"])
def test_that_also_holds_where_the_public_module_was_never_loaded(text: str) -> None:
    # In the shim's own kind of interpreter the C scanner cannot raise its error by itself.
    code = (
        "import sys; sys.path.append(sys.argv[1])\n"
        "from orchestrator.shim.attempt_records import decode\n"
        "try: decode(sys.argv[2])\n"
        "except ValueError: print('ValueError')"
    )
    root = str(Path(__file__).resolve().parents[2])
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, root, text], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "ValueError\n"


def test_a_file_with_anything_but_an_object_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("[1]")
    with pytest.raises(ValueError, match="not a JSON object"):
        decode_file(str(tmp_path / "a"))


def test_only_the_first_claims_a_file(tmp_path: Path) -> None:
    path = str(tmp_path / "record")
    assert claim(path, "first")
    assert not claim(path, "second")
    assert Path(path).read_text() == "first"


def test_what_cannot_be_claimed_whole_is_not_claimed(tmp_path: Path) -> None:
    code = (
        "import sys, resource, signal\n"
        "from orchestrator.shim.attempt_records import claim\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5, 5))\n"
        "try: claim(sys.argv[1], 'more than five')\n"
        "except OSError as problem: print('refused')\n"
    )
    path = tmp_path / "record"
    ran = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert ran.stdout == "refused\n"
    assert not path.exists()


@pytest.mark.parametrize("sync", [False, True])
def test_a_replaced_file_is_private_and_leaves_nothing_beside_it(tmp_path: Path, sync: bool) -> None:
    path = tmp_path / "record"
    path.write_text("old")
    replace_file(str(path), "new" * 100_000, sync=sync)
    assert path.read_text() == "new" * 100_000
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["record"]
