"""Find which turn of the scenario a request meets, and what the model answers to it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from zlib import crc32

from orchestrator.prompts import FOLLOW_UP_HEADING
from orchestrator.rehearsal.dialogue import (
    Answer,
    Call,
    Drop,
    Marker,
    ModelRequest,
    Pause,
    Piece,
    Refusal,
    Text,
    Thought,
    TokenUsage,
    ToolResult,
    UserText,
    find_marker,
)
from orchestrator.rehearsal.sample_answers import asked_schema, sample_answer
from orchestrator.rehearsal.scenario import FileToWrite, Scenario, Step, Turn
from orchestrator.value_class import value_class

_CHARACTERS_PER_TOKEN = 4
_APPROVAL = Step(
    reply={"verdict": "approved", "summary": "Nothing in this rehearsal's script speaks against it.", "points": []}
)
_DONE = Step(say="Done. The rehearsal's script has no lines for this prompt.")
_NO_TURN, _NO_TURN_REVIEW, _NO_TURN_MEMBER = -1, -2, -3
_NOTHING_LEFT = Step(say="That is all.")


@value_class
class WorkerPaths:
    """What the placeholders in a scenario stand for, for one worker."""

    target: str = "."
    scratch: str = "."
    session: str = "."

    def fill(self, text: str, *, quoted: bool = False) -> str:
        """Put the paths in; ``quoted`` for a shell command line."""
        for name, path in (("target", self.target), ("scratch", self.scratch), ("session", self.session)):
            text = text.replace(f"{{{name}}}", shlex.quote(path) if quoted else path)
        return text


@dataclass(slots=True)
class _Play:
    """A turn being played to one prompt."""

    steps: tuple[Step, ...]
    turn: int
    """Its number in the scenario; -1 to -3 are the answers to prompts it has no turn for."""
    prompt: tuple[int, str]
    """Its place among the user's texts, and the text: what tells a new prompt from a tool's result or a retry."""
    at: int = 0
    refused: int = 0
    """Requests the refusing step at ``at`` has met so far."""
    called: bool = False
    asked: str = ""
    """The digest of the last request that was answered; empty if it is not to be answered in the same way again."""
    before: tuple[int, int, bool] = (0, 0, False)
    """``at``, ``refused`` and ``called`` as that request met them."""


@value_class
class Speaker:
    """Whose request it is, and where in its conversation the last prompt stands."""

    marker: Marker
    prompt: tuple[int, str]
    results: Sequence[ToolResult]
    """Tool results since that prompt."""


def speaker_of(request: ModelRequest) -> Speaker:
    """Read the last prompt with a marker; without any, the last text, spoken to a worker named like its agent."""
    texts = [(index, said.text) for index, said in enumerate(request.said) if isinstance(said, UserText)]
    last = texts[-1] if texts else (0, "")
    marker = Marker(worker=request.agent, role="")
    for index, text in reversed(texts):
        found = find_marker(text)
        if found is not None:
            last, marker = (index, text), found
            break
    results = [said for said in request.said[last[0] :] if isinstance(said, ToolResult)]
    return Speaker(marker, last, results)


@dataclass(slots=True)
class Script:
    """The scenario with a bookmark for every worker.  Not for more than one event loop."""

    scenario: Scenario
    paths: dict[str, WorkerPaths] = field(default_factory=dict)
    _used: set[int] = field(default_factory=set)
    _plays: dict[str, _Play] = field(default_factory=dict)
    _answers: int = 0

    def answer(self, request: ModelRequest) -> Answer | Refusal:
        """What the model does with this request; moves the bookmark of whoever asked."""
        self._answers += 1
        answer_id = f"rehearsal_{self._answers}"
        if request.side is not None:
            return Answer(answer_id, (Text(json.dumps(request.side)),), _estimate(request, (), None))
        speaker = speaker_of(request)
        play = self._play_for(speaker, request)
        before = (play.at, play.refused, play.called)
        answer = self._next(play, speaker, request, answer_id)
        play.before, play.asked = before, request.digest if _may_be_lost(answer) else ""
        return answer

    def _play_for(self, speaker: Speaker, request: ModelRequest) -> _Play:
        worker = speaker.marker.worker
        play = self._plays.get(worker)
        if play is not None and play.asked and play.asked == request.digest:
            # Whoever asks again in the same words never got the answer: its way was cut, perhaps with a coordinator.
            play.at, play.refused, play.called = play.before
            return play
        # A prompt seen before, with no result of the call it led to, is a fresh start of the same prompt.
        started_over = play is not None and play.called and not speaker.results
        if play is None or play.prompt != speaker.prompt or started_over:
            turn = self._choose(speaker, request)
            play = self._plays[worker] = _Play(self._steps(turn, worker, speaker.prompt[1]), turn, speaker.prompt)
        return play

    def _choose(self, speaker: Speaker, request: ModelRequest) -> int:
        marker = speaker.marker
        is_member = asked_schema(speaker.prompt[1]) is not None
        for index, turn in enumerate(self.scenario.turn):
            if is_member and not _is_for_member(turn):
                continue
            if index not in self._used and _fits(turn, marker, request):
                if not turn.repeat:
                    self._used.add(index)
                return index
        if is_member:
            return _NO_TURN_MEMBER
        return _NO_TURN_REVIEW if marker.role == "reviewer" or marker.review else _NO_TURN

    def _steps(self, turn: int, worker: str, prompt: str) -> tuple[Step, ...]:
        if turn >= 0:
            return self.scenario.turn[turn].step
        if turn == _NO_TURN_MEMBER:
            return _unscripted(worker, prompt)
        if turn == _NO_TURN_REVIEW:
            return (_APPROVAL,)
        marker = find_marker(prompt)
        # A person who asks for more in a rehearsal is to see how that goes: whoever may write, writes.
        writes = _is_follow_up(prompt) and marker is not None and marker.role == "implementer"
        return (_written_by(worker, prompt), _DONE) if writes else (_DONE,)

    def bookmarks(self) -> str:
        """Everybody's position as JSON, for :meth:`restore` in another process."""
        plays = {
            worker: [play.turn, play.prompt, play.at, play.refused, play.called, play.asked, play.before]
            for worker, play in self._plays.items()
        }
        return json.dumps({"used": sorted(self._used), "answers": self._answers, "plays": plays})

    def restore(self, bookmarks: str) -> None:
        """Go on where another script of the same scenario stopped.

        Raises:
            ValueError: These are no bookmarks.
        """
        try:
            told = json.loads(bookmarks)
            self._used, self._answers = set(told["used"]), told["answers"]
            for worker, (turn, prompt, at, refused, called, asked, before) in told["plays"].items():
                play = _Play(
                    self._steps(turn, worker, prompt[1]), turn, (prompt[0], prompt[1]), at, refused, called, asked
                )
                self._plays[worker] = replace(play, before=(before[0], before[1], before[2]))
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise ValueError(f"no bookmarks of this scenario: {error}") from error

    def _next(self, play: _Play, speaker: Speaker, request: ModelRequest, answer_id: str) -> Answer | Refusal:
        paths = self.paths.get(speaker.marker.worker, WorkerPaths())
        pieces: list[Piece] = []
        usage: TokenUsage | None = None
        hang_s = 0.0
        for step in _group(play, speaker.results):
            if step.status is not None:
                return Refusal(step.status, step.message, step.headers, step.body, step.resets_in_s)
            if step.usage is not None:
                usage = TokenUsage(step.usage.input, step.usage.output, step.usage.cached, step.usage.thinking)
            elif step.hang_s is not None:
                hang_s += step.hang_s
            else:
                pieces.append(_piece(step, paths))
            play.called = play.called or step.is_call
        return Answer(answer_id, tuple(pieces), usage or _estimate(request, pieces, usage), hang_s)


