"""Find the simple commands that a shell text would run.  This module reads a syntax tree, and runs nothing.

The tree is tree-sitter's.  What is known beforehand is followed: variables the text sets itself, ``cd``, functions,
aliases, loops over words.  What is not is marked so; the sandbox around the process is what holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from orchestrator.late_pattern import late_pattern
from orchestrator.safety.shell.builtin_commands import effect_on_scope
from orchestrator.safety.shell.expansion import text_of, words_of
from orchestrator.safety.shell.flow import again, assign, assigned, branches, chain, declare, define, loop, maybe, unset
from orchestrator.safety.shell.scope import NOWHERE, Scope, SimpleCommand
from orchestrator.safety.shell.words import UNKNOWN, Unreadable, Word

MAX_CHARS = 100_000
"""A longer command is not read."""
MAX_DEPTH = 12
"""Of commands inside commands."""
MAX_STAGES = 50
"""Of one pipe."""
MAX_DOCUMENTS = 20
"""Here-documents in a text that is mended for the grammar's sake."""
MAX_STEPS = 10_000
"""Statements that are followed, each turn of a loop and each call of a function anew."""

CUSTOMARY: Final[Mapping[str, str]] = {
    **dict.fromkeys(("PYTHON", "PYTHON3", "PYTHON_BIN", "PYTHON_EXE", "PY"), "python3"),
    **{"CC": "cc", "HOSTCC": "cc", "BUILD_CC": "cc", "CXX": "c++", "CPP": "cpp", "LD": "ld", "AR": "ar", "AS": "as"},
    **{"NM": "nm", "RANLIB": "ranlib", "STRIP": "strip", "OBJCOPY": "objcopy", "OBJDUMP": "objdump", "FC": "gfortran"},
    **{
        "GCC": "gcc",
        "CLANG": "clang",
        "RUSTC": "rustc",
        "CARGO": "cargo",
        "GO": "go",
        "JAVA": "java",
        "JAVAC": "javac",
    },
    **{"MVN": "mvn", "GRADLE": "gradle", "MAKE": "make", "GMAKE": "make", "CMAKE": "cmake", "CTEST": "ctest"},
    **{"NINJA": "ninja", "MESON": "meson", "NODE": "node", "NPM": "npm", "NPX": "npx", "YARN": "yarn", "PNPM": "pnpm"},
    **{
        "PIP": "pip",
        "PIP3": "pip",
        "UV": "uv",
        "POETRY": "poetry",
        "TWINE": "twine",
        "PYTEST": "pytest",
        "RUFF": "ruff",
    },
    **{"MYPY": "mypy", "BLACK": "black", "TOX": "tox", "RUBY": "ruby", "PERL": "perl", "PHP": "php", "LUA": "lua"},
    **{"GIT": "git", "DOCKER": "docker", "KUBECTL": "kubectl", "HELM": "helm", "TERRAFORM": "terraform", "SED": "sed"},
    **{
        "AWK": "awk",
        "GREP": "grep",
        "FIND": "find",
        "TAR": "tar",
        "CURL": "curl",
        "WGET": "wget",
        "RM": "rm",
        "CP": "cp",
    },
    **{"MV": "mv", "MKDIR": "mkdir", "INSTALL": "install", "LN": "ln", "CAT": "cat", "ECHO": "echo", "XARGS": "xargs"},
    **{"SHELL": "sh", "BASH": "bash", "SUDO": "sudo", "PKG_CONFIG": "pkg-config", "QEMU": "qemu", "GDB": "gdb"},
}
"""Variables that people set for a tool; where the text itself does not set one, that tool is what it most likely is."""

_CUSTOMARY = late_pattern(r"\"?\$(?:\{([A-Za-z_]\w*)(?::?[-=][^}]*)?\}|([A-Za-z_]\w*))\"?")
_PARSER: Final = Parser(Language(tree_sitter_bash.language()))
_HERE = late_pattern(r"(<<-?[ \t]*)(['\"]?)(\w+)\2")
_HERE_AND_MORE = late_pattern(r"(<<-?[ \t]*(['\"]?)(\w+)\2)[ \t]*;([^\n]*)\n((?:.*\n)*?)[ \t]*\3[ \t]*(?=\n|$)")
_JOINED = late_pattern(r"('[^']*'|\\[^\n])|(?<=[^\s\\])\\\n(?=\S)", re.DOTALL)
"""A word that goes on behind a line's end, which the grammar takes for two; what single quotes hold is left alone."""
_EXTENDED_PATTERN = late_pattern(r"[?*+@!]\([^()\s]*\)")
_BACKQUOTED = late_pattern(r"(?<!\\)`((?:[^`\\]|\\.)*)`", re.DOTALL)


