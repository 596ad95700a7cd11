"""Find the commands that a program given as text starts (``python -c``, ``perl -e``, ``awk``, a here-document).

As far as they stand there as plain texts: a program can hide anything.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.safety.carried_texts import VALUED, Carried, family, is_code_option
from orchestrator.safety.shell.words import UNKNOWN, Word
from orchestrator.value_class import value_class

_STRING: Final = r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)"
_QUOTED: Final = f"(?:{_STRING[1:-1]})"
_CALLS: Final = late_pattern(
    r"\b(?:system|exec[lv]?[pe]{0,2}|execSync|execFile|execFileSync|spawn|spawnSync|popen|Open3\.\w+|IO\.popen|"
    r"shell_exec|passthru|sh|proc_open|pcntl_exec|os\.execute|io\.popen|Command|Bun\.\$|"
    r"do\s+shell\s+script|shell-command(?:-to-string)?|call-process(?:-shell-command)?|start-process|getoutput|Exec|ProcessBuilder)"
    r"\b\s*[\[({]{0,2}\s*(?:qw\s*[({\[/]([^)}\]/]*)|"
    + _STRING
    + r"((?:\s*,\s*\[?\s*(?:args\s*:\s*\[\s*)?"
    + _QUOTED
    + r"|\s*,\s*\{\s*args\s*:\s*\[\s*"
    + _QUOTED
    + r")*))?",
    re.DOTALL,
)
_CALLS_BY_NAME: Final = late_pattern(
    r"\b(?:system|exec|execSync|execFileSync|spawn|spawnSync|popen|shell_exec|passthru|Popen|check_call)"
    r"\b\s*\(?\s*[$@]?([A-Za-z_]\w*)"
)
_MORE_STRINGS: Final = late_pattern(_STRING, re.DOTALL)
_BACKQUOTES: Final = late_pattern(r"(?<![\\\w])`((?:[^`\\]|\\.)*)`", re.DOTALL)
_QX: Final = late_pattern(r"(?:\bqx\s*|%x)([\[({</|!#])(.*?)[\])}>/|!#]", re.DOTALL)
_OPEN_PIPE: Final = late_pattern(
    r"\bopen\b[^;\n]*?(?:[\"'](?:-\||\|-)[\"']\s*,\s*([^;)]*)|[\"']\s*\|\s*([^\"']+)[\"']|[\"']([^\"'-][^\"']*?)\|\s*[\"'])"
)
_DOLLAR: Final = late_pattern(r"(?:\$|Bun\.\$|zx\.\$)`((?:[^`\\]|\\.)*)`", re.DOTALL)
_REMOVES: Final = late_pattern(
    r"\b(?:rmtree|rmSync|rmdirSync|rm_rf|rm_r|remove_tree|removedirs|remove_dir_all|remove_entry_secure|deleteDirectory|"
    r"removeDirectoryRecursive|removePathForcibly|rmdirRecurse|removeDir|deleteRecursively|deleteDir)\b"
    r"\s*\(?\s*\[?\s*(?:new\s+)?(?:File\s*\(\s*)?" + _STRING + "?"
)
_REMOVES_OBJECT: Final = late_pattern(
    r"\b(?:File|Path|Paths\.get|Path\.of)\s*\(\s*" + _STRING + r"\s*\)\s*\.\s*(?:deleteDir|deleteRecursively|rmtree)\b"
)
"""``new File("x").deleteDir()``: the path stands before the call."""
_REMOVES_BARE: Final = late_pattern(r"\bfile\s+delete\s+-force\s+(?:--\s+)?\"?([^\s\"\];]+)")
"""Tcl's, whose words need no quotes."""
_REMOVES_IF_TOLD: Final = late_pattern(
    r"\b(?:Deno\.remove(?:Sync)?|fs(?:p|\.promises)?\.rm|rm|rimraf(?:\.sync)?|File\.rm_rf!?|unlink|delete|delete-directory)"
    r"\s*\(?\s*" + _STRING + r"([^;\n]*)"
)
_TOLD: Final = late_pattern(r"recursive|[\"']rf[\"']|^\s+t\s*\)")
"""Calls that remove a tree where they are told to, or always."""
_SWITCHES: Final[Mapping[str, tuple[str, ...]]] = {
    "perl": ("-e", "-E"),
    "ruby": ("-e",),
    "node": ("-e", "--eval", "-p", "--print", "-pe"),
    "deno": ("eval",),
    "bun": ("-e", "--eval", "-p", "--print"),
    "php": ("-r",),
    "rake": ("-e", "--execute", "-p", "--execute-print", "-E", "--execute-continue"),
}
_WRITES: Final = late_pattern(
    r"\b(?:(?:write|append)(?:Text)?File(?:Sync)?|createWriteStream|File\.write|IO\.write|file_put_contents)\s*\(?\s*"
    + _STRING
    + r"|\bopen\b[^;\n]*?[\"'](?:>>?|w|a)[\"']\s*,\s*"
    + _STRING
)
"""Calls that write the file they name."""
_BACKQUOTES_RUN: Final = frozenset({"perl", "ruby", "php", "julia", "rake"})
_SHELL_CALLS: Final = frozenset({"os.system", "os.popen", "commands.getoutput", "subprocess.getoutput"})
_RUNS: Final = frozenset(
    (
        *("run", "call", "check_call", "check_output", "Popen", "getstatusoutput", "getoutput"),
        *("create_subprocess_shell", "create_subprocess_exec", "spawn", "run_process", "open_process"),
    )
)
_EXECUTES: Final = late_pattern(r"(?:os\.)?(?:exec|spawn|posix_spawn)(?:[lv]p?e?|p)?")
_PIP_MAINS: Final = (
    "pip.main",
    "pip._internal.main",
    "pip._internal.cli.main.main",
    "main",
    "pipmain",
    "_main",
    "pip_main",
)