def _is_for_member(turn: Turn) -> bool:
    """Whether the turn can be one of an agent of a plan: it names that, or ends with an answer by a schema.

    Turns for a role alone are those of the built-in teams, whose agents answer in prose.
    """
    return turn.worker is not None or any(step.reply is not None for step in turn.step)


def _unscripted(worker: str, prompt: str) -> tuple[Step, ...]:
    """An agent of a plan that the scenario has no lines for answers by its schema; one that may write, writes."""
    marker, schema = find_marker(prompt), asked_schema(prompt) or {}
    answer = Step(reply=sample_answer(schema, worker))
    if marker is None or marker.role != "implementer":
        return (answer,)
    return _written_by(worker, prompt), answer


def _is_follow_up(prompt: str) -> bool:
    return f"\n{FOLLOW_UP_HEADING}\n" in prompt


def _written_by(worker: str, prompt: str) -> Step:
    text = f"Written by {worker} in a rehearsal that has no lines for it.\n"
    if _is_follow_up(prompt):  # each is to change something, the second of two as well
        text += f"For the follow-up {crc32(prompt.encode()):08x}.\n"
    return Step(write=FileToWrite(path=f"{{target}}/rehearsal-{worker}.md", text=text))


def _may_be_lost(answer: Answer | Refusal) -> bool:
    """Whether the script means the answer to arrive: one that it refuses, cuts or holds back is asked for again."""
    if isinstance(answer, Refusal) or answer.hang_s:
        return False
    # Of one with a pause, what came before that has been heard when the way is cut.
    return not any(isinstance(piece, Drop | Pause) for piece in answer.pieces)


