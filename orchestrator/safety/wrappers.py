"""List the programs that start other programs, and which of their words are the inner command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.safety.shell.words import UNKNOWN, Word
from orchestrator.value_class import value_class

SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "rbash", "fish"})

_LOADER = late_pattern(r"ld-(?:linux|musl|2)[\w.-]*|ld\.so(?:\.\d+)?")
_ASSIGNMENT = late_pattern(r"[A-Za-z_][A-Za-z0-9_]*=")
_SHORT_C = late_pattern(r"-[A-Za-z]*c[A-Za-z]*")


@value_class
class Wrapper:
    """How to find the inner command among a program's words."""

    valued: frozenset[str] = frozenset()
    """Options whose value is the next word."""
    leading: int = 0
    """Words of its own before the inner command, options aside."""
    verbs: frozenset[str] = frozenset()
    """It starts something only after one of these: ``docker run``, ``poetry run``."""
    elsewhere: bool = False
    """What it starts runs on another machine, in another root or another folder: paths mean other things there."""


def _wrapper(valued: str = "", *, leading: int = 0, verbs: str = "", elsewhere: bool = False) -> Wrapper:
    return Wrapper(frozenset(valued.split()), leading, frozenset(verbs.split()), elsewhere)


_CONTAINER = _wrapper(
    "-v --volume -e --env --env-file -w --workdir -u --user --name -p --publish --network --net --mount --entrypoint "
    "-l --label -m --memory --cpus --add-host -h --hostname --platform --device --cap-add --cap-drop --security-opt",
    leading=1,
    verbs="run exec",
    elsewhere=True,
)

