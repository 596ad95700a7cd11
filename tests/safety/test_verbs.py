from __future__ import annotations

import pytest

from orchestrator.safety.shell.words import UNKNOWN, Word
from orchestrator.safety.verbs import GRAMMARS, asks_for, is_known, means, possible_verbs, takes_value, verbs_of


def words(text: str) -> list[Word]:
    return [UNKNOWN if part == "?" else Word(part) for part in text.split()]


@pytest.mark.parametrize(
    ("program", "given", "verb", "asks"),
    [
        pytest.param("git", "-C d -c a=b --no-pager push", "push", True, id="behind options"),
        pytest.param("git", "commit -m push", "push", False, id="an argument of another verb"),
        pytest.param("git", "stash push", "push", False, id="another verb's own word"),
        pytest.param("git", "-C push status", "push", False, id="an option's value"),
        pytest.param("git", "--brand-new x push", "push", True, id="behind an option nobody knows"),
        pytest.param("git", "--brand-new push", "push", True, id="or right behind it"),
        pytest.param("git", "--brand-new=x status", "push", False, id="whose value is attached"),
        pytest.param("npm", "--loglevel silent publ", "publish", True, id="a beginning of it"),
        pytest.param("npm", "pu", "publish", False, id="too short a beginning"),
        pytest.param("pip", "-i URL install x", "install", True, id="an option that stands too early"),
        pytest.param("cargo", "+nightly publish", "publish", True, id="behind a toolchain"),
        pytest.param("mvn", "-B clean :core:deploy", "deploy", True, id="one of several goals"),
        pytest.param("docker", "compose -f x push", "compose push", True, id="two words"),
        pytest.param("docker", "compose up push", "compose push", False, id="with another between them"),
        pytest.param("yarn", "workspace core publish", "workspace * publish", True, id="whatever stands between"),
    ],
)
def test_a_verb_is_found_wherever_it_stands(program: str, given: str, verb: str, asks: bool) -> None:
    assert asks_for(program, words(given), verb.split()) == (asks, False)


def test_a_word_that_only_run_time_knows_may_be_the_verb() -> None:
    assert asks_for("git", words("? origin"), ["push"]) == (True, True)
    assert asks_for("git", words("status ?"), ["push"]) == (False, False)


def test_other_verbs_mean_the_same() -> None:
    assert ("send-pack",) in verbs_of("git", ["push"])
    assert verbs_of("git", ["commit"]) == (("commit",),)


def test_options_are_told_apart() -> None:
    pip = GRAMMARS["pip"]
    assert takes_value(pip, "-i")
    assert not takes_value(pip, "-q")
    assert is_known(pip, "-qv")
    assert is_known(pip, "-iURL")
    assert is_known(pip, "--new=1")
    assert not is_known(pip, "--new")
    assert means("publ", "publish", GRAMMARS["npm"])
    assert not means("inst", "install", pip)


def test_only_verbs_whose_words_are_there_are_looked_for() -> None:
    verbs = [("push",), ("lfs", "push"), ("flow", "*", "publish")]
    assert list(possible_verbs("git", words("lfs x push"), verbs)) == [("push",), ("lfs", "push")]
    assert list(possible_verbs("git", words("flow x publish"), verbs)) == [("flow", "*", "publish")]
    assert list(possible_verbs("git", words("? x"), verbs)) == verbs
    assert list(possible_verbs("npm", words("publ"), [("publish",)])) == [("publish",)]
