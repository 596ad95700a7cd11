from __future__ import annotations

import pytest

from orchestrator.suites.readers import READERS
from orchestrator.suites.runners import RUNNERS, family, recognise, selection
from orchestrator.suites.suite import Form


@pytest.mark.parametrize(
    ("line", "runner"),
    [
        ("pytest -q", "pytest"),
        ("py.test", "pytest"),
        ("./venv/bin/python -m pytest", "pytest"),
        ("python3.12 -W error -m pytest", "pytest"),
        ("coverage run -m pytest", "pytest"),
        ("coverage run --source=x -m unittest discover", "unittest"),
        ("python -m coverage run -m pytest", "pytest"),
        ("uv run --frozen --group dev pytest", "pytest"),
        ("poetry run python -m unittest", "unittest"),
        ("env A=1 pytest", "pytest"),
        ("timeout 60 pytest", "pytest"),
        ("xvfb-run -a pytest", "pytest"),
        ("python manage.py test shop", "python script"),
        ("python tests/run_tests.py", "python script"),
        ("python setup.py test", "python script"),
        ("npx --yes jest", "jest"),
        ("yarn jest --ci", "jest"),
        ("cross-env NODE_ENV=test jest", "jest"),
        ("nyc --reporter=text mocha", "mocha"),
        ("node --import tsx --test", "node --test"),
        ("node ./node_modules/mocha/bin/mocha.js", "mocha"),
        ("pnpm exec vitest run", "vitest"),
        ("react-scripts test", "jest"),
        ("go test -race ./...", "go test"),
        ("cargo test --all", "cargo test"),
        ("bundle exec rspec", "rspec"),
        ("bundle exec rake test", "minitest"),
        ("php vendor/bin/phpunit", "phpunit"),
        ("./mvnw -B verify", "maven"),
        ("./gradlew :app:testDebugUnitTest", "gradle"),
        ("ctest --test-dir build", "ctest"),
        ("tclsh tests/all.tcl", "tcltest"),
        ("playwright test", "playwright test"),
    ],
)
def test_a_runner_is_recognised_behind_whatever_starts_it(line: str, runner: str) -> None:
    found = recognise(line.split())
    assert found is not None
    assert found.runner.name == runner


@pytest.mark.parametrize(
    "line",
    [
        *(
            "",
            "pip install pytest",
            "npm install jest",
            "go build ./...",
            "cargo build",
            "python -m build",
            "echo pytest",
        ),
        *("docker run x pytest", "python", "python -c pytest", "node server.js", "gradle assemble", "python app.py"),
        *("poetry run", "timeout", "coverage run", "python -m", "apt-get install -y bats"),
    ],
)
def test_what_only_names_a_runner_is_none(line: str) -> None:
    assert recognise(line.split()) is None


def test_every_form_but_none_has_a_reader() -> None:
    assert {runner.form for runner in RUNNERS.values()} - {Form.NONE} <= set(READERS)


@pytest.mark.parametrize(
    ("runner", "arguments", "chosen"),
    [
        ("pytest", "-q -n 4 tests", ()),
        ("pytest", "-k login tests/unit", ("-k", "login", "tests/unit")),
        ("go test", "-race ./...", ()),
        ("unittest", "discover -s tests -t .", ()),
        ("jest", "--testPathPattern=api", ("--testPathPattern=api",)),
    ],
)
def test_what_chooses_tests_is_told_from_what_does_not(runner: str, arguments: str, chosen: tuple[str, ...]) -> None:
    assert selection(RUNNERS[runner], arguments.split()) == chosen


def test_families_hold_the_runners_of_a_language() -> None:
    assert "unittest" in family("pytest")
    assert family("bats") == ("bats",)
