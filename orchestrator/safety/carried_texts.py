"""Find the texts that a program is given to run, and their language: by option, as a file, or on standard input.

``tar --to-command=X``, ``vim -c X``, ``python3 - <<E``, ``bash <(echo x)``.  Tables; what a text then starts is read in
:mod:`orchestrator.safety.code_texts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from orchestrator.late_pattern import late_pattern
from orchestrator.safety.shell.scope import SimpleCommand, input_text
from orchestrator.safety.shell.words import Word
from orchestrator.safety.wrappers import SHELLS

Language: TypeAlias = str
"""``shell``, ``lines`` (a shell command on each), or a program whose own commands are looked for (``sed``, ``vim``)."""


class Carried(NamedTuple):
    """One text and how it is to be read."""

    language: Language
    text: Word


_OPTIONS: Final[Mapping[str, Mapping[str, Language]]] = {
    "npx": {"-c": "shell", "--call": "shell"},
    "npm": {"-c": "shell", "--call": "shell", "--script-shell": "shell"},
    "pnpx": {"-c": "shell", "--shell-mode": "shell"},
    "tar": {
        **dict.fromkeys(("--to-command", "-I", "--use-compress-program", "--rsh-command", "--rmt-command"), "shell"),
        **dict.fromkeys(("-F", "--info-script", "--new-volume-script"), "shell"),
        "--checkpoint-action": "checkpoint",
    },
    "make": {"--eval": "make", "-E": "make"},
    "zip": {"-TT": "shell", "--unzip-command": "shell"},
    "rsync": {"-e": "shell", "--rsh": "shell", "--rsync-path": "shell"},
    "ssh": {"-o": "ssh", "-F": "ssh"},
    "scp": {"-o": "ssh", "-S": "shell"},
    "sftp": {"-o": "ssh", "-S": "shell", "-D": "shell"},
    "sshfs": {"-o": "ssh"},
    "split": {"--filter": "shell"},
    "sort": {"--compress-program": "shell"},
    "man": {"-P": "shell", "--pager": "shell"},
    "nodemon": {"-x": "shell", "--exec": "shell"},
    "script": {"-c": "shell", "--command": "shell"},
    "nix-shell": {"--run": "shell", "--command": "shell"},
    "vagrant": {"-c": "shell", "--command": "shell"},
    "ansible": {"-a": "shell", "--args": "shell"},
    "ncat": {"-c": "shell", "-e": "shell", "--sh-exec": "shell", "--exec": "shell"},
    "nc": {"-c": "shell", "-e": "shell", "--exec": "shell"},
    "xterm": {"-e": "shell"},
    "vim": {"-c": "vim", "--cmd": "vim"},
    "emacs": {"--eval": "lisp", "-eval": "lisp", "--execute": "lisp"},
    "gdb": {"-ex": "gdb", "-iex": "gdb", "--eval-command": "gdb", "-eval-command": "gdb", "--init-eval-command": "gdb"},
    "lldb": {"-o": "lldb", "--one-line": "lldb", "-O": "lldb"},
    "sqlite3": {"-cmd": "sqlite"},
    "psql": {"-c": "psql", "--command": "psql"},
    "mysql": {"-e": "mysql", "--execute": "mysql"},
    "expect": {"-c": "tcl"},
    "sed": {"-e": "sed", "--expression": "sed"},
    "mapfile": {"-C": "shell"},
    "readarray": {"-C": "shell"},
    "journalctl": {"--pager": "shell"},
    "fzf": {"--preview": "shell", "--bind": "fzf"},
    "complete": {"-C": "shell"},
    "bind": {"-x": "bind"},
    "dpkg": {"--pre-invoke": "shell", "--post-invoke": "shell"},
    "apt-get": {"-o": "apt"},
    "apt": {"-o": "apt"},
    "lua": {"-e": "lua"},
    "luajit": {"-e": "lua"},
    "gcloud": {"--command": "shell"},
    "osascript": {"-e": "osascript"},
    "irb": {"-e": "ruby"},
    "ipython": {"-c": "ipython"},
    "elixir": {"-e": "elixir", "--eval": "elixir"},
    "iex": {"-e": "elixir"},
    "erl": {"-eval": "elixir"},
    "ghc": {"-e": "haskell"},
    "Rscript": {"-e": "r", "--expr": "r"},
    "R": {"-e": "r"},
    "julia": {"-e": "julia", "--eval": "julia", "-E": "julia"},
    "groovy": {"-e": "groovy"},
    "scala": {"-e": "groovy"},
    "kotlin": {"-e": "groovy"},
    "guile": {"-c": "lisp"},
    "pwsh": {"-c": "shell", "-Command": "shell", "-command": "shell"},
    "powershell": {"-c": "shell", "-Command": "shell"},
}
"""Options whose value is run."""
_SAME: Final[Mapping[str, str]] = {
    **dict.fromkeys(("vi", "nvim", "ex", "view", "gvim", "vimdiff", "nvimdiff", "rvim"), "vim"),
    **{"gmake": "make", "bsdtar": "tar", "gtar": "tar", "gsed": "sed", "gsort": "sort", "gsplit": "split"},
    **dict.fromkeys(("tsx", "ts-node", "zx", "babel-node", "vite-node", "jiti", "esno"), "node"),
    "ipython3": "ipython",
    **{"mariadb": "mysql", "netcat": "nc", "emacsclient": "emacs"},
}
_POSITIONAL: Final[Mapping[str, tuple[Language, frozenset[str]]]] = {
    "hyperfine": (
        "shell",
        frozenset(
            [
                "-n",
                "--command-name",
                "-r",
                "--runs",
                "-w",
                "--warmup",
                "-m",
                "--min-runs",
                "-M",
                "--max-runs",
                "-i",
                "-u",
            ]
        ),
    ),
    "concurrently": (
        "shell",
        frozenset(
            ["-n", "--names", "-c", "--prefix-colors", "-p", "--prefix", "-k", "-s", "--success", "--max-processes"]
        ),
    ),
    "sqlite3": ("sqlite", frozenset({"-separator", "-cmd", "-init", "-nullvalue"})),
    "socat": ("socat", frozenset()),
    **dict.fromkeys(
        ("pssh", "parallel-ssh", "pdsh", "clush", "dsh", "mussh", "sshrun", "salt", "salt-call", "salt-ssh", "bolt"),
        (
            "shell",
            frozenset({"-h", "--hosts", "-H", "--host", "-w", "-g", "-l", "--user", "-f", "-t", "-x", "-p", "-o"}),
        ),
    ),
}
"""Programs each of whose operands is a text of its own."""
_INPUT: Final[Mapping[str, Language]] = {
    **{"python": "python", "node": "node", "perl": "perl", "ruby": "ruby", "php": "php", "lua": "lua", "bun": "node"},
    **{"tclsh": "tcl", "expect": "tcl", "at": "shell", "batch": "shell", "crontab": "crontab", "parallel": "lines"},
    **{"psql": "psql", "sqlite3": "sqlite", "mysql": "mysql", "ed": "ed", "gdb": "gdb", "R": "r", "julia": "julia"},
    "ipython": "ipython",
    **{"vim": "vim", "pwsh": "shell", "irb": "ruby", "osascript": "osascript", "deno": "node"},
}
"""What each makes of its standard input where it is given no file."""
VALUED: Final[Mapping[str, frozenset[str]]] = {
    "python": frozenset({"-W", "-X", "-Q"}),
    "node": frozenset(
        [
            "-r",
            "--require",
            "--import",
            "--loader",
            "--experimental-loader",
            "-C",
            "--conditions",
            "--env-file",
            "--input-type",
        ]
    ),
    "perl": frozenset({"-I"}),
    "ruby": frozenset({"-I", "-r", "-C", "-E"}),
    "psql": frozenset(
        [
            "-h",
            "-p",
            "-U",
            "-d",
            "-f",
            "-v",
            "-o",
            "-F",
            "-R",
            "-P",
            "-T",
            "--host",
            "--port",
            "--username",
            "--dbname",
            "--file",
            "--set",
            "--output",
        ]
    ),
    "mysql": frozenset({"-h", "-u", "-P", "-D"}),
    "gdb": frozenset({"-p", "-x", "-d"}),
    "at": frozenset({"-q", "-f", "-t"}),
    "crontab": frozenset({"-u"}),
    "sqlite3": frozenset({"-separator", "-init", "-nullvalue"}),
    "shell": frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"}),
}
_OWN_CODE: Final[Mapping[str, frozenset[str]]] = {
    "python": frozenset({"-c", "-m"}),
    "node": frozenset({"-e", "--eval", "-p", "--print", "-pe"}),
    "perl": frozenset({"-e", "-E"}),
    "ruby": frozenset({"-e"}),
    "php": frozenset({"-r", "-f"}),
    "lua": frozenset({"-e"}),
    "crontab": frozenset({"-l", "-r", "-e"}),
    "at": frozenset({"-l", "-r", "-c", "-d", "-f"}),
}
"""With one of these the program does not read its input as code."""
_FILE_OPTIONS: Final = frozenset({"-f", "--file", "--makefile"})
_INPUT_FILES: Final = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})
_STARTED_BY_VARIABLE: Final = frozenset(
    (
        *("PAGER", "GIT_PAGER", "MANPAGER", "SYSTEMD_PAGER", "EDITOR", "VISUAL", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR"),
        *("GIT_SSH", "GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF", "GIT_ASKPASS", "SSH_ASKPASS", "SUDO_ASKPASS"),
        *(
            "GIT_PROXY_COMMAND",
            "RSYNC_RSH",
            "CVS_RSH",
            "SVN_SSH",
            "HGEDITOR",
            "PROMPT_COMMAND",
            "LESSOPEN",
            "LESSCLOSE",
        ),
        *("BROWSER", "TAR_OPTIONS", "FCEDIT", "BAT_PAGER", "DELTA_PAGER", "PSQL_EDITOR", "CRONTAB_EDITOR"),
    )
)
"""Variables whose value some program runs as a command line."""
_READ_BY_SHELLS: Final = frozenset({"BASH_ENV", "ENV"})
_TMUX_VERBS: Final = frozenset(
    (
        *("new", "new-session", "neww", "new-window", "splitw", "split-window", "respawn-pane", "respawn-window"),
        *("respawnp", "respawnw", "popup", "display-popup", "run", "run-shell", "if", "if-shell", "pipe-pane", "pipep"),
        *("send", "send-keys", "set-hook", "confirm-before", "command-prompt"),
    )
)
_TMUX_VALUED: Final = frozenset(["-t", "-s", "-n", "-c", "-x", "-y", "-F", "-e", "-f", "-l", "-p"])
_KEYS: Final = late_pattern(r"Enter|Escape|Space|Tab|C-.|M-.|KPEnter|BSpace")
AWKS: Final = frozenset({"awk", "gawk", "mawk", "nawk", "original-awk"})
PYTHON: Final = late_pattern(r"(?:python|pypy)[\d.]*")


@lru_cache(maxsize=1024)
def family(name: str) -> str:
    """The name under which the tables know a program."""
    if PYTHON.fullmatch(name):
        return "python"
    if name in SHELLS:
        return "shell"
    if name == "nodejs":
        return "node"
    return "awk" if name in AWKS else _SAME.get(name, name)


def carries(name: str) -> bool:
    """Whether a program of this name may be given a text to run."""
    known = family(name)
    return (
        known in _OPTIONS
        or known in _POSITIONAL
        or known in _INPUT
        or known in _OTHERS
        or known in ("shell", "source", ".", "awk")
    )


def carried_by(name: str, words: Sequence[Word], command: SimpleCommand) -> Iterator[Carried]:
    """Every text that these words, or what the command reads, give the program to run."""
    known = family(name)
    options = _OPTIONS.get(known)
    if options:
        yield from _of_options(options, words)
    positional = _POSITIONAL.get(known)
    if positional is not None:
        for word in operands(words, positional[1]):
            yield Carried(positional[0], word)
    other = _OTHERS.get(known)
    if other is not None:
        yield from other(words)
    if known in ("awk", "sed", "make"):
        yield from _of_file_option(known, words, command)
    if known in ("source", "."):
        yield from _of_source(words, command)
    elif known == "shell" or known in _INPUT:
        yield from _of_input(known, words, command)


def texts_of_variables(sets: Sequence[tuple[str, Word]]) -> Iterator[Carried]:
    """What variables that are set have somebody run."""
    for name, value in sets:
        if name in _STARTED_BY_VARIABLE:
            yield Carried(
                "shell", value._replace(text=value.text.lstrip("|"), dynamic=value.dynamic and bool(value.text))
            )
        elif name in _READ_BY_SHELLS and value.content is not None:
            yield Carried("shell", value.content)
        elif name.startswith("BASH_FUNC_"):
            yield Carried("shell", value)


def operands(words: Sequence[Word], valued: frozenset[str] = frozenset()) -> Iterator[Word]:
    """The words that are no options and no option's value."""
    skip = ended = False
    for word in words[1:]:
        if skip:
            skip = False
        elif ended or word.dynamic or not word.text.startswith("-") or word.text == "-":
            yield word
        elif word.text == "--":
            ended = True
        else:
            skip = word.text in valued