RUNS_ANYTHING: Final = frozenset({"python", "node", "perl", "ruby", "php", "lua"})
"""Languages of programs, not of questions to a data base: what is not known of one may do anything."""


@value_class
class Started:
    """Something a program in an argument starts."""

    script: str | None = None
    """A shell command line."""
    words: tuple[Word, ...] = ()
    """A command given word by word."""


UNSEEN: Final = Started()
"""It starts or removes something that does not stand there as a text."""
OPAQUE: Final = Started(script="")
"""Only at run time is it known what the program is."""


def runs_code(name: str) -> bool:
    """Whether a program of this name takes code in an argument."""
    known = family(name)
    return known == "python" or known in _SWITCHES or known == "awk"


def started_by(name: str, words: Sequence[Word]) -> Iterator[Started]:
    """What the program ``name`` is told to start by its own arguments."""
    known = family(name)
    if known == "python":
        code = python_words(words).code
        if code is not None:
            yield from _of_python(code.text) if not code.dynamic or code.text else (OPAQUE,)
    elif known == "awk":
        for word in words[1:]:
            if not word.text.startswith("-"):
                yield from _of_awk(word.text)
    elif known in _SWITCHES:
        for code in _after(words, _SWITCHES[known]):
            if code.dynamic and not code.text:
                yield OPAQUE
            yield from _of_calls(code.text, backquotes=known in _BACKQUOTES_RUN)


def started_in(carried: Carried) -> Iterator[Started]:
    """What a text in some language starts; a shell's own is for the shell's reader."""
    reads = _READERS.get(carried.language)
    if reads is None:
        yield from _of_calls(carried.text.text, backquotes=carried.language in _BACKQUOTES_RUN)
    else:
        yield from reads(carried.text.text)


@value_class
class PythonWords:
    """How a Python interpreter reads its words."""

    code: Word | None = None
    module: Word | None = None
    script: Word | None = None
    rest: tuple[Word, ...] = ()
    """What the module or the script is given."""


def python_words(words: Sequence[Word]) -> PythonWords:
    """Which code, module or script a Python interpreter is told to run; letters may stand together: ``-Impip``."""
    at = 1
    while at < len(words):
        word = words[at]
        text = word.text
        if word.dynamic and not text:
            return PythonWords(script=word, rest=tuple(words[at + 1 :]))
        if text == "--":
            at += 1
            continue
        if not text.startswith("-") or text == "-":
            return PythonWords(script=word, rest=tuple(words[at + 1 :]))
        if text.startswith("--"):
            at += 2 if text == "--check-hash-based-pycs" else 1
            continue
        found = _python_letters(words, at)
        if isinstance(found, PythonWords):
            return found
        at = found
    return PythonWords()


