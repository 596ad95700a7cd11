from __future__ import annotations

from pathlib import Path

from orchestrator.suites.suite import Form, Places, Setting, Suite, invocation

PLACES = Places(Path("/r/a b"), Path("/p"), Path("/w"), Path("/t"))


def suite(*argv: str, env: tuple[Setting, ...] = ()) -> Suite:
    return Suite("x", "x", argv, "here", Form.JUNIT, env=env)


def test_folders_of_the_run_are_filled_in() -> None:
    found = invocation(suite("phpunit", "--log-junit", "@report@/x.xml"), PLACES, {})
    assert found.argv == ("phpunit", "--log-junit", "/r/a b/x.xml")


def test_within_a_script_they_are_quoted() -> None:
    found = invocation(suite("sh", "-c", "a && phpunit --log-junit=@report@/x.xml"), PLACES, {})
    assert found.argv[2] == "a && phpunit --log-junit='/r/a b'/x.xml"


def test_settings_are_joined_to_what_is_set_already() -> None:
    env = (Setting("PATH", "@target@/bin", ":"), Setting("NEW", "@probes@", ":"), Setting("CI", "true"))
    found = invocation(suite("x", env=env), PLACES, {"PATH": "/usr/bin", "CI": "no", "HOME": "/h"})
    assert found.environ == {"PATH": "/t/bin:/usr/bin", "NEW": "/p", "CI": "true", "HOME": "/h"}


def test_the_command_for_people_is_the_projects_own() -> None:
    assert Suite("x", "x", ("pytest", "-q"), "here", Form.NONE).command == "pytest -q"
    assert Suite("x", "x", ("sh", "-c", "a @report@"), "here", Form.NONE, shown="a && b").command == "a && b"