def _of_options(options: Mapping[str, Language], words: Sequence[Word]) -> Iterator[Carried]:
    for at, word in enumerate(words[1:], 1):
        text = word.text
        if text == "--":
            return
        language = options.get(text)
        if language is not None:
            if at + 1 < len(words):
                yield Carried(language, words[at + 1])
            continue
        name, equals, value = text.partition("=")
        if equals and name in options:
            yield Carried(options[name], word._replace(text=value))
        elif text[:1] == "-" and text[:2] != "--" and len(text) > 2 and text[:2] in options:
            yield Carried(options[text[:2]], word._replace(text=text[2:]))


def _of_file_option(known: str, words: Sequence[Word], command: SimpleCommand) -> Iterator[Carried]:
    """``awk -f -``, ``make -f <(…)``: a program file that is none."""
    for at, word in enumerate(words[1:], 1):
        file = (*words, Word("-"))[at + 1] if word.text in _FILE_OPTIONS else None  # the grammar loses a lone dash
        if file is None and word.text.startswith("-f") and len(word.text) > 2:
            file = word._replace(text=word.text[2:])
        if file is None:
            continue
        if file.content is not None:
            yield Carried(known, file.content)
        elif file.text in _INPUT_FILES:
            yield Carried(known, input_text(command))


def _of_source(words: Sequence[Word], command: SimpleCommand) -> Iterator[Carried]:
    if len(words) < 2:
        return
    if words[1].content is not None:
        yield Carried("shell", words[1].content)
    elif words[1].text in _INPUT_FILES and words[1].text != "-":
        yield Carried("shell", input_text(command))