def _python_letters(words: Sequence[Word], at: int) -> PythonWords | int:
    """Read one group of option letters, or say where the next word stands."""
    word = words[at]
    for place, letter in enumerate(word.text[1:], 1):
        if letter not in "cmWXQ":
            continue
        attached = word.text[place + 1 :]
        value = word._replace(text=attached) if attached else words[at + 1] if at + 1 < len(words) else None
        after = at + 1 if attached else at + 2
        if letter == "c":
            return PythonWords(code=value, rest=tuple(words[after:]))
        if letter == "m":
            return PythonWords(module=value, rest=tuple(words[after:]))
        return after
    return at + 1


_SCRIPT_SUFFIX: Final = late_pattern(r"(?:-cli)?\.(?:js|cjs|mjs|py|pyz|pl|rb|phar|sh)$")
_PACKAGE: Final = late_pattern(r"(?:.*/)?(?:node_modules/(?:@[^/]+/)?|(?:site|dist)-packages/)([^/]+)/")
"""A file of an installed package is most likely that package's program."""
_SETUP: Final = frozenset({"upload", "upload_docs", "register"})
_INTERPRETERS: Final = frozenset({"node", "perl", "ruby", "php", "bun", "deno", "shell", "lua"})


def interprets(name: str) -> bool:
    """Whether a program of this name runs files that may be other programs."""
    known = family(name)
    return known == "python" or known in _INTERPRETERS


