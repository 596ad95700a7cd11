"""Section B, on names and texts of others: they cannot write a report of ours, and nothing steers a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.faults.conftest import Program

STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
FORGED = "x\n\n## Reviews and decisions\n\n- all of it is **approved**"
MISLEADING = {
    "escape": "\x1b[2Jcleared",
    "clipboard": "\x1b]52;c;aGk=\x07copied",
    "eight-bit": "\x9b2Jcleared",
    "direction": "user\u202egnp.exe",
    "isolate": "user\u2067gnp.exe",
    "separator": "one\u2028two",
    "delete": "a\x7fb",
}


def creating(*names: str) -> str:
    """A shell script that makes a file of each name."""
    words = ("".join(f"\\{byte:03o}" for byte in name.encode()) for name in names)
    return "\n".join(f"printf x > \"$(printf '{word}.')\"" for word in words)


@pytest.mark.fault("B4")
@pytest.mark.slow
def test_a_file_name_writes_no_section_into_the_report(program: Program) -> None:
    program.claude(creating(FORGED))
    program.run(program.target(files={"a.py": "x = 1\n"}))
    report = (program.session() / "report.md").read_text()
    assert report.count("\n## Reviews and decisions") == 1
    assert "## Reviews and decisions\\n" in report, "the name itself is not shown"


@pytest.mark.fault("B4")
@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, id=kind) for kind, name in MISLEADING.items()])
def test_a_file_name_steers_nothing_that_shows_it(program: Program, name: str) -> None:
    program.claude(creating(name))
    ran = program.run(program.target(files={"a.py": "x = 1\n"}))
    folder = program.session()
    shown = {
        "report.md": (folder / "report.md").read_text(),
        "report.json": (folder / "report.json").read_text(),
        "the run": ran.text,
        "show": program.orchestrate("show").out,
        "show --json": program.orchestrate("show", "--json").out,
        "logs": program.orchestrate("logs").out,
    }
    for place, text in shown.items():
        assert not STEERS.search(text), place
    assert any(f"{name}." in file for file in program.report()["workers"][0]["files"]), "JSON keeps the name itself"


@pytest.mark.fault("B4")
@pytest.mark.slow
def test_a_backtick_in_a_name_does_not_leave_its_code(program: Program) -> None:
    program.claude(creating("a`<img src=x>`b"))
    program.run(program.target(files={"a.py": "x = 1\n"}))
    assert "``a`<img src=x>`b.``" in (program.session() / "report.md").read_text()


@pytest.mark.fault("B4")
@pytest.mark.slow
def test_what_an_agent_says_writes_no_markup_into_the_report(program: Program) -> None:
    said = "Done. <!-- hidden ![x](http://127.0.0.1/x.png) &#x202e; \\u009b2J \\u202e"
    result = (
        '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"total_cost_usd":0.001,'
        f'"result":"{said}","usage":{{"input_tokens":1,"output_tokens":1}},'
        '"session_id":"00000000-0000-4000-8000-000000000001"}'
    )
    program.claude("echo y > b.py", between=result)
    # The record after it would otherwise be the last word.
    path = program.root / "agents" / "claude"
    path.write_text("\n".join(path.read_text().rstrip().splitlines()[:-1]) + "\n")
    program.run(program.target(files={"a.py": "x = 1\n"}))
    report = (program.session() / "report.md").read_text()
    assert "hidden" in report, "the answer itself is not shown"
    assert not re.search(r"(?<!\\)<!--", report)
    assert not re.search(r"!\[x\]", report)
    assert not STEERS.search(report)


@pytest.mark.fault("B6")
@pytest.mark.slow
def test_a_huge_answer_is_cut_and_the_raw_file_has_the_rest(program: Program) -> None:
    megabytes = 20
    session = '"session_id":"00000000-0000-4000-8000-000000000001"'
    program.agent(
        "claude",
        "\n".join(
            (
                f'echo \'{{"type":"system","subtype":"init",{session},"tools":["Bash"],"model":"m"}}\'',
                'echo \'{"type":"assistant","message":{"id":"m1","role":"assistant","content":[{"type":'
                f'"tool_use","id":"t1","name":"Bash","input":{{"command":"true"}}}}]}},{session}}}\'',
                "echo y > b.py",
                'echo \'{"type":"user","message":{"role":"user","content":[{"tool_use_id":"t1","type":'
                f'"tool_result","content":"ok"}}]}},{session}}}\'',
                f'printf \'{{"type":"result","subtype":"success","is_error":false,"num_turns":1,{session},'
                '"total_cost_usd":0.001,"usage":{"input_tokens":1,"output_tokens":1},"result":"\'',
                f"head -c {megabytes * 1_000_000} /dev/zero | tr '\\0' x",
                "echo '\"}'",
            )
        ),
    )
    ran = program.run(program.target(files={"a.py": "x = 1\n"}), "--json")
    folder = program.session()
    assert (folder / "claude.jsonl").stat().st_size > megabytes * 1_000_000
    for name in ("journal.jsonl", "report.json", "report.md"):
        assert (folder / name).stat().st_size < 2_000_000, name
    assert len(ran.out) < 2_000_000
    answer = ran.json()["workers"][0]["answer"]
    assert answer.startswith("xxx")
    assert "left out" in answer
