"""This script makes the pictures of the README and the guide from rehearsals: terminals, and the dashboard.

Run it with ``python -m benchmarks.pictures`` from the checkout; it needs the system's Chromium.  It plays scenarios
with the stand-ins in a temporary folder and replaces what lies in ``docs/pictures``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.terminal_pictures import PICTURES, ROOT, draw_all, folder_of_rehearsals

# As root Chromium has no sandbox of its own; the page is ours and comes from this machine.
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


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
    with folder_of_rehearsals() as name:
        folder = Path(name)
        draw_all(folder, PICTURES)
        draw_dashboard(folder / "workspace")
    for path in sorted(PICTURES.iterdir()):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
