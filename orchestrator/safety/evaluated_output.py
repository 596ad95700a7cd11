"""List the programs that print what a shell is to evaluate, as ``eval "$(ssh-agent -s)"`` does."""

from __future__ import annotations

from typing import Final

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
