"""Places to leave for: repositories on disk and behind a real git server that wants a password; a registry."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PASSWORD = "let-me-in-4711"
TOKEN = "npm-token-of-a-test-4711"
PLAIN = {
    **{"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": os.environ["PATH"]},
    **{"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"},
}


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository of a test's own."""

    path: Path

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", "-C", str(self.path), *words], env=PLAIN, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def commit(self, text: str) -> str:
        """One more commit on what is checked out; its id."""
        (self.path / "file.txt").write_text(text)
        self.git("add", "file.txt")
        self.git("commit", "-q", "-m", text)
        return self.git("rev-parse", "HEAD")

    def at(self, name: str) -> str | None:
        """The id a reference stands at."""
        found = subprocess.run(
            ["git", "-C", str(self.path), "rev-parse", "-q", "--verify", name],
            env=PLAIN,
            capture_output=True,
            check=False,
        )
        return found.stdout.decode().strip() or None


def repository(path: Path, *, bare: bool = False) -> Repository:
    """A new repository with a branch ``main``; without a commit."""
    path.mkdir(parents=True, exist_ok=True)
    made = Repository(path)
    made.git("init", "-q", "--initial-branch=main", *(["--bare"] if bare else []))
    return made


@dataclass(slots=True)
class Served:
    """A git server of smart HTTP, and who has knocked there."""

    port: int
    seen: list[str] = field(default_factory=list)
    """Method and path of every request with the right password."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/far.git"


@contextmanager
def serving(root: Path) -> Iterator[Served]:
    """Serve ``root/far.git`` by git's own backend to whoever knows the password."""
    served = Served(0)
    right = f"Basic {base64.b64encode(f'somebody:{PASSWORD}'.encode()).decode()}"
    token = f"Basic {base64.b64encode(f'x-access-token:{PASSWORD}'.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") not in (right, token):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="far"')
                self.end_headers()
                return
            served.seen.append(f"{self.command} {self.path}")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path, _, query = self.path.partition("?")
            head, _, content = backend(self.command, path, query, dict(self.headers), body).partition(b"\r\n\r\n")
            lines = [line.split(": ", 1) for line in head.decode().splitlines()]
            self.send_response(int(dict(lines).get("Status", "200").split()[0]))
            for name, value in lines:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    def backend(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> bytes:
        env = {
            **PLAIN,
            **{"GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "REMOTE_USER": "somebody"},
            **{"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query},
            **{"CONTENT_TYPE": headers.get("Content-Type", ""), "HTTP_GIT_PROTOCOL": headers.get("Git-Protocol", "")},
            **{"HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""), "CONTENT_LENGTH": str(len(body))},
        }
        return subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=True).stdout

    with listening(Handler) as served.port:
        yield served


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """Serve on loopback; the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(slots=True)
class Registry:
    """Takes packages from whoever knows the token."""

    url: str = ""
    published: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0


@contextmanager
def registering() -> Iterator[Registry]:
    """A registry on loopback, as far as ``npm publish`` needs one."""
    made = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(404)

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                made.refused += 1
                self.answer(401)
                return
            made.published.append(json.loads(body))
            self.answer(201)

        def answer(self, code: int) -> None:
            self.send_response(code)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with listening(Handler) as port:
        made.url = f"http://127.0.0.1:{port}/"
        yield made
