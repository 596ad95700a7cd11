"""Put guards in front of the programs that a policy lists: small scripts, bound over their places.

A guard asks the coordinator before a listed command runs, and waits.  It is a brake for agents that mean well, not a
wall: a worker can call the original, or bring its own.  What holds is the sandbox.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.safety.command_rules import AGENT, CALLED, CommandRule, parse_rules
from orchestrator.safety.verbs import GRAMMARS
from orchestrator.safety.wrappers import SHELLS
from orchestrator.sandbox.mounts import Mount
from orchestrator.value_class import value_class

REQUESTS: Final = ".guard"
"""In a worker's scratch folder: what its guards ask."""
REPLIES: Final = "guard"
"""In the session's folder, one folder a worker: what they are told."""
HOOK: Final = "hook"
INSIDE: Final = "/run/orchestrate"
"""Where the sandbox shows the originals and the replies."""
REFUSED: Final = 126
"""Exit code of a command that was not allowed to run, as of one that cannot be executed."""
NEVER: Final = SHELLS | {"sleep", "env", "cat"}
"""The guards need these themselves."""
_FOLDERS: Final = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_FURTHER: Final[Mapping[str, tuple[str, ...]]] = {"git": ("/usr/lib/git-core/git", "/usr/libexec/git-core/git")}
"""Real places of a program that no PATH names: git starts itself from there."""

_SCRIPT = r"""#!/bin/sh
# Stands in front of {name} by the sandbox policy: a listed command is asked about before it runs.
name=${{0##*/}} original={original}
case $name in
    git-*) set -- "${{name#git-}}" "$@"; name=git ;;
    {known}) ;;
    *) name={name} ;; # by a link of another name, or by the file that a link leads to
esac
refuse() {{ echo "orchestrate: $name was not run: $1" >&2; exit {refused}; }}
asks={always}
for word do case $word in {words}) asks=yes ;; esac; done
{alias}[ -n "$asks" ] || exec "$original" "$@"
requests=$ORCHESTRATOR_GUARD replies=$ORCHESTRATOR_GUARD_REPLIES
[ -d "$requests" ] && [ -d "$replies" ] || refuse 'its guard finds nobody to ask'
read -r id 2>/dev/null </proc/sys/kernel/random/uuid || id=$$
(set -C; : >"$requests/$id.ask") 2>/dev/null || refuse 'its guard cannot ask'
# Whose start this is: one consent covers what the consented process starts below itself.
chain= above=$$
trace() {{
    while read -r stat 2>/dev/null <"/proc/$above/stat"; do
        set -- ${{stat##*) }}
        chain="$chain $above:${{20}}" above=$2
        case $above in '' | 0 | *[!0-9]*) break ;; esac
    done
}}
trace
printf '%s\0' "executable$chain" "$PWD" {given} end >"$requests/$id.ask"
tries=0
while [ ! -f "$replies/$id" ]; do
    tries=$((tries + 1))
    [ "$tries" -le {tries} ] || refuse 'no answer came'
    sleep 0.05
done
{{ read -r verdict; read -r reason; }} <"$replies/$id"
if [ "$verdict" = done ]; then
    cat "$replies/$id.out"
    cat "$replies/$id.err" >&2
    exit "$reason"
fi
[ "$verdict" = run ] || refuse "$reason"
exec "$original" "$@"
"""

_HOOK = r"""#!/bin/sh
# Started by a CLI before its shell tool runs, with what it is about to do on standard input.
refuse() {{ echo "orchestrate: the command was not run: $1" >&2; exit 2; }}
requests=$ORCHESTRATOR_GUARD replies=$ORCHESTRATOR_GUARD_REPLIES
[ -d "$requests" ] && [ -d "$replies" ] || refuse 'its guard finds nobody to ask'
read -r id 2>/dev/null </proc/sys/kernel/random/uuid || id=$$
told=$(cat)
(set -C; : >"$requests/$id.ask") 2>/dev/null || refuse 'its guard cannot ask'
printf '%s\0' hook "$PWD" "$told" end >"$requests/$id.ask"
tries=0
while [ ! -f "$replies/$id" ]; do
    tries=$((tries + 1))
    [ "$tries" -le {tries} ] || refuse 'no answer came'
    sleep 0.02
done
{{ read -r verdict; read -r reason; }} <"$replies/$id"
[ "$verdict" = run ] || refuse "$reason"
"""

