"""One word for each thing: the glossary has it, and the words it replaces are refused wherever people read them."""

from __future__ import annotations

import ast
import importlib
import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import pytest

import orchestrator
from orchestrator.cli.group import COMMANDS

pytestmark = pytest.mark.source

ROOT = Path(orchestrator.__file__).resolve().parent.parent
PACKAGE = ROOT / "orchestrator"
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "workspace" / "README.md"]
SHOWN = [
    *ROOT.glob("sandbox_policies/*"),
    *(path for path in ROOT.glob("static/**/*.*") if "vendor" not in path.parts and path.suffix != ".svg"),
    *PACKAGE.glob("prompts/*.md"),
    *PACKAGE.glob("rehearsal/scenarios/*.toml"),
]
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST = 40

RETIRED = {
    r"supervisors?": "coordinator",
    r"ways? out": "egress, or what the sentence is about",
    r"errands?": "host job",
    r"parcels?": "outbound artifact",
    r"sweeps?|sweeping|swept": "orphan cleanup",
    r"happenings?": "notice",
    r"taking back": "planted files",
    r"seats?": "subscriber",
    r"surroundings": "path scope",
    r"lasting tokens?": "refresh token",
    r"effects? a row": "per effect: 'per', not 'a'",
}
"""Words that have been replaced, each with what to say instead."""
RETIRED_IN_PROSE = {r"box|boxes|boxed|boxing": "sandbox"}
"""Such words that markup and style sheets cannot do without."""

RETIRED_EVERYWHERE = ("supervisor",)
"""Those that no source file of ours has any more, in whatever form."""
RECORDED = {
    "benchmarks/peers.py": "a program that it measures ours beside is called so",
    "orchestrator/session/exits.py": "the words stand in journals, and older ones have to replay the same",
}

RETIRED_NAMES = frozenset(
    {
        *("leaving", "boxing", "boxed", "errands", "taking_back", "sweeping", "happenings", "hall", "audience"),
        *("remembering", "withholding", "surroundings", "parcels", "way_out", "commentary", "saying", "wording"),
    }
)


RETIRED_IN_NAMES = frozenset(
    {
        *(
            "supervisor",
            "errand",
            "errands",
            "parcel",
            "parcels",
            "sweep",
            "sweeping",
            "swept",
            "happening",
            "happenings",
        ),
        *("surroundings", "seat", "seats", "boxed", "boxing", "hall", "audience", "commentary", "leaving"),
    }
)
"""Words of no name in the code, however it is put together (``sweep_workspace``, ``LeavingDone``)."""
STANDING = {
    # Recorded, or a key of users' files.
    *("parcel", "leaving", "Leaving", "leaving_dir"),
}
"""Names that have such a word still; nothing is added here."""


def prose(text: str) -> str:
    """Return a Markdown text without what is set as code, where names of the program stand, and without addresses."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]+`|\]\([^)\n]*\)", "", text)


@cache
def one_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(patterns)})(?![\w-])", re.IGNORECASE)


def retired_words(text: str, *more: dict[str, str]) -> list[str]:
    """Return each retired word of the text with what to say instead."""
    table = {pattern: instead for words in (RETIRED, *more) for pattern, instead in words.items()}
    if one_of(tuple(table)).search(text) is None:
        return []
    return [
        f"{match[0]!r}: say {instead!r}"
        for pattern, instead in table.items()
        for match in re.finditer(rf"(?<![\w-])(?:{pattern})(?![\w-])", text, re.IGNORECASE)
    ]


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def with_any(paths: Iterable[Path], *tables: dict[str, str]) -> list[Path]:
    """Return the files that have a word of the tables somewhere: all others need not be parsed to know where."""
    wanted = one_of(tuple(pattern for table in tables for pattern in table))
    # An escape ends with a letter, which would be taken for one of the word that follows it.
    return [path for path in paths if wanted.search(re.sub(r"\\[abfnrtv0]", " ", text_of(path)))]


@dataclass(frozen=True)
class Reading:
    """What the tests ask of one module, which is parsed once for all of them."""

    notes: str
    """Its docstrings and comments, without what is set as code."""
    messages: str
    """Texts with a blank in them that document nothing, a line each, without what is set as code."""


@cache
def reading(path: Path) -> Reading:
    source = text_of(path)
    nodes = list(ast.walk(ast.parse(source)))
    noted = [node.value for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    docstrings = [node.value for node in noted if isinstance(node.value, str)]
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    notes = {id(node) for node in noted}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in notes]
    messages = [re.sub(r"`[^`]+`", "", text) for text in texts if isinstance(text, str) and " " in text]
    return Reading(re.sub(r"``[^`]+``", "", "\n".join(docstrings + comments)), "\n".join(messages))


def first_paragraph(path: Path) -> str:
    """Return that of a module's docstring, which is the first thing in its file."""
    found = re.match(r'(?:#.*\n|\s)*r?"""(.*?)(?:"""|\n\n)', text_of(path), re.S)
    return " ".join(found[1].split()) if found is not None else ""