WRAPPERS: Final[Mapping[str, Wrapper]] = {
    "sudo": _wrapper("-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot"),
    "doas": _wrapper("-u -C"),
    **dict.fromkeys(
        ("pkexec", "fakeroot", "fakeroot-ng", "gosu-exec", "dbus-run-session", "torsocks"), _wrapper("--user")
    ),
    **dict.fromkeys(("chronic", "ifne", "caffeinate", "catchsegv", "rlwrap", "setarch", "corepack"), _wrapper("-w -t")),
    **dict.fromkeys(
        ("linux32", "linux64", "i386", "x86_64", "arch", "uname26", "cross-env", "env-cmd"), _wrapper("-f")
    ),
    **dict.fromkeys(
        ("proxychains", "proxychains4", "proxychains-ng", "tsocks", "firejail", "uvx", "bunx"), _wrapper("-f -q")
    ),
    **dict.fromkeys(
        ("tini", "dumb-init", "catatonit", "ccache", "sccache", "distcc", "nocache", "eatmydata"), _wrapper("-p")
    ),
    **dict.fromkeys(
        ("gosu", "su-exec", "setuidgid", "s6-setuidgid", "envdir", "faketime", "chpst"), _wrapper(leading=1)
    ),
    "runuser": _wrapper("-u -g -G --user --group"),
    "xvfb-run": _wrapper("-n -s -e -f -p -w --server-num --server-args --error-file --auth-file"),
    "numactl": _wrapper("-N -C -m -i -p --cpunodebind --physcpubind --membind --interleave --preferred"),
    "perf": _wrapper("-e -o -C -p -F -g --event --output", verbs="stat record trace top mem sched lock kvm"),
    "valgrind": _wrapper("--tool --log-file"),
    "heaptrack": _wrapper("-o"),
    "rr": _wrapper("-o", verbs="record"),
    "coverage": _wrapper(),
    "systemd-inhibit": _wrapper("--what --who --why --mode"),
    "sshpass": _wrapper("-p -f -d -P"),
    "cgexec": _wrapper("-g"),
    "cpulimit": _wrapper("-l -p -e --limit"),
    "timelimit": _wrapper("-t -T -s -S"),
    "retry": _wrapper("-t -d -n --times --delay"),
    "ip": _wrapper("-n", leading=1, verbs="exec"),
    "nvm": _wrapper(leading=1, verbs="exec"),
    **dict.fromkeys(("pyenv", "rbenv", "nodenv", "jenv", "goenv", "asdf", "volta", "rtx"), _wrapper(verbs="exec run")),
    "mise": _wrapper("-C --cd -E --env -j --jobs", verbs="exec x"),
    **dict.fromkeys(("conda", "mamba", "micromamba"), _wrapper("-n --name -p --prefix --cwd", verbs="run")),
    **dict.fromkeys(
        ("dotenv", "dotenvx", "doppler", "op", "infisical", "envconsul"), _wrapper("-f -e --env-file", verbs="run")
    ),
    "aws-vault": _wrapper(leading=1, verbs="exec"),
    "chamber": _wrapper(leading=1, verbs="exec"),
    "guix": _wrapper("-m -C", verbs="shell environment"),
    "pipx": _wrapper("--spec --python --index-url", verbs="run"),
    "npm": _wrapper("-w --workspace --prefix -C --package -c --call --loglevel --registry", verbs="exec x"),
    "pnpm": _wrapper("-C --dir --filter -F --package", verbs="exec dlx"),
    "yarn": _wrapper("--cwd -p --package", verbs="exec dlx"),
    "bun": _wrapper("--cwd", verbs="x"),
    "watchexec": _wrapper("-w -e -i -f -s -d --watch --exts --ignore --filter --signal --debounce"),
    "reflex": _wrapper("-r -g -R -G"),
    "screen": _wrapper("-S -t -c -h -e -p -T -s -r -x -X -Q"),
    "adb": _wrapper("-s -t -H -P", verbs="shell", elsewhere=True),
    "lxc": _wrapper("--user --group --cwd --env --mode", leading=1, verbs="exec", elsewhere=True),
    "heroku": _wrapper("-a --app", verbs="run", elsewhere=True),
    "wsl": _wrapper("-d -u", elsewhere=True),
    "env": _wrapper("-u -C --unset --chdir"),
    "nohup": _wrapper(),
    "setsid": _wrapper(),
    "time": _wrapper("-f -o --format --output"),
    "coproc": _wrapper(),
    "nice": _wrapper("-n --adjustment"),
    "ionice": _wrapper("-c -n -p --class --classdata"),
    "chrt": _wrapper(leading=1),
    "taskset": _wrapper(leading=1),
    "timeout": _wrapper("-k -s --kill-after --signal", leading=1),
    "stdbuf": _wrapper("-i -o -e --input --output --error"),
    "unbuffer": _wrapper(),
    "setpriv": _wrapper("--reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig"),
    "prlimit": _wrapper(),
    "systemd-run": _wrapper("-u --unit -p --property -M --machine -E --setenv"),
    "chroot": _wrapper("--userspec --groups", leading=1, elsewhere=True),
    "unshare": _wrapper(elsewhere=True),
    "nsenter": _wrapper("-t --target", elsewhere=True),
    "bwrap": _wrapper(elsewhere=True),
    "strace": _wrapper("-o -e -p -s -u"),
    "ltrace": _wrapper("-o -e -p -s -u"),
    "command": _wrapper(),
    "builtin": _wrapper(),
    "exec": _wrapper("-a"),
    "busybox": _wrapper(),
    "toybox": _wrapper(),
    "entr": _wrapper(),
    "xargs": _wrapper("-I -n -P -L -d -E -s -a --max-args --max-procs --max-lines --delimiter --arg-file --max-chars"),
    "parallel": _wrapper("-j -a --jobs --arg-file"),
    "flock": _wrapper("-w -E --timeout --conflict-exit-code", leading=1),
    "direnv": _wrapper(leading=1, verbs="exec"),
    "uv": _wrapper("--directory --project --with --python -p", verbs="run"),
    "poetry": _wrapper("-C --directory", verbs="run"),
    "pipenv": _wrapper(verbs="run"),
    "pdm": _wrapper(verbs="run"),
    "hatch": _wrapper("-e --env", verbs="run"),
    "tox": _wrapper("-e -c --conf --workdir", verbs="exec"),
    "rye": _wrapper(verbs="run"),
    "bundle": _wrapper(verbs="exec"),
    "npx": _wrapper("-p --package"),
    **dict.fromkeys(("fnm", "nodeenv", "proto", "nvs"), _wrapper("--using --node-version", verbs="exec run")),
    "ssh-agent": _wrapper("-a -E -P -t -O"),
    **dict.fromkeys(
        ("devbox", "flox", "pixi", "turbo", "lando", "ddev"), _wrapper("-c --config -e --env", verbs="run exec")
    ),
    **dict.fromkeys(("incus", "multipass", "limactl"), _wrapper(leading=1, verbs="exec shell", elsewhere=True)),
    "ssh": _wrapper("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w", leading=1, elsewhere=True),
    "docker": _CONTAINER,
    "podman": _CONTAINER,
    "nerdctl": _CONTAINER,
    "kubectl": _wrapper("-n --namespace -c --container", leading=1, verbs="exec run", elsewhere=True),
}
"""``poetry run X`` starts X; so does ``docker run IMAGE X``, elsewhere."""
_SAME: Final[Mapping[str, str]] = {
    **{name: name[1:] for name in ("gtimeout", "gnice", "gstdbuf", "genv", "gxargs", "gtime", "gnohup", "gchroot")},
    **{"docker-compose": "docker", "podman-compose": "docker", "mosh": "ssh", "autossh": "ssh", "remsh": "ssh"},
    **{
        "uv-x": "uvx",
        "pnpx": "npx",
        "setsid-wait": "setsid",
        "kubectl-exec": "kubectl",
        "oc": "kubectl",
        "k3s": "kubectl",
    },
}
"""Other names of these programs."""
_REST_AFTER: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("fd", "fdfind"), ("-x", "-X", "--exec", "--exec-batch")),
    "nix": ("-c", "--command"),
    "gdb": ("--args", "-args"),
    "lldb": ("--",),
    "gnome-terminal": ("--", "-x"),
    "konsole": ("-e",),
    "xterm": ("-e",),
    "alacritty": ("-e", "--command"),
    "onchange": ("--",),
    "devcontainer": ("--",),
    "flatpak-spawn": ("--host",),
    "wait-for-it": ("--",),
    "wait-for-it.sh": ("--",),
    "dockerize": ("--",),
}
"""Programs that run everything behind one of these options."""
_MARKS: Final = (":::", ":::+", "::::", ":::++")
"""In GNU parallel's words: what comes behind is given to the command."""
_SHELL_WITHOUT_COMMAND: Final = frozenset({"ssh", "su", "runuser", "chroot", "nsenter", "unshare", "newgrp", "mosh"})
"""Without a command these start a shell, which reads standard input."""

