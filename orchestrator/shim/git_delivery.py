"""Carry what a worker did in its layer over into the real repository: only what is named, and checked.

Objects, references and their logs, HEAD, the index, and what git remembers of a merge.  Nothing else ever is: no
configuration, no hook, no path to another folder, no program of steps.  A reference is moved only from where it stood
when the worker began; one that somebody moved meanwhile stays, and the worker's is kept under a name of its own.

May be cut off at any moment and done again.  Run by the shim once the worker's tree is gone, and by whoever comes
after a shim that was lost.  Standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import time

from orchestrator.shim.attempt_records import encode, replace_file
from orchestrator.shim.git_files import MOST_INDEX_BYTES, files_below, is_id, read_file, references
from orchestrator.shim.loose_objects import take_objects
from orchestrator.shim.staging_index import UnreadableIndex, changed_blobs, merge, read_index, write_index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

GIT_TIME_S = 300.0
LOCK_TIME_S = 20.0
PLAN = "plan.json"
"""In a folder of its own for each attempt."""
DONE = "carried.json"
"""Stands beside a plan once all of it was carried over."""
KEPT = "kept"
STATES = (
    *("MERGE_HEAD", "MERGE_MODE", "MERGE_MSG", "ORIG_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "SQUASH_MSG"),
    "AUTO_MERGE",
)
"""What git remembers of a merge, a pick or a revert that waits for its commit: ids and a message."""
STEPS = ("rebase-merge", "rebase-apply", "sequencer")
"""Programs of steps, which may say ``exec``: never carried over."""
MOST_LINES = 100_000
"""Of a log, that are looked at."""
_CARRIED = ("refs/heads/", "refs/tags/", "refs/remotes/", "refs/notes/", "refs/stash")
_PLAIN_NAME = re.compile(r"refs/(?:[^\x00-\x20\x7f~^:?*\[\\$`;|&<>\"'!(){}%]+)")
"""Names that no shell, prompt or template reads as anything but text."""
_LOG_LINE = re.compile(rb"[0-9a-f]{40,64} [0-9a-f]{40,64} [^<>\0\n]*<[^<>\0\n]*> \d{1,12} [+-]\d{4}(?:\t[^\0\n]*)?")
_HEAD_REF = re.compile(r"ref: (refs/heads/\S+)\n?")
_UNSAID = frozenset({"COMMIT_EDITMSG", "FETCH_HEAD", "gc.log", "description", "info/refs", "packed-refs", "shallow"})
"""What comes and goes by itself."""
_MOST_SAID = 12


class Refused(Exception):
    """Something cannot be carried over, and why."""


def deliver(plan_file: str) -> list[str]:
    """Carry everything over that a plan names, unless that was done before; returns in words what people must know."""
    folder = os.path.dirname(plan_file)
    done = f"{folder}/{DONE}"
    if not os.path.exists(plan_file):
        return []
    with _Lock(folder):
        record = document_at(done)
        if record is None:
            with open(plan_file, "rb") as file:
                record = _carry_all(json.load(file))
            replace_file(done, encode(record), sync=True)
        _put_away(record)
        return [str(note) for note in record["notes"]]


def document_at(path: str) -> Mapping[str, Any] | None:
    """A plan or a record of a delivery as it was written; ``None`` where there is none."""
    try:
        with open(path, "rb") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _carry_all(plan: Mapping[str, Any]) -> Mapping[str, Any]:
    notes: list[str] = []
    kept: list[tuple[str, str]] = []
    layers: list[str] = []
    for row in plan["repositories"]:
        delivery = Delivery(plan, row)
        try:
            notes += delivery.carry()
        except (OSError, Refused, subprocess.SubprocessError) as problem:
            # The whole layer stays, so that nothing is lost.
            notes.append(f"what was done in {row['common']} was not carried over: {problem}; it lies in {row['layer']}")
        else:
            kept += delivery.places()
            layers.append(row["layer"])
    return {"format": 1, "notes": notes, "kept": kept, "layers": layers}


def _put_away(record: Mapping[str, Any]) -> None:
    """Move aside what was not carried over, and delete the rest of the layers."""
    for path, place in record["kept"]:
        if os.path.lexists(path) and not os.path.lexists(place):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.rename(path, place)
    for layer in record["layers"]:
        shutil.rmtree(layer, ignore_errors=True)


def is_delivered(plan_file: str) -> bool:
    """Whether nothing is left to do for it."""
    return not os.path.exists(plan_file) or os.path.exists(f"{os.path.dirname(plan_file)}/{DONE}")


class _Lock:
    """A lock on a folder against everybody else who would carry over into it, or out of it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        self.opened = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        deadline = time.monotonic() + GIT_TIME_S
        while True:
            try:
                fcntl.flock(self.opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as problem:
                if time.monotonic() > deadline:
                    os.close(self.opened)
                    raise Refused(f"{self.folder} is held by somebody else") from problem
                time.sleep(0.02)
            else:
                return

    def __exit__(self, *_: object) -> None:
        os.close(self.opened)


class Delivery:
    """One repository of one worker."""

    def __init__(self, plan: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        self.plan = plan
        self.row = row
        self.common: str = row["common"]
        self.layer: str = row["layer"]
        self.algorithm: str = row["algorithm"]
        self.mark = f"orchestrate: {plan['worker']} of {plan['session']}"
        self.own = f"refs/orchestrate/{plan['session']}/{plan['worker']}"
        self.notes: list[str] = []
        self.kept: list[str] = []
        self.held_back: set[str] = set()
        """References that were not moved in the real repository."""

    def carry(self) -> list[str]:
        """Carry everything over, in an order in which each step leaves a sound repository."""
        with _Lock(self.common):
            changes = self._changes()
            self._clear(changes)
            self._take_objects()
            sound = self._sound({new for _, new in changes.values() if new is not None})
            heads = [self._head_of(tree) for tree in self.row["trees"]]
            self._move_references(changes, sound)
            for tree, head in zip(self.row["trees"], heads, strict=True):
                self._carry_tree(tree, head, sound)
        self._name_the_rest()
        if self.kept:
            self.notes.append(f"kept: {self.row['folder']}/{KEPT}")
        return self.notes

    def _clear(self, names: Iterable[str]) -> None:
        """Take away what was left when this was cut off before: locks of ours, and what was to be renamed."""
        locked = [f"{self.common}/{name}" for name in names]
        written = [f"{self.common}/logs/{name}" for name in names]
        for tree in self.row["trees"]:
            locked += [f"{tree['git_dir']}/{name}" for name in ("HEAD", "index")]
            written += [f"{tree['git_dir']}/{name}" for name in ("logs/HEAD", *STATES)]
        for path in locked:
            _Held(path, self.mark).forget()
        for path in written:
            with contextlib.suppress(OSError):
                os.unlink(_temporary(path))

    # git

    def _git(
        self, *words: str, stdin: bytes | int = b"", git_dir: str = "", message: str = ""
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git on the real repository, with nothing in its way that could start another program."""
        settings = {
            "core.hooksPath": "/dev/null",
            "core.fsmonitor": "false",
            "gc.auto": "0",
            "maintenance.auto": "false",
        }
        argv = [self.plan["git"], *(word for key, value in settings.items() for word in ("-c", f"{key}={value}"))]
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": "/nonexistent",
            "GIT_DIR": git_dir or self.common,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_ALLOW_PROTOCOL": "none",
            "LC_ALL": "C",
            **{f"GIT_{who}_NAME": "orchestrate" for who in ("COMMITTER", "AUTHOR")},
            **{f"GIT_{who}_EMAIL": "orchestrate@localhost" for who in ("COMMITTER", "AUTHOR")},
        }
        given: dict[str, Any] = {"stdin": stdin} if isinstance(stdin, int) else {"input": stdin}
        return subprocess.run(
            [*argv, *words], env=env, cwd="/", capture_output=True, check=False, timeout=GIT_TIME_S, **given
        )

    # Objects

    def _take_objects(self) -> None:
        def index_pack(opened: int) -> str | None:
            ran = self._git("index-pack", "--stdin", stdin=opened)
            return None if ran.returncode == 0 else _last_words(ran)

        problems = take_objects(f"{self.layer}/objects", f"{self.common}/objects", self.algorithm, index_pack)
        for problem in problems[:_MOST_SAID]:
            self.notes.append(f"not carried over into {self.common}: {problem}")

    def _sound(self, ids: Iterable[str]) -> set[str]:
        """Keep the objects of which everything they reach is there."""
        wanted = sorted(each for each in ids if is_id(each.encode()))
        if not wanted or self._reaches(wanted):
            return set(wanted)
        return {each for each in wanted if self._reaches([each])}

    def _reaches(self, ids: Sequence[str]) -> bool:
        stdin = "".join(f"{each}\n" for each in ids).encode()
        return self._git("rev-list", "--objects", "--quiet", "--stdin", "--not", "--all", stdin=stdin).returncode == 0

    # References

    def _changes(self) -> dict[str, tuple[str | None, str | None]]:
        """References that the worker made, moved or removed, with where they stood and where they stand."""
        before: Mapping[str, str] = self.row["references"]
        after = references(self.layer)
        return {
            name: (before.get(name), after.get(name))
            for name in sorted({*before, *after})
            if before.get(name) != after.get(name)
        }

    def _move_references(self, changes: Mapping[str, tuple[str | None, str | None]], sound: set[str]) -> None:
        moved: list[tuple[str, str | None, str | None]] = []
        for name, (old, new) in changes.items():
            why = self._why_not(name, old, new, sound)
            if why:
                self._hold_back(name, new, why, sound)
            else:
                moved.append((name, old, new))
        logs = {name: self._log_of(f"logs/{name}") for name, _, _ in moved}
        # What nothing else would reach any more is kept first.
        self._keep_former(moved)
        if moved and not self._update(moved):
            for each in moved:
                if not self._update([each]) and not self._stands_at(each[0], each[2]):
                    self._hold_back(each[0], each[2], "somebody moved it meanwhile", sound)
        for name, _, new in moved:
            if new is not None and name not in self.held_back:
                self._carry_log(f"logs/{name}", f"{self.common}/{name}", logs[name])

    def _why_not(self, name: str, old: str | None, new: str | None, sound: set[str]) -> str:
        if new is not None and not is_id(new.encode()):
            return "it leads to another reference"
        if old is not None and not is_id(old.encode()):
            return "it led to another reference"
        if not name.startswith(_CARRIED) or not is_plain(name):
            return "it is of no kind that is carried over"
        if name in self.row["elsewhere"]:
            return "somebody stands on it in another work tree"
        if new is not None and new not in sound:
            return "not all that it reaches is there"
        return self._leaves_sight(name, old, new)

    def _leaves_sight(self, name: str, old: str | None, new: str | None) -> str:
        """Whether a commit changes a part of the work tree that the worker did not see, and so would undo it later."""
        for tree in self.row["trees"]:
            on_it = _HEAD_REF.fullmatch(tree["head"] or "")
            if tree["prefix"] and on_it and on_it[1] == name and old and new:
                ran = self._git("diff-tree", "-r", "-z", "--name-only", old, new)
                names = [path for path in ran.stdout.split(b"\0") if path]
                if ran.returncode or any(not path.startswith(os.fsencode(tree["prefix"])) for path in names):
                    return f"it changes what lies outside {tree['prefix']}"
        return ""

    def _update(self, rows: Sequence[tuple[str, str | None, str | None]]) -> bool:
        zero = "0" * 2 * hashlib.new(self.algorithm).digest_size
        lines = [
            f"delete {name} {old}\n" if new is None else f"update {name} {new} {old or zero}\n"
            for name, old, new in rows
        ]
        words = ("update-ref", "--create-reflog", "--no-deref", "-m", self.mark, "--stdin")
        return self._git(*words, stdin="".join(lines).encode("utf-8", "surrogateescape")).returncode == 0

    def _stands_at(self, name: str, new: str | None) -> bool:
        ran = self._git("rev-parse", "--verify", "--quiet", name)
        return (ran.stdout.decode().strip() or None) == new

    def _keep_former(self, moved: Sequence[tuple[str, str | None, str | None]]) -> None:
        """Keep removed references and dropped stashes reachable."""
        rows: list[tuple[str, str | None, str | None]] = []
        for name, old, new in moved:
            if new is None and old is not None:
                rows.append((f"{self.own}/before/{name[5:]}", None, old))
            if name == "refs/stash" and old is not None:
                stood = _ids(read_file(f"{self.common}/logs/refs/stash", MOST_INDEX_BYTES) or b"")
                stand = _ids(read_file(f"{self.layer}/logs/refs/stash", MOST_INDEX_BYTES) or b"")
                gone = [each for each in stood if each not in stand]
                rows += [(f"{self.own}/before/stash-{count}", None, each) for count, each in enumerate(gone)]
        for row in rows:
            if self._update([row]) or self._stands_at(row[0], row[2]):
                self.notes.append(f"{row[0]} keeps what the worker removed")

    def _hold_back(self, name: str, new: str | None, why: str, sound: set[str]) -> None:
        self.held_back.add(name)
        shown = name.encode("unicode_escape").decode()
        if new is None:
            self.notes.append(f"{shown} was not removed: {why}")
            return
        if new not in sound:
            self.notes.append(f"{shown} was not carried over: {why}")
            return
        entries = _ids(read_file(f"{self.layer}/logs/{name}", MOST_INDEX_BYTES) or b"") if name == "refs/stash" else []
        before = _ids(read_file(f"{self.common}/logs/{name}", MOST_INDEX_BYTES) or b"") if entries else []
        further = [each for each in entries if each not in before and each != new]
        place = f"{self.own}/{name[5:] if is_plain(name) else 'named-' + _digest(name.encode())[:12]}"
        ours = [(place, new), *((f"{place}-{count}", each) for count, each in enumerate(further))]
        for own, oid in ours:
            self._git("update-ref", "-m", self.mark, own, oid)
        self.notes.append(f"{shown} was not carried over: {why}; the worker's stands at {place}")

    # Logs

    def _log_of(self, path: str) -> bytes:
        """Read the real log without the lines that an interrupted delivery wrote."""
        lines = (read_file(f"{self.common}/{path}", MOST_INDEX_BYTES) or b"").splitlines(keepends=True)
        ours = b"\t" + self.mark.encode() + b"\n"
        while lines and lines[-1].endswith(ours):
            lines.pop()
        return b"".join(lines)

    def _carry_log(self, path: str, locked: str, real: bytes) -> None:
        """Give the real log the lines that the worker's git wrote, in the place of the one that moved it."""
        theirs = read_file(f"{self.layer}/{path}", MOST_INDEX_BYTES) or b""
        size, digest = self.row["logs"].get(path, (0, _digest(b"")))
        if len(real) == size and _digest(real) == digest:
            wanted = theirs
        elif theirs[size:] and real.endswith(theirs[size:]):
            return  # Done before.
        elif _digest(theirs[:size]) == digest:
            wanted = real + theirs[size:]
        else:
            return
        lines = wanted[:-1].split(b"\n") if wanted.endswith(b"\n") else []
        if not lines or not all(_LOG_LINE.fullmatch(line) for line in lines[-MOST_LINES:]):
            return
        if read_file(f"{self.common}/{path}", MOST_INDEX_BYTES) == wanted:
            return
        with _Held(locked, self.mark):
            os.makedirs(os.path.dirname(f"{self.common}/{path}"), exist_ok=True)
            _replace(f"{self.common}/{path}", wanted)

    # HEAD, index, merges

    def _head_of(self, tree: Mapping[str, Any]) -> str | None:
        found = read_file(f"{tree['layer']}/HEAD", 4096)
        return None if found is None else found.decode("utf-8", "surrogateescape")

    def _carry_tree(self, tree: Mapping[str, Any], head: str | None, sound: set[str]) -> None:
        """Carry HEAD, index and merge state over together, or not at all."""
        git_dir: str = tree["git_dir"]
        unfinished = self._keep_unfinished(tree)
        try:
            self._check_head(tree, head, sound)
        except Refused as problem:
            self._keep_tree(tree, f"{git_dir}: HEAD and index are as they were: {problem}")
            return
        if head is not None and head != tree["head"]:
            self._move_head(tree, head)
        if git_dir == self.common:
            self._carry_log("logs/HEAD", f"{git_dir}/HEAD", self._log_of("logs/HEAD"))
        else:
            inside = os.path.relpath(git_dir, self.common)
            self._carry_log(f"{inside}/logs/HEAD", f"{git_dir}/HEAD", self._log_of(f"{inside}/logs/HEAD"))
        self._carry_index(tree)
        if not unfinished:
            self._carry_states(tree)

    def _check_head(self, tree: Mapping[str, Any], head: str | None, sound: set[str]) -> None:
        if head is None:
            raise Refused("the worker left none")
        real = read_file(f"{tree['git_dir']}/HEAD", 4096)
        now = None if real is None else real.decode("utf-8", "surrogateescape")
        if now not in (tree["head"], head):
            raise Refused("somebody went elsewhere meanwhile")
        on_it = _HEAD_REF.fullmatch(head)
        if on_it is None:
            if not is_id(head.strip().encode()):
                raise Refused("it leads nowhere that is known")
            if head != tree["head"] and not self._sound([head.strip()]):
                raise Refused("not all that it reaches is there")
        elif on_it[1] in self.held_back or not is_plain(on_it[1]):
            raise Refused(f"{on_it[1]!a} was not carried over")
        elif head != tree["head"] and on_it[1] in self.row["elsewhere"]:
            raise Refused(f"somebody stands on {on_it[1]} in another work tree")
        if tree["prefix"] and head != tree["head"]:
            self._check_sight(tree, head)

    def _check_sight(self, tree: Mapping[str, Any], head: str) -> None:
        ends = [text[5:].strip() if text.startswith("ref: ") else text.strip() for text in (tree["head"] or "", head)]
        ran = self._git("diff-tree", "-r", "-z", "--name-only", *ends)
        names = [path for path in ran.stdout.split(b"\0") if path]
        if ran.returncode or any(not path.startswith(os.fsencode(tree["prefix"])) for path in names):
            raise Refused(f"it differs outside {tree['prefix']}, which the worker did not see")

    def _move_head(self, tree: Mapping[str, Any], head: str) -> None:
        path = f"{tree['git_dir']}/HEAD"
        with _Held(path, self.mark) as held:
            if read_file(path, 4096) == (tree["head"] or "").encode("utf-8", "surrogateescape"):
                held.write(head.encode("utf-8", "surrogateescape"))
                held.put()

    def _carry_index(self, tree: Mapping[str, Any]) -> None:
        theirs_file = f"{tree['layer']}/index"
        before = read_file(tree["index"], MOST_INDEX_BYTES) or b""
        theirs = read_file(theirs_file, MOST_INDEX_BYTES)
        if theirs is None and before:
            self.notes.append(f"{tree['git_dir']}: the worker removed the index; it is as it was")
            return
        if theirs is None or theirs == before:
            return
        path = f"{tree['git_dir']}/index"
        try:
            old = read_index(before, self.algorithm)
            new = read_index(theirs, self.algorithm)
            self._check_blobs(changed_blobs(old, new))
            if [entry.what for entry in old] == [entry.what for entry in new]:
                return
            with _Held(path, self.mark) as held:
                real = read_index(read_file(path, MOST_INDEX_BYTES) or b"", self.algorithm)
                merged, refused = merge(old, new, real)
                held.write(write_index(merged, self.algorithm))
                held.put()
        except (UnreadableIndex, Refused) as problem:
            self._keep_tree(tree, f"{tree['git_dir']}: the index is as it was: {problem}")
            return
        if refused:
            shown = ", ".join(name.decode("utf-8", "replace").encode("unicode_escape").decode() for name in refused[:5])
            self.notes.append(f"staged by somebody else meanwhile, and left so: {shown}")

    def _check_blobs(self, oids: Iterable[bytes]) -> None:
        names = sorted(oid.hex() for oid in oids)
        ran = self._git("cat-file", "--batch-check", stdin="".join(f"{name}\n" for name in names).encode())
        lost = [line.split()[0] for line in ran.stdout.decode().splitlines() if line.endswith(" missing")]
        if lost or ran.returncode:
            raise Refused(f"{len(lost)} of the files it stages are not there")

    def _carry_states(self, tree: Mapping[str, Any]) -> None:
        for name, before in tree["states"].items():
            found = read_file(f"{tree['layer']}/{name}")
            after = None if found is None else found.decode("utf-8", "surrogateescape")
            path = f"{tree['git_dir']}/{name}"
            real = read_file(path)
            now = None if real is None else real.decode("utf-8", "surrogateescape")
            if after in (before, now) or now != before:
                continue
            if after is None:
                os.unlink(path)
            elif is_good_state(name, after):
                _replace(path, after.encode("utf-8", "surrogateescape"))
            else:
                self.kept.append(f"{tree['layer']}/{name}")
                self.notes.append(f"{path} was not carried over: it is not what git writes there")

    def _keep_unfinished(self, tree: Mapping[str, Any]) -> bool:
        """Name programs of steps: a rebase, a bisection, a row of picks."""
        begun = [
            name
            for name in ("rebase-merge", "rebase-apply", "sequencer", "BISECT_LOG")
            if os.path.lexists(f"{tree['layer']}/{name}")
        ]
        for name in begun:
            if self._differs(tree, name):
                self.kept.append(f"{tree['layer']}/{name}")
                self.notes.append(
                    f"the worker left {name} unfinished in {tree['git_dir']}; it is not carried over, and kept"
                )
        return any(name in STEPS for name in begun)

    def _differs(self, tree: Mapping[str, Any], name: str) -> bool:
        start = os.path.relpath(f"{tree['layer']}/{name}", self.layer)
        known = {
            path: digest for path, digest in self.row["files"].items() if path == start or path.startswith(f"{start}/")
        }
        found = [start] if os.path.isfile(f"{self.layer}/{start}") else list(files_below(self.layer, start))
        return {path: self._digest_of(path) for path in found} != known

    def _keep_tree(self, tree: Mapping[str, Any], note: str) -> None:
        if self._head_of(tree) != tree["head"] or self._is_staged(tree):
            self.kept += [f"{tree['layer']}/{name}" for name in ("HEAD", "index")]
            self.notes.append(note)

    def _is_staged(self, tree: Mapping[str, Any]) -> bool:
        """Whether the worker staged anything; git writes the file anew also when it has only looked."""
        rows = []
        for path in (tree["index"], f"{tree['layer']}/index"):
            try:
                rows.append(
                    [each.what for each in read_index(read_file(path, MOST_INDEX_BYTES) or b"", self.algorithm)]
                )
            except UnreadableIndex:
                return self._digest_file(f"{tree['layer']}/index") != self._digest_file(tree["index"])
        return rows[0] != rows[1]

    # What is left

    def _name_the_rest(self) -> None:
        """Say what the worker wrote that is never carried over, and keep it."""
        known: Mapping[str, str] = self.row["files"]
        handled = {os.path.relpath(path, self.layer) for path in self.kept}
        places = [os.path.relpath(tree["layer"], self.layer) for tree in self.row["trees"]]
        ours = {name if place == "." else f"{place}/{name}" for place in places for name in (*STATES, "HEAD", "index")}
        said: list[str] = []
        for path in files_below(self.layer):
            name = path.rpartition("/")[2]
            inside = path.partition("/")[0]
            if inside in ("objects", "refs", "logs"):
                continue
            if path in ours or path in _UNSAID or name in _UNSAID or name.endswith(".lock") or "/logs/" in path:
                continue
            if any(path == kept or path.startswith(f"{kept}/") for kept in handled):
                continue
            if known.get(path) != self._digest_of(path):
                said.append(path)
        for path in said:
            self.kept.append(f"{self.layer}/{path}")
        if said:
            more = f" and {len(said) - _MOST_SAID} more" if len(said) > _MOST_SAID else ""
            shown = ", ".join(path.encode("unicode_escape").decode() for path in said[:_MOST_SAID])
            self.notes.append(f"never carried over into {self.common}: {shown}{more}")

    def _digest_of(self, path: str) -> str:
        return self._digest_file(f"{self.layer}/{path}")

    def _digest_file(self, path: str) -> str:
        found = read_file(path, MOST_INDEX_BYTES)
        return "" if found is None else _digest(found)

    def places(self) -> list[tuple[str, str]]:
        """What is kept of the layer, and where it goes."""
        return [(path, f"{self.row['folder']}/{KEPT}/{os.path.relpath(path, self.layer)}") for path in self.kept]


class _Held:
    """A file held as git holds it, by a lock beside it.

    The lock is a second name of a file of ours, so that one that was left by a killed predecessor is known as ours.
    """

    def __init__(self, path: str, mark: str) -> None:
        self.path = path
        self.lock = f"{path}.lock"
        self.ours = f"{path}.{_digest(mark.encode())[:12]}.tmp"

    def __enter__(self) -> _Held:
        self.forget()
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.opened = os.open(self.ours, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        deadline = time.monotonic() + LOCK_TIME_S
        while True:
            try:
                os.link(self.ours, self.lock)
            except FileExistsError:
                if time.monotonic() > deadline:
                    self.__exit__()
                    raise Refused(f"{self.lock} stands there: another git is at work, or was killed") from None
                time.sleep(0.02)
            else:
                return self

    def forget(self) -> None:
        """Delete our own lock and files."""
        with contextlib.suppress(OSError):
            if os.path.samefile(self.ours, self.lock):
                os.unlink(self.lock)
        with contextlib.suppress(OSError):
            os.unlink(self.ours)

    def write(self, data: bytes) -> None:
        """Write the new content beside the file."""
        view = memoryview(data)
        while view:
            view = view[os.write(self.opened, view) :]
        os.fsync(self.opened)
        with contextlib.suppress(OSError):
            os.fchmod(self.opened, os.stat(self.path).st_mode & 0o7777)

    def put(self) -> None:
        """Put the new content in the file's place."""
        os.rename(self.lock, self.path)

    def __exit__(self, *_: object) -> None:
        os.close(self.opened)
        self.forget()


def is_plain(name: str) -> bool:
    """Whether a reference's name may be carried over as it is."""
    parts = name.split("/")
    return (
        _PLAIN_NAME.fullmatch(name) is not None
        and all(part and not part.startswith((".", "-")) and not part.endswith((".lock", ".")) for part in parts)
        and ".." not in name
        and "@{" not in name
        and parts[-1] != "@"
        and name != "refs/heads/HEAD"
        and len(name) < 400
    )


def is_good_state(name: str, text: str) -> bool:
    """Whether what git remembers of a merge is of the form that git writes."""
    if name in ("MERGE_MSG", "SQUASH_MSG"):
        return all(char.isprintable() or char in "\n\t" for char in text)
    if name == "MERGE_MODE":
        return text in ("", "no-ff")
    return all(is_id(line.encode("utf-8", "replace")) for line in text.splitlines())


def _ids(log: bytes) -> list[str]:
    rows = [line.split(b" ", 2) for line in log.splitlines()]
    return [row[1].decode() for row in rows if len(row) == 3 and is_id(row[1])]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _replace(path: str, data: bytes) -> None:
    temporary = _temporary(path)
    opened = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    with os.fdopen(opened, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)


def _temporary(path: str) -> str:
    return f"{path}.orchestrate.tmp"


def _last_words(ran: subprocess.CompletedProcess[bytes]) -> str:
    said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
    return said[-1] if said else f"git ended with {ran.returncode}"