class Reading(NamedTuple):
    """What a text would run."""

    commands: Sequence[SimpleCommand]
    """Inner ones before the command that holds them."""
    problem: str | None = None
    """Why there may be more in it than was found."""


def parse(text: str) -> Node:
    """The syntax tree of a shell text; there is always one, with errors in it where the grammar does not fit."""
    return _PARSER.parse(text.encode("utf-8", "replace")).root_node


def read(text: str, *, scope: Scope = NOWHERE, depth: int = 0) -> Reading:
    """Every simple command of the text.

    Raises:
        Unreadable: It is too long or too deep.
    """
    if len(text) > MAX_CHARS:
        raise Unreadable(f"it is longer than {MAX_CHARS:,} characters")
    if depth > MAX_DEPTH:
        raise Unreadable("commands are nested too deeply")
    if "\\\n" in text:
        text = _JOINED.sub(lambda match: match[1] or "", text)
    root = parse(text)
    broken = root.has_error
    if broken:
        root = _mended(root, text)
        broken = root.has_error
    reader = _Reader(scope, depth)
    problem = "the shell's grammar does not fit" if broken else None
    try:
        reader.walk(root)
        reader.walk_uncalled()
    except (Unreadable, RecursionError) as error:
        # What was found up to here still counts.
        problem = str(error)
    return Reading(reader.found, problem)


def _mended(root: Node, text: str) -> Node:
    """Parse a mended text where bash understands more than the grammar does; else return the tree as it is."""
    if "(" in text:
        # ``!(a|b)``: the grammar knows few of bash's further patterns.
        plain = parse(_EXTENDED_PATTERN.sub("*", text))
        if not plain.has_error:
            return plain
    if 0 < text.count("<<") <= MAX_DOCUMENTS:
        # A here-document without its end is an error to the grammar, and none to a shell.
        ended = parse(_with_ended_documents(text))
        if not ended.has_error:
            return ended
    return root


def _with_ended_documents(text: str) -> str:
    """Mend here-documents for the grammar, which wants an end and nothing after ``<<E;``, unlike bash."""
    ends = [match[3] for match in _HERE.finditer(text)]
    lines = {line.strip() for line in text.splitlines()}
    ended = "\n".join([text, *(end for end in ends if end not in lines), ""])
    return _HERE_AND_MORE.sub(r"\1\n\5\3\n\4", ended)


