"""The command line enters here, and here alone errors become messages and exit codes."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NoReturn, TextIO

import click

from orchestrator.cli.group import PROGRAM, build_group
from orchestrator.errors import EnvironmentUnfit, ExitCode, OrchestrateError

_NOBODY_READS = frozenset({errno.EPIPE, errno.EIO, errno.EBADF})
"""A reader (``| head``) or a terminal has gone: that is no failure of the run."""
_UNFIT = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EFBIG: "a file may not grow further (ulimit -f)",
    errno.EMFILE: "too many files are open (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine",
    errno.EIO: "the disk or file system has an error",
}
"""What the machine refuses wherever it is asked, and what is no bug of ours."""
_HINTS = {
    errno.EFBIG: "raise the limit: ulimit -f unlimited",
    errno.EMFILE: "raise the limit: ulimit -n 4096",
}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code.

    Args:
        arguments: What follows the program's name; ``None`` takes the process's own.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    code = run(given)
    problem = _flush_or_silence(sys.stdout)
    # Whoever asked for a document counts on it; whoever looks at a list may turn away.
    if problem is not None and (problem.errno not in _NOBODY_READS or "--json" in given):
        _complain(f"what was to be printed could not be written: {problem.strerror}", None)
        code = code or ExitCode.FAILED
    _flush_or_silence(sys.stderr)
    sys.exit(code)


def _flush_or_silence(stream: TextIO | None) -> OSError | None:
    """Write what is left; after a failure nothing more is tried, or the interpreter's own last flush would change the
    exit code.

    Args:
        stream: ``None`` where the descriptor was closed before the start.
    """
    if stream is None:
        return OSError(errno.EBADF, os.strerror(errno.EBADF))
    try:
        stream.flush()
    except OSError as problem:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return problem
    return None


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code; bugs keep their traceback."""
    # A name that no terminal can show (a broken locale, a surrogate in a path) is no reason to fail.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = build_group().main(args=arguments, prog_name=PROGRAM, standalone_mode=False)
        return code if isinstance(code, int) else ExitCode.DONE
    except (KeyboardInterrupt, click.Abort):
        _tell(f"{PROGRAM}: interrupted")
        return ExitCode.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as refusal:
        _tell(refusal.format_message())
        return ExitCode.USAGE
    except click.ClickException as refusal:
        _complain(refusal.format_message(), _hint_of(refusal))
        return refusal.exit_code
    except Exception as error:
        # Whoever read our output has gone (``| head``): nothing to say, and nobody to say it to.
        if all(isinstance(inner, BrokenPipeError) for inner in _innermost(error)):
            return ExitCode.FAILED
        known = known_error(error)
        if known is None:
            _admit_bug(error)
            return ExitCode.FAILED
        _complain(known.message, known.hint)
        return known.exit_code


def known_error(error: BaseException) -> OrchestrateError | None:
    """Find the one error of ours in ``error``, also within groups; ``None`` if anything else is among it."""
    found = [_as_ours(inner) for inner in _innermost(error)]
    return found[0] if all(found) else None


def _as_ours(error: BaseException) -> OrchestrateError | None:
    if isinstance(error, OrchestrateError):
        return error
    if not isinstance(error, OSError) or error.errno not in _UNFIT:
        return None
    where = error.filename2 or error.filename
    message = f"{_UNFIT[error.errno]}: {where}" if where else _UNFIT[error.errno]
    hint = _HINTS.get(error.errno, "free some space, or choose another folder with --workspace")
    return EnvironmentUnfit(message, hint=hint)


def _innermost(error: BaseException) -> Iterator[BaseException]:
    """Take the errors out of the exception groups that task groups put around them."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _innermost(inner)
    else:
        yield error


def _hint_of(refusal: click.ClickException) -> str | None:
    own = getattr(refusal, "hint", None)
    if own is not None:
        return str(own)
    if "unexpected extra argument" in refusal.format_message():
        return f'a task is one argument: {PROGRAM} "what is to be done"'
    context = getattr(refusal, "ctx", None)
    return f"{context.command_path} --help" if context is not None else None


def _tell(text: str) -> None:
    with suppress(OSError):
        print(text, file=sys.stderr)


def _complain(message: str, hint: str | None) -> None:
    from orchestrator.quotation import visible_lines  # not for a start that has nothing to complain of

    _tell(visible_lines(f"{PROGRAM}: error: {message}"))
    if hint:
        _tell(visible_lines(f"hint: {hint}"))


def _admit_bug(error: Exception) -> None:
    import traceback

    _tell("".join(traceback.format_exception(error)).rstrip())
    _tell(f"{PROGRAM}: this is a bug in {PROGRAM}, not in your task")


if __name__ == "__main__":
    main()
