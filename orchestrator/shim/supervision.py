"""Live the shim's whole life: supervise one tree, and record its end.  It parses no output and never hangs.

Imported by the shim: standard library only, nothing that costs import time.
"""

from __future__ import annotations

import time

from orchestrator.shim.attempt_records import claim, decode_file, encode, replace_file
from orchestrator.shim.leases import Lease
from orchestrator.shim.processes import (
    ask_death_signal,
    become_subreaper,
    identity,
    os,
    send_signal,
    signal,
    start_ticks,
    wait_for_signal,
)
from orchestrator.shim.spawning import attend, open_egress, open_output, spawn
from orchestrator.shim.stop_ladder import KILL_WITHIN_S, Tree, kernel_kills, remove_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from orchestrator.shim.connection_listener import ProxyListener
    from orchestrator.shim.shim_spec import ShimSpec
    from orchestrator.shim.spawning import Spawned, WaitingChild

    Ahead = tuple[WaitingChild, Mapping[str, object]]

EGRESS_SIGNAL = getattr(signal, "SIGIO", signal.SIGURG)
"""Says that the worker has connected to its proxy."""
SIGNALS = (EGRESS_SIGNAL, signal.SIGCHLD, signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LOOK_EVERY_S = 1.0
"""Lease and commands are looked at this often even if nobody wakes us."""
KILL_EVERY_S = 0.05
ENDED_AS_IT_STOOD = "it was ended as it stood: nothing of it ran again"
LEFTOVER_GRACE_S = 2.0
"""For processes the agent left behind when it ended by itself; the ladder is the agent's, not theirs."""


class Ending:
    """A stop ladder on its way down."""

    def __init__(self, steps: Sequence[tuple[str, float]], now: float) -> None:
        self.steps = list(steps)
        self.due = now
        self.killing_since: float | None = None


class Supervision:
    """One attempt of one worker, from its start to its exit record."""

    def __init__(self, spec: ShimSpec, coordinator: int, ahead: Ahead | None = None) -> None:
        """Begin nothing yet.

        Args:
            coordinator: the process by whose end this one is woken.
            ahead: the child that was forked ahead, and what it is to be told.
        """
        self.spec = spec
        self.ahead = ahead
        self.tree = Tree(spec["cgroup"])
        self.lease = Lease(spec["lock"], spec["orphan_grace_s"], coordinator)
        self.is_subreaper = False
        self.child = 0
        self.code: int | None = None
        self.ending: Ending | None = None
        self.stopped_by = "itself"
        self.notes: list[str] = []
        self.said: list[str] = []
        """What people must know of what the worker left."""
        self.is_held = False
        self.commands_done = spec["commands_after"]
        self.outputs: dict[str, tuple[int, int]] = {}
        self.record: dict[str, object] = {}
        self.look_at = 0.0
        self.proxy_listener: ProxyListener | None = None

    def run(self) -> None:
        """Start the child and see it through to the end of its last descendant."""
        self._start()
        while not self._reap():
            now = time.monotonic()
            if now >= self.look_at:
                self._look(now)
            self._advance(now)
            if self.ending is not None and self._is_hopeless(now):
                return
            due = self.look_at if self.ending is None else min(self.look_at, self.ending.due)
            received = wait_for_signal(SIGNALS, due - time.monotonic())
            if received in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                self.stop("stop", f"the shim was sent signal {received}", hard=self.ending is not None)
            elif received in (signal.SIGUSR1, signal.SIGUSR2):
                self.look_at = 0.0
            elif received == EGRESS_SIGNAL and self.proxy_listener is not None:
                self.proxy_listener.hand_over()

    def _start(self) -> None:
        spec = self.spec
        for descriptor in spec["kept"]:
            os.set_inheritable(descriptor, False)  # ours to hold for as long as we live, and nobody's below us
        self.is_subreaper = become_subreaper()
        ask_death_signal(signal.SIGUSR2)
        self.outputs = {"stdout": open_output(spec["stdout"]), "stderr": open_output(spec["stderr"])}
        spawned = self._spawn()
        self.child, init = spawned.pid, spawned.init
        self.notes += [spawned.note] if spawned.note else []
        self.proxy_listener = open_egress(spawned.listening, spec)
        self.tree.namespace_init = init
        self.tree.namespace_init_started = start_ticks(init) if init else 0
        self.tree.supports = frozenset({self.child, init} if spec["sandboxed"] else ())
        self.record = {
            "format": 1,
            "worker": spec["worker"],
            "attempt": spec["attempt"],
            "argv": spec["command"],
            "sandbox": spec["sandbox"],
            "shim": identity(os.getpid()),
            "child": identity(self.child),
            "namespace_init": identity(init) if init else None,
            "stdout": {"path": spec["stdout"], "start": self.outputs["stdout"][1]},
            "stderr": {"path": spec["stderr"], "start": self.outputs["stderr"][1]},
        }
        self._write()

    def _spawn(self) -> Spawned:
        if self.ahead is not None:
            child, message = self.ahead
            child.tell(message)
            return attend(self.spec, child.pid, reading=child.reading, release=child.release)
        stdin = os.open(self.spec["stdin"], os.O_RDONLY | os.O_CLOEXEC)
        try:
            return spawn(self.spec, (stdin, self.outputs["stdout"][0], self.outputs["stderr"][0]))
        finally:
            os.close(stdin)

    def _write(self, *, sync: bool = False, exit_record: Mapping[str, object] | None = None) -> None:
        state = {"commands_done": self.commands_done, "frozen": self.tree.is_frozen, "exit": exit_record}
        replace_file(self.spec["record"], encode({**self.record, **state}), sync=sync)

    def _reap(self) -> bool:
        """Collect whoever ended; ``True`` once the kernel says that nothing descends from us any more."""
        agent_ended = False
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                break
            if pid == self.child:
                ended = os.waitstatus_to_exitcode(status)
                # As a shell and bubblewrap say it, so that both kinds of launch read alike.
                self.code = ended if ended >= 0 else 128 - ended
                agent_ended = True
        if agent_ended:
            self._end_leftovers()
        return False

    def _end_leftovers(self) -> None:
        if self.tree.namespace_init:
            # A namespace dies with its sandbox's last process; this only makes sure of it.
            self.ending = self.ending or Ending([], time.monotonic() + LEFTOVER_GRACE_S)
            return
        self.notes.append(f"{len(self.tree.members())} of its processes outlived it")
        if self.is_held:
            self.tree.kill()
        self.is_held = False
        self.tree.thaw()
        self.ending = Ending([("TERM", LEFTOVER_GRACE_S)], time.monotonic())

    def _look(self, now: float) -> None:
        self.look_at = now + min(LOOK_EVERY_S, self.lease.interval_s)
        for number, command in self._commands():
            self._perform(command)
            self.commands_done = number
            self._write()
        if self.stopped_by != "orphaned" and self.lease.has_run_out(now):
            self.stop("orphaned", "nobody coordinates the session any more")
        # What did not stand still in time, or runs again, is told again: on a busy machine a signal waits for its turn.
        was_frozen = self.tree.is_frozen
        if self.is_held and self.ending is None and self.tree.freeze() != was_frozen:
            self._write()
        if self.proxy_listener is not None:
            self.proxy_listener.hand_over()

    def _commands(self) -> list[tuple[int, Mapping[str, Any]]]:
        try:
            names = os.listdir(self.spec["control"])
        except OSError:
            return []
        numbers = sorted(int(name[:-5]) for name in names if name.endswith(".json") and name[:-5].isdecimal())
        found: list[tuple[int, Mapping[str, Any]]] = []
        for number in numbers:
            if number > self.commands_done:
                try:
                    found.append((number, decode_file(f"{self.spec['control']}/{number:04d}.json")))
                except (OSError, ValueError) as problem:
                    self.notes.append(f"command {number} could not be read: {problem}")
                    found.append((number, {}))
        return found

    def _perform(self, command: Mapping[str, Any]) -> None:
        if command.get("attempt", self.spec["attempt"]) != self.spec["attempt"]:
            return
        match command.get("command"):
            case "stop":
                self.stop("stop", str(command.get("because", "")))
            case "kill":
                self.stop("stop", str(command.get("because", "")), hard=True)
            case "freeze" if self.ending is None:
                self.is_held = True
                if not self.tree.freeze():
                    self.notes.append("the tree could not be frozen in time")
            case "thaw" if self.ending is None:
                self.is_held = False
                self.tree.thaw()

    def stop(self, by: str, because: str, *, hard: bool = False) -> None:
        """Begin the ladder, or go to its end at once: with ``hard``, and where the tree is held still.

        A held tree waits for a decision, and this is one: were it let run on to take its signal, its next write would
        come after the decision.  So it is killed as it stands, and thawed only to be reaped (ADR 0020).
        """
        if self.ending is not None and not hard:
            return
        if self.is_held:
            hard = True
            self.notes.append(ENDED_AS_IT_STOOD)
            self.tree.kill()
        if self.ending is None or self.stopped_by == "itself":
            self.stopped_by = by
            if because:
                self.notes.append(because)
        self.is_held = False
        self.tree.thaw()
        self.ending = Ending([] if hard else self.spec["ladder"], time.monotonic())

    def _advance(self, now: float) -> None:
        ending = self.ending
        if ending is None or now < ending.due:
            return
        if ending.steps:
            name, grace_s = ending.steps.pop(0)
            self._signal_agent(getattr(signal, f"SIG{name}"))
            ending.due = now + grace_s
            return
        if ending.killing_since is None:
            ending.killing_since = now
        self.tree.kill()
        ending.due = time.monotonic() + KILL_EVERY_S

    def _signal_agent(self, number: int) -> None:
        if self.tree.namespace_init:
            agent = self.tree.agent()
            if agent is not None:
                send_signal(agent.pid, agent.start_ticks, number)
        elif self.code is None:
            os.kill(self.child, number)  # ours and not reaped, so the pid is still its own
        else:
            self.tree.signal_members(number)

    def _is_hopeless(self, now: float) -> bool:
        """Whether members are left that even KILL does not end (stuck in the kernel)."""
        ending = self.ending
        return ending is not None and ending.killing_since is not None and now - ending.killing_since > KILL_WITHIN_S

    def finish(self) -> None:
        """Write the exit record; whatever else happened, this is the last thing done."""
        if self.proxy_listener is not None:
            self.proxy_listener.close()
        proof = "none"
        if self._reap() and self.is_subreaper:
            proof = "empty pid namespace" if self.tree.namespace_init else "empty sub-reaper walk"
        if proof == "none":
            left = [str(row.pid) for row in self.tree.members()]
            reason = f"still there: {', '.join(left)}" if left else "this platform has no sub-reaper"
            self.notes.append(f"not proven that the tree is gone; {reason}")
        self.notes += kernel_kills(self.spec["groups"])
        planted = self._put_in_order() if proof != "none" else []
        if self.spec.get("forbidden"):
            from orchestrator.shim.forbidden_paths import take_back

            self.notes += take_back(self.spec["forbidden"], self.spec["taken_into"])
        self._write(
            sync=True,
            exit_record={
                "code": self.code,
                "proof": proof,
                "stdout_end": self._size("stdout"),
                "stderr_end": self._size("stderr"),
                "stopped_by": self.stopped_by,
                "note": "; ".join(self.notes),
                "planted": planted,
                "said": self.said,
            },
        )

    def _put_in_order(self) -> list[Mapping[str, str]]:
        """Take back what was planted, then carry over what was done in layers of repositories.

        Only once nothing of the tree is left.  Whoever finds it undone does it later.
        """
        planted: list[Mapping[str, str]] = []
        try:
            if plan := self.spec.get("watch_plan"):
                from orchestrator.shim.planted_files import settle

                settled = settle(plan)
                planted = settled["planted"]
                self.said += settled["notes"]
            if plan := self.spec.get("git_plan"):
                from orchestrator.shim.git_delivery import deliver

                self.said += deliver(plan)
        except Exception as problem:  # as for the shim itself: the record is where it can be read of
            self.said.append(f"what it left is not put in order yet: {type(problem).__name__}: {problem}")
        return planted

    def _size(self, name: str) -> int:
        return os.fstat(self.outputs[name][0]).st_size if name in self.outputs else 0


def supervise(spec_path: str, *, coordinator: int | None = None, ahead: Ahead | None = None) -> int:
    """Run one attempt as its spec says and exit with 0; returns 3 if another shim has it already.

    Args:
        coordinator: who stands for it as this process's parent; without it, it is that itself.
        ahead: the child that was forked ahead, and what it is to be told.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    spec: ShimSpec = decode_file(spec_path)  # type: ignore[assignment]  # as the coordinator of this very version wrote it
    claimed = {"format": 1, "worker": spec["worker"], "attempt": spec["attempt"], "shim": identity(os.getpid())}
    if not claim(spec["record"], encode({**claimed, "commands_done": spec["commands_after"], "exit": None})):
        if ahead is not None:
            ahead[0].dismiss()
        return 3
    supervision = Supervision(spec, spec["coordinator"] if coordinator is None else coordinator, ahead)
    try:
        supervision.run()
    except Exception as problem:  # the record below is the only place where anybody could ever read of it
        supervision.notes.append(f"the shim failed: {type(problem).__name__}: {problem}")
        _kill_whatever_is_left(supervision)
    supervision.finish()
    for group in supervision.spec["groups"]:
        remove_group(group)
    # Nothing is left to close or to flush; tearing an interpreter down in good order takes 2 ms.
    os._exit(0)


def _kill_whatever_is_left(supervision: Supervision) -> None:
    deadline = time.monotonic() + KILL_WITHIN_S
    while not supervision._reap() and time.monotonic() < deadline:
        supervision.tree.kill()
        time.sleep(KILL_EVERY_S)
