from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.late_pattern import late_pattern

SOURCES = [r"a+(b)?", r"(?P<word>\w+)\s*$", r"^x|y"]
COMPILE_ALL = """
import gc, importlib, pkgutil
import orchestrator
from orchestrator.late_pattern import LatePattern
for module in pkgutil.walk_packages(orchestrator.__path__, "orchestrator."):
    if ".probes" not in module.name and ".stand_in" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
every = [each for each in gc.get_objects() if isinstance(each, LatePattern)]
for each in every:
    each.compiled()
print(len(every))
"""


@pytest.mark.parametrize("source", SOURCES)
@given(text=st.text("abxy \n", max_size=12))
def test_it_finds_what_a_pattern_finds(source: str, text: str) -> None:
    ours, theirs = late_pattern(source, re.MULTILINE), re.compile(source, re.MULTILINE)

    assert [found.span() for found in ours.finditer(text)] == [found.span() for found in theirs.finditer(text)]
    assert ours.sub("-", text) == theirs.sub("-", text)
    assert bool(ours.fullmatch(text)) == bool(theirs.fullmatch(text))
    assert (ours.pattern, ours.flags, ours.groups) == (theirs.pattern, theirs.flags, theirs.groups)
    assert repr(ours) == repr(theirs)


def test_it_reads_bytes_as_well() -> None:
    assert late_pattern(rb"a(.)").findall(b"ab ac") == [b"b", b"c"]


def test_it_is_compiled_when_it_is_asked_for_something() -> None:
    wrong = late_pattern("(")

    with pytest.raises(re.error):
        wrong.search("x")
    with pytest.raises(AttributeError):
        late_pattern("x").no_such_method  # type: ignore[attr-defined]  # noqa: B018


def test_the_same_expressions_are_equal_and_can_be_copied() -> None:
    used = late_pattern("a", re.IGNORECASE)
    assert used.search("A")

    assert used == late_pattern("a", re.IGNORECASE) == copy.deepcopy(used) == pickle.loads(pickle.dumps(used))  # noqa: S301 - our own
    assert hash(used) == hash(late_pattern("a", re.IGNORECASE))
    assert used != late_pattern("a")


def test_no_expression_of_the_program_is_wrong() -> None:
    done = subprocess.run([sys.executable, "-c", COMPILE_ALL], capture_output=True, text=True, check=True)

    assert int(done.stdout) > 300
