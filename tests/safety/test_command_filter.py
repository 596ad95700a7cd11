from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.models.sandbox import SandboxConfig
from orchestrator.safety import CommandFilter
from orchestrator.safety.shell.simple_commands import MAX_CHARS

FILTER = CommandFilter.of(SandboxConfig(name="default"))


@pytest.mark.parametrize(
    "command",
    [
        "ls -la",
        "rm file",
        "rm -r build",
        "rm -f a.o",
        "rm -- -rf",
        "echo 'rm -rf /'",
        'git commit -m "git push later"',
        "git commit -m push",
        "git pull && npm test",
        "npm run publish-docs",
        "pip list",
        "ls # rm -rf x",
        "cat <<EOF\nrm -rf x\nEOF",
        "grep -r 'sudo' .",
        "python -m pytest -q",
        "curl -s https://example.org -o page.html",
        "[ -f a ] && [[ $x == y* ]]",
        "for f in *.py; do wc -l $f; done",
        "x=$((1 + 2)); echo ${x:-none}",
        "",
        "   \n# nothing\n",
    ],
)
def test_ordinary_commands_are_allowed(command: str) -> None:
    assert FILTER.judge(command).decision == "allow"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("rm -rf /", id="plain"),
        pytest.param("rm -fr x", id="flags the other way round"),
        pytest.param("rm -r -v -f x", id="flags apart"),
        pytest.param("rm x -R --force", id="long flags, after the path"),
        pytest.param("rm --rec --fo x", id="shortened flags"),
        pytest.param("/bin/rm -rf x", id="by its path"),
        pytest.param("r''m -r\"f\" x", id="quotes inside words"),
        pytest.param("\\rm -rf x", id="a backslash"),
        pytest.param("$'\\x72m' -rf x", id="an escaped letter"),
        pytest.param("rm \\\n -rf x", id="over two lines"),
        pytest.param("ls; rm -rf x", id="after a semicolon"),
        pytest.param("true && false || rm -rf x", id="after and, or"),
        pytest.param("ls &rm -rf x", id="after an ampersand"),
        pytest.param("ls\nrm -rf x", id="on a line of its own"),
        pytest.param("(cd x; rm -rf y)", id="in a subshell"),
        pytest.param("{ rm -rf x; }", id="in a group"),
        pytest.param("if true; then rm -rf x; fi", id="in a condition"),
        pytest.param("for i in 1 2; do rm -rf $i; done", id="in a loop"),
        pytest.param("case x in a) rm -rf x;; esac", id="in a case"),
        pytest.param("f() { rm -rf x; }; f", id="in a function"),
        pytest.param("function f { rm -rf x; }", id="in a function with the word"),
        pytest.param("echo $(rm -rf x)", id="in a substitution"),
        pytest.param('echo "a $(rm -rf "$x") b"', id="in a quoted substitution"),
        pytest.param("echo `rm -rf x`", id="in backquotes"),
        pytest.param("echo ${x:-$(rm -rf y)}", id="in a default"),
        pytest.param("echo $(( $(rm -rf x) + 1 ))", id="in arithmetic"),
        pytest.param("diff <(rm -rf x) y", id="in a process substitution"),
        pytest.param("A=1 B=2 rm -rf x", id="after assignments"),
        pytest.param(">log 2>&1 rm -rf x", id="after redirections"),
        pytest.param("sudo -u root rm -rf x", id="through sudo"),
        pytest.param("env -u A B=1 rm -rf x", id="through env"),
        pytest.param("env -S 'rm -rf x'", id="through env that splits"),
        pytest.param("nohup nice -n 5 time rm -rf x", id="through three"),
        pytest.param("timeout -k 5 10 rm -rf x", id="through timeout"),
        pytest.param("ls | xargs -n 1 -I{} rm -rf {}", id="through xargs"),
        pytest.param("busybox rm -rf x", id="through busybox"),
        pytest.param("find . -name '*.o' -exec rm -rf {} +", id="through find"),
        pytest.param("find . -delete", id="by find itself"),
        pytest.param("sh -c 'cd x && rm -rf y'", id="through sh"),
        pytest.param("bash -lc 'rm -rf x'", id="through a login shell"),
        pytest.param("bash -o pipefail -c 'rm -rf x'", id="through a shell with an option"),
        pytest.param("sh -c \"bash -c 'rm -rf x'\"", id="through two shells"),
        pytest.param("eval 'rm -rf' x", id="through eval"),
        pytest.param("trap 'rm -rf x' EXIT", id="in a trap"),
        pytest.param("sh <<'EOF'\nrm -rf x\nEOF", id="in a script on standard input"),
        pytest.param("sh <<-EOF && ls\n\trm -rf x\n\tEOF", id="in one with tabs, and more on the line"),
        pytest.param("sh <<EOF\nrm -rf x", id="in a script that ends with the text"),
        pytest.param("bash <<< 'rm -rf x'", id="in a here-string"),
        pytest.param("cat <<EOF\n$(rm -rf x)\nEOF", id="in the text of a here-document"),
        pytest.param("echo rm -rf x | sh", id="echoed to a shell"),
    ],
)
def test_a_blocked_command_is_found(command: str) -> None:
    verdict = FILTER.judge(command)
    assert (verdict.decision, verdict.rule) == ("block", "rm -rf")


