"""Proofs of every honest and dishonest kind, each judged in the sandbox on one small project."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from orchestrator.measurement.project_tree import look_at
from orchestrator.measurement.proof_runs import ProofTest, proof_runs
from orchestrator.models.plan_tree import AgentResult, NodePath
from orchestrator.rehearsal.installing import default_cache
from orchestrator.safety.sandbox_policy_files import load_sandbox_policy
from orchestrator.workflows.agent_points import Point
from orchestrator.workflows.mended_files import Change
from orchestrator.workflows.reproduction import Proof, Reproducer, Reproduction, proofs_for, proofs_of
from tests.measurement.conftest import written

FILES = {
    "shop/__init__.py": "",
    "shop/files.py": (
        "from pathlib import Path\n\nFOLDER = Path('public')\n\n\n"
        "def place(name):\n    return FOLDER / name\n\n\n"
        "def other():\n    return 1\n"
    ),
    "shop/sums.py": "def add(one, other):\n    return one + other\n",
    "shop/parse.js": "module.exports = text => eval(text);\n",
    "data/rates.txt": "1\n",
    "tests/test_sums.py": (
        "import unittest\n\nfrom shop.sums import add\n\n\nclass Sums(unittest.TestCase):\n"
        "    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n"
    ),
}
LINE = 7
"""Where ``place`` joins what it is given."""
CHECKED = "    if '..' in name:\n        raise ValueError(name)\n    return FOLDER / name\n"
MEND = (Change("shop/files.py", "    return FOLDER / name\n", CHECKED),)
HEAD = "import os, socket, subprocess, sys, inspect\nfrom pathlib import Path\nimport shop.files\n"
HONEST = (
    "    try:\n        found = shop.files.place('../secret')\n    except ValueError:\n        return\n"
    "    assert '..' not in str(found)\n"
)


@dataclass(frozen=True)
class Case:
    """One proof, and what is said of it; ``reproduced`` where it is none of the refusals."""

    said: str
    test: str = ""
    changes: tuple[Change, ...] = MEND
    command: str = ""
    file: str = "shop/files.py"
    line: int | None = LINE


def proving(body: str, *, before: str = "") -> str:
    """A file with one test."""
    return f"{HEAD}{before}\n\ndef test_it():\n{body}"


IN_ANY_CASE = "    try:\n        shop.files.place('..')\n    except ValueError:\n        pass\n    assert False\n"
GREP = "subprocess.run(['grep', '-q', 'ValueError', 'shop/files.py'])"
REPRODUCED = "a test fails here and passes with the change"
FLAG = (*MEND, Change("shop/files.py", "def other", "FIXED = True\n\n\ndef other"))
CASES: Mapping[str, Case] = {
    "a class of unittest": Case(
        REPRODUCED,
        f"{HEAD}import unittest\n\n\nclass It(unittest.TestCase):\n    def test_it(self):\n"
        "        with self.assertRaises(ValueError):\n            shop.files.place('../x')\n",
    ),
    "an error at the place itself": Case(
        REPRODUCED,
        proving("    assert shop.files.place(None) is None\n"),
        (
            Change(
                "shop/files.py", "    return FOLDER / name\n", "    return None if name is None else FOLDER / name\n"
            ),
        ),
    ),
    "a test that asserts, with a folder for a while": Case(
        REPRODUCED, f"{HEAD}\n\ndef test_it(tmp_path):\n    (tmp_path / 'x').write_text('')\n{HONEST}"
    ),
    "a command": Case(REPRODUCED, command="python3 -c \"import shop.files as f; f.place('../x')\" && exit 1 || exit 0"),
    "a command for another language": Case(
        "it passes when the change stands there as a comment",
        command="grep -q JSON.parse shop/parse.js",
        file="shop/parse.js",
        line=1,
        changes=(Change("shop/parse.js", "eval(text)", "JSON.parse(text)"),),
    ),
    "it always fails": Case("it fails with the change as well", proving(IN_ANY_CASE)),
    "assert False alone": Case("it fails without having run shop/files.py:7", proving("    assert False\n")),
    "it fails before the place": Case(
        "without having run", "import nothing_of_this_name\n\ndef test_it():\n    pass\n"
    ),
    "it passes": Case("it passes here", proving("    shop.files.place('x')\n")),
    "another reason": Case(
        "it fails for another reason: AttributeError",
        proving("    shop.files.place('x')\n    shop.files.FIXED\n"),
        FLAG,
    ),
    "a flag elsewhere": Case(
        "it passes without the change at the named place",
        proving("    shop.files.place('x')\n    assert hasattr(shop.files, 'FIXED')\n"),
        FLAG,
    ),
    "another place": Case("its changes touch nothing around line 11", proving(HONEST), line=11),
    "it writes a file of the project": Case(
        "it writes files of the project: data/rates.txt",
        proving(f"    Path('data/rates.txt').write_text('2')\n{HONEST}"),
    ),
    "it never ends": Case("it shows nothing: it took longer than", proving("    while True:\n        pass\n")),
    "it asks for the network": Case(
        "it asks for the network: example.com",
        proving(f"    try:\n        socket.create_connection(('example.com', 80))\n    except OSError: pass\n{HONEST}"),
    ),
    "it reads the source": Case(
        "it reads the project's source as text",
        proving("    shop.files.place('x')\n    assert 'ValueError' in Path(shop.files.__file__).read_text()\n"),
    ),
    "it inspects the source": Case(
        "it reads the project's source as text",
        proving("    shop.files.place('x')\n    assert 'ValueError' in inspect.getsource(shop.files)\n"),
    ),
    "its child reads the source": Case(
        "it compares texts",
        proving(f"    shop.files.place('x')\n    assert not {GREP}.returncode\n"),
    ),
    "a command that reads the source": Case("it compares texts", command="grep -q ValueError shop/files.py"),
    "it remembers an earlier run": Case(
        "it fails with the change as well",
        proving(
            "    shop.files.place('x')\n"
            "    seen = [Path(p, 'seen') for p in ('/tmp', os.environ['TMPDIR'], '/dev/shm')]\n"
            "    known = any(p.exists() for p in seen)\n    [p.write_text('') for p in seen if p.parent.exists()]\n"
            "    assert known\n"
        ),
    ),
    "it leaves by itself": Case(
        "it shows nothing: it ended with 0", proving("    shop.files.place('x')\n    os._exit(0)\n")
    ),
    "it is skipped once mended": Case(
        "with the change it shows nothing: SkipTest",
        proving(
            "    import unittest\n    try:\n        shop.files.place('..')\n    except ValueError:\n"
            "        raise unittest.SkipTest('mended')\n    assert False\n"
        ),
    ),
    "no test in it": Case(
        "it holds no test", f"{HEAD}try:\n    assert shop.files.place('..') is None\nexcept ValueError: pass\n"
    ),
    "a command that is not there": Case("it shows nothing: it ended with 127", command="no-such-program-here"),
    "a wish": Case(
        "breaks the project's own tests: tests.test_sums.Sums.test_add",
        "from shop.sums import add\n\ndef test_it():\n    assert add(1, 2) == 4\n",
        (Change("shop/sums.py", "one + other", "one + other + 1"),),
        file="shop/sums.py",
        line=2,
    ),
    "no change": Case("there is no change", proving(HONEST), ()),
    "a change of nothing": Case("change nothing", proving(HONEST), (Change("shop/files.py", "FOLDER /", "FOLDER /"),)),
    "a change of a test": Case(
        "tests/test_sums.py, which is a test", proving(HONEST), (Change("tests/test_sums.py", "3", "4"),)
    ),
    "a change of a new file": Case(
        "which the project does not have", proving(HONEST), (*MEND, Change("shop/new.py", "", "x = 1"))
    ),
    "a change that leads out": Case("which the project does not have", proving(HONEST), (Change("../x.py", "a", "b"),)),
    "a change that fits twice": Case(
        "stands 2 times", proving(HONEST), (Change("shop/files.py", "return", "return not"),)
    ),
    "half a character in a change": Case(
        "it holds what is no text", proving(HONEST), (Change("shop/files.py", "FOLDER /", "FOLDER / '\ud800' /"),)
    ),
    "a zero in a command": Case("it holds what is no text", command="exit 1 \0"),
    "no such file": Case("the project has no file", proving(HONEST), file="shop/nothing.py"),
    "no line": Case("the finding names no line", proving(HONEST), line=None),
    "neither test nor command": Case("there is no test", ""),
    "a test and a command": Case("there is no test, or there are", proving(HONEST), command="false"),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Mapping[str, Reproduction], Path, str]:
    folder = written(tmp_path_factory.mktemp("shop").resolve(), FILES)
    tree = look_at(folder)

    async def all_of_them() -> Mapping[str, Reproduction]:
        sandbox = load_sandbox_policy("default")
        async with proof_runs(folder, sandbox=sandbox, environ=os.environ, cache=default_cache()) as runs:
            reproducer = Reproducer(runs, tree.names)
            found = {}
            for name, case in CASES.items():
                runs.within_s = 2.0 if "never ends" in name else 60.0
                run = ProofTest(case.test, case.command)
                proof = Proof("codex-1", "OpenAI", case.file, case.line, run, case.changes)
                found[name] = await reproducer.judge(case.file, case.line, proof)
            return found

    return anyio.run(all_of_them), folder, tree.tree


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CASES)
def test_a_proof_is_judged_by_what_it_does(judged: tuple[Mapping[str, Reproduction], Path, str], name: str) -> None:
    found = judged[0][name]

    assert CASES[name].said in found.reason
    assert found.is_reproduced is (CASES[name].said == REPRODUCED)
    assert (found.by, found.vendor) == ("codex-1", "OpenAI")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_of_what_proofs_did_is_left(judged: tuple[Mapping[str, Reproduction], Path, str]) -> None:
    assert look_at(judged[1]).tree == judged[2]


def test_proofs_are_read_from_answers_whatever_these_hold() -> None:
    good = {
        "file": "./a.py",
        "line": 3,
        "test": "x",
        "command": "",
        "changes": [{"file": "a.py", "old": "a", "new": "b"}],
    }
    odd: list[Any] = [None, 7, {"file": 3}, {"file": "a.py", "line": True, "test": 5, "changes": "x"}]
    found = proofs_of(AgentResult(NodePath("1"), "a", True, {"proofs": [good, *odd]}, vendor="V"))

    assert [proof.file for proof in found] == ["a.py", "a.py"]
    assert found[0].changes == (Change("a.py", "a", "b"),)
    assert (found[1].line, found[1].run, found[1].changes) == (None, ProofTest(), ())
    assert proofs_of(AgentResult(NodePath("1"), "a", True, {"proofs": "none"})) == ()


def test_a_proof_is_for_the_place_that_it_names() -> None:
    def proof(file: str, line: int | None) -> Proof:
        return Proof("a", "V", file, line, ProofTest("x"), ())

    point = Point("b", "W", "shop/a.py", 10, "high", "injection")
    near, far, elsewhere = proof("shop/./a.py", 12), proof("shop/a.py", 13), proof("shop/b.py", 10)

    assert proofs_for(point, [far, near, elsewhere, proof("shop/a.py", None)]) == (near,)
