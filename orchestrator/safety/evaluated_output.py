"""Tell which output of programs a shell is going to evaluate.

``eval "$(ssh-agent -s)"`` is what that program is for; ``sed 's/^/git push /' | sh`` says what its lines begin with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.safety.shell.words import Word

_STRING: Final = late_pattern(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'", re.DOTALL)
_SUBSTITUTION: Final = late_pattern(r"\bs([/|,#!@])((?:\\.|(?!\1).)*)\1((?:\\.|(?!\1).)*)\1", re.DOTALL)
_HOLE: Final = late_pattern(r"\\\([^)]*\)|%\([^)]*\)|%[\w-]*[a-z]|\{[^{}]*\}|\\[0-9&]|&")
"""Where a template has something put in: of jq, git, printf, parallel, sed."""

_ALWAYS: Final = frozenset(
    (
        *("ssh-agent", "gpg-agent", "keychain", "dircolors", "gdircolors", "lesspipe", "lesspipe.sh", "resize", "tset"),
        *("register-python-argcomplete", "register-python-argcomplete3", "dbus-launch", "getopt", "locale", "thefuck"),
        *(
            "brew",
            "direnv",
            "pyenv",
            "rbenv",
            "nodenv",
            "jenv",
            "goenv",
            "plenv",
            "phpenv",
            "tfenv",
            "fnm",
            "mise",
            "rtx",
        ),
        *("asdf", "starship", "zoxide", "atuin", "mcfly", "oh-my-posh", "sheldon", "antibody", "navi", "broot", "jump"),
        *("opam", "luarocks", "minikube", "docker-machine", "luaver", "vfox", "devbox", "pixi", "rustup", "conda"),
        *("micromamba", "mamba", "uv", "poetry", "pipx", "pdm", "hatch", "pip", "pip3", "npm", "yarn", "pnpm", "bun"),
        *(
            "kubectl",
            "helm",
            "oc",
            "k3d",
            "kind",
            "k9s",
            "gh",
            "glab",
            "docker",
            "podman",
            "terraform",
            "vault",
            "flux",
        ),
        *("argocd", "istioctl", "eksctl", "aws", "gcloud", "az", "doctl", "flyctl", "heroku", "stern", "just", "task"),
        *("rg", "fd", "bat", "delta", "fzf", "procs", "deno", "volta", "swiftly", "ruff", "black", "cargo", "nomad"),
    )
)
"""Their documentation says: evaluate what this prints (environment, completion, hooks)."""


def is_meant_for_shells(made_by: str) -> bool:
    """Whether the output of this command line is what its program is for evaluating.

    Args:
        made_by: The command line; empty where the text is not the whole output of one command.
    """
    words = made_by.split(" ")
    return words[0].rpartition("/")[2] in _ALWAYS and "?" not in words and "|" not in words


def texts_to_write(words: Sequence[Word]) -> Iterator[str]:
    """The texts among a program's words that what it writes may be made of, with a variable where a hole is."""
    for word in words[1:]:
        if " " not in word.text:
            continue
        texts = [word.text.partition("=")[2] if word.text.startswith("--") else word.text]
        texts += [first or second for first, second in _STRING.findall(word.text)]
        texts += [replacement for _, _, replacement in _SUBSTITUTION.findall(word.text)]
        for text in texts:
            if " " in text.strip():
                yield _HOLE.sub("$_made", text)