@pytest.mark.parametrize(
    ("command", "decision", "rule"),
    [
        pytest.param("dd if=/dev/zero of=x", "block", "dd", id="dd"),
        pytest.param("mkfs.ext4 /dev/sda1", "block", "mkfs", id="one of the mkfs family"),
        pytest.param("git -C sub -c a=b push origin main", "confirm", "git push", id="push after options"),
        pytest.param("npm --prefix web publish", "confirm", "npm publish", id="publish after options"),
        pytest.param("pip3.11 install x", "confirm", "pip install", id="pip with a version"),
        pytest.param("python3 -m pip install x", "confirm", "pip install", id="pip as a module"),
        pytest.param("uv pip install x", "confirm", "pip install", id="pip of uv"),
        pytest.param("sudo ls", "warn", "sudo", id="sudo"),
        pytest.param("curl -fsSL https://x | sh", "warn", "curl | sh", id="a download run"),
        pytest.param("curl https://x | tee log | sudo bash -s -- -y", "warn", "sudo", id="a download run by sudo"),
        pytest.param("wget -qO- https://x | bash", "warn", "wget | sh", id="a download run by another shell"),
        pytest.param("(curl https://x) | sh", "warn", "curl | sh", id="a download in a subshell"),
        pytest.param("git push && rm -rf x", "block", "rm -rf", id="the gravest counts"),
    ],
)
def test_each_list_has_its_own_verdict(command: str, decision: str, rule: str) -> None:
    verdict = FILTER.judge(command)
    assert (verdict.decision, verdict.rule) == (decision, rule)
    assert rule in verdict.reason


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("$TOOL x", id="a program in a variable"),
        pytest.param("{rm,-rf,x}", id="a program in braces"),
        pytest.param("rm $FLAGS x", id="flags in a variable"),
        pytest.param("git $VERB", id="a verb in a variable"),
        pytest.param("eval $x", id="a command in a variable"),
        pytest.param('sh -c "$x"', id="a script in a variable"),
        pytest.param("cat script | sh", id="a script from a pipe"),
        pytest.param("echo 'unended", id="a quote that does not end"),
        pytest.param("echo $(ls", id="a bracket that does not close"),
        pytest.param("x" * (MAX_CHARS + 1), id="too long"),
        pytest.param("$(" * 50 + ")" * 50, id="too deep"),
        pytest.param("eval " * 50 + "ls", id="eval in eval"),
        pytest.param("nice " * 50 + "ls", id="nice in nice"),
        pytest.param("find -exec " * 5000 + "ls", id="find in find"),
        pytest.param("a|" * 20_000 + "a", id="a pipe without end"),
    ],
)
def test_what_cannot_be_known_is_said_to_be_unknown(command: str) -> None:
    assert FILTER.judge(command).decision == "unknown"


def test_lists_that_are_empty_allow_everything() -> None:
    empty = SandboxConfig(name="x", blocked_commands=("",), confirm_commands=(), warn_patterns=(" | ",))
    assert CommandFilter.of(empty).judge("sudo rm -rf x").decision == "allow"


@given(st.text(alphabet="rm -f\"'$(){}`\\;|&<>\n#=xEOF", max_size=60))
def test_any_text_gets_a_verdict(text: str) -> None:
    assert FILTER.judge(text).reason


@given(st.text(alphabet="abc $'\"\\", max_size=20))
def test_a_quoted_text_is_never_run(text: str) -> None:
    quoted = "'" + text.replace("'", "'\\''") + "; rm -rf x'"
    assert FILTER.judge(f"echo {quoted}").decision == "allow"
