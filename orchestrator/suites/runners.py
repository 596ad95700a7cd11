"""Recognise the test runners we know in a command, and say how each is asked for its report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from orchestrator.late_pattern import late_pattern
from orchestrator.suites.suite import Form, Setting
from orchestrator.value_class import value_class


@value_class
class Runner:
    """One test runner."""

    name: str
    form: Form
    args: tuple[str, ...] = ()
    """Words that ask for the report; they are put behind the runner's own words, or at the command's end."""
    at_end: bool = False
    """Whether they go behind everything else, since of two such options the last one counts."""
    after_program: bool = False
    """Whether they go right behind the program rather than behind its subcommand."""
    env: tuple[Setting, ...] = ()
    from_output: bool = False
    replaces_module: str = ""
    """The program that is run instead of ``-m MODULE``."""
    closing: str = ""
    """A shell text that follows, whatever the runner's end: it brings the report to its place."""
    opening: str = ""
    """A shell text in front: it takes an earlier report away."""
    why_not: str = ""
    """Why it is never run here."""


_CI = Setting("CI", "true")
_PYTHON = (
    Setting("PYTHONPATH", "@probes@", ":"),
    Setting("ORCHESTRATE_REPORT", "@report@"),
)
_BROWSER = "it drives a browser or a device"
_SUREFIRE = (
    "find . -type d \\( -name surefire-reports -o -name failsafe-reports \\) -exec rm -rf {} + ",
    "find . \\( -path '*/surefire-reports/*.xml' -o -path '*/failsafe-reports/*.xml' \\) -exec cp {} @report@ \\;",
)
_GRADLE = (
    "find . -type d -path '*/build/test-results' -exec rm -rf {} + ",
    "find . -path '*/build/test-results/*/*.xml' -exec cp {} @report@ \\;",
)

RUNNERS: Mapping[str, Runner] = {
    runner.name: runner
    for runner in (
        Runner("pytest", Form.RECORDS, env=(*_PYTHON, Setting("PYTEST_ADDOPTS", "-p orchestrate_pytest", " "))),
        Runner("unittest", Form.RECORDS, env=_PYTHON[1:], replaces_module="@probes@/orchestrate_unittest.py"),
        Runner(
            "nose2",
            Form.JUNIT,
            ("--plugin", "nose2.plugins.junitxml", "--junit-xml", "--junit-xml-path", "@report@/nose2.xml"),
        ),
        # A program that runs unittest by itself, as manage.py does.
        Runner("python script", Form.RECORDS, ("@probes@/orchestrate_unittest.py", "--script"), env=_PYTHON[1:]),
        Runner(
            "node --test",
            Form.JUNIT,
            ("--test-reporter=junit", "--test-reporter-destination=@report@/node.xml"),
            after_program=True,
            env=(_CI,),
        ),
        Runner("jest", Form.JEST, ("--json", "--outputFile=@report@/jest.json"), at_end=True, env=(_CI,)),
        Runner(
            "vitest",
            Form.JEST,
            ("--reporter=default", "--reporter=json", "--outputFile.json=@report@/vitest.json"),
            at_end=True,
            env=(_CI,),
        ),
        Runner(
            "mocha",
            Form.JUNIT,
            ("--reporter", "xunit", "--reporter-option", "output=@report@/mocha.xml"),
            at_end=True,
            env=(_CI,),
        ),
        Runner("ava", Form.TAP, ("--tap",), from_output=True, env=(_CI,)),
        Runner("tape", Form.TAP, from_output=True, env=(_CI,)),
        Runner("tap", Form.TAP, ("--reporter=tap",), from_output=True, env=(_CI,)),
        Runner("bun test", Form.JUNIT, ("--reporter=junit", "--reporter-outfile=@report@/bun.xml"), env=(_CI,)),
        Runner("deno test", Form.JUNIT, ("--junit-path=@report@/deno.xml",), env=(_CI,)),
        Runner("go test", Form.GO, ("-json",), from_output=True),
        Runner("gotestsum", Form.JUNIT, ("--junitfile=@report@/gotestsum.xml",), after_program=True),
        Runner("cargo test", Form.LIBTEST, from_output=True, env=(Setting("CARGO_TERM_COLOR", "never"),)),
        Runner("rspec", Form.RSPEC, ("--format", "progress", "--format", "json", "--out", "@report@/rspec.json")),
        Runner(
            "minitest",
            Form.RECORDS,
            env=(Setting("RUBYLIB", "@probes@/ruby", ":"), Setting("ORCHESTRATE_REPORT", "@report@")),
        ),
        Runner("phpunit", Form.JUNIT, ("--log-junit", "@report@/phpunit.xml")),
        Runner("prove", Form.TAP, env=(Setting("PERL_TEST_HARNESS_DUMP_TAP", "@report@"),)),
        # Its report file is still being written when it ends (bats 1.8.2 does not wait for its formatter).
        Runner("bats", Form.TAP, ("--tap",), from_output=True),
        Runner("busted", Form.JUNIT, ("--output=junit", "-Xoutput", "@report@/busted.xml")),
        Runner("ctest", Form.JUNIT, ("--output-junit", "@report@/ctest.xml")),
        Runner("tcltest", Form.TCLTEST, ("-verbose", "psbe"), at_end=True, from_output=True),
        Runner("maven", Form.JUNIT, opening=_SUREFIRE[0], closing=_SUREFIRE[1]),
        Runner("gradle", Form.JUNIT, opening=_GRADLE[0], closing=_GRADLE[1]),
        Runner("dotnet test", Form.TRX, ("--logger", "trx", "--results-directory", "@report@")),
        Runner("swift test", Form.JUNIT, ("--xunit-output", "@report@/swift.xml")),
        Runner("dart test", Form.NONE),
        Runner("mix test", Form.NONE),
        Runner("cabal test", Form.NONE),
        Runner("stack test", Form.NONE),
        Runner("zig build test", Form.NONE),
        Runner("sbt test", Form.NONE),
        Runner("cargo nextest", Form.NONE),
        Runner("cypress", Form.NONE, why_not=_BROWSER),
        Runner("playwright test", Form.NONE, why_not=_BROWSER),
        Runner("karma", Form.NONE, why_not=_BROWSER),
        Runner("wdio", Form.NONE, why_not=_BROWSER),
        Runner("testcafe", Form.NONE, why_not=_BROWSER),
        Runner("detox", Form.NONE, why_not=_BROWSER),
        # Anything that a project calls its tests and that is no runner we know: TAP on its output would be understood.
        Runner("command", Form.TAP, from_output=True),
    )
}

