"""List the forms of listed programs that do nothing outward: help, versions, dry runs; each row has its source.

A form counts only where it surely is one: not as the value of another option, not behind ``--``, not taken back by a
later word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orchestrator.safety.shell.words import Word
from orchestrator.safety.verbs import GRAMMARS, Grammar, is_known, means, takes_value
from orchestrator.value_class import value_class


@value_class
class HarmlessForm:
    """A way to call a program that changes nothing and sends nothing."""

    program: str
    verb: tuple[str, ...]
    """What it is asked to do; empty: whatever that is."""
    options: frozenset[str]
    """Any of them makes it harmless; none: the verb itself is."""
    source: str
    """Who says so."""
    reads: bool = False
    """Another option behind it may ask for something else: only operands may follow."""


def _form(program: str, verb: str, options: str, source: str, *, reads: bool = False) -> HarmlessForm:
    return HarmlessForm(program, tuple(verb.split()), frozenset(options.split()), source, reads)


FORMS: Final[tuple[HarmlessForm, ...]] = (
    _form("git", "push", "--dry-run -n", "git-push(1): do everything except actually send the updates"),
    _form("git", "push", "--help -h", "git(1): --help prints the manual page; parse-options prints the usage"),
    _form("git", "", "--help --version", "git(1), before a command: help and version of git itself"),
    _form("git", "send-pack", "--dry-run -h", "git-send-pack(1)"),
    _form("git", "svn dcommit", "--dry-run -n --help -h", "git-svn(1)"),
    _form("git", "lfs push", "--dry-run -d --help -h", "git-lfs-push(1)"),
    _form("git", "subtree push", "--help -h", "git-subtree(1)"),
    _form("npm", "publish", "--dry-run", "npm-publish: report what would have been published"),
    _form("npm", "unpublish", "--dry-run", "npm-unpublish: dry-run"),
    _form("npm", "", "--help -h -? --usage --version -v", "npm help npm: help is printed in place of the command"),
    _form("npm", "help", "", "npm-help: searches the manual"),
    # `pip install --dry-run` is not here: it runs the build code of what it looks at.
    _form("pip", "", "--help -h --version -V", "pip --help"),
    _form("pip", "help", "", "pip help"),
    _form("cargo", "", "--help -h --version -V --list", "cargo(1)"),
    _form("cargo", "publish", "--dry-run -n", "cargo-publish(1): perform all checks without uploading"),
    _form("cargo", "help", "", "cargo-help(1)"),
    _form("poetry", "", "--help -h --version -V", "poetry, CLI reference"),
    _form("poetry", "publish", "--dry-run", "poetry publish: perform all actions except upload"),
    _form("poetry", "help", "", "poetry, CLI reference"),
    _form("uv", "", "--help -h --version -V", "uv, CLI reference"),
    _form("uv", "publish", "--dry-run", "uv publish: perform a dry run without uploading files"),
    _form("uv", "help", "", "uv, CLI reference"),
    _form("pnpm", "", "--help -h --version -v", "pnpm help"),
    _form("pnpm", "publish", "--dry-run", "pnpm publish: does everything except actually publishing"),
    _form("pnpm", "help", "", "pnpm help"),
    _form("yarn", "", "--help -h --version -v", "yarn help"),
    _form("yarn", "npm publish", "--dry-run -n", "yarn npm publish: show what would be published"),
    _form("yarn", "help", "", "yarn help"),
    _form("bun", "", "--help -h", "bun --help"),
    _form("bun", "publish", "--dry-run", "bun publish: simulate publishing"),
    _form("twine", "", "--help -h --version", "twine --help"),
    _form("gem", "", "--help -h --version -v", "gem help"),
    _form("gem", "help", "", "gem help"),
    _form("docker", "", "--help", "docker, CLI reference"),
    _form("docker", "help", "", "docker, CLI reference"),
    _form("docker", "compose push", "--dry-run", "docker compose: execute command in dry run mode"),
    _form("podman", "", "--help", "podman(1)"),
    _form("podman", "help", "", "podman(1)"),
    _form("nerdctl", "", "--help", "nerdctl, command reference"),
    _form("buildah", "", "--help", "buildah(1)"),
    _form("helm", "", "--help -h", "helm, command reference"),
    _form("helm", "help", "", "helm, command reference"),
    _form("gh", "", "--help -h", "gh, manual"),
    _form("gh", "release list", "", "gh release list: reads"),
    _form("gh", "release ls", "", "gh release list: reads"),
    _form("gh", "release view", "", "gh release view: reads"),
    _form("gh", "release download", "", "gh release download: reads"),
    _form("gh", "release verify", "", "gh release verify: reads"),
    _form("gh", "release verify-asset", "", "gh release verify-asset: reads"),
    _form("hatch", "", "--help -h --version", "hatch --help"),
    _form("flit", "", "--help -h --version", "flit --help"),
    _form("pdm", "", "--help -h --version -V", "pdm --help"),
    _form("lerna", "", "--help -h --version -v", "lerna --help"),
    _form("semantic-release", "", "--help -h --version -v --dry-run -d", "semantic-release, CLI options"),
    _form("release-it", "", "--help -h --version -v --dry-run -d", "release-it --help"),
    _form("deno", "", "--help -h --version -V", "deno, CLI reference"),
    _form("deno", "publish", "--dry-run", "deno publish: prepare without uploading"),
    _form("jsr", "", "--help -h --version -v", "jsr --help"),
    _form("jsr", "publish", "--dry-run", "jsr publish: prepare without uploading"),
    _form("ovsx", "", "--help -h --version -V", "ovsx --help"),
    _form("rye", "", "--help -h --version", "rye, commands"),
    _form("maturin", "", "--help -h --version -V", "maturin --help"),
    _form("skopeo", "", "--help -h --version -v", "skopeo(1)"),
    _form("crane", "", "--help -h", "crane(1)"),
    _form("oras", "", "--help -h", "oras, commands"),
    _form("luarocks", "", "--help -h --version", "luarocks --help"),
    _form("pod", "", "--help --version", "pod --help"),
    _form("cabal", "", "--help -h --version -V", "cabal, commands"),
    _form("stack", "", "--help -h --version", "stack --help"),
    _form("glab", "", "--help -h", "glab, commands"),
    _form("mvn", "", "--help -h --version -v", "mvn --help"),
    _form("gradle", "", "--help -h --version -v --dry-run -m", "gradle, command-line interface"),
    _form("dotnet", "", "--help -h", "dotnet nuget push"),
    _form("hg", "", "--help -h --version", "hg(1)"),
    _form("jj", "", "--help -h", "jj, CLI reference"),
    _form("jj", "git push", "--dry-run", "jj git push: only display what will change on the remote"),
    _form("dart", "", "--help -h", "dart pub publish"),
    _form("dart", "pub publish", "--dry-run -n", "dart pub publish: validate but do not publish"),
    _form("flutter", "", "--help -h", "dart pub publish"),
    _form("flutter", "pub publish", "--dry-run -n", "dart pub publish: validate but do not publish"),
    _form("vsce", "", "--help -h --version -V", "vsce --help"),
    _form("mix", "hex.publish", "--dry-run", "mix hex.publish: builds package and performs local checks"),
    _form("fdisk", "", "--help -h --version -V -v", "fdisk(8)"),
    _form("sfdisk", "", "--help -h --version -v", "sfdisk(8)"),
    _form(
        *("sfdisk", "", "--list -l --list-free -F --list-types -T --dump -d --json -J --show-size -s --verify -V"),
        *("sfdisk(8): commands that read",),
        reads=True,
    ),
    _form("fdisk", "", "--list -l --list-details -x --getsz -s", "fdisk(8): list, and exit", reads=True),
    _form("gdisk", "", "-l", "gdisk(8): list the partition table, and exit", reads=True),
    _form("sgdisk", "", "--print -p --info -i --verify -v --list-types -L", "sgdisk(8): display", reads=True),
    _form("parted", "", "--list -l", "parted(8): lists partition layout on all block devices", reads=True),
    _form("cfdisk", "", "--help -h --version -V", "cfdisk(8)"),
    _form("sgdisk", "", "--help -? --version -V", "sgdisk(8)"),
    _form("gdisk", "", "--help -h -? --version -V", "gdisk(8)"),
    _form("parted", "", "--help -h --version -v", "parted(8)"),
    _form("wipefs", "", "--help -h --version -V --no-act -n", "wipefs(8): everything is done except for the write()"),
    _form("mkfs", "", "--help -h --version", "mkfs(8)"),
    _form("mke2fs", "", "-V -n", "mke2fs(8): does not actually create a filesystem"),
    _form("mkswap", "", "--help -h --version -V", "mkswap(8)"),
    _form("blkdiscard", "", "--help -h --version -V", "blkdiscard(8)"),
    _form("dd", "", "--help --version", "dd(1)"),
)
_BY_PROGRAM: Final = {name: tuple(f for f in FORMS if f.program == name) for name in {f.program for f in FORMS}}
_VERSIONS: Final = frozenset({"--version", "-v", "-V"})
_TAKES_FALSE: Final = frozenset({"npm", "pnpm"})
"""Their switches may be followed by ``true`` or ``false`` (nopt)."""
_ONLY_ALONE: Final = frozenset(
    {"dd", "mkfs", "fdisk", "sfdisk", "cfdisk", "sgdisk", "gdisk", "parted", "mkswap", "blkdiscard"}
)
"""Programs of which no grammar is known: the form counts only as the first word."""


def does_nothing(program: str, words: Sequence[Word], name: str = "") -> bool:
    """Whether these arguments make the program do nothing outward.

    Args:
        program: As rules name it.
        name: As it was called: ``mkfs.ext4`` for ``mkfs``.
    """
    if program == "sudo":
        return len(words) == 1 and words[0].text in ("--help", "--version", "-V", "-h")
    if program == "mkfs" and name.startswith(("mkfs.ext", "mke2fs")):
        program = "mke2fs" if any(word.text in ("-V", "-n") for word in words[:1]) else program
    for form in _BY_PROGRAM.get(program, ()):
        if program in _ONLY_ALONE or program == "mke2fs":
            if words and not words[0].dynamic and words[0].text in form.options:
                return not form.reads or not any(word.dynamic or word.text.startswith("-") for word in words[1:])
        elif _fits(form, GRAMMARS.get(program, Grammar()), words):
            return True
    return False


def _fits(form: HarmlessForm, grammar: Grammar, words: Sequence[Word]) -> bool:
    """Match the words against a form; in doubt, they do not fit."""
    verbs = list(form.verb)
    found = not form.options
    behind_verb = False
    at = 0
    while at < len(words):
        word = words[at]
        if word.text == "--":
            break
        if word.dynamic and word.text.startswith("-"):
            return False
        if not word.text.startswith("-") or word.text == "-":
            behind_verb = True
            if verbs and not word.dynamic and means(word.text, verbs[0], grammar):
                verbs.pop(0)
            elif verbs and not (form.program == "cargo" and word.text.startswith("+")):
                return False
            at += 1
            continue
        option, equals, value = word.text.partition("=")
        if behind_verb and not form.verb and option in _VERSIONS:
            at += 1  # ``gem yank x --version 1.0``: there it says which one
            continue
        if _is_form(form, grammar, word.text) or (equals and value == "true" and option in form.options):
            following = words[at + 1].text if at + 1 < len(words) else ""
            found = not (form.program in _TAKES_FALSE and following in ("false", "null") and not equals)
        elif option in form.options or _takes_back(option, form):
            found = False
        at += 1 + takes_value(grammar, word.text)
        known = is_known(grammar, word.text) or option in form.options or _takes_back(option, form)
        if not known and at < len(words):
            # Its value, perhaps: then it is no option, whatever it looks like.
            at += words[at].text.startswith("-")
    return found and not verbs


def _is_form(form: HarmlessForm, grammar: Grammar, text: str) -> bool:
    if text in form.options:
        return True
    if text.startswith("--") or len(text) < 3 or not all(letter in grammar.letters for letter in text[1:]):
        return False
    return any(len(option) == 2 and option[1] in text[1:] for option in form.options)


def _takes_back(option: str, form: HarmlessForm) -> bool:
    """Whether it is ``--no-dry-run``, or a beginning of it."""
    return len(option) > 5 and any(f"--no-{each[2:]}".startswith(option) for each in form.options if each[:2] == "--")