def run_by_interpreter(name: str, words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """The command that an interpreter is told to be: ``python3 -mpip``, ``node npm-cli.js``, ``sh /usr/bin/x``."""
    known = family(name)
    if known == "python":
        told = python_words(words)
        if told.module is not None and told.module.text:
            yield (told.module._replace(text=told.module.text.partition(".")[0].replace("_", "-")), *told.rest)
        elif told.script is not None:
            yield from _as_program(told.script, told.rest)
    elif known in _INTERPRETERS:
        at = 1
        while at < len(words) and not is_code_option(known, words[at]) and words[at].text != "-s":
            if words[at].dynamic or not words[at].text.startswith(("-", "+")):
                yield from _as_program(words[at], words[at + 1 :])
                return
            at += 2 if words[at].text in VALUED.get(known, ()) else 1


def _as_program(script: Word, rest: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """Name the program behind a script file, which may be a listed program's own."""
    if not script.text or (script.dynamic and not script.named):
        return
    name = script.text.rpartition("/")[2]
    if name == "setup.py":
        if any(word.text in _SETUP for word in rest):
            yield (Word("twine"), Word("upload"))
        return
    yield (Word(_SCRIPT_SUFFIX.sub("", name)), *rest)
    package = _PACKAGE.match(script.text)
    if package is not None:
        yield (Word(package[1]), *rest)


def _after(words: Sequence[Word], switches: Sequence[str]) -> Iterator[Word]:
    """The code that follows one of these switches, apart, attached, or behind letters that stand together."""
    for at, word in enumerate(words[1:], 1):
        text = word.text
        following = words[at + 1] if at + 1 < len(words) else None
        name, equals, value = text.partition("=")
        if text in switches:
            if following is not None:
                yield following
        elif equals and name in switches:
            yield word._replace(text=value)
        elif any(len(s) == 2 and s[0] == "-" and text.startswith(s) for s in switches) and len(text) > 2:
            yield word._replace(text=text[2:])
        elif (
            following is not None
            and re.fullmatch(r"-[A-Za-z0-9]+", text)
            and any(len(s) == 2 and text.endswith(s[1]) for s in switches)
        ):
            yield following


def _of_calls(code: str, *, backquotes: bool = False) -> Iterator[Started]:
    for match in _CALLS.finditer(code):
        if match[1] is not None:
            yield Started(script=match[1])
            continue
        if not match[2]:
            continue
        first = _unquoted(match[2])
        more = [_unquoted(each) for each in _MORE_STRINGS.findall(match[3] or "")]
        if more and " " not in first.strip():
            yield Started(words=(Word(first), *map(Word, more)))
        else:
            yield Started(script=first)
    yield from _of_named(code)
    yield from _of_other_forms(code)
    if backquotes:
        for match in _BACKQUOTES.finditer(code):
            yield Started(script=match[1])
    yield from _of_removals(code)


def _of_named(code: str) -> Iterator[Started]:
    """``@c = ("a", "b"); system(@c)``: what is started has a name, which the text sets."""
    for match in _CALLS_BY_NAME.finditer(code):
        form = rf"[$@%]?\b{re.escape(match[1])}\b\s*=(?!=)\s*([\[({{]?)\s*({_QUOTED}(?:\s*,\s*{_QUOTED})*)"
        for _, texts in re.findall(form, code):
            given = [_unquoted(each) for each in _MORE_STRINGS.findall(texts)]
            if len(given) == 1:
                yield Started(script=given[0])
            else:
                yield Started(words=tuple(map(Word, given)))


def _of_removals(code: str) -> Iterator[Started]:
    """What removes a tree is as good as ``rm -rf`` where the path stands there, and worth a look where it does not."""
    for match in _REMOVES.finditer(code):
        if match[1]:
            yield _removal(_unquoted(match[1]))
        elif _REMOVES_OBJECT.search(code) is None:
            yield UNSEEN
    for match in _REMOVES_IF_TOLD.finditer(code):
        if _TOLD.search(match[2]) or "rimraf" in match[0] or "rm_rf" in match[0]:
            yield _removal(_unquoted(match[1]))
    for match in _REMOVES_OBJECT.finditer(code):
        yield _removal(_unquoted(match[1]))
    for match in _REMOVES_BARE.finditer(code):
        yield _removal(match[1])
    for match in _WRITES.finditer(code):
        yield Started(words=(Word("tee"), Word(_unquoted(match[1] or match[2]))))


def _removal(path: str) -> Started:
    return Started(words=(Word("rm"), Word("-r"), Word("-f"), Word(path)))


def _of_other_forms(code: str) -> Iterator[Started]:
    """``open(F, "|x")``, ``qx{x}``, ``$`x```."""
    for match in _OPEN_PIPE.finditer(code):
        if match[1]:
            yield Started(script=" ".join(_unquoted(each) for each in _MORE_STRINGS.findall(match[1])))
        else:
            yield Started(script=match[2] or match[3])
    for match in _QX.finditer(code):
        yield Started(script=match[2])
    for match in _DOLLAR.finditer(code):
        yield Started(script=match[1])


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


_AWK_STRING: Final = r"\"((?:[^\"\\]|\\.)*)\""
_AWK_STARTS: Final = late_pattern(
    rf"\bsystem\s*\(\s*{_AWK_STRING}|{_AWK_STRING}\s*\|&?\s*getline|(?<!\|)\|&?\s*{_AWK_STRING}"
)


_AWK_STARTS_VARIABLE: Final = late_pattern(
    r"\bsystem\s*\(\s*[A-Za-z_]|[A-Za-z_]\w*\s*\|&?\s*getline|[^|]\|&?\s*[A-Za-z_]\w*\s*(?:[;}\n]|$)"
)


def _of_awk(code: str) -> Iterator[Started]:
    for match in _AWK_STARTS.finditer(code):
        text = match[1] or match[2] or match[3]
        if text:
            yield Started(script=re.sub(r"\\(.)", r"\1", text))
    if _AWK_STARTS_VARIABLE.search(code):
        # Any text that a variable is given may be the one that is run.
        for text in re.findall(rf"=\s*{_AWK_STRING}", code):
            yield Started(script=re.sub(r"\\(.)", r"\1", text))


_SED_E: Final = late_pattern(
    r"(?:^|[;{}\n])\s*(?:\d+|\$|/(?:[^/\\]|\\.)*/)?(?:,(?:\d+|\$|/(?:[^/\\]|\\.)*/))?\s*!?\s*e[ \t]+([^\n]+)"
)
_SED_S: Final = late_pattern(
    r"(?:^|[;{}\n\d$/])\s*s([^\w\s\\])((?:\\.|(?!\1).)*)\1((?:\\.|(?!\1).)*)\1[gpIiMm\d]*e", re.DOTALL
)


def _of_sed(code: str) -> Iterator[Started]:
    for match in _SED_E.finditer(code):
        yield Started(script=match[1])
    for match in _SED_S.finditer(code):
        yield Started(script=re.sub(r"\\(.)", r"\1", match[3]))


_MAKE_VARIABLE: Final = late_pattern(r"(?<!\$)\$(?:\((?!shell\s)[^()]*\)|\{[^}]*\}|[@*<^?%+|])")


def _of_make(code: str) -> Iterator[Started]:
    for line in code.replace("\\n", "\n").splitlines():
        recipe = line[1:] if line.startswith("\t") else None
        if recipe is None and re.match(r"[^=#\t]*:[^=]*;", line):
            recipe = line.partition(";")[2]
        if recipe is not None and recipe.strip():
            plain = _MAKE_VARIABLE.sub("$_made", recipe.strip().lstrip("@-+"))
            yield Started(script=plain.replace("$$", "$"))
        for shell in re.findall(r"\$\(shell\s+([^)]*)\)|!=\s*(.+)", line):
            yield Started(script=shell[0] or shell[1])


def _lines_after(pattern: str) -> Callable[[str], Iterator[Started]]:
    """A reader of lines: what stands behind the pattern on each is a shell's."""
    begins = re.compile(pattern)

    def read(code: str) -> Iterator[Started]:
        for line in code.splitlines():
            match = begins.search(line)
            if match is not None and match[1].strip():
                yield Started(script=match[1].strip())
        yield from _of_removals(code)

    return read


def _of_vim(code: str) -> Iterator[Started]:
    yield from _lines_after(
        r"^[:\s]*(?:sil(?:ent)?!?\s+)?(?:(?:%|\d+|[.$])?(?:r|read|w|write|ter|term|terminal)?\s*!|(?:ter|terminal)\s+)(.+)"
    )(code)
    yield from _of_calls(code)


def _of_gdb(code: str) -> Iterator[Started]:
    yield from _lines_after(r"^\s*(?:shell|!|make|pipe|\|)\s*(.+)")(code)
    if re.match(r"\s*(?:python|py|pi)\b", code):
        yield from _of_python(code.split(None, 1)[-1])


def _of_lines(code: str) -> Iterator[Started]:
    for line in code.splitlines():
        yield Started(script=line)


def _of_checkpoint(code: str) -> Iterator[Started]:
    if code.startswith("exec="):
        script = code[len("exec=") :]
        quoted = len(script) > 1 and script[0] == script[-1] and script[0] in "\"'"
        yield Started(script=script[1:-1] if quoted else script)


def _of_ssh(code: str) -> Iterator[Started]:
    match = re.match(
        r"\s*(?:ProxyCommand|LocalCommand|KnownHostsCommand|ssh_command)\s*[=\s]\s*(.+)", code, re.IGNORECASE
    )
    if match is not None and match[1] != "none":
        yield Started(script=match[1])


def _of_socat(code: str) -> Iterator[Started]:
    match = re.match(r"(?:EXEC|SYSTEM|SHELL):(.+)", code, re.IGNORECASE)
    if match is not None:
        yield Started(script=match[1].partition(",")[0].strip("\"'"))


def _of_crontab(code: str) -> Iterator[Started]:
    for line in code.splitlines():
        match = re.match(r"\s*(?:@\w+|(?:\S+\s+){5})\s*(.+)", line)
        if match is not None and not line.lstrip().startswith("#"):
            yield Started(script=match[1])


def _of_tcl(code: str) -> Iterator[Started]:
    yield from _lines_after(r"(?:^|[;\[{])\s*(?:spawn|exec|system|open\s+[\"{]?\|)\s+([^;\]}]+)")(code)


def _of_ipython(code: str) -> Iterator[Started]:
    """``!pip install x``, ``%pip install x``, ``x = !ls``; what is left is Python."""
    plain: list[str] = []
    for line in code.splitlines():
        match = re.match(r"\s*(?:[\w,\s]+=\s*)?(?:!!?|%(?:sx|system)\s+|%%(?:bash|sh)\s*|%(?=pip|conda))(.*)", line)
        if match is None:
            plain.append(line)
        elif match[1].strip():
            yield Started(script=match[1])
    yield from _of_python("\n".join(plain))


def _of_apt(code: str) -> Iterator[Started]:
    match = re.match(r"(?:APT|DPkg)::(?:Update::)?(?:Pre|Post)-Invoke[^=]*=(.+)", code, re.IGNORECASE)
    if match is not None:
        yield Started(script=match[1].strip("\"'{}; "))


def _of_fzf(code: str) -> Iterator[Started]:
    for match in re.finditer(r"(?:execute|execute-silent|become|reload|preview|transform)[(:\[{]([^)\]}]*)", code):
        yield Started(script=match[1])


def _of_bind(code: str) -> Iterator[Started]:
    """``bind -x '"\\C-a": x'``: what a key runs stands behind the colon."""
    script = code.rpartition('":')[2] if '":' in code else code.partition(":")[2]
    if script.strip():
        yield Started(script=script.strip().strip("\"'"))


_READERS: Final[Mapping[str, Callable[[str], Iterator[Started]]]] = {
    "python": lambda code: _of_python(code),
    "awk": _of_awk,
    "sed": _of_sed,
    "make": _of_make,
    "vim": _of_vim,
    "gdb": _of_gdb,
    "lldb": _lines_after(r"^\s*(?:platform\s+shell|shell)\s+(.+)"),
    "psql": _lines_after(r"(?:^|;)\s*\\(?:!|o\s*\||g\s*\||w\s*\||copy\b.*\bprogram\b)\s*['\"]?([^'\"]+)"),
    "mysql": _lines_after(r"(?:^|;)\s*(?:\\!|system|\\P|pager)\s*([^;]+)"),
    "sqlite": _lines_after(r"^\s*\.(?:shell|system|once\s*\||output\s*\||import\s+['\"]?\|)\s*(.+)"),
    "ed": _lines_after(r"^\s*(?:[\d,.$]*\s*[rew]?\s*)!(.+)"),
    "tcl": _of_tcl,
    "lines": _of_lines,
    "checkpoint": _of_checkpoint,
    "ssh": _of_ssh,
    "socat": _of_socat,
    "crontab": _of_crontab,
    "apt": _of_apt,
    "ipython": _of_ipython,
    "fzf": _of_fzf,
    "bind": _of_bind,
}


def _of_python(code: str) -> Iterator[Started]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from _of_calls(code)
        return
    called = _imported_as(tree)
    values = _Values(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node, called, values, pip="pip" in code)


class _Values:
    """The values of a Python program's names, as far as each is set once and to a known value."""

    def __init__(self, tree: ast.Module) -> None:
        self.named: dict[str, ast.expr | None] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                self.named[name] = None if name in self.named else node.value

    def meant(self, item: ast.expr | None) -> ast.expr | None:
        """The expression itself, or the one that its name was set to."""
        found = self.named.get(item.id) if isinstance(item, ast.Name) else None
        return item if found is None else found

    def text(self, item: ast.expr | None, depth: int = 0) -> Word:
        """The text that an expression is: constants, sums, paths."""
        item = self.meant(item)
        if item is None or depth > MOST_NESTED:
            return UNKNOWN
        if isinstance(item, ast.Constant):
            return Word(str(item.value)) if isinstance(item.value, str | int) else UNKNOWN
        if isinstance(item, ast.BinOp) and isinstance(item.op, ast.Add | ast.Div):
            sign = "/" if isinstance(item.op, ast.Div) else ""
            return _together([self.text(each, depth + 1) for each in (item.left, item.right)], sign)
        if isinstance(item, ast.JoinedStr):
            parts = [each.value if isinstance(each, ast.FormattedValue) else each for each in item.values]
            return _together([self.text(part, depth + 1) for part in parts], "")
        if isinstance(item, ast.Call) and item.args and ast.unparse(item.func).rpartition(".")[2] in _PATHS:
            return _together([self.text(part, depth + 1) for part in item.args], "/")
        return Word("python3") if ast.unparse(item) == "sys.executable" else UNKNOWN


MOST_NESTED: Final = 8
_PATHS: Final = frozenset(
    {"Path", "PosixPath", "PurePath", "str", "fspath", "join", "abspath", "realpath", "expanduser"}
)


def _together(words: Sequence[Word], sign: str) -> Word:
    return UNKNOWN if any(word.dynamic for word in words) else Word(sign.join(word.text for word in words))


def _imported_as(tree: ast.Module) -> Mapping[str, str]:
    """Names that imports give to what they bring: ``from os import system as s``."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found.update({each.asname or each.name: f"{node.module}.{each.name}" for each in node.names})
        elif isinstance(node, ast.Import):
            found.update({each.asname: each.name for each in node.names if each.asname is not None})
    return found


def _of_call(node: ast.Call, called: Mapping[str, str], values: _Values, *, pip: bool) -> Iterator[Started]:
    name = ast.unparse(node.func).replace("__import__('os')", "os").replace("__import__('subprocess')", "subprocess")
    begin, dot, rest = name.partition(".")
    name = called.get(begin, begin) + dot + rest
    last = name.rpartition(".")[2]
    first = node.args[0] if node.args else None
    if first is None:
        first = next((each.value for each in node.keywords if each.arg in ("args", "cmd", "command")), None)
    if last in ("write_text", "write_bytes") and isinstance(node.func, ast.Attribute):
        yield from _of_write(values.text(node.func.value))
    elif name in ("open", "io.open", "codecs.open") and _opens_to_write(node):
        yield from _of_write(values.text(first))
    elif last == "rmtree":
        path = values.text(first)
        # What it removes is worth a look; where it stands there as a text it is as good as ``rm -rf``.
        yield UNSEEN if path.dynamic else Started(words=(Word("rm"), Word("-r"), Word("-f"), path))
    elif pip and name in _PIP_MAINS and isinstance(first, ast.List):
        yield from (Started(words=(Word("pip"), *started.words)) for started in _of_argument(first, values))
    elif name in ("exec", "eval"):
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield from _of_python(first.value)
    elif name.startswith("os.") and _EXECUTES.fullmatch(name):
        yield from _of_execution(node, last, values)
    elif name == "create_subprocess_exec" or name.endswith(".create_subprocess_exec"):
        yield from _of_argument(ast.List(elts=list(node.args), ctx=ast.Load()), values)
    elif name in _SHELL_CALLS or last == "system" or last in _RUNS:
        yield from _of_argument(first, values)


def _opens_to_write(node: ast.Call) -> bool:
    mode = node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "mode"), None)
    return isinstance(mode, ast.Constant) and isinstance(mode.value, str) and any(sign in mode.value for sign in "wax+")


def _of_write(path: Word) -> Iterator[Started]:
    if not path.dynamic:
        yield Started(words=(Word("tee"), path))


def _of_execution(node: ast.Call, last: str, values: _Values) -> Iterator[Started]:
    """``os.execvp("rm", ["rm", "-rf", "x"])``, ``os.spawnlp(mode, "rm", "rm", "-rf", "x")``."""
    given = list(node.args[1:] if last.startswith("spawn") else node.args)
    if len(given) > 1 and isinstance(given[1], ast.List | ast.Tuple):
        yield from _of_argument(given[1], values)
    elif len(given) > 1:
        yield from _of_argument(ast.List(elts=given[1:], ctx=ast.Load()), values)
    elif given:
        yield UNSEEN


def _of_argument(given: ast.expr | None, values: _Values) -> Iterator[Started]:
    given = values.meant(given)
    if isinstance(given, ast.List | ast.Tuple):
        words = [values.text(item) for item in given.elts]
        if words:
            yield Started(words=tuple(words))
    elif given is not None:
        text = values.text(given)
        yield UNSEEN if text.dynamic else Started(script=text.text)
