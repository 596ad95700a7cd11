"""This script makes the two pictures of the README from one rehearsal: its terminal, and its dashboard.

Run it with ``python -m benchmarks.pictures`` from the checkout; it needs the system's Chromium.  It plays the default
scenario with the stand-ins in a temporary folder and replaces ``docs/pictures/terminal.svg`` and
``docs/pictures/dashboard.png``.
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
TASK = "Add input validation to the signup form"
COLUMNS = 118
TITLE = f'$ ./orchestrate -q --rehearse "{TASK}"'
# As root Chromium has no sandbox of its own; the page is ours and comes from this machine.
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


def rehearse(folder: Path) -> str:
    """Play the rehearsal on a terminal, and return what the terminal was sent."""
    target = folder / "shop"
    target.mkdir()
    command = [sys.executable, "-m", "orchestrator", "-q", "--rehearse", "--stand-ins", "--no-dashboard", TASK]
    command += ["--target", str(target), "--workspace", str(folder / "workspace")]
    environ = {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    environ |= {"PYTHONPATH": str(ROOT), "COLUMNS": str(COLUMNS)}
    ours, its = pty.openpty()
    with os.fdopen(its, "wb") as terminal:
        process = subprocess.Popen(command, env=environ, stdin=terminal, stdout=terminal, stderr=terminal, cwd=folder)
    sent = bytearray()
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:  # Linux says EIO when the last process has closed the terminal
            break
        if not data:
            break
        sent += data
    os.close(ours)
    if process.wait() != 0:
        raise SystemExit(f"the rehearsal ended with {process.returncode}:\n{sent.decode()}")
    return sent.decode().replace("\r\n", "\n").replace(str(folder), "~")


def draw_terminal(said: str) -> None:
    """Draw the beginning of what the terminal showed, each line cut at the terminal's edge."""
    console = Console(record=True, width=COLUMNS, force_terminal=True, color_system="truecolor", file=io.StringIO())
    shown, _, summary = said.partition("\x1b[1;32mdone")
    kept = [line for line in shown.splitlines() if not line.startswith(" ")]
    closing = ("\x1b[1;32mdone" + summary).splitlines()
    closing = [line for line in closing if re.match(r"\x1b|(session|plan|changed|tests|used|left|report) ", line)]
    for line in [*kept, "", *closing]:
        text = Text.from_ansi(line)
        text.truncate(COLUMNS, overflow="ellipsis")
        console.print(text, no_wrap=True, highlight=False)
    drawn = console.export_svg(title=TITLE, unique_id="terminal")
    # Without its fonts the picture asks no other host for anything; every viewer has a font of one width.
    drawn = re.sub(r"@font-face \{.*?\}\n?", "", drawn, flags=re.DOTALL)
    PICTURES.joinpath("terminal.svg").write_text(drawn, encoding="utf-8")


def draw_dashboard(workspace: Path) -> None:
    """Serve the workspace and photograph the page of its only session."""
    command = [sys.executable, "-m", "orchestrator", "serve", "--workspace", str(workspace)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    try:
        assert server.stdout is not None
        url = next(found[0] for line in server.stdout if (found := re.search(r"http://\S+", line)))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
            page = browser.new_page(
                viewport={"width": 1180, "height": 760}, color_scheme="dark", reduced_motion="reduce"
            )
            page.goto(url)
            page.get_by_text("001-milestone").filter(visible=True).first.wait_for(timeout=30_000)
            page.screenshot(path=PICTURES / "dashboard.png")
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=30)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as name:
        folder = Path(name)
        draw_terminal(rehearse(folder))
        draw_dashboard(folder / "workspace")
    for path in sorted(PICTURES.iterdir()):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