_START_FILES: Final = frozenset({"--rcfile", "--init-file"})
_READS_BESIDE_FILES: Final = frozenset(
    {"psql", "mysql", "sqlite3", "gdb", "ed", "at", "vim", "parallel", "deno", "bun", "crontab"}
)
"""Their operands are no programs: what they read is one all the same."""


def _of_input(known: str, words: Sequence[Word], command: SimpleCommand) -> Iterator[Carried]:
    """What an interpreter reads as its program: a file that is no file, or its standard input."""
    language = "shell" if known == "shell" else _INPUT[known]
    at, takes_input = 1, False
    while at < len(words):
        word = words[at]
        text = word.text
        if is_code_option(known, word):
            return
        if known == "shell" and re.fullmatch(r"-[A-Za-z]*s[A-Za-z]*", text):
            takes_input = True
        elif text in VALUED.get(known, ()) or (known == "shell" and re.fullmatch(r"[-+][A-Za-z]+[oO]", text)):
            at += 1
            content = words[at].content if at < len(words) and text in _START_FILES else None
            if content is not None:
                yield Carried(language, content)
        elif word.content is not None:
            yield Carried(language, word.content)
            return
        elif text in _INPUT_FILES:
            break
        elif word.dynamic or not text.startswith(("-", "+")):
            if takes_input or known in _READS_BESIDE_FILES:
                break
            return
        at += 1
    if command.inputs or command.before:
        yield Carried(language, input_text(command))


