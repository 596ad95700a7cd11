"""Follow the statements of a shell text that decide what runs, how often, and what is known afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from tree_sitter import Node

from orchestrator.safety.shell.expansion import MOST_VALUE_CHARS, Follower, text_of, value_of, words_of
from orchestrator.safety.shell.scope import Scope, SimpleCommand
from orchestrator.safety.shell.words import UNKNOWN, Word

MAX_TURNS: Final = 8
"""Of a loop over known words that are followed one by one."""


class Reader(Follower, Protocol):
    """Who walks over the tree."""

    uncalled: dict[str, Node]


def maybe(reader: Reader, nodes: Sequence[Node], *, turns: int = 1) -> None:
    """Follow commands that may not run, or run again: what they change is not known afterwards."""
    before = reader.scope
    for _ in range(turns):
        for node in nodes:
            reader.walk(node)
        if reader.scope is before:
            return
        _doubt(reader, before)


def _doubt(reader: Reader, before: Scope) -> None:
    now = reader.scope
    variables = {key: v if before.variables.get(key) is v else UNKNOWN for key, v in now.variables.items()}
    reader.scope = now._replace(variables=variables, cwd=now.cwd if now.cwd == before.cwd else None)


def chain(reader: Reader, node: Node) -> None:
    """``a && b || c``: what stands after ``||`` may not run."""
    links: list[tuple[str, Node]] = []
    while node.type == "list":
        left, right = node.named_children[0], node.named_children[-1]
        operator = next((child.type for child in node.children if child.type in ("&&", "||")), "&&")
        links.append((operator, right))
        node = left
    before = reader.scope
    reader.walk(node)
    for operator, right in reversed(links):
        if operator == "||":
            maybe(reader, [right])
        else:
            reader.walk(right)
    if reader.scope is not before:
        # A variable that had a value already has the old or the new one, as the chain went.
        olds = before.variables
        doubtful = {k: UNKNOWN for k, v in reader.scope.variables.items() if k in olds and olds[k] != v}
        reader.scope = reader.scope._replace(variables={**reader.scope.variables, **doubtful})


def loop(reader: Reader, node: Node) -> None:
    """``for x in words``: known words are followed one by one."""
    name = text_of(node.named_children[0])
    body = [child for child in node.named_children if child.type in ("do_group", "compound_statement")]
    given = [word for child in node.named_children[1:] if child not in body for word in words_of(child, reader)]
    before = reader.scope
    for word in given if given and len(given) <= MAX_TURNS else [UNKNOWN]:
        reader.scope = reader.scope.with_variable(name, word)
        for part in body:
            reader.walk(part)
    # What the loop changed may be so or not; a second turn sees that.
    if reader.scope.with_variable(name, UNKNOWN) != before.with_variable(name, UNKNOWN):
        _doubt(reader, before)
        maybe(reader, body)
    reader.scope = reader.scope.with_variable(name, UNKNOWN)


def again(reader: Reader, node: Node) -> None:
    maybe(reader, node.named_children, turns=2)


def branches(reader: Reader, node: Node) -> None:
    for child in node.named_children:
        maybe(reader, [child])


def assign(reader: Reader, node: Node) -> None:
    for child in node.named_children if node.type == "variable_assignments" else (node,):
        name, value = assigned(reader, child)
        reader.scope = reader.scope.with_variable(name, value)


def assigned(reader: Reader, node: Node) -> tuple[str, Word]:
    """The name and the value of an assignment; a value that is not certain is unknown."""
    target = node.named_children[0]
    name = text_of(target).partition("[")[0]
    value = value_of(node.named_children[1] if len(node.named_children) > 1 else None, reader)
    if target.type != "variable_name":
        value = UNKNOWN
    elif any(child.type == "+=" for child in node.children):
        old = reader.scope.value(name)
        longer = Word(old.text + value.text, old.dynamic or value.dynamic)
        value = longer if len(longer.text) <= MOST_VALUE_CHARS else UNKNOWN
    return name, value


def declare(reader: Reader, node: Node) -> None:
    """Follow ``export``, ``declare`` and their like: what they set is known to whatever is started from now on."""
    for child in node.named_children:
        if child.type == "variable_assignment":
            assign(reader, child)
            name = text_of(child.named_children[0])
            # Whoever is started from now on has it.
            reader.found.append(SimpleCommand((), scope=reader.scope, sets=((name, reader.scope.value(name)),)))
        else:
            reader.walk(child)


def unset(reader: Reader, node: Node) -> None:
    for child in node.named_children:
        reader.scope = reader.scope.with_variable(text_of(child), UNKNOWN)


def define(reader: Reader, node: Node) -> None:
    name, body = text_of(node.named_children[0]), node.named_children[-1]
    reader.uncalled[name] = body
    reader.scope = reader.scope._replace(functions={**reader.scope.functions, name: body})