_GIT_ALIAS = r"""verb= value=
for word do
    if [ -n "$value" ]; then value=; continue; fi
    case $word in
        -C | -c | --git-dir | --work-tree | --namespace | --exec-path | --config-env) value=yes ;;
        -*) ;;
        *) verb=$word; break ;;
    esac
done
meant=
case $verb in
    '' | add | apply | blame | branch | cat-file | checkout | clean | clone | commit | config | describe | diff) ;;
    fetch | grep | init | log | ls-files | ls-tree | merge | merge-base | mv | notes | pull | rebase | reflog) ;;
    remote | reset | restore | rev-list | rev-parse | rm | show | stash | status | switch | tag | worktree) ;;
    *) meant=$("$original" config --get "alias.$verb" 2>/dev/null </dev/null) || meant= ;;
esac
case $meant in !*) meant= ;; *push*) asks=yes ;; *) meant= ;; esac
"""
"""An alias that the configuration holds: git runs what it stands for without starting anything.  An alias cannot
replace one of git's own commands."""


@value_class
class Guarded:
    """One real place of a program that a guard stands in front of."""

    name: str
    place: Path
    original: Path
    """Where the program itself can be found inside."""


def guarded_programs(config: SandboxConfig, environ: Mapping[str, str]) -> tuple[Guarded, ...]:
    """Every real place of every program that the policy's lists name; none under a policy without guards."""
    return _programs(guarded_names(config), environ.get("PATH", "")) if config.guard else ()


@lru_cache(maxsize=8)
def _programs(names: tuple[str, ...], path: str) -> tuple[Guarded, ...]:
    # Looking takes 20 ms, and programs do not move in mid-session.
    found: dict[Path, Guarded] = {}
    folders = {folder: _entries(folder) for folder in (*_FOLDERS, *path.split(":")) if folder.startswith("/")}
    for name in names:
        for place in _real_places(name, folders):
            found.setdefault(place, Guarded(name, place, Path(INSIDE) / "originals" / place.relative_to("/")))
    return tuple(found.values())


def guarded_names(config: SandboxConfig) -> tuple[str, ...]:
    """Programs that the policy's lists name; a pipe, or what the guards need themselves, is not among them."""
    names = (rule.program for rule in _rules(config) if len(rule.stages) == 1)
    return tuple(dict.fromkeys(name for name in names if name not in NEVER))


def _rules(config: SandboxConfig) -> Sequence[CommandRule]:
    """The rules that guards enforce: what is refused or asked about, and other agents' CLIs, to count them."""
    listed = (
        *config.blocked_commands,
        *config.confirm_commands,
        *(AGENT for each in config.warn_patterns if each == AGENT),
    )
    return [rule for text in dict.fromkeys(listed) for rule in parse_rules(text)]


def guard_script(name: str, original: str, config: SandboxConfig) -> str:
    """The guard of one program; a POSIX shell script."""
    words = [
        word for rule in _rules(config) if len(rule.stages) == 1 and rule.program == name for word in _telling(rule)
    ]
    given = '"$name" "$@"' if name != "git" else '"$name" ${meant:+$meant} "$@"'
    return _SCRIPT.format(
        name=name,
        known=" | ".join((name, f"{name}[0-9.]*", *CALLED.get(name, ()))),
        original=shlex.quote(original),
        refused=REFUSED,
        always="yes" if None in words else "",
        words="|".join(word for word in words if word is not None) or "''",
        alias=_GIT_ALIAS if name == "git" else "",
        given=given,
        # Looking at what would leave may take so long, waiting for another's turn and sending it as long again.
        tries=int((config.confirm_timeout_s + 3 * config.leaving.timeout_s + 60) * 20),
    )


def hook_script(config: SandboxConfig) -> str:
    """What a CLI's own hook starts; a POSIX shell script."""
    return _HOOK.format(tries=int((config.confirm_timeout_s + 60) * 50))


