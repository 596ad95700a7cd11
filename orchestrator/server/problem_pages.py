"""Write a problem as a page for people: what is wrong and what to do, in one file that asks for nothing else."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from orchestrator.quotation import clean

_STYLE = (
    ":root{color-scheme:light dark;--ground:#f4f5f7;--raised:#fff;--line:#d4d8df;--text:#1a1f28;--quiet:#555f6e;"
    "--link:#1d4fae}"
    "@media(prefers-color-scheme:dark){:root{--ground:#12161c;--raised:#1b212a;--line:#36404e;--text:#e7ebf1;"
    "--quiet:#a7b2c1;--link:#8ab6ff}}"
    "*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--text);"
    'font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}'
    "main{max-width:38rem;margin:12vh auto 2rem;padding:1.5rem;background:var(--raised);border:1px solid var(--line);"
    "border-radius:10px}"
    "h1{font-size:1.35rem;line-height:1.3;margin:0 0 .75rem;overflow-wrap:anywhere}"
    "p{margin:.5rem 0;overflow-wrap:anywhere}ul{padding-left:1.2rem;margin:.5rem 0}"
    "code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.92em;overflow-wrap:anywhere}"
    "a{color:var(--link)}footer{color:var(--quiet);margin-top:1rem;font-size:.9rem}"
)
CONTENT_POLICY = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing but the page's own style: whoever has no token gets no file of ours."""
HEADERS = ((b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", CONTENT_POLICY.encode()))


def problem_page(status: int, title: str, *paragraphs: str) -> bytes:
    """The page.  What stands between backticks in a paragraph is code, and a paragraph ``[/]`` links to the start."""
    told = "".join(_paragraph(text) for text in paragraphs)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(clean(title))}: orchestrate</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(clean(title))}</h1>{told}"
        f"<footer>orchestrate, {status}</footer></main></body></html>"
    ).encode()


def _paragraph(text: str) -> str:
    if text == "[/]":
        return '<p><a href="/sessions">All sessions of this workspace</a></p>'
    parts = clean(text).split("`")
    return "<p>" + "".join(f"<code>{escape(p)}</code>" if i % 2 else escape(p) for i, p in enumerate(parts)) + "</p>"


def page_without_token(*, given: bool) -> bytes:
    """What a browser gets that has no token, or not the right one."""
    wrong = "The token in this address is not, or no longer, the right one." if given else "This address has no token."
    return problem_page(
        401,
        "This address does not open the dashboard",
        f"{wrong} Each start of the dashboard makes a new one.",
        "Open the address that `orchestrate` printed when it started: the line that begins with `dashboard:`.",
        "If that terminal is gone, start another dashboard: `orchestrate serve` prints its address, and shows every"
        " session of the workspace. Nothing is lost, and no session has ended by this.",
    )


def page_refused(status: int, detail: str) -> bytes:
    """What a browser gets whose request is refused for another reason."""
    return problem_page(
        status,
        "The dashboard refuses this request",
        f"Why: {detail}.",
        "Open the address that `orchestrate` or `orchestrate serve` printed, in a tab of its own.",
    )


def page_without_session(detail: str, hint: str | None) -> bytes:
    """What a browser gets that asks for a session which is not there."""
    told = (f"{_begun(hint)}.",) if hint else ()
    return problem_page(
        404,
        "There is no such session",
        f"{_begun(detail)}.",
        *told,
        "It may lie in another workspace (`orchestrate serve --workspace FOLDER`), or have been deleted.",
        "[/]",
    )


def _begun(text: str) -> str:
    """The text as a sentence begins; the name of a command stays as it is typed."""
    return text if text.startswith("orchestrate ") else f"{text[0].upper()}{text[1:]}"
