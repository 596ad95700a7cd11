"""Name kinds of weaknesses in one vocabulary, whoever found them: by a tool's rule, a CWE number, or words."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from orchestrator.late_pattern import late_pattern
from orchestrator.value_class import value_class

OTHER: Final = "another weakness"
"""What no row knows."""
NO_WEAKNESS: Final = "no weakness by itself"
"""What tools report and nobody has to mend."""
_CWE: Final = late_pattern(r"\bCWE[-\s]?(\d{1,5})\b", re.IGNORECASE)


@value_class
class Kind:
    """One kind."""

    name: str
    cwes: tuple[int, ...]
    """The first is what reports name."""
    words: str = ""
    """A pattern of what people call it."""
    rules: str = ""
    """A pattern of the rules by which our tools find it."""
    mend: str = ""
    """What ends it, where nobody says it for the place."""


# In order: the first row that fits names the kind, so what is special stands before what is general.
KINDS: Final = (
    Kind(
        "template injection",
        (1336,),
        r"template injection|ssti\b",
        mend="Keep what comes from outside out of the template's text; hand it over as a value.",
    ),
    Kind(
        "deserialisation",
        (502,),
        r"deseriali[sz]|unpickl|pickle|yaml\.load|marshal",
        "B301|B302|B506|B614",
        "Read it as JSON, or by a loader that makes nothing but plain values.",
    ),
    Kind(
        "sql injection",
        (89, 564),
        r"sql[- ]?inj|sqli\b|hardcoded_sql",
        "B608|B610|B611",
        "Hand values to the driver beside the statement; take names of columns from a table of your own.",
    ),
    Kind(
        "command injection",
        (78, 77, 88),
        r"(command|shell|argument|os)[- ]inject|os command",
        "B602|B604|B605|B609",
        "Start the program from a list of words, without a shell, and check what comes from outside.",
    ),
    Kind(
        "code injection",
        (94, 95),
        r"code (injection|execution)|\beval\b|\bexec\b",
        "B102|B307",
        "Run nothing that comes from outside; read literals, or write down what is allowed.",
    ),
    Kind(
        "xml entities",
        (611, 776),
        r"\bxxe\b|xml (external )?entit|entity expansion|billion laughs",
        "B31[3-9]|B320",
        "Parse with entities switched off (defusedxml does).",
    ),
    Kind(
        "path traversal",
        (22, 23, 36, 73, 434),
        r"(path|directory) traversal|zip[- ]?slip|tar[- ]?slip|arbitrary file",
        "B202",
        "Resolve the path and refuse what lies outside of its folder; unpack with a filter.",
    ),
    Kind(
        "server-side request forgery",
        (918,),
        r"server[- ]side request|\bssrf\b",
        "B310",
        "Ask only hosts of a list of your own, and follow no redirect out of it.",
    ),
    Kind(
        "cross-site scripting",
        (79, 80, 83),
        r"cross[- ]site script|\bxss\b|html injection",
        "B308|B70[1-4]",
        "Escape what is put into a page, or use templates that do.",
    ),
    Kind(
        "cross-site request forgery",
        (352,),
        r"request forgery|\bcsrf\b",
        mend="Ask for a token of the session with everything that changes something.",
    ),
    Kind("open redirect", (601,), r"open redirect|unvalidated redirect", mend="Redirect to pages of your own alone."),
    Kind(
        "mass assignment",
        (915,),
        r"mass assignment|over[- ]?posting",
        mend="Take over the fields of a list, and no others.",
    ),
    Kind(
        "unchecked signature",
        (347, 345),
        r"(unchecked|unverified|missing|no) signature|signature (is )?(not|never)|jwt",
        mend="Check the signature before anything of it is believed.",
    ),
    Kind(
        "missing authentication",
        (306, 287),
        r"(missing|no|without|broken) authentication|unauthenticated",
        mend="Ask who it is before anything is done.",
    ),
    Kind(
        "missing authorisation",
        (862, 863, 639, 285, 284),
        r"authori[sz]ation|\bidor\b|access control|direct object",
        mend="Check that it is theirs before it is shown or changed.",
    ),
    Kind(
        "timing comparison",
        (208,),
        r"timing|constant[- ]time",
        mend="Compare secrets with hmac.compare_digest.",
    ),
    Kind(
        "certificate check",
        (295,),
        r"certificate|verify ?= ?false|unverified (context|ssl|tls)",
        "B323|B501|B507",
        "Let the certificate be checked; trust another authority by its own file.",
    ),
    Kind(
        "hard-coded secret",
        (798, 259, 321),
        r"hard[- ]?coded (secret|password|credential|key|token)|credentials? in (the )?(code|source)",
        "B10[567]",
        "Take it out of the code, into the environment or a vault, and change it: it is known by now.",
    ),
    Kind(
        "weak hash",
        (328, 916, 327),
        r"weak hash|\bmd5\b|\bsha-?1\b|password hash",
        "B303|B324",
        "Hash passwords with scrypt, argon2 or bcrypt, and sign with HMAC over SHA-256.",
    ),
    Kind(
        "weak cipher",
        (326, 757),
        r"weak (cipher|encryption|key)|\brc4\b|\barc4\b|\bdes\b|\becb\b",
        "B304|B305|B413|B50[2-5]",
        "Use AES-GCM or ChaCha20-Poly1305, with keys of today's length.",
    ),
    Kind(
        "weak randomness",
        (330, 338),
        r"random",
        "B311",
        "Make secrets with the module secrets.",
    ),
    Kind("temporary file", (377, 379), r"temp(orary)? ?file", "B108|B306", "Open it with tempfile's own functions."),
    Kind("file permissions", (732, 276), r"permission", "B103", "Give the file to its owner alone."),
    Kind(
        "debug mode",
        (489,),
        r"debug mode|debug ?= ?true",
        "B201",
        "Start it without the debugger wherever others reach it.",
    ),
    Kind(
        "information exposure",
        (209, 200, 532),
        r"information (exposure|disclosure|leak)|stack ?trace|traceback|error details",
        mend="Tell the visitor that something broke, and write the rest into a log.",
    ),
    Kind(
        "unbounded resources",
        (400, 770, 1333),
        r"redos|denial of service|resource exhaustion|unbounded|without (a )?timeout",
        "B113",
        "Bound size and time.",
    ),
    Kind("plain connection", (319,), r"cleartext|plain(text)? (http|connection)", "B309|B312|B321", "Use TLS."),
    Kind("open to all addresses", (605,), r"all interfaces", "B104", "Listen on the address that is meant."),
    Kind("log injection", (117,), r"log injection", mend="Escape line ends of what comes from outside."),
    Kind("race", (367, 362), r"race condition|toctou", mend="Check and act in one step."),
    Kind(
        "known vulnerability",
        (1395, 937, 1104),
        r"vulnerable (dependency|package|component)",
        mend="Take the version in which it is mended.",
    ),
    # What tools say of every import of a module, and of every program that is started without a shell.
    Kind(NO_WEAKNESS, (), "", "B4(?!13)..|B60[367]|B101|B110|B112"),
)
_NAMES: Final = {kind.name: kind for kind in KINDS}


def kind_of(text: str) -> str:
    """The kind that words mean: by our own name for it, by a CWE number, else by what people call it."""
    plain = " ".join(text.lower().split())
    if plain in _NAMES:
        return plain
    for number in _CWE.findall(text):
        found = next((kind.name for kind in KINDS if int(number) in kind.cwes), None)
        if found is not None:
            return found
    named = next((kind.name for kind in KINDS if kind.name in plain), None)
    if named is not None:
        return named
    return next((kind.name for kind in KINDS if kind.words and _pattern(kind.words).search(plain)), OTHER)


def kind_of_rule(rule: str, message: str = "") -> str:
    """The kind that a rule of bandit finds; by its message where the rule is not known."""
    found = next((kind.name for kind in KINDS if kind.rules and _pattern(kind.rules).fullmatch(rule.lower())), None)
    return found if found is not None else kind_of(message)


def is_known_to_tools(name: str) -> bool:
    """Whether a tool of ours looks for this kind at all."""
    kind = _NAMES.get(name)
    return kind is not None and (bool(kind.rules) or name == "known vulnerability")


def mend_of(name: str) -> str:
    """What ends a weakness of this kind, in general; empty where nobody knows."""
    kind = _NAMES.get(name)
    return kind.mend if kind is not None else ""


def cwe_of(name: str) -> int | None:
    """The number that reports name."""
    kind = _NAMES.get(name)
    return kind.cwes[0] if kind is not None and kind.cwes else None


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