def is_code_option(known: str, word: Word) -> bool:
    """Whether the code follows here, so that what is read is data: ``sh -c``, ``python -Im``, ``crontab -l``."""
    text, own = word.text, _OWN_CODE.get(known, frozenset())
    if known == "shell":
        return not word.dynamic and re.fullmatch(r"-[A-Za-z]*c[A-Za-z]*", text) is not None
    if text in own or (len(text) > 2 and text[:2] in own and text[1] != "-"):
        return True
    return known in ("python", "perl", "ruby") and re.fullmatch(r"-[A-Za-z0-9]*[cmeE]", text) is not None


def _of_tmux(words: Sequence[Word]) -> Iterator[Carried]:
    verb = next((n for n, word in enumerate(words) if word.text in _TMUX_VERBS), None)
    if verb is None:
        return
    valued = _TMUX_VALUED | ({"-w", "-h"} if words[verb].text.endswith("popup") else set())
    given = [word for word in operands(words[verb:], valued) if not _KEYS.fullmatch(word.text)]
    if given:
        yield Carried("shell", joined(given))


def _of_screen(words: Sequence[Word]) -> Iterator[Carried]:
    at = next((n for n, word in enumerate(words) if word.text in ("stuff", "exec")), None)
    if at is not None and at + 1 < len(words):
        yield Carried("shell", joined(words[at + 1 :]))