class _Reader:
    """Walks over one tree; what it knows stands in ``scope``."""

    def __init__(self, scope: Scope, depth: int) -> None:
        self.scope = scope
        self.depth = depth
        self.steps = 0
        self.found: list[SimpleCommand] = []
        self.pipeline: tuple[tuple[Word, ...], ...] = ()
        self.before: tuple[SimpleCommand, ...] = ()
        self.inputs: tuple[Word, ...] = ()
        self.uncalled: dict[str, Node] = {}

    # Statements

    def walk(self, node: Node) -> None:
        """Follow one node, as the shell would run it."""
        handler = _STATEMENTS.get(node.type)
        if handler is not None:
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise Unreadable("it runs more than can be followed")
            handler(self, node)
        else:
            for child in node.named_children:
                self.walk(child)

    def walk_uncalled(self) -> None:
        """Functions that this text only defines: somebody may call them later, with anything."""
        for name, body in list(self.uncalled.items()):
            if name in self.uncalled:
                self.call(name, body, ())

    def call(self, name: str, body: Node, given: Sequence[Word]) -> None:
        """Follow a function's body with these arguments."""
        self.uncalled.pop(name, None)
        if self.depth >= MAX_DEPTH:
            raise Unreadable("functions call each other too deeply")
        outer = self.scope
        known = {str(number): word for number, word in enumerate(given, 1)}
        together = Word(" ".join(word.text for word in given), any(word.dynamic for word in given))
        known["@"] = known["*"] = together if given else UNKNOWN
        self.scope = outer._replace(variables={**outer.variables, **known})
        self.depth += 1
        self.walk(body)
        self.depth -= 1
        kept = {key: value for key, value in self.scope.variables.items() if key not in known}
        self.scope = self.scope._replace(variables=kept)

    def apart(self, node: Node) -> None:
        """Follow commands that run in a shell of their own: what they set is gone afterwards."""
        scope, self.depth = self.scope, self.depth + 1
        if self.depth > MAX_DEPTH:
            raise Unreadable("commands are nested too deeply")
        for child in node.named_children:
            self.walk(child)
        self.scope, self.depth = scope._replace(files=self.scope.files), self.depth - 1

    def command(self, node: Node, redirects: Sequence[Node] = ()) -> None:
        """Take one simple command: its words, what it writes and reads, and what is set for it alone."""
        words: list[Word] = []
        writes: list[Word] = []
        inputs: list[Word] = []
        later: list[Node] = []
        set_for_it: dict[str, Word] = {}
        for child in (*node.named_children, *redirects):
            kind = child.type
            if kind in _WORDS:
                words.extend(words_of(child, self))
            elif kind == "command_name":
                words.extend(self._program(child.named_children[0]))
            elif kind == "variable_assignment":
                name, value = assigned(self, child)
                set_for_it[name] = value
            elif kind == "file_redirect":
                self._redirect(child, words, writes, inputs)
            elif kind == "herestring_redirect":
                inputs.extend(word for inner in child.named_children for word in words_of(inner, self))
            elif kind == "heredoc_redirect":
                later.extend(self._document(child, words, writes, inputs))
            elif kind in ("subshell", "compound_statement"):
                self.walk(child)  # ``time (a && b)``, which the grammar takes for a word of time's
            elif kind != "comment":
                words.extend(words_of(child, self))
        self._emit(words, writes, inputs, set_for_it)
        self._go_on(later)

    def _program(self, node: Node) -> list[Word]:
        """The words that name the program; a variable that people set for a tool stands for that tool."""
        words = words_of(node, self)
        if words and words[0].dynamic:
            custom = _CUSTOMARY.fullmatch(text_of(node))
            name = custom[1] or custom[2] if custom is not None else None
            if name in CUSTOMARY and words[0].text:
                return [word._replace(dynamic=False) for word in words]  # ``CC=${CC:-gcc}`` stood before
            if name is not None and name not in self.scope.variables:
                if words[0].text:
                    return [word._replace(dynamic=False) for word in words]
                known = CUSTOMARY.get(name)
                return words if known is None else [Word(known), *words[1:]]
        return words

    def _emit(
        self, words: Sequence[Word], writes: Sequence[Word], inputs: Sequence[Word], also: Mapping[str, Word]
    ) -> None:
        alias = self.scope.aliases.get(words[0].text) if words and not words[0].dynamic else None
        if alias is not None:
            inner = read(alias, scope=self.scope._replace(aliases={}), depth=self.depth + 1).commands
            self.found.extend(inner[:-1])
            words = [*(inner[-1].words if inner else ()), *words[1:]]
        scope = self.scope._replace(variables={**self.scope.variables, **also}) if also else self.scope
        if scope.files:
            words = [scope.read(word) for word in words]
        command = SimpleCommand(
            tuple(words),
            self.pipeline,
            tuple(inputs) or self.inputs,
            tuple(writes),
            scope,
            self.before,
            tuple(also.items()),
        )
        self.found.append(command)
        if not words or words[0].dynamic:
            return
        body = self.scope.functions.get(words[0].text)
        if body is not None:
            self.call(words[0].text, body, words[1:])
        else:
            self.scope = effect_on_scope(command, self.scope)

    def _go_on(self, nodes: Sequence[Node]) -> None:
        """Follow what stands after a here-document's start on its line: the rest of the pipe or of the list."""
        for node in nodes:
            if node.type == "pipeline":
                self._stages(node, (*self.pipeline, self.found[-1].words) if self.found else (), tuple(self.found[-1:]))
            else:
                self.walk(node)

    def _redirect(self, node: Node, words: list[Word], writes: list[Word], inputs: list[Word]) -> None:
        operator = next((child.type for child in node.children if not child.is_named), "")
        given = [
            word for child in node.named_children if child.type != "file_descriptor" for word in words_of(child, self)
        ]
        if operator[:1] in ">&" and given and not (operator == ">&" and given[0].text.isdigit()):
            writes.append(given[0])
        elif operator == "<" and given:
            content = self.scope.read(given[0]).content
            if content is not None:
                inputs.append(content)
        # The grammar gives a redirection all words that follow it.
        words.extend(given[1:])

    def _document(self, node: Node, words: list[Word], writes: list[Word], inputs: list[Word]) -> list[Node]:
        later: list[Node] = []
        start = ""
        # The grammar takes a document that begins with a backslash for words of the command.
        line_end = (node.text or b"").find(b"\n") + node.start_byte
        mistaken = False
        for child in node.named_children:
            kind = child.type
            if child.start_byte >= line_end and kind not in ("heredoc_body", "heredoc_end"):
                mistaken = True
            elif kind == "heredoc_start":
                start = text_of(child)
            elif kind == "heredoc_body":
                body = text_of(child)
                if not any(sign in start for sign in "'\"\\"):
                    maybe(self, child.named_children)
                    for quoted in _BACKQUOTED.findall(body):
                        self.found.extend(read(quoted, scope=self.scope, depth=self.depth + 1).commands)
                if mistaken:
                    body = "\n".join(text_of(node).split("\n")[1:-1])
                inputs.append(Word(body))
            elif kind == "file_redirect":
                self._redirect(child, words, writes, inputs)
            elif kind in ("pipeline", "list") or kind in _STATEMENTS:
                later.append(child)
            elif kind != "heredoc_end":
                words.extend(words_of(child, self))
        return later

    def redirected(self, node: Node) -> None:
        """Take a statement with redirections: they belong to the command in it, or to all that a compound one runs."""
        redirects = [child for child in node.named_children if child.type.endswith("_redirect")]
        body = next((child for child in node.named_children if not child.type.endswith("_redirect")), None)
        if body is None or body.type == "command":
            self.command(body or node, redirects if body is not None else ())
            return
        words: list[Word] = []
        writes: list[Word] = []
        inputs: list[Word] = []
        later: list[Node] = []
        for redirect in redirects:
            if redirect.type == "file_redirect":
                self._redirect(redirect, words, writes, inputs)
            elif redirect.type == "heredoc_redirect":
                later.extend(self._document(redirect, words, writes, inputs))
            else:
                inputs.extend(word for inner in redirect.named_children for word in words_of(inner, self))
        outer, self.inputs = self.inputs, tuple(inputs) or self.inputs
        self.walk(body)
        self.inputs = outer
        # Words after a redirection belong to the last command before it.
        last = self.found[-1].words if words and self.found else ()
        if words or writes:
            self._emit([*last, *words], writes, inputs, {})
        self._go_on(later)

    def pipe(self, node: Node) -> None:
        self._stages(node, self.pipeline, self.before)

    def _stages(self, node: Node, upstream: tuple[tuple[Word, ...], ...], writers: tuple[SimpleCommand, ...]) -> None:
        scope, outer, outer_before = self.scope, self.pipeline, self.before
        for child in node.named_children:
            self.pipeline, self.before = upstream, writers
            before = len(self.found)
            self.walk(child)
            if len(self.found) > before:
                upstream = (*upstream, self.found[-1].words)
                writers = tuple(self.found[before:])
            if len(upstream) > MAX_STAGES:
                raise Unreadable(f"a pipe has more than {MAX_STAGES} commands")
            self.scope = scope = scope._replace(files=self.scope.files)
        self.pipeline, self.before = outer, outer_before

    def fault(self, node: Node) -> None:
        """Follow what the grammar could not parse: words in a row are taken for a command."""
        words: list[Word] = []
        for child in node.named_children:
            if child.type in _STATEMENTS:
                self.walk(child)
            else:
                words.extend(words_of(child, self))
        if words:
            self._emit(words, [], [], {})


_WORDS: Final = frozenset({"word", "string", "raw_string", "concatenation", "number"})
"""What most of a command's children are."""
_STATEMENTS: Final[Mapping[str, Callable[[_Reader, Node], None]]] = {
    "command": _Reader.command,
    "redirected_statement": _Reader.redirected,
    "pipeline": _Reader.pipe,
    "list": chain,
    "subshell": _Reader.apart,
    "command_substitution": _Reader.apart,
    "process_substitution": _Reader.apart,
    "if_statement": branches,
    "case_statement": branches,
    "while_statement": again,
    "c_style_for_statement": again,
    "for_statement": loop,
    "variable_assignment": assign,
    "variable_assignments": assign,
    "declaration_command": declare,
    "unset_command": unset,
    "function_definition": define,
    "ERROR": _Reader.fault,
}