_PACKAGES: Final[Mapping[str, str]] = {
    "@changesets/cli": "changeset",
    "@lerna/cli": "lerna",
    "@yarnpkg/cli": "yarn",
    "@yarnpkg/cli-dist": "yarn",
    "@jsr/cli": "jsr",
}
"""Packages whose program has another name, as ``npx`` starts them."""

TAKES_DATA: Final = frozenset(
    (
        *("echo", "printf", "print", "test", "[", "[[", "true", "false", ":", "ls", "cat", "head", "tail", "wc", "cut"),
        *("grep", "egrep", "fgrep", "rg", "ag", "ack", "ugrep", "tr", "uniq", "sort", "comm", "join", "paste", "diff"),
        *("man", "info", "help", "apropos", "whatis", "tldr", "cheat", "which", "whereis", "type", "hash", "whence"),
        *("cd", "pushd", "popd", "mkdir", "rmdir", "stat", "file", "basename", "dirname", "realpath", "readlink"),
        *("export", "declare", "local", "readonly", "typeset", "set", "unset", "alias", "unalias", "read", "return"),
        *("exit", "kill", "killall", "pkill", "pgrep", "ps", "jobs", "wait", "sleep", "date", "seq", "yes", "logger"),
        *("apt", "apt-get", "apt-cache", "dpkg", "yum", "dnf", "rpm", "apk", "brew", "pacman", "zypper", "snap"),
        *("jq", "yq", "xmllint", "column", "fold", "fmt", "nl", "rev", "tac", "od", "xxd", "hexdump", "strings"),
        *("notify-send", "say", "cowsay", "figlet", "lolcat", "wall", "write", "mail", "mutt", "zip", "unzip", "gzip"),
        *("history", "fc", "bind", "complete", "compgen", "getopts", "shift", "source", ".", "expr", "let", "bc"),
        *("update-alternatives", "pip-compile", "pipdeptree", "shellcheck", "shfmt", "bat", "less", "more", "nano"),
    )
)
"""Programs to which their words are data: a command's name among them starts nothing."""
_RUN_OPTIONS: Final = frozenset(
    ("command", "commands", "cmd", "exec", "execute", "run", "script", "scripts", "shell", "shell-command", "eval")
)
_RUN_VERBS: Final = frozenset({"exec", "run", "shell", "with", "ssh"})
_SAYS: Final = frozenset(
    (
        *("-m", "--message", "--title", "-t", "--body", "-b", "--description", "-d", "--comment", "--text", "--name"),
        *("--subject", "-s", "--summary", "--label", "--reason", "--note", "--prompt", "-p", "add", "create", "say"),
        *("send", "notify", "log", "note", "search", "find", "grep", "show", "explain"),
    )
)
"""Words behind which a text is said, not run."""
_TAKES_SCRIPT = SHELLS | {"su", "runuser", "script", "flock", "sg"}
_OWN_WAYS = frozenset({"eval", "watch", "trap"})
_SHELL_VALUED = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})