def write_guards(folder: Path, programs: Iterable[Guarded], config: SandboxConfig) -> None:
    """Write the scripts; they are the same for every worker of a session."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number, program in enumerate(programs):
        path = folder / f"{number}-{program.name}"
        path.write_text(guard_script(program.name, str(program.original), config), encoding="utf-8")
        path.chmod(0o755)
    (folder / HOOK).write_text(hook_script(config), encoding="utf-8")


def guard_mounts(folder: Path, programs: Sequence[Guarded], replies: Path, *, own: str = "") -> list[Mount]:
    """The mounts that move originals out of the way, put guards in their places, and show the folder of answers.

    Args:
        own: The worker's own CLI, in front of which nothing stands.
    """
    # Whole folders, not single files: each mount costs bubblewrap a fifth of a millisecond, and a script of a package
    # finds the rest of it beside itself.
    shelves = dict.fromkeys(_shelf(program.place) for program in programs if program.name != own)
    mounts = [Mount(Path(INSIDE) / "originals" / place.relative_to("/"), "read", str(place)) for place in shelves]
    for number, program in enumerate(programs):
        if program.name == own:
            continue
        mounts.append(Mount(program.place, "read", str(folder / f"{number}-{program.name}")))
    mounts.append(Mount(Path(INSIDE) / HOOK, "read", str(folder / HOOK)))
    return [*mounts, Mount(Path(INSIDE) / REPLIES, "read", str(replies))]


def guard_environment(
    scratch: Path, *, replies: Path = Path(INSIDE) / REPLIES, hook: Path = Path(INSIDE) / HOOK
) -> Mapping[str, str]:
    """What the guards must know; without a sandbox the folders are where they are."""
    return {
        "ORCHESTRATOR_GUARD": str(scratch / REQUESTS),
        "ORCHESTRATOR_GUARD_REPLIES": str(replies),
        "ORCHESTRATOR_GUARD_HOOK": str(hook),
    }


def _telling(rule: CommandRule) -> Sequence[str | None]:
    """Shell patterns for the words without one of which the rule cannot be meant; ``None``: there is none.

    They may let more through to be asked about than the rule means, never less.
    """
    stage = rule.stages[0]
    if stage.verbs:
        least = GRAMMARS[stage.program].least if stage.program in GRAMMARS else 0
        # As a goal, a verb may stand behind its project or plugin: ``:core:publish``.
        told = [f"{_quoted(verb[:least])}*" if least else f"{_quoted(verb)}|*:{_quoted(verb)}" for verb in stage.tells]
        return [*told, "alias.*"] if stage.program == "git" else told
    letters = sorted(stage.letters)
    if letters:
        letter = letters[-1]
        return [f"-*{letter}*|-*{letter.upper()}*"]
    return [f"{_quoted(min(stage.options))}*" if stage.options else None]


def _quoted(text: str) -> str:
    return shlex.quote(text)


def _shelf(place: Path) -> Path:
    """Show a guarded program with its whole package a second time, so that the guard can start it."""
    if place.is_relative_to("/usr"):
        return Path("/usr")
    parts = place.parts
    if "node_modules" in parts:
        at = len(parts) - 1 - parts[::-1].index("node_modules")
        return Path(*parts[: at + (3 if parts[at + 1].startswith("@") else 2)])
    return place.parent


def _real_places(name: str, folders: Mapping[str, Sequence[str]]) -> list[Path]:
    found: dict[Path, None] = {}
    for folder, entries in folders.items():
        # ``pip3.11``, ``mkfs.ext4``; of a version manager's dozen only ``pip3``.
        variant = re.compile(re.escape(name) + (r"(?:[\d.]+|\.\w+)?" if folder in _FOLDERS else r"\d?"))
        for entry in entries:
            if not entry.startswith(name) or not variant.fullmatch(entry):
                continue
            real = Path(os.path.realpath(os.path.join(folder, entry)))
            if os.path.isfile(real) and os.access(real, os.X_OK) and _is_its_own(entry, real):
                found[real] = None
    for further in _FURTHER.get(name, ()):
        if os.path.isfile(further):
            found[Path(os.path.realpath(further))] = None
    return list(found)


def _entries(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _is_its_own(name: str, real: Path) -> bool:
    """Whether the program has this name alone: one with many names (busybox) cannot be guarded for one of them."""
    return real.name.startswith((name, "mke2fs")) or "node_modules" in real.parts
