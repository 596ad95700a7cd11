"""This script makes the pictures of the README and the guide from rehearsals: terminals, and the dashboard.

Run it with ``python -m benchmarks.pictures`` from the checkout; it needs the system's Chromium.  It plays scenarios
with the stand-ins in a temporary folder and replaces what lies in ``docs/pictures``.  Beside the photograph of the
dashboard stands what can be read in it, dates and figures masked: a test makes both again and compares the words.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.terminal_pictures import PICTURES, ROOT, draw_all, folder_of_rehearsals

# As root Chromium has no sandbox of its own; the page is ours and comes from this machine.
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
CHANGING = ".legend, .sparks, .as-text, .tick, .unseen"
"""What depends on how fast the machine was: which states lasted long enough to be seen, where the axis has marks."""
READABLE = """(changing) => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode;
    if (!text.textContent.trim() || text.parentElement.closest(changing)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    const there = box.width && box.right > 0 && box.top >= 0 && box.bottom <= innerHeight;
    if (there && text.parentElement.checkVisibility()) found.push(text.textContent);
  }
  return found;
}"""
"""Every text in the window, in the order of the page."""


def masked(found: Iterable[str]) -> list[str]:
    """The texts without what differs from one rendering to the next; what was nothing else is left out."""
    lines = []
    for text in found:
        line = re.sub(r"\d{8}-\d{6}-[0-9a-f]{4}", "#", " ".join(text.split()))
        line = re.sub(r"\b\d{2} [A-Z][a-z]{2} \d{4}\b|\d[\d,.:]*", "#", line)
        line = re.sub(r"# h # min\b|# min # s\b", "# s", line)
        # Who was halted before it told its tokens, and so what is not known, depends on how fast the machine was.
        line = re.sub(r"\bat least (?=\$?#)", "", line)
        if re.search(r"[^\W\d_]", line.replace("# s", "")):
            lines.append(line)
    return lines


def draw_dashboard(workspace: Path, picture: Path) -> None:
    """Serve the workspace and photograph the page of its only session; the words go into a file beside it."""
    command = [sys.executable, "-m", "orchestrator", "serve", "--workspace", str(workspace)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    try:
        assert server.stdout is not None
        url = next(found[0] for line in server.stdout if (found := re.search(r"http://\S+", line)))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
            page = browser.new_page(
                viewport={"width": 1180, "height": 800}, color_scheme="dark", reduced_motion="reduce"
            )
            page.goto(url)
            for shown in (".lanes .diamond", ".change-map li", ".glance .add", ".rows .row"):
                page.locator(shown).first.wait_for(timeout=60_000, state="attached")
            page.screenshot(path=picture)
            words = masked(page.evaluate(READABLE, CHANGING))
            picture.with_suffix(".json").write_text(json.dumps(words, indent=1, ensure_ascii=False) + "\n", "utf-8")
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=30)
        assert server.stdout is not None
        server.stdout.close()


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with folder_of_rehearsals() as name:
        folder = Path(name)
        draw_all(folder, PICTURES)
        draw_dashboard(folder / "workspace", PICTURES / "dashboard.png")
    for path in sorted(PICTURES.iterdir()):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