def program_of(words: Sequence[Word]) -> str:
    """The program's name without its folder, the environment in ``hatch run test:x`` and the version in ``npx x@1``.

    It is empty without words.
    """
    return _named(words[0].text) if words else ""


@lru_cache(maxsize=1024)
def _named(path: str) -> str:
    if path.startswith("@"):
        package = "@" + path[1:].partition("@")[0]
        if package in _PACKAGES:
            return _PACKAGES[package]
    name = path.rpartition("/")[2]
    if ":" in name:
        name = name.rpartition(":")[2]
    at = name.find("@", 1)
    return name if at < 0 else name[:at]


def may_run_elsewhere(name: str) -> bool:
    """Whether a program of this name can start something for which paths mean other files."""
    wrapper = _wrapper_of(name)
    return name in ("vagrant", "ansible", "env", "sudo") or (wrapper is not None and wrapper.elsewhere)


def runs_elsewhere(words: Sequence[Word]) -> bool:
    """Whether paths in the inner command mean other files than here."""
    name = program_of(words)
    if name in ("vagrant", "ansible"):
        return True
    wrapper = _wrapper_of(name)
    if wrapper is None:
        return False
    moved = name in ("env", "sudo") and any(w.text in ("-C", "-D", "-R") or w.text.startswith("--ch") for w in words)
    return wrapper.elsewhere or moved


def starts_others(name: str) -> bool:
    """Whether a program of this name may start what stands in its words."""
    if name in _TAKES_SCRIPT or name in _OWN_WAYS or name in _REST_AFTER or name == "start-stop-daemon":
        return True
    return _wrapper_of(name) is not None or _LOADER.fullmatch(name) is not None


def reads_commands(words: Sequence[Word]) -> bool:
    """Whether it is a shell in all but its name, that is not told what to run: ``ssh host``, ``sudo -s``, ``su -``."""
    name = program_of(words)
    if name in ("sudo", "doas"):
        return any(word.text in ("-s", "-i", "--shell", "--login") for word in words[1:])
    return name in _SHELL_WITHOUT_COMMAND


def inner_commands(words: Sequence[Word], piped: Sequence[Word] = ()) -> Iterator[tuple[Word, ...]]:
    """The commands that this one starts, as far as its words say.

    Args:
        piped: What it reads from its pipe, for ``xargs``.
    """
    name = program_of(words)
    rest_after = _REST_AFTER.get(name)
    if rest_after is not None:
        yield from _behind(words, rest_after, found=name in ("fd", "fdfind"))
    if name.startswith("ld") and _LOADER.fullmatch(name):
        yield _after_own(words[1:], _wrapper("--library-path --preload --argv0 --audit"))
    elif name == "start-stop-daemon":
        yield _of_daemon(words)
    elif name == "env" or name == "genv":
        yield _of_env(words)
    elif name in ("xargs", "gxargs"):
        yield _of_xargs(words, piped)
    elif name == "parallel":
        yield from _of_parallel(words, piped)
    elif name == "uv":
        yield from _of_uv(words)
    elif name == "pipx" and len(words) > 3 and words[1].text == "runpip":
        yield (Word("pip"), *words[3:])
    elif (wrapper := _wrapper_of(name)) is not None:
        inner = _after_own(words[1:], wrapper)
        yield inner
        if name == "setarch" and inner:
            yield inner[1:]  # its first word may be the architecture
        if wrapper is _CONTAINER:
            yield from _of_entry_point(words, inner)


