"""Serve the control endpoints of spec 004, and those for one worker, questions and confirmations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.models.entries import Command
from orchestrator.server.command_files import Accepted, question_named, send, words_for
from orchestrator.server.dependencies import FollowerMeant, WorkerName, worker_named
from orchestrator.server.problems import documented

router = APIRouter(tags=["control"], responses=documented(400, 401, 403, 404, 409, 422))
QuestionName = Annotated[str, Path(max_length=100, description="An open question's id, e.g. `q1`.")]
LONGEST_TEXT = 100_000


class Wish(BaseModel):
    """The body of a pause, resume or review: which worker, and why."""

    model_config = ConfigDict(extra="forbid")

    worker: str | None = Field(default=None, max_length=100, description="Without it: the whole crew.")
    text: str = Field(default="", max_length=LONGEST_TEXT, description="The reason; what a review should look at.")


class ResumeWish(Wish):
    """The body of a resume: which worker, why, and what an agent of a session that has stopped is told."""

    words: str = Field(
        default="",
        max_length=LONGEST_TEXT,
        description="The person's words to what the session was stopped for: whoever goes on is told them.",
    )


class StopWish(Wish):
    """The body of a stop: which worker, and how."""

    hard: bool = Field(default=False, description="Kill at once, without letting the agents finish their sentence.")


class Answer(BaseModel):
    """The body of an answer: a person's words."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")


class Confirmation(BaseModel):
    """The body of a confirmation: yes or no."""

    model_config = ConfigDict(extra="forbid")

    confirmed: bool


@router.post("/api/control/pause", status_code=202, summary="Pause orchestration")
async def pause(follower: FollowerMeant, wish: Wish | None = None) -> Accepted:
    wish = wish or Wish()
    return await send(follower, Command.PAUSE, worker=wish.worker, text=wish.text)


@router.post("/api/control/resume", status_code=202, summary="Resume orchestration")
async def resume(follower: FollowerMeant, wish: ResumeWish | None = None) -> Accepted:
    wish = wish or ResumeWish()
    return await send(follower, Command.RESUME, worker=wish.worker, text=wish.text, words=wish.words)


@router.post("/api/control/stop", status_code=202, summary="Stop orchestration")
async def stop(follower: FollowerMeant, wish: StopWish | None = None) -> Accepted:
    wish = wish or StopWish()
    command = Command.KILL if wish.hard else Command.STOP
    return await send(follower, command, worker=wish.worker, text=wish.text)


@router.post("/api/control/review", status_code=202, summary="Trigger manual review")
async def review(follower: FollowerMeant, wish: Wish | None = None) -> Accepted:
    wish = wish or Wish()
    return await send(follower, Command.REVIEW, worker=wish.worker, text=wish.text)


@router.post("/api/workers/{worker}/pause", status_code=202, summary="Freeze one worker")
async def pause_worker(follower: FollowerMeant, worker: WorkerName) -> Accepted:
    return await send(follower, Command.PAUSE, worker=worker_named(follower, worker))


@router.post("/api/workers/{worker}/resume", status_code=202, summary="Let one worker run on")
async def resume_worker(follower: FollowerMeant, worker: WorkerName) -> Accepted:
    return await send(follower, Command.RESUME, worker=worker_named(follower, worker))


@router.post("/api/workers/{worker}/stop", status_code=202, summary="Stop one worker")
async def stop_worker(follower: FollowerMeant, worker: WorkerName) -> Accepted:
    return await send(follower, Command.STOP, worker=worker_named(follower, worker))


@router.post("/api/workers/{worker}/restart", status_code=202, summary="Stop one worker and start it again")
async def restart_worker(follower: FollowerMeant, worker: WorkerName) -> Accepted:
    return await send(follower, Command.RESTART, worker=worker_named(follower, worker))


@router.post("/api/questions/{question}/answer", status_code=202, summary="Answer a question")
async def answer(follower: FollowerMeant, question: QuestionName, given: Answer) -> Accepted:
    asked = question_named(follower, question)
    return await send(follower, Command.ANSWER, text=given.text, question=asked.id)


@router.post("/api/questions/{question}/confirmation", status_code=202, summary="Confirm or refuse")
async def confirm(follower: FollowerMeant, question: QuestionName, given: Confirmation) -> Accepted:
    asked = question_named(follower, question)
    text = words_for(asked, confirmed=given.confirmed)
    return await send(follower, Command.ANSWER, text=text, question=asked.id)