def terms() -> list[str]:
    return re.findall(r"^\| \*\*(.+?)\*\* \| \S", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), re.M)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_glossary_is_short_sorted_and_has_each_term_once() -> None:
    found = terms()
    assert 20 <= len(found) <= MOST
    assert found == sorted(set(found))


def guilty(texts: Iterable[tuple[str, str]], *more: dict[str, str]) -> dict[str, list[str]]:
    """Return the retired words of each named text that has any."""
    return {name: found for name, text in texts if (found := retired_words(text, *more))}


def test_no_document_has_a_retired_word() -> None:
    texts = ((named(path), prose(path.read_text(encoding="utf-8"))) for path in DOCUMENTS)
    assert guilty(texts, RETIRED_IN_PROSE) == {}


def test_nothing_that_is_shown_or_told_to_agents_has_a_retired_word() -> None:
    assert guilty((named(path), path.read_text(encoding="utf-8")) for path in SHOWN) == {}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_help_text_has_a_retired_word(name: str) -> None:
    command: click.Command = importlib.import_module(f"orchestrator.cli.{name.replace('-', '_')}").command
    assert retired_words(command.get_help(click.Context(command)), RETIRED_IN_PROSE) == []


def test_no_docstring_and_no_comment_has_a_retired_word() -> None:
    suspects = with_any(MODULES, RETIRED, RETIRED_IN_PROSE)
    assert guilty(((named(path), reading(path).notes) for path in suspects), RETIRED_IN_PROSE) == {}


def test_no_docstring_of_a_module_says_what_goes_in_and_out_instead_of_what_is_done() -> None:
    first = {named(path): first_paragraph(path) for path in MODULES}
    assert [name for name, text in first.items() if re.search(r"\bin[,:;] .*\bout\b", text)] == []
    assert [name for name, text in first.items() if not text.endswith((".", ":", ")"))] == []


def test_no_message_has_a_retired_word() -> None:
    suspects = with_any((path for path in MODULES if named(path) not in RECORDED), RETIRED)
    assert guilty((named(path), reading(path).messages) for path in suspects) == {}


def test_no_source_has_a_word_that_is_retired_everywhere() -> None:
    sources = [path for room in ("orchestrator", "benchmarks", "tests") for path in (ROOT / room).rglob("*.py")]
    found = {
        named(path)
        for path in sources
        if path != Path(__file__) and any(word in text_of(path).lower() for word in RETIRED_EVERYWHERE)
    }
    assert found <= set(RECORDED)


def names_in(path: Path, words: Iterable[str]) -> set[str]:
    """Return every name in a file; none where the letters of no such word stand in it."""
    found: set[str] = set()
    source = text_of(path)
    if re.search("|".join(words), source.lower()) is None:
        return found
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
    return found


def words_of(name: str) -> set[str]:
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return {part.lower() for part in parts}


def test_no_name_in_the_code_has_a_retired_word() -> None:
    names = {name: named(path) for path in MODULES for name in names_in(path, RETIRED_IN_NAMES)}
    retired = {name: where for name, where in names.items() if words_of(name) & RETIRED_IN_NAMES}
    assert {name: where for name, where in retired.items() if name not in STANDING} == {}
    assert set(retired) >= STANDING, "take from the list what no longer stands"


def test_no_test_is_named_with_a_retired_word() -> None:
    """The sentence of a test may have "leaving" for a verb."""
    refused = (RETIRED_IN_NAMES | {"box", "boxes"}) - {"leaving"}
    names = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in names_in(path, refused)
        if name.startswith("test_")
    }
    assert {name for name in names if words_of(name) & refused} == set()


def test_no_file_has_a_retired_name() -> None:
    assert {named(path) for path in MODULES if path.stem in RETIRED_NAMES} == set()


def test_what_replaces_a_retired_word_is_said() -> None:
    assert retired_words("The Supervisor runs an errand.") == [
        "'Supervisor': say 'coordinator'",
        "'errand': say 'host job'",
    ]
    assert retired_words("supervised, supervisor-like") == []
    assert prose("a `parcel` of\n```sh\nerrand\n```\nwords [here](errand.md)") == "a  of\n\nwords [here"


def test_a_word_is_found_wherever_it_stands_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    for source in ("# An errand.\n", '"""Of errands."""\n', 'x = """a\\nparcel"""\n', "x = 'a sweep'\n"):
        path.write_text(source, encoding="utf-8")
        text_of.cache_clear()
        assert with_any([path], RETIRED) == [path], source
    path.write_text('# A note.\n"""What it\nis.\n\nMore."""\ndef LeavingDone(): pass\n', encoding="utf-8")
    text_of.cache_clear()
    assert with_any([path], RETIRED) == []
    assert first_paragraph(path) == "What it is."
    assert names_in(path, RETIRED_IN_NAMES) == {"LeavingDone"}