_PROGRAMS = {
    **{name: name for name in ("pytest", "nose2", "jest", "vitest", "mocha", "ava", "tap", "tape", "gotestsum")},
    **{name: name for name in ("rspec", "phpunit", "prove", "bats", "busted", "ctest", "cypress", "karma")},
    **{name: name for name in ("wdio", "testcafe", "detox")},
    **{"py.test": "pytest", "nosetests": "nose2", "pest": "phpunit", "paratest": "phpunit", "_mocha": "mocha"},
}
_SUBCOMMANDS = {
    ("go", "test"): "go test",
    ("cargo", "test"): "cargo test",
    ("cargo", "t"): "cargo test",
    ("cargo", "nextest"): "cargo nextest",
    ("deno", "test"): "deno test",
    ("bun", "test"): "bun test",
    ("dotnet", "test"): "dotnet test",
    ("swift", "test"): "swift test",
    ("dart", "test"): "dart test",
    ("flutter", "test"): "dart test",
    ("mix", "test"): "mix test",
    ("cabal", "test"): "cabal test",
    ("stack", "test"): "stack test",
    ("sbt", "test"): "sbt test",
    ("playwright", "test"): "playwright test",
    ("rake", "test"): "minitest",
    ("rake", "spec"): "rspec",
    ("rails", "test"): "minitest",
    ("react-scripts", "test"): "jest",
    ("vue-cli-service", "test:unit"): "jest",
}
_MODULES = {"pytest": "pytest", "py.test": "pytest", "unittest": "unittest", "nose2": "nose2"}
_PYTHON_PROGRAM = late_pattern(r"(python|pypy)(\d+(\.\d+)?)?|py")
_TEST_SCRIPT = late_pattern(r"(run_?|all_?)?tests?(_\w+)?\.py|\w+_tests?\.py")
_PYTHON_VALUE_OPTIONS = {"-W", "-X", "-Q"}

