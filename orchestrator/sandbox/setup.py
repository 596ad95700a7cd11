"""Decide what is put around one attempt (sandbox, network, limits, environment), and tell the shim."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.agents.contract import Agent
from orchestrator.agents.registry import get_agent
from orchestrator.errors import EnvironmentUnfit
from orchestrator.models.identity import WorkerId
from orchestrator.models.launch import LaunchSpec
from orchestrator.models.sandbox import SandboxConfig
from orchestrator.models.work import Assignment
from orchestrator.network.gateways import gateway_of, is_here, network_rules
from orchestrator.network.network_rules import NetworkRules, renamed
from orchestrator.network.parent_proxy import Upstream, upstream_for
from orchestrator.network.proxy import Proxy, Refusal, proxy
from orchestrator.network.proxy_requests import ProxyRequest
from orchestrator.safety.obeyed_files import ObeyedFile, row_of_git, rows_of
from orchestrator.sandbox import landlock_profile
from orchestrator.sandbox.bubblewrap import Grants, find_bubblewrap, grants, shared_roots, wrap
from orchestrator.sandbox.control_groups import own_group
from orchestrator.sandbox.git_layers import Layers, make_layers, reader_layers
from orchestrator.sandbox.guards import HOOK, REPLIES, guard_environment, guard_mounts, guarded_programs, write_guards
from orchestrator.sandbox.kernel_limits import LimitGroups, make_groups, namespace_bounds, rlimits
from orchestrator.sandbox.layout import CrewLayout, SandboxRequest
from orchestrator.sandbox.mounts import Mount
from orchestrator.sandbox.proof import PROOFS, prove_backend
from orchestrator.sandbox.protected_paths import protect
from orchestrator.sandbox.repositories import find_repositories, programs_in
from orchestrator.sandbox.system_files import write_system_files
from orchestrator.shim.connection_listener import PORT
from orchestrator.shim.planted_files import watch
from orchestrator.value_class import changed

if TYPE_CHECKING:
    from orchestrator.shim.shim_spec import LimitsPart, SandboxPart

ETC_AGE_S = 30.0
"""A changed resolver or certificate reaches workers started after this time."""
HELD_IN_A_LAYER = ("hooks", "config", "config.worktree", "info/attributes")
"""What a worker's git obeys is read-only in its layer too, so that it is told at once and nothing is lost."""
LOCAL = "localhost,127.0.0.1,::1"
"""A worker's own servers stand in its own network; they are no business of the proxy's."""