def _of_entry_point(words: Sequence[Word], inner: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """``docker run --entrypoint pip IMAGE install x``: what the image is given goes to that program."""
    for at, word in enumerate(words[1:], 1):
        name, equals, value = word.text.partition("=")
        if name != "--entrypoint":
            continue
        if equals:
            yield (word._replace(text=value), *inner)
        elif at + 1 < len(words):
            yield (words[at + 1], *inner)


def has_verbs(name: str) -> bool:
    """Whether a program of this name starts others behind some of its verbs only: ``npm exec``, ``poetry run``."""
    wrapper = _wrapper_of(name)
    return wrapper is not None and bool(wrapper.verbs)


def may_hand_on(words: Sequence[Word]) -> bool:
    """Whether there is a word behind which such a program may be told of another: ``--``, ``exec``, ``alias``."""
    for word in words:
        text = word.text
        if text == "--" or text in _RUN_VERBS or "alias" in text:
            return True
    return False


def handed_on(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """What a program whose own verbs are known may start besides: what stands behind ``--``, or behind ``exec``."""
    ended = next((n for n, word in enumerate(words[1:], 1) if word.text == "--"), None)
    if ended is not None:
        yield tuple(words[ended + 1 :])
    if program_of(words) in WRAPPERS:
        return  # what it starts is known
    verb = next((n for n, word in enumerate(words[1:4], 1) if word.text in _RUN_VERBS), None)
    if verb is not None:
        yield from perhaps_started(words[verb:])


_ALIAS: Final = late_pattern(r"(?:--config=)?alias(?:es)?\.[\w-]+(?:=(.*))?", re.DOTALL)


def scripts_of_aliases(name: str, words: Sequence[Word]) -> Iterator[str]:
    """What an alias that these words make means: ``hg --config alias.x=push``, ``gh alias set x 'release create'``."""
    verb = next((n for n, word in enumerate(words[1:-1], 1) if word.text == "alias"), None)
    told = [word.text for word in words[verb + 2 :] if not word.text.startswith("-")] if verb is not None else []
    for at, word in enumerate(words[1:], 1):
        match = _ALIAS.fullmatch(word.text) if "alias" in word.text else None
        if match is not None:
            told.append(match[1] if match[1] is not None else words[at + 1].text if at + 1 < len(words) else "")
    for text in told:
        listed = text.strip().startswith("[")
        plain = " ".join(re.findall(r"[^\s\[\]\"',]+", text)) if listed else text.strip("\"' ")
        if plain.startswith("!"):
            yield plain[1:]
        elif plain:
            yield f"{name} {plain}"
            if " " in plain:
                yield plain


def perhaps_started(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """What a program may start of which nothing is known: its first words, or what stands behind ``--``."""
    at = next((n for n, word in enumerate(words[1:], 1) if not word.text.startswith("-")), len(words))
    yield tuple(words[at:])
    if at > 1:
        yield tuple(words[at + 1 :])  # the word may be an option's value
    ended = next((n for n, word in enumerate(words[1:], 1) if word.text == "--"), None)
    if ended is not None and ended + 1 > at:
        yield tuple(words[ended + 1 :])
    verb = next((n for n, word in enumerate(words[1:4], 1) if word.text in _RUN_VERBS), None)
    if verb is not None:
        yield from perhaps_started(words[verb:])


def perhaps_run(words: Sequence[Word]) -> Iterator[str]:
    """The texts that an option of a program of which nothing is known says are commands: ``--command="a b"``."""
    for at, word in enumerate(words[1:], 1):
        name, equals, value = word.text.partition("=")
        if equals and name.lstrip("-") in _RUN_OPTIONS and name.startswith("--"):
            text = value
        elif word.text.startswith("-") or words[at - 1].text in _SAYS:
            continue
        else:
            text = word.text
        if " " in text.strip():
            yield text


def other_readings(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    """What a program may start besides, as an option may take the next word for its value or not: no table is whole."""
    wrapper = _wrapper_of(program_of(words))
    if wrapper is None or not any(word.text.startswith("-") for word in words[1:]):
        return
    given = words[1:]
    inner = _after_own(given, wrapper)
    own = given[: len(given) - len(inner)]
    options = frozenset(word.text for word in own if word.text.startswith("-") and "=" not in word.text) - {"--"}
    if options & wrapper.valued:
        bare = _after_own(given, replace(wrapper, valued=frozenset()))
        if len(bare) > len(inner):
            yield bare
    if options - wrapper.valued:
        yield _after_own(given, replace(wrapper, valued=wrapper.valued | options))


def _wrapper_of(name: str) -> Wrapper | None:
    return WRAPPERS.get(_SAME.get(name, name))


def _behind(words: Sequence[Word], options: Sequence[str], *, found: bool) -> Iterator[tuple[Word, ...]]:
    """What stands behind the option; with ``found``, it is given what the program finds."""
    at = next((n for n, word in enumerate(words) if word.text in options), None)
    if at is None:
        at = next((n for n, word in enumerate(words) if word.text.startswith(tuple(f"{o}=" for o in options))), None)
        if at is None:
            return
        first = words[at]._replace(text=words[at].text.partition("=")[2])
        words = (*words[: at + 1], first, *words[at + 1 :])
    end = next((n for n in range(at + 1, len(words)) if words[n].text == ";"), len(words))
    inner = words[at + 1 : end]
    if not found:
        yield tuple(inner)
    elif any("{" in word.text for word in inner):
        yield tuple(UNKNOWN if word.text.startswith("{") else word for word in inner)
    else:
        yield (*inner, UNKNOWN)


def _of_daemon(words: Sequence[Word]) -> tuple[Word, ...]:
    program = next(
        (words[n + 1] for n, w in enumerate(words[:-1]) if w.text in ("-x", "--exec", "-a", "--startas")), None
    )
    program = program or next(
        (w._replace(text=w.text.partition("=")[2]) for w in words if w.text[:7] == "--exec="), None
    )
    at = next((n for n, word in enumerate(words) if word.text == "--"), len(words))
    return (program, *words[at + 1 :]) if program is not None else ()


def _of_uv(words: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    at = 1
    while at < len(words) and words[at].text.startswith("-"):
        at += 2 if words[at].text in WRAPPERS["uv"].valued | {"--config-file", "--cache-dir", "--color"} else 1
    if at < len(words) and words[at].text == "pip":
        yield tuple(words[at:])
    else:
        yield _after_own(words[1:], WRAPPERS["uv"])


def _of_parallel(words: Sequence[Word], piped: Sequence[Word]) -> Iterator[tuple[Word, ...]]:
    at = next((n for n, word in enumerate(words) if word.text in _MARKS), len(words))
    inner = _after_own(words[1:at], WRAPPERS["parallel"])
    given = [word for word in words[at:] if word.text not in _MARKS] or list(piped)
    if inner and len(inner) > 1:
        holes = any("{" in word.text for word in inner)
        for each in given or [UNKNOWN]:
            yield tuple(each if w.text == "{}" else w for w in inner) if holes else (*inner, each)


def script_of(words: Sequence[Word]) -> Word | None:
    """The word that the program runs as a command line of its own: of ``sh -c``, ``eval``, ``trap``, ``watch``."""
    name = program_of(words)
    if name in ("eval", "watch"):
        given = words[1:] if name == "eval" else _after_own(words[1:], _wrapper("-n --interval"))
        return given[0] if len(given) == 1 else _joined(given) if given else None
    if name == "ssh":
        given = _after_own(words[1:], WRAPPERS["ssh"])
        return _joined(given) if given else None
    if name == "trap":
        return words[1] if len(words) > 2 else None
    if name == "parallel":
        at = next((n for n, word in enumerate(words) if word.text in _MARKS), len(words))
        given = _after_own(words[1:at], WRAPPERS["parallel"])
        if not given and at < len(words):
            return Word("\n".join(word.text for word in words[at + 1 :]))
        if not given or " " not in given[0].text:
            return None
        filled = [given[0].text.replace("{}", word.text) for word in words[at + 1 :]] if "{}" in given[0].text else []
        return Word("\n".join(filled) or given[0].text.replace("{}", "$_found"), given[0].dynamic)
    if name not in _TAKES_SCRIPT:
        return None
    return _shell_script(words)


def _shell_script(words: Sequence[Word]) -> Word | None:
    wanted = False
    at = 1
    while at < len(words):
        text = words[at].text
        if text == "--command" or (text[:2] != "--" and _SHORT_C.fullmatch(text)):
            wanted = True
        elif text.startswith("--command="):
            return Word(text.partition("=")[2], words[at].dynamic)
        elif text in _SHELL_VALUED:
            at += 1
        elif wanted and (words[at].dynamic or not text.startswith(("-", "+"))):
            return words[at]
        at += 1
    return None


def _after_own(words: Sequence[Word], wrapper: Wrapper) -> tuple[Word, ...]:
    """What is left after a wrapper's options, assignments, verb and leading words."""
    leading = wrapper.leading
    wants_verb = bool(wrapper.verbs)
    at = 0
    while at < len(words):
        text = words[at].text
        if text == "--":
            at += 1
            return tuple(words[at:] if wants_verb else words[at + leading :])
        if text in wrapper.valued or _ends_in_valued(text, wrapper.valued):
            at += 2
        elif (text.startswith("-") and len(text) > 1) or _ASSIGNMENT.match(text):
            at += 1
        elif wants_verb:
            if text in wrapper.verbs:
                wants_verb = False
            elif text not in ("compose", "container", "tool", "netns"):
                return ()
            at += 1
        elif leading > 0:
            leading -= 1
            at += 1
        else:
            return tuple(words[at:])
    return ()


def _ends_in_valued(text: str, valued: frozenset[str]) -> bool:
    """Whether grouped option letters end in one that takes the next word: ``sudo -Eu root``, ``screen -dmS x``."""
    return (
        text[:1] == "-"
        and text[1:2] not in ("", "-")
        and text[:2] not in valued
        and text.isascii()
        and (text[1:].isalpha() and len(text) > 2 and f"-{text[-1]}" in valued)
    )


def _of_xargs(words: Sequence[Word], piped: Sequence[Word]) -> tuple[Word, ...]:
    """The command with the words that xargs adds: in place of ``{}``, or at the end."""
    inner = _after_own(words[1:], WRAPPERS["xargs"])
    mark = next((words[n + 1].text for n, w in enumerate(words[:-1]) if w.text == "-I"), None)
    mark = mark or next((w.text[2:] for w in words if w.text.startswith("-I") and len(w.text) > 2), None)
    if not inner:
        return ()
    given = tuple(piped) or (UNKNOWN,)
    if mark is None:
        return (*inner, *given)
    filled: list[Word] = []
    for word in inner:
        if word.text == mark:
            filled.extend(given)
        elif mark in word.text:
            # In a script, what is not known stands where a variable would.
            script = " " in word.text
            filled.extend(
                Word(word.text.replace(mark, "$_found"), word.dynamic)
                if script and one.dynamic
                else one._replace(text=word.text.replace(mark, one.text))
                for one in given
            )
        else:
            filled.append(word)
    return tuple(filled)


def _of_env(words: Sequence[Word]) -> tuple[Word, ...]:
    """What ``env - A=1 X`` and ``env -vS "X y"`` start: options and assignments off, a text to split put in place."""
    given = list(words[1:])
    while given:
        word = given.pop(0)
        text = word.text
        split: str | None = None
        if text.startswith("--split-string"):
            split = text.partition("=")[2] or None
            if split is None and given:
                split = given.pop(0).text
        elif re.fullmatch(r"-[0iv]*S.*", text, re.DOTALL):
            split = text.partition("S")[2]
            if not split and given:
                split = given.pop(0).text
        elif text in ("-u", "-C", "--unset", "--chdir", "--argv0", "-a"):
            del given[:1]
        elif text != "-" and not text.startswith("-") and not _ASSIGNMENT.match(text):
            return (word, *given)
        if split is not None:
            given = [*(Word(part, word.dynamic) for part in _fields(split)), *given]
    return ()


def _fields(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _joined(words: Sequence[Word]) -> Word:
    return Word(" ".join(word.text for word in words), any(word.dynamic for word in words))
