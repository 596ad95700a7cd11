"""Ten clean projects, each of another kind of Python: at least 200 lines and 10 tests, and nothing to be blamed for."""

from __future__ import annotations

from collections.abc import Mapping

from tests.measurement.planted import clean, installed

HEAD = "from __future__ import annotations\n\nimport unittest\n\n"
PYPROJECT = '[project]\nname = "shop"\nversion = "1.0"\nrequires-python = ">=3.11"\n'


def test_file(imports: str, body: str) -> str:
    """A test class whose only test is this."""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return f"{HEAD}{imports}\n\n\nclass More(unittest.TestCase):\n    def test_more(self) -> None:\n{lines}"


WITHOUT_DEPENDENCIES = {
    "pyproject.toml": f"{PYPROJECT}dependencies = []\n",
    "shop/stock.py": '"""Stock."""\n\nimport json\n\nNAME: str = json.loads(\'"goodpkg"\')\n',
}
CLASSES = {
    "shop/basket.py": '''"""Baskets."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Size(StrEnum):
    """How large a thing is."""

    SMALL = "small"
    LARGE = "large"


@dataclass
class Basket:
    """What somebody wants to buy."""

    prices: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The sum of all prices."""
        return sum(self.prices.values())

    @property
    def size(self) -> Size:
        """Large from a hundred on."""
        return Size.LARGE if self.total >= 100 else Size.SMALL

    def __len__(self) -> int:
        return len(self.prices)
''',
    "tests/test_basket.py": test_file(
        "from shop.basket import Basket, Size",
        "basket = Basket({'a': 99})\nself.assertEqual((len(basket), basket.size), (1, Size.SMALL))\n"
        "basket.prices['b'] = 1\nself.assertEqual((basket.total, basket.size), (100, Size.LARGE))",
    ),
}
ASYNCHRONOUS = {
    "shop/later.py": '''"""Work for later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator


async def numbers(most: int) -> AsyncIterator[int]:
    """Count, and let others run meanwhile."""
    for number in range(most):
        await asyncio.sleep(0)
        yield number


async def total(most: int) -> int:
    """The sum of the even ones."""
    found = 0
    async for number in numbers(most):
        if number % 2 == 0:
            found += number
    return found
''',
    "tests/test_later.py": test_file(
        "import asyncio\n\nfrom shop.later import total", "self.assertEqual(asyncio.run(total(5)), 6)"
    ),
}
NESTED = {
    "shop/parts/__init__.py": '"""Parts."""\n\nfrom .wheels import count as count\n',
    "shop/parts/wheels.py": '"""Wheels."""\n\nfrom ..steps import step_1\n\n\ndef count(cars: int) -> int:\n'
    '    """Four of each car, one more for the first."""\n    return 4 * step_1(cars, 9)\n',
    "tests/parts/__init__.py": "",
    "tests/parts/test_wheels.py": test_file("from shop.parts import count", "self.assertEqual(count(1), 12)"),
}
BESIDE = {
    "examples/show.py": "from shop.steps import step_0\n\nprint(step_0(3))\n",
    "docs/conf.py": 'project = "shop"\nextensions: list[str] = []\n',
    "setup.py": "from setuptools import setup\n\nsetup()\n",
    "benchmarks/many.py": "def run(x):\n" + "".join(f"    if x == {n}:\n        return {n}\n" for n in range(20)),
    "README.md": "# Shop\n\nThe password is asked for at the door.\n",
}
GENERIC = {
    "shop/shelf.py": '''"""Shelves."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar, overload


class Priced(Protocol):
    """Whatever has a price."""

    price: int


P = TypeVar("P", bound=Priced)


class Shelf(Generic[P]):
    """Holds things of one kind."""

    def __init__(self, *things: P) -> None:
        self._things = list(things)

    @overload
    def cheapest(self) -> P: ...
    @overload
    def cheapest(self, most: int) -> list[P]: ...
    def cheapest(self, most: int | None = None) -> P | list[P]:
        """The cheapest one, or the cheapest few."""
        ordered = sorted(self._things, key=lambda thing: thing.price)
        return ordered[0] if most is None else ordered[:most]
''',
    "shop/fast.pyi": "def run(number: int) -> int: ...\n",
    "tests/test_shelf.py": test_file(
        "from dataclasses import dataclass\n\nfrom shop.shelf import Shelf\n\n\n@dataclass\nclass Cup:\n    price: int",
        "shelf = Shelf(Cup(3), Cup(1))\nself.assertEqual(shelf.cheapest().price, 1)\n"
        "self.assertEqual([cup.price for cup in shelf.cheapest(2)], [1, 3])",
    ),
}
PROGRAM = {
    "shop/__main__.py": '''"""The program."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Say which Python this is."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args(argv)
    done = subprocess.run([sys.executable, "--version"], capture_output=True, text=True, check=True)
    if not options.quiet:
        print(done.stdout.strip())
    return done.returncode
''',
    "tests/test_program.py": test_file(
        "import contextlib\nimport io\n\nfrom shop.__main__ import main",
        "self.assertEqual(main(['--quiet']), 0)\n"
        "with contextlib.redirect_stdout(io.StringIO()) as said:\n    main([])\n"
        "self.assertIn('Python', said.getvalue())",
    ),
}
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
DATA = {
    "requirements.txt": f"goodpkg==2.1 \\\n    --hash=sha256:{DIGEST}\n",
    "shop/words.py": '"""Words of other scripts."""\n\n'
    'WORDS: dict[str, str] = {"größe": "Größe", "数": "数量", "😀": "face"}\n\n\n'
    'def shown(key: str) -> str:\n    """The word, or the key where there is none."""\n'
    "    return WORDS.get(key, key)\n",
    "shop/words.json": '{"id": "550e8400-e29b-41d4-a716-446655440000", '
    '"commit": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}\n',
    "shop/größe.txt": "ñ\n",
    "tests/test_words.py": test_file(
        "from shop.words import shown", "self.assertEqual(shown('数') + shown('x'), '数量x')"
    ),
}
LOCKED = {
    "pyproject.toml": f'{PYPROJECT}dependencies = ["goodpkg>=2,<3", "other-pkg; sys_platform == \'win32\'"]\n',
    "uv.lock": 'version = 1\n\n[[package]]\nname = "goodpkg"\nversion = "2.1"\n\n[[package]]\nname = "near.pkg"\n'
    'version = "0.1"\n',
    **installed("near_pkg", "0.1", "Apache-2.0 OR MIT"),
}


def _without(files: Mapping[str, str], *ends: str) -> dict[str, str]:
    return {name: text for name, text in files.items() if not any(end in name for end in ends)}


PROJECTS: Mapping[str, Mapping[str, str]] = {
    "flat": clean(),
    "src": clean("src"),
    "without dependencies": {**_without(clean(), "goodpkg", "requirements"), **WITHOUT_DEPENDENCIES},
    "classes": {**clean(), **CLASSES},
    "asynchronous": {**clean(), **ASYNCHRONOUS},
    "nested packages": {**clean(), **NESTED},
    "examples and documentation beside it": {**clean(), **BESIDE},
    "generic, with stubs": {**clean(), **GENERIC},
    "a program": {**clean(), **PROGRAM},
    "other scripts, data and hashes": {**clean(), **DATA},
    "locked": {**_without(clean(), "requirements"), **LOCKED},
}
