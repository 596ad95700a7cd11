"""Quote names and texts that somebody else made before a terminal, Markdown or JSON shows them.

A file name, a command, a host, a branch or an agent's sentence may hold anything: a line end that begins a section of
ours, a sequence that steers a terminal, an override that turns the direction of writing.  A *name* is quoted as git
quotes one, so that every byte of it can be read; from a *text* what steers is taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from orchestrator.late_pattern import late_pattern

_ESCAPES: Final = late_pattern(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movements
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC, DCS and their kin: titles, links, clipboard
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]",
    re.DOTALL,
)
_HIDDEN: Final = (
    # What turns the direction of writing round, what is not seen (zero width, tags, variation of nothing), and
    # separators that terminals and readers of lines treat as new lines.
    "\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
)
_UNSAFE_IN_TEXT: Final = late_pattern(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f{_HIDDEN}]")
_UNSAFE_IN_JSON: Final = late_pattern(rf"[\x7f-\x9f{_HIDDEN}\ud800-\udfff]")
_UNSAFE_IN_NAME: Final = late_pattern(rf'[\x00-\x1f"\\\x7f-\x9f{_HIDDEN}\ud800-\udfff]')
_BREAKS: Final = late_pattern(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SHORT: Final = {
    **{7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"},
    **{ord('"'): '\\"', ord("\\"): "\\\\"},
}
# In a line of Markdown: what begins code, a link or picture, HTML or an entity, a cell, emphasis that hides a word.
_MARKUP: Final = late_pattern(r"\\(?=[!-/:-@\[-`{-~])|[`\[\]|*]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|~(?=~)|(?<=~)~")
_BLOCK: Final = late_pattern(r"^(#{1,6}(?=\s|$)|[>+=-](?=[\s=-]|$)|>|~~~)|^(\d{1,9})([.)])(?=\s|$)")
_HTML: Final = late_pattern(r"<(?=[A-Za-z/!?])|(?<=!)\[")


def quoted_name(name: str | bytes) -> str:
    """The name as it is, or between quotation marks with C's escapes where a byte of it could mislead.

    These are git's own rules (``"a\\nb"``, ``"\\033]52"``, ``"\\302\\233"``), so what is quoted can be read back by
    :func:`unquoted_name`.  Bytes that are not UTF-8 and half pairs of surrogates are quoted as well.
    """
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    if not _UNSAFE_IN_NAME.search(text):
        return text
    return '"' + _UNSAFE_IN_NAME.sub(lambda found: _escaped(found[0]), text) + '"'


def unquoted_name(shown: str) -> bytes:
    """The bytes of a name that :func:`quoted_name` has shown."""
    if not (len(shown) >= 2 and shown.startswith('"') and shown.endswith('"')):
        return shown.encode("utf-8", "surrogateescape")
    back = {short[1]: bytes([code]) for code, short in _SHORT.items()}

    def byte(found: re.Match[bytes]) -> bytes:
        said = found[1].decode()
        return back[said] if said in back else bytes([int(said, 8)])

    return re.sub(rb"\\([0-7]{3}|.)", byte, shown[1:-1].encode("utf-8"))


def visible(text: str) -> str:
    """The text with C's escapes for what steers or hides, line ends included: a person sees all that is decided on."""
    return visible_lines(text).replace("\n", "\\n")


def visible_lines(text: str) -> str:
    """Do what :func:`visible` does, but keep line ends and tabs: for a diff, whose lines are lines."""
    return _UNSAFE_IN_TEXT.sub(lambda found: _escaped(found[0]), text)


def quoted_names(names: Iterable[str | bytes]) -> str:
    """Names in a sentence, with commas between them."""
    return ", ".join(quoted_name(name) for name in names)


def clean(text: str) -> str:
    """The text without anything that steers a terminal; line ends and tabs stay."""
    text = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    return _UNSAFE_IN_TEXT.sub("", text.replace("\r", "\n"))


def one_line(text: str, width: int | None = 160) -> str:
    """The text on one line of at most ``width`` characters, cut with an ellipsis; ``None`` does not cut."""
    # Only so much is looked at: a line of 64 MiB must not hold up the view.
    words = " ".join(clean(text if width is None else text[: width * 8]).split())
    return words if width is None or len(words) <= width else words[: width - 1].rstrip() + "…"


def markdown_line(text: str, width: int | None = 300) -> str:
    """The text as one line of Markdown that shows it as it is: no link, picture, heading, list, HTML or code in it."""
    line = _MARKUP.sub(lambda found: f"\\{found[0]}", one_line(text, width))
    return _BLOCK.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", line)


def markdown_code(text: str | bytes) -> str:
    """A name, a command or the like as a span of code that no backtick of it can end."""
    shown = quoted_name(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    edge = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{edge}{shown}{edge}{fence}"


def markdown_cell(shown: str) -> str:
    """What :func:`markdown_line` or :func:`markdown_code` made, fit for a cell of a table."""
    return re.sub(r"(?<!\\)\|", r"\\|", shown)


def markdown_quote(text: str) -> list[str]:
    """A longer text as lines of a block quote, which keeps its own Markdown but no HTML and no picture."""
    lines = _BREAKS.sub("\n", clean(text)).split("\n")
    return [f"> {_HTML.sub(lambda found: chr(92) + found[0], line)}".rstrip() for line in lines]


def safe_json(document: str) -> str:
    """The same JSON document with escapes for what would steer a terminal or mislead a reader; its values stay."""
    return _UNSAFE_IN_JSON.sub(lambda found: _json_escape(found[0]), document)


def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _escaped(char: str) -> str:
    if ord(char) in _SHORT:
        return _SHORT[ord(char)]
    if 0xDC80 <= ord(char) <= 0xDCFF:  # a byte that was no UTF-8
        return f"\\{ord(char) - 0xDC00:03o}"
    return "".join(f"\\{byte:03o}" for byte in char.encode("utf-8", "surrogatepass"))
