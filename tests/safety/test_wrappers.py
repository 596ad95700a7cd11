from __future__ import annotations

import pytest

from orchestrator.safety.shell.words import Word
from orchestrator.safety.wrappers import (
    handed_on,
    inner_commands,
    may_hand_on,
    may_run_elsewhere,
    other_readings,
    perhaps_run,
    perhaps_started,
    program_of,
    script_of,
    scripts_of_aliases,
)


def as_words(text: str) -> tuple[Word, ...]:
    return tuple(Word(part) for part in text.split())


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        pytest.param("sudo -u me a b", ["a b"], id="an option with a value"),
        pytest.param("sudo -n -- a -b", ["a -b"], id="the end of options"),
        pytest.param("env A=1 B=2 a", ["a"], id="assignments"),
        pytest.param("env -S a b", ["a b"], id="a split word"),
        pytest.param("timeout 5 a", ["a"], id="a word of its own"),
        pytest.param("/usr/bin/nice a", ["a"], id="by its path"),
        pytest.param("docker run -v a:b --rm image a b", ["a b"], id="a container"),
        pytest.param("docker ps a", [""], id="a container's other verbs"),
        pytest.param("ssh -p 22 host a b", ["a b"], id="another machine"),
        pytest.param("poetry run a", ["a"], id="a verb of its own"),
        pytest.param("uv run a b", ["a b"], id="uv run"),
        pytest.param("uv pip install a", ["pip install a"], id="uv pip"),
        pytest.param("sudo", [""], id="nothing to start"),
        pytest.param("ls a", [], id="no wrapper"),
    ],
)
def test_the_inner_command_is_found(text: str, inner: list[str]) -> None:
    assert [" ".join(word.text for word in words) for words in inner_commands(as_words(text))] == inner


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        pytest.param("nice --new-option a b c", ["b c"], id="an option that no table knows may take a value"),
        pytest.param("proxychains4 -q a b", ["a b"], id="one that takes a value elsewhere may take none"),
        pytest.param("timeout 5 a b", [], id="no option, no doubt"),
        pytest.param("ls -l a", [], id="no wrapper"),
    ],
)
def test_an_option_may_take_a_value_or_none(text: str, inner: list[str]) -> None:
    assert [" ".join(word.text for word in words) for words in other_readings(as_words(text))] == inner


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        pytest.param("wrap a b", ["a b"], id="the first words"),
        pytest.param("wrap -v a b", ["a b", "b"], id="an option's value, perhaps"),
        pytest.param("wrap env x -- a b", ["env x -- a b", "a b"], id="behind the end of options"),
        pytest.param("wrap exec -v a b", ["exec -v a b", "a b", "b"], id="behind a verb"),
    ],
)
def test_a_program_that_nobody_knows_may_start_its_words(text: str, inner: list[str]) -> None:
    assert [" ".join(word.text for word in words) for words in perhaps_started(as_words(text))] == inner


def test_a_program_that_nobody_knows_may_run_a_text() -> None:
    words = [Word(part) for part in ("x", "--command=a b", "--exec", "c d", "--run", "e", "--title", "f g", "-m=h i")]
    assert list(perhaps_run(words)) == ["a b", "c d"]


def test_what_runs_elsewhere_is_known_by_its_name() -> None:
    names = ("ssh", "docker", "env", "nice", "ls")
    assert [name for name in names if may_run_elsewhere(name)] == ["ssh", "docker", "env"]


@pytest.mark.parametrize(
    ("words", "script"),
    [
        pytest.param(("sh", "-c", "a b", "x"), "a b", id="sh"),
        pytest.param(("bash", "-o", "pipefail", "-ec", "a"), "a", id="letters together"),
        pytest.param(("bash", "script.sh", "-c"), None, id="a file"),
        pytest.param(("su", "me", "--command=a"), "a", id="su"),
        pytest.param(("eval", "a", "b"), "a b", id="eval"),
        pytest.param(("watch", "-n", "2", "a", "b"), "a b", id="watch"),
        pytest.param(("trap", "a", "EXIT"), "a", id="trap"),
        pytest.param(("trap", "EXIT"), None, id="a trap taken off"),
        pytest.param(("ls", "-c", "a"), None, id="no shell"),
    ],
)
def test_the_script_a_program_runs_is_found(words: tuple[str, ...], script: str | None) -> None:
    found = script_of([Word(word) for word in words])
    assert (found.text if found else None) == script


def test_a_program_is_named_without_its_folder() -> None:
    assert program_of(as_words("/usr/bin/git push")) == "git"
    assert program_of(()) == ""


@pytest.mark.parametrize(
    ("text", "started"),
    [
        ("lerna exec --scope x -- a b", ["a b", "-- a b", "a b"]),
        ("npm explore x -- a b", ["a b"]),
        ("nx exec a b", ["a b"]),
        ("npm publish", []),
    ],
)
def test_what_stands_behind_two_dashes_or_exec_may_be_a_command(text: str, started: list[str]) -> None:
    words = as_words(text)
    found = [" ".join(word.text for word in inner) for inner in handed_on(words)]
    assert found[:1] == started[:1]
    assert may_hand_on(words) is bool(started)


def test_the_entry_point_of_a_container_is_given_what_the_image_is() -> None:
    for text in ("docker run --entrypoint a image b c", "podman run --entrypoint=a image b c"):
        assert as_words("a b c") in list(inner_commands(as_words(text)))


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ("hg --config alias.x=push x", ["hg push"]),
        ("cargo --config=alias.x=publish x", ["cargo publish"]),
        ("git log", []),
    ],
)
def test_an_alias_that_the_words_make_is_followed(text: str, scripts: list[str]) -> None:
    words = as_words(text)
    assert list(scripts_of_aliases(words[0].text, words)) == scripts


def test_an_alias_that_is_a_list_or_a_shells_own_text_is_followed() -> None:
    listed = [*as_words("jj config set --user aliases.p"), Word('["git", "push"]')]
    assert "jj git push" in list(scripts_of_aliases("jj", listed))
    assert list(scripts_of_aliases("hg", [Word("hg"), Word("--config"), Word("alias.p=!a b")])) == ["a b"]


def test_a_package_is_known_by_its_program_and_pipx_by_the_pip_it_calls() -> None:
    assert program_of(as_words("@changesets/cli@2 publish")) == "changeset"
    assert program_of(as_words("@scope/x@1 a")) == "x"
    assert list(inner_commands(as_words("pipx runpip env install x"))) == [as_words("pip install x")]