def _group(play: _Play, results: Sequence[ToolResult]) -> Sequence[Step]:
    """The steps of the next response: up to a tool call, an error or a cut.  Moves the bookmark past them."""
    group: list[Step] = []
    while play.at < len(play.steps):
        step = play.steps[play.at]
        if step.when is not None and not _holds(step, results):
            play.at += 1
            continue
        if step.status is not None and group:
            break
        group.append(step)
        _advance(play, step)
        if step.is_call or step.status is not None or step.drop:
            break
    return group or [_NOTHING_LEFT]


def _advance(play: _Play, step: Step) -> None:
    """Move past the step, unless further requests are to meet it."""
    play.refused += 1
    endless = step.times == 0
    if (step.status is None and not step.drop) or (not endless and play.refused >= step.times):
        play.at += 1
        play.refused = 0


def _holds(step: Step, results: Sequence[ToolResult]) -> bool:
    failed = bool(results) and results[-1].failed
    return failed == (step.when == "failed")


def _fits(turn: Turn, marker: Marker, request: ModelRequest) -> bool:
    if turn.agent is not None and turn.agent != request.agent:
        return False
    if turn.role is not None and turn.role != marker.role:
        return False
    if turn.worker is not None and not fnmatchcase(marker.worker, turn.worker):
        return False
    if turn.review is not None:
        return marker.review is not None and fnmatchcase(marker.review, turn.review)
    return marker.review is None or turn.role is not None or turn.worker is not None


def _piece(step: Step, paths: WorkerPaths) -> Piece:
    if step.say is not None:
        return Text(paths.fill(step.say))
    if step.think is not None:
        return Thought(paths.fill(step.think))
    if step.report is not None:
        return Text(f"\n{json.dumps(_event(step.report))}\n")
    if step.write is not None:
        return Call("write", path=paths.fill(step.write.path), text=step.write.text)
    if step.run is not None:
        return Call("run", text=paths.fill(step.run, quoted=True))
    if step.read is not None:
        return Call("read", path=paths.fill(step.read))
    if step.reply is not None:
        return Call("reply", reply=step.reply)
    if step.pause_s is not None:
        return Pause(step.pause_s)
    return Drop()


def _event(report: Mapping[str, object]) -> Mapping[str, object]:
    payload = {name: value for name, value in report.items() if name != "type"}
    return {"type": report.get("type", "progress"), "payload": payload}


def _estimate(request: ModelRequest, pieces: Sequence[Piece], usage: TokenUsage | None) -> TokenUsage:
    if usage is not None:
        return usage
    spoken = sum(len(piece.text) for piece in pieces if isinstance(piece, Text | Thought | Call))
    return TokenUsage(request.size // _CHARACTERS_PER_TOKEN, spoken // _CHARACTERS_PER_TOKEN + 1)