_RUNS = {"poetry", "pdm", "pipenv", "rye", "uv", "hatch"}
"""Programs that run another one in the project's own virtual environment: ``poetry run``."""
_RUN_VALUE_OPTIONS = {"--extra", "--group", "--with", "--python", "-p", "--package", "--env-file", "--only-group"}
_NODE_RUNS = {"npx", "bunx", "pnpx"}
_PREFIXES = {"command", "exec", "time", "nice", "nyc", "c8", "cross-env", "env", "dotenv", "xvfb-run", "@"}
CONTAINERS = {"docker", "docker-compose", "podman", "kubectl", "ssh", "vagrant", "act"}


@value_class
class Recognised:
    """Where a runner stands in the words of a command."""

    runner: Runner
    program: int
    """The position of the program that is started: the runner itself, or its interpreter."""
    end: int
    """The position behind the runner's own words."""
    module: int | None = None
    """The position of ``-m``, where the runner is a module of Python."""
    launcher: tuple[int, int] = (0, 0)
    """The words in front that find the project's own tools, which are of no use where those are on PATH."""


def recognise(words: Sequence[str]) -> Recognised | None:
    """Find the runner in a command; ``None`` where there is none that we know."""
    start, launcher = _behind_launchers(words)
    if start >= len(words):
        return None
    found = _program_at(words, start)
    if found is None:
        return None
    return Recognised(found.runner, found.program, found.end, found.module, launcher)


def recognise_anywhere(words: Sequence[str]) -> bool:
    """Whether any of the words begins a runner's command, whatever stands in front of it."""
    return any(recognise(words[position:]) is not None for position in range(len(words)))


def _behind_launchers(words: Sequence[str]) -> tuple[int, tuple[int, int]]:
    """The position of the program that is really meant."""
    position, launcher = 0, (0, 0)
    while position < len(words):
        word, rest = _base(words[position]), words[position + 1 :]
        began = position
        if word in _RUNS and rest[:1] == ["run"]:
            position = _behind_options(words, position + 2)
            launcher = (began, position)
        elif word == "bundle" and rest[:1] == ["exec"]:
            position += 2
        elif word in _NODE_RUNS or (word in ("pnpm", "yarn", "npm") and rest[:1] in (["exec"], ["x"], ["dlx"])):
            position = _behind_options(words, position + (1 if word in _NODE_RUNS else 2))
            launcher = (began, position)
        elif word in ("pnpm", "yarn", "bun") and rest and _base(rest[0]) in _PROGRAMS:
            position += 1
            launcher = (began, position)
        elif word == "timeout":
            position = _behind_options(words, position + 1) + 1
        elif word == "php" and rest and _base(rest[0]) in _PROGRAMS:
            position += 1
        elif word in _PREFIXES or re.fullmatch(r"[A-Za-z_]\w*=.*", words[position]):
            position = _behind_options(words, position + 1)
        else:
            break
    return position, launcher


def _behind_options(words: Sequence[str], position: int) -> int:
    while position < len(words) and words[position].startswith("-"):
        position += 2 if words[position] in _RUN_VALUE_OPTIONS else 1
    return position


def _program_at(words: Sequence[str], start: int) -> Recognised | None:
    word = _base(words[start])
    rest = words[start + 1 :]
    if word in CONTAINERS:
        return None
    if word in _PROGRAMS:
        return Recognised(RUNNERS[_PROGRAMS[word]], start, start + 1)
    if rest and (word, rest[0]) in _SUBCOMMANDS:
        return Recognised(RUNNERS[_SUBCOMMANDS[word, rest[0]]], start, start + 2)
    if word == "coverage" and rest[:1] == ["run"]:
        return _python_at(words, start, start + 2)
    if _PYTHON_PROGRAM.fullmatch(word):
        return _python_at(words, start, start + 1)
    if word in ("mvn", "mvnw") and any(goal in rest for goal in ("test", "verify", "install", "package")):
        return Recognised(RUNNERS["maven"], start, start + 1)
    if word in ("gradle", "gradlew") and any(_is_gradle_test(goal) for goal in rest):
        return Recognised(RUNNERS["gradle"], start, start + 1)
    if word == "zig" and rest[:2] == ["build", "test"]:
        return Recognised(RUNNERS["zig build test"], start, start + 3)
    if word == "node":
        return _node_at(words, start)
    if word == "ruby" and any("test" in other or "minitest" in other for other in rest):
        return Recognised(RUNNERS["minitest"], start, start + 1)
    if word in ("tclsh", "wish") and rest and rest[0].endswith(("all.tcl", ".test")):
        return Recognised(RUNNERS["tcltest"], start, start + 1)
    return None


