"""Expand a word of the syntax tree as far as its value is known before the text runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from tree_sitter import Node

from orchestrator.late_pattern import late_pattern
from orchestrator.safety.shell.scope import Scope, SimpleCommand, expanded, output_of, output_text, parameter
from orchestrator.safety.shell.words import UNKNOWN, Piece, Word, ansi_quoted, fields, in_double_quotes, literal

MOST_VALUE_CHARS: Final = 10_000
"""Of a variable; a longer value is not followed."""
_PLAIN: Final = late_pattern(r"[\w./:=@%,+-]+")
"""A word in which nothing means anything to the shell."""


class Follower(Protocol):
    """Who follows the commands that stand inside a word."""

    scope: Scope
    found: list[SimpleCommand]

    def walk(self, node: Node) -> None:
        """Follow one node."""

    def apart(self, node: Node) -> None:
        """Follow commands that run in a shell of their own."""


def text_of(node: Node) -> str:
    """The node as it is written."""
    return (node.text or b"").decode("utf-8", "replace")


def words_of(node: Node, follower: Follower) -> list[Word]:
    """The words that one word as written becomes; commands in it are followed."""
    if node.type == "word":
        text = text_of(node)
        if _PLAIN.fullmatch(text):
            return [Word(text)]
    pieces: list[Piece] = []
    _collect(node, follower, pieces)
    first = pieces[0] if pieces else None
    home = follower.scope.home
    if first is not None and home is not None and not first.quoted and (first.text + "/").startswith("~/"):
        pieces[0] = first._replace(text=home + first.text[1:])
    return fields(pieces)


def value_of(node: Node | None, follower: Follower) -> Word:
    """What an assignment gives its variable: one word, not split."""
    if node is None:
        return Word("")
    pieces: list[Piece] = []
    for inner in node.named_children if node.type == "array" else (node,):
        if pieces:
            pieces.append(Piece(" "))
        _collect(inner, follower, pieces)
    if sum(len(piece.text) for piece in pieces) > MOST_VALUE_CHARS:
        return UNKNOWN
    if len(pieces) == 1:
        return Word(pieces[0].text, pieces[0].dynamic, made_by=pieces[0].made_by, content=pieces[0].content)
    return Word("".join(piece.text for piece in pieces), any(piece.dynamic for piece in pieces))


def _collect(node: Node, follower: Follower, pieces: list[Piece]) -> None:
    handler = _PIECES.get(node.type)
    if handler is not None:
        handler(node, follower, pieces)
    else:
        # Something only the shell can work out; what stands in it still runs.
        follower.walk(node)
        pieces.append(Piece("", dynamic=True))


def _plain(node: Node, follower: Follower, pieces: list[Piece]) -> None:
    text = text_of(node)
    if "\\" in text and any(sign in text for sign in ("\\*", "\\?", "\\[", "\\{")):
        pieces.append(Piece(literal(text), quoted=True))
    else:
        pieces.append(Piece(literal(text)))


def _single(node: Node, follower: Follower, pieces: list[Piece]) -> None:
    pieces.append(Piece(text_of(node)[1:-1], quoted=True))


def _ansi(node: Node, follower: Follower, pieces: list[Piece]) -> None:
    pieces.append(Piece(ansi_quoted(text_of(node)[2:-1]), quoted=True))


def _double(node: Node, follower: Follower, pieces: list[Piece]) -> None:
    # The grammar drops white space next to expansions: what lies between two children is text as well.
    source, at = node.text or b"", 1
    begin = node.start_byte
    for child in node.named_children:
        if child.type == "string_content":
            continue
        pieces.append(_quoted_text(source[at : child.start_byte - begin]))
        before = len(pieces)
        _collect(child, follower, pieces)
        for number in range(before, len(pieces)):
            text = child.text or b""
            split = pieces[number].splits and (text == b"$@" or (child.type == "expansion" and b"@" in text))
            pieces[number] = pieces[number]._replace(quoted=not split, splits=split)
        at = child.end_byte - begin
    pieces.append(_quoted_text(source[at:-1]))


def _quoted_text(source: bytes) -> Piece:
    return Piece(in_double_quotes(source.decode("utf-8", "replace")), quoted=True)


def _each(node: Node, follower: Follower, pieces: list[Piece]) -> None:
    at = node.start_byte
    for child in node.children:
        if child.start_byte > at:
            pieces.append(Piece((node.text or b"")[at - node.start_byte : child.start_byte - node.start_byte].decode()))
        _collect(child, follower, pieces)
        at = child.end_byte


def _variable(node: Node, follower: Follower, pieces: list[Piece]) -> None:
    piece = expanded(follower.scope.value(text_of(node)[1:]), quoted=False)
    pieces.append(_split_by_ifs(piece, node, follower.scope))


def _split_by_ifs(piece: Piece, node: Node, scope: Scope) -> Piece:
    """Put white space where the shell would split the piece by an IFS that the text itself sets."""
    signs = scope.variables.get("IFS")
    if signs is None or signs.dynamic or (node.parent is not None and node.parent.type == "string"):
        return piece
    return piece._replace(text="".join(" " if sign in signs.text else sign for sign in piece.text))


def _braced(node: Node, follower: Follower, pieces: list[Piece]) -> None:
    inside = text_of(node)[2:-1]
    default: Word | None = None
    for child in node.named_children[1:]:
        default = value_of(child, follower)
    if default is None and inside.rstrip().endswith(("-", "=", "+")):
        default = Word("")
    piece = expanded(parameter(inside, follower.scope, default), quoted=False, many="[@]" in inside)
    pieces.append(_split_by_ifs(piece, node, follower.scope))


def _substitution(node: Node, follower: Follower, pieces: list[Piece]) -> None:
    before = len(follower.found)
    follower.apart(node)
    ran: Sequence[SimpleCommand] = follower.found[before:]
    alone = ran[0] if len(ran) == 1 and not ran[0].pipeline else None
    value = output_of(alone) if alone is not None else UNKNOWN
    if value.dynamic and ran and not any(word.dynamic for command in ran for word in command.words):
        value = output_text(ran)
    made_by = _made_by(ran)
    pieces.append(Piece(value.text.rstrip("\n"), dynamic=value.dynamic, splits=True, made_by=made_by))


def _made_by(ran: Sequence[SimpleCommand]) -> str:
    """The command line that made an output: one command, or one pipe; ``?`` for what only run time knows of it."""
    if not ran or any(not command.words for command in ran):
        return ""
    if any(len(command.pipeline) != number for number, command in enumerate(ran)):
        return ""
    return " | ".join(
        " ".join("?" if word.dynamic or word.pattern else word.text for word in command.words) for command in ran
    )


def _process(node: Node, follower: Follower, pieces: list[Piece]) -> None:
    before = len(follower.found)
    follower.apart(node)
    ran = follower.found[before:]
    made_by = _made_by(ran)
    written = output_text(ran)
    # What only run time knows is still somebody's output, and whose may be all there is to know of it.
    content = Word("", dynamic=True, made_by=made_by) if written == UNKNOWN else written
    pieces.append(Piece("", dynamic=True, made_by=made_by, content=content))


_PIECES: Final[Mapping[str, Callable[[Node, Follower, list[Piece]], None]]] = {
    "word": _plain,
    "number": _plain,
    "extglob_pattern": _plain,
    "brace_expression": _plain,
    "test_operator": _plain,
    "variable_name": _plain,
    "regex": _plain,
    "raw_string": _single,
    "ansi_c_string": _ansi,
    "string": _double,
    "translated_string": _each,
    "concatenation": _each,
    "command_name": _each,
    "simple_expansion": _variable,
    "expansion": _braced,
    "command_substitution": _substitution,
    "process_substitution": _process,
    "$": lambda node, follower, pieces: None,
}