@dataclass(slots=True)
class SandboxSetup:
    """Sets up the sandbox of every worker of a session.

    Args:
        backend: the one that was proved.
    """

    layout: CrewLayout
    config: SandboxConfig
    backend: str
    environ: Mapping[str, str]
    proxy: Proxy | None = None
    """The egress proxy, while somebody keeps it open."""
    ready_groups: Callable[[], LimitGroups | None] = lambda: None
    """Gives groups in which a worker's process stands already, where there are any."""
    _adopted: dict[WorkerId, tuple[NetworkRules, int | None]] = field(default_factory=dict)
    _group: Path | None = field(default_factory=own_group)
    _etc_at: float = float("-inf")
    _crosses: dict[WorkerId, bool] = field(default_factory=dict)

    @property
    def is_listed_network(self) -> bool:
        """Whether workers reach listed hosts only."""
        return self.config.network == "allow-list" and self.backend != "none"

    def describe(self) -> str:
        """Describe a worker's sandbox for people."""
        if self.backend == "none":
            return "nothing"
        network = {"open": "open network", "none": "no network", "allow-list": "listed hosts only"}
        return f"{self.backend}, {network[self.config.network]}"

    def instructions(
        self, command: Sequence[str], assignment: Assignment, *, agent: Agent, spec: LaunchSpec, into: Path
    ) -> SandboxPart:
        """The part of the shim's instructions that is about the sandbox.

        Args:
            command: its first item is an absolute path.
            into: where what a worker planted is moved: the beginning of a name.

        Raises:
            EnvironmentUnfit: the sandbox cannot be made.
            OSError: a file of ours cannot be written.
        """
        proof, limits = self._proof(assignment), self._limits(assignment)
        parts: SandboxPart = {
            "argv": list(command),
            "cwd": str(spec.cwd),
            "sandboxed": False,
            "sandbox": f"{self.describe()}{proof}",
            "cgroup": limits["cgroup"],
            "groups": limits["groups"],
            "rlimits": limits["rlimits"],
            "bounds": limits["bounds"],
        }
        rules = self._admit(assignment, agent)
        if rules is not None:
            parts["proxy"] = str(self._need_proxy().path)
            parts["network"] = {**asdict(rules), "port": self._port_of(assignment.worker)}
        layers = self.layers(assignment, into.with_suffix(".git")) if self.backend == "bubblewrap" else Layers()
        plan, held = self._watch(assignment, into.with_suffix(".watch"), layers)
        layers = replace(layers, held_files=held)
        parts["watch_plan"] = plan
        given = None
        if self.backend != "none":
            given = grants(self.config, SandboxRequest.of(assignment), layers)
            parts |= {"forbidden": given.protection.absent, "taken_into": str(into)}
        if self.backend == "bubblewrap":
            argv = self._wrap(command, assignment, spec, layers, given)
            git_plan = None if layers.plan is None else str(layers.plan)
            parts |= {"argv": argv, "cwd": None, "sandboxed": True, "git_plan": git_plan}
        elif self.backend == "landlock":
            parts["landlock"] = self._landlock(command, assignment)
        return parts

    def admit(self, assignment: Assignment, agent: Agent) -> None:
        """Admit the worker to the proxy; this runs on the event loop, where its own port may have to be opened.

        Raises:
            EnvironmentUnfit: there is no proxy.
            OSError: there is no port.
        """
        if self._admit(assignment, agent) is not None:
            self._port_of(assignment.worker)

    def layers(self, assignment: Assignment, folder: Path) -> Layers:
        """What a worker sees in the place of the repositories of its folders.

        Args:
            folder: where layers of its own are made.

        Raises:
            OSError: they cannot be.
        """
        git = shutil.which("git", path=self.environ.get("PATH", os.defpath))
        roots = shared_roots(self.config, SandboxRequest.of(assignment))
        target = Path(os.path.realpath(assignment.target))
        if not roots:
            made = reader_layers(find_repositories([target], git), folder, git=git or "")
        else:
            made = make_layers(
                find_repositories(roots, git),
                folder,
                git=git or "",
                session=self.layout.session_dir.name,
                worker=assignment.worker,
                held=HELD_IN_A_LAYER,
            )
        self._crosses[assignment.worker] = made.crosses
        return made

    def _watch(self, assignment: Assignment, folder: Path, layers: Layers) -> tuple[str | None, tuple[Path, ...]]:
        """Remember what lies in writable folders of other people, and return what of it must be protected."""
        roots = shared_roots(self.config, SandboxRequest.of(assignment))
        if not roots:
            return None, ()
        rows = [row.model_dump() for row in (*self._named_by_git(roots), *rows_of(self.config))]
        if self.backend == "none":
            # Nothing holds anybody there; what runs is at least named.
            rows = [{**row, "do": "warn"} for row in rows]
        apart = [str(path) for path in (*layers.covered, *layers.held, *layers.pointers)]
        plan, held = watch(str(folder), [str(root) for root in roots], rows=rows, apart=apart)
        return plan, tuple(map(Path, held)) if self.backend == "bubblewrap" else ()

    def _named_by_git(self, roots: Sequence[Path]) -> Iterator[ObeyedFile]:
        """List the files in writable folders that git's configuration names as programs to run."""
        git = shutil.which("git", path=self.environ.get("PATH", os.defpath))
        for repository in find_repositories(roots, git) if git is not None else ():
            for root in roots:
                named = programs_in(repository, root, git=git or "", environ=self.environ)
                for path, key in named.items():
                    # Hooks are often a line that calls the file of the same name in the folder above.
                    above = str(Path(path).parent) if Path(path).name == "_" else path
                    yield from (row_of_git(pattern, key) for pattern in (above, f"{above}/**") if "*" not in above)

    def environment(self, assignment: Assignment) -> Mapping[str, str]:
        """Variables that say where the egress proxy is, and that git looks beyond the target for its repository."""
        guards = self._guard_environment(assignment)
        if self._crosses.get(assignment.worker):
            guards = {**guards, "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1"}
        if not self.is_listed_network:
            return guards
        port = self._port_of(assignment.worker) or PORT
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        url = f"http://127.0.0.1:{port}"
        return {
            **guards,
            **{spelling: url for name in names for spelling in (name, name.lower())},
            **{"NO_PROXY": LOCAL, "no_proxy": LOCAL},
            "NODE_USE_ENV_PROXY": "1",  # Node 22.21 and 24: its own fetch obeys the others only with this
        }

    def _port_of(self, worker: WorkerId) -> int | None:
        """Where the egress proxy is for a worker that stands in our own network; ``None`` for one that has its own."""
        return None if self.backend == "bubblewrap" else self._need_proxy().open_port(worker)

    def reachable(self, assignment: Assignment, agent: Agent) -> Assignment:
        """The assignment as its adapter must see it: its model by the name that leads there from inside."""
        endpoint = assignment.endpoint
        if endpoint is None:
            url = gateway_of(agent, self.environ)
            inside = url if url is None or not self.is_listed_network or not is_here(url) else renamed(url)
            return replace(assignment, gateway=inside)
        if not self.is_listed_network:
            return assignment
        return replace(assignment, endpoint=replace(endpoint, url=renamed(endpoint.url)))

    def admit_again(self, worker: WorkerId, document: Mapping[str, object]) -> None:
        """Let an attempt of a dead coordinator through by the rules it was started with."""
        known = rules_from(document)
        if known is not None:
            self._adopted[worker] = known
            if self.proxy is not None:
                self.proxy.admit_again(worker, *known)

    @asynccontextmanager
    async def proxy_listener(self, refused: Callable[[Refusal], None]) -> AsyncIterator[None]:
        """Keep the way to listed hosts open; where the policy lists none, nothing is kept."""
        if not self.is_listed_network:
            yield
            return
        path = self.layout.session_dir / "network.sock"
        async with proxy(path, refused=refused, through=self._through) as self.proxy:
            # Workers that were adopted before it stood keep their rules.
            for worker, known in self._adopted.items():
                self.proxy.admit_again(worker, *known)
            try:
                yield
            finally:
                self.proxy = None

    def _proof(self, assignment: Assignment) -> str:
        """Run the profile of this worker's role against canaries, or remember that it held."""
        if self.backend == "none":
            return ""
        config = changed(self.config, backend=self.backend)
        cache = self.layout.workspace / PROOFS
        proof = prove_backend(config, self.environ, role=assignment.role, cache=cache)
        if proof.works and not proof.escaped:
            return ", proven"
        said = "; ".join(proof.escaped) or proof.detail
        if self.config.enforcement == "required":
            raise EnvironmentUnfit(
                f"the policy {self.config.name!r} requires a sandbox, and a canary got out of it: {said}",
                hint="orchestrate doctor says what this machine can enforce",
            )
        if not proof.works:
            raise EnvironmentUnfit(f"the sandbox no longer holds: {said}", hint="orchestrate doctor says why")
        return f", proven but for: {said}"

    def _need_proxy(self) -> Proxy:
        if self.proxy is None:
            raise EnvironmentUnfit(f"the policy {self.config.name!r} lists hosts, and there is no proxy to reach them")
        return self.proxy

    def _admit(self, assignment: Assignment, agent: Agent) -> NetworkRules | None:
        if not self.is_listed_network:
            return None
        rules = network_rules(self.config, assignment, agent, self.environ)
        self._need_proxy().admit(assignment.worker, rules)
        return rules

    def _through(self, request: ProxyRequest) -> Upstream | None:
        """The proxy of the user's own network, where the coordinator's environment names one."""
        return upstream_for(self.environ, request.host, request.port, is_tunnel=request.is_tunnel)

    def _limits(self, assignment: Assignment) -> LimitsPart:
        limits, is_apart = self.config.limits, self.backend == "bubblewrap"
        # The limits are the session's, so groups that were made ahead are as good for any worker.
        made = self.ready_groups() or self.make_groups(assignment.worker)
        return {
            "cgroup": None if made.cgroup is None else str(made.cgroup),
            "groups": made.paths,
            "rlimits": rlimits(limits, counts_processes=not is_apart),
            "bounds": namespace_bounds(limits) if is_apart else None,
        }

    def make_groups(self, worker: str) -> LimitGroups:
        """Fresh control groups that hold the session's limits."""
        return make_groups(self._group, worker, self.config.limits)

    def _landlock(self, command: Sequence[str], assignment: Assignment) -> landlock_profile.Profile:
        port = self._need_proxy().open_port(assignment.worker) if self.is_listed_network else None
        made = landlock_profile.profile(
            command[0], self.config, SandboxRequest.of(assignment), environ=self.environ, port=port
        )
        for path in (self.layout.workspace, self.layout.session_dir, *self.layout.own):
            if any(path.is_relative_to(root) for root in (*made["read"], *made["write"])):
                raise EnvironmentUnfit(
                    f"Landlock cannot hide {path} inside a folder that workers see",
                    hint="give another --workspace, or install bubblewrap",
                )
        replies = self._replies(assignment)
        # The one thing of ours that a worker reads there: what its CLI's hook runs, and the answers to that.
        guards = [] if replies is None else [str(replies), str(self._guard_folder() / HOOK)]
        return {**made, "read": [*made["read"], *guards]}

    def _wrap(
        self,
        command: Sequence[str],
        assignment: Assignment,
        spec: LaunchSpec,
        layers: Layers,
        given: Grants | None,
    ) -> list[str]:
        bwrap = find_bubblewrap(self.environ)
        if bwrap is None:
            raise EnvironmentUnfit("bwrap is gone since it was proved", hint="install bubblewrap")
        etc = self.layout.workers_dir / "etc"
        if time.monotonic() - self._etc_at > ETC_AGE_S:
            write_system_files(etc)
            self._etc_at = time.monotonic()
        return wrap(
            command,
            bwrap=bwrap,
            config=self.config,
            request=SandboxRequest.of(assignment),
            cwd=spec.cwd,
            masked=(self.layout.workspace, self.layout.session_dir, *self.layout.own),
            etc=etc,
            environ=self.environ,
            further=[*_settings(assignment, spec), *self._guards(assignment)],
            layers=layers,
            given=given,
        )

    def _guards(self, assignment: Assignment) -> Sequence[Mount]:
        """Guards in front of the programs the policy lists, where somebody answers them."""
        replies = self._replies(assignment)
        if replies is None:
            return ()
        programs = guarded_programs(self.config, self.environ)
        own = get_agent(assignment.agent).executable
        return guard_mounts(self._guard_folder(), programs, replies, own=own)

    def _guard_environment(self, assignment: Assignment) -> Mapping[str, str]:
        """The variables that guards and hooks need."""
        replies = self._replies(assignment)
        if replies is None:
            return {}
        if self.backend == "bubblewrap":
            return guard_environment(assignment.scratch)
        return guard_environment(assignment.scratch, replies=replies, hook=self._guard_folder() / HOOK)

    def _replies(self, assignment: Assignment) -> Path | None:
        """The folder in which the worker's guards find their answers; ``None`` where nobody answers."""
        replies = self.layout.session_dir / REPLIES / assignment.worker
        return replies if self.config.guard and replies.is_dir() else None

    def _guard_folder(self) -> Path:
        folder = self.layout.workers_dir / "guards"
        if not folder.is_dir():
            write_guards(folder, guarded_programs(self.config, self.environ), self.config)
        return folder


def _settings(assignment: Assignment, spec: LaunchSpec) -> Sequence[Mount]:
    """Mount our hooks and settings in the private home read-only."""
    placed = [file.path for file in spec.files if file.path.is_relative_to(assignment.home)]
    return protect([Path(os.path.realpath(assignment.home))], placed).mounts


def rules_from(document: Mapping[str, object]) -> tuple[NetworkRules, int | None] | None:
    """The rules that a dead coordinator gave to an attempt, and the port of its egress proxy, if it has one."""
    network = document.get("network")
    if not isinstance(network, dict):
        return None
    # Before there could be several, one stood under another name.
    former = [network["gateway"]] if network.get("gateway") else []
    given = [network.get("endpoint"), *network.get("gateways", former)]
    endpoint, *gateways = (None if place is None else (str(place[0]), int(place[1])) for place in given)
    return NetworkRules(tuple(network["hosts"]), endpoint, tuple(filter(None, gateways))), network.get("port")