def _of_less(words: Sequence[Word]) -> Iterator[Carried]:
    for word in words[1:]:
        if word.text.startswith(("+!", "++!")):
            yield Carried("shell", word._replace(text=word.text.lstrip("+!")))


def _of_vim(words: Sequence[Word]) -> Iterator[Carried]:
    for word in words[1:]:
        if word.text.startswith("+"):
            yield Carried("vim", word._replace(text=word.text[1:]))


def _of_sed(words: Sequence[Word]) -> Iterator[Carried]:
    if not any(word.text.startswith(("-e", "--expression", "-f", "--file")) for word in words[1:]):
        first = next(operands(words, frozenset({"-l", "--line-length"})), None)
        if first is not None:
            yield Carried("sed", first)
        return
    for at, word in enumerate(words[:-1]):
        # ``-ne`` and its like: the letters stand together, and the script follows.
        if re.fullmatch(r"-[nErszu]+e", word.text):
            yield Carried("sed", words[at + 1])


def _of_make(words: Sequence[Word]) -> Iterator[Carried]:
    for word in words[1:]:
        if word.text.startswith("SHELL="):
            yield Carried("shell", word._replace(text=word.text[len("SHELL=") :]))


def _of_pnpm(words: Sequence[Word]) -> Iterator[Carried]:
    if any(word.text in ("-c", "--shell-mode") for word in words):
        given = [word for word in operands(words) if word.text not in ("exec", "dlx")]
        if given:
            yield Carried("shell", joined(given))


_OTHERS: Final[Mapping[str, Callable[[Sequence[Word]], Iterator[Carried]]]] = {
    "tmux": _of_tmux,
    "pnpm": _of_pnpm,
    "screen": _of_screen,
    "less": _of_less,
    "vim": _of_vim,
    "sed": _of_sed,
    "make": _of_make,
}


def joined(words: Sequence[Word]) -> Word:
    """Several words as the one command line that a program makes of them."""
    return Word(" ".join(word.text for word in words), any(word.dynamic for word in words))