def _is_gradle_test(goal: str) -> bool:
    return goal.rpartition(":")[2] in ("test", "check", "build") or goal.endswith("Test")


def _python_at(words: Sequence[str], start: int, position: int) -> Recognised | None:
    while position < len(words) and words[position].startswith("-") and words[position] != "-m":
        position += 2 if words[position] in _PYTHON_VALUE_OPTIONS else 1
    if position >= len(words):
        return None
    if words[position] == "-m" and position + 1 < len(words):
        module = words[position + 1]
        if module in _MODULES:
            return Recognised(RUNNERS[_MODULES[module]], start, position + 2, position)
        if module == "coverage" and words[position + 2 : position + 3] == ["run"]:
            return _python_at(words, start, position + 3)
        return None
    name, following = _base(words[position]), words[position + 1 : position + 2]
    if _TEST_SCRIPT.fullmatch(name) or (name in ("manage.py", "setup.py") and following == ["test"]):
        return Recognised(RUNNERS["python script"], start, position)
    return None


def _node_at(words: Sequence[str], start: int) -> Recognised | None:
    position = start + 1
    while position < len(words) and words[position].startswith("-"):
        if words[position] == "--test" or words[position].startswith("--test="):
            return Recognised(RUNNERS["node --test"], start, start + 1)
        if words[position] in ("-r", "--require", "--import", "--loader", "-C", "--env-file"):
            position += 1
        position += 1
    if position < len(words):
        name = _base(words[position]).removesuffix(".js")
        if name in _PROGRAMS:
            return Recognised(RUNNERS[_PROGRAMS[name]], start, position + 1)
    return None


def _base(word: str) -> str:
    return word.rpartition("/")[2]


_WHOLE = {".", "./", "./...", "...", "test", "tests", "./test", "./tests", "run", "discover", "all"}
_VALUE_OPTIONS = {
    *("-n", "-p", "-o", "-c", "-W", "--maxfail", "--cov-report", "--cov", "--durations", "--timeout", "--tb", "-s"),
    *(
        "--color",
        "--rootdir",
        "--config",
        "--reporter",
        "--require",
        "-r",
        "-t",
        "--jobs",
        "-j",
        "--output",
        "-timeout",
    ),
    *("-coverprofile", "-covermode", "--test-dir", "-I", "--bootstrap", "--configuration", "--format"),
}
_SELECTING_OPTIONS = {"-k", "-m", "-g", "--grep", "-run", "--tests", "--filter", "--testPathPattern", "-t", "--tag"}


def selection(runner: Runner, arguments: Sequence[str]) -> tuple[str, ...]:
    """The arguments that choose some of the tests; empty for all of them."""
    chosen: list[str] = []
    position = 0
    while position < len(arguments):
        word = arguments[position]
        value = arguments[position + 1] if position + 1 < len(arguments) else ""
        name = word.partition("=")[0]
        if name in _SELECTING_OPTIONS and not (name == "-t" and runner.name == "unittest"):
            chosen += [word] if "=" in word else [word, value]
            position += 1 if "=" in word else 2
        elif word in _VALUE_OPTIONS:
            position += 2
        else:
            if not word.startswith("-") and word.rstrip("/") not in _WHOLE and word not in _WHOLE:
                chosen.append(word)
            position += 1
    return tuple(chosen)


_FAMILIES = {
    "python": ("pytest", "unittest", "nose2", "python script"),
    "node": ("node --test", "jest", "vitest", "mocha", "ava", "tape", "tap", "bun test", "deno test"),
    "go": ("go test", "gotestsum"),
    "rust": ("cargo test", "cargo nextest"),
    "ruby": ("rspec", "minitest"),
    "jvm": ("maven", "gradle"),
}


def family(runner: str) -> tuple[str, ...]:
    """The runners of the same language: where a project names one of them, no other is guessed."""
    return next((names for names in _FAMILIES.values() if runner in names), (runner,))
