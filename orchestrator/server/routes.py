"""Serve what can be read: the endpoints of spec 004, events by page, raw logs, report, diff, all sessions."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel
from pydantic_core import to_json

from orchestrator import __version__
from orchestrator.errors import OrchestrateError
from orchestrator.files.foreign import ForeignFolder, Unread
from orchestrator.files.time_limits import off_loop
from orchestrator.models.decisions import OrchestratorDecision
from orchestrator.models.recovery import RecoveryAction
from orchestrator.narration.notices import Topic
from orchestrator.server.call_view import CallView, call_view
from orchestrator.server.chronicle import Timeline
from orchestrator.server.client_streams import EventStream
from orchestrator.server.dependencies import FollowerMeant, SessionName, WorkerName, hub_of, session_of, worker_named
from orchestrator.server.event_pages import EventPage, MatchText, page_of_events
from orchestrator.server.messages import position_in
from orchestrator.server.opening_view import opening_view
from orchestrator.server.plan_views import NodeView, plan_views
from orchestrator.server.problems import Refusal, documented
from orchestrator.server.raw_pages import MOST_BYTES, RawPage, read_page
from orchestrator.server.session_rows import MOST_REPORT_BYTES, SessionEntry, session_entry
from orchestrator.server.session_table import Column, SessionQuery, SessionTable
from orchestrator.server.target_diff import DiffView
from orchestrator.server.views import SessionView, WorkerView, question_views, review_views, session_view
from orchestrator.session.open_questions import OpenQuestion
from orchestrator.session.summary import ReviewSummary, SessionSummary, summarise

READ_TIME_S = 60.0
open_router = APIRouter(tags=["health"])
router = APIRouter(tags=["read"], responses=documented(400, 401, 403, 404, 409, 422))


class Health(BaseModel):
    """That the server answers."""

    status: Literal["ok"] = "ok"
    version: str = __version__


@open_router.get("/health", summary="Health check", responses=documented(400, 403))
async def health() -> Health:
    return Health()


@router.get("/api/session", summary="Session information")
async def session(follower: FollowerMeant) -> SessionView:
    return session_view(session_of(follower), live=follower.is_live)


@router.get("/api/workers", summary="Worker status")
async def workers(follower: FollowerMeant) -> list[WorkerView]:
    return follower.worker_views()


@router.get("/api/workers/{worker}", summary="One worker")
async def worker(follower: FollowerMeant, worker: WorkerName) -> WorkerView:
    name = worker_named(follower, worker)
    return next(view for view in follower.worker_views() if view.id == name)


@router.get("/api/reviews", summary="Peer review summary")
async def reviews(follower: FollowerMeant) -> list[ReviewSummary]:
    return list(review_views(session_of(follower)))


@router.get("/api/decisions", summary="Orchestrator decisions")
async def decisions(follower: FollowerMeant) -> list[OrchestratorDecision]:
    return list(session_of(follower).assessment.decisions)


@router.get("/api/recovery", summary="Recovery actions")
async def recovery(follower: FollowerMeant) -> list[RecoveryAction]:
    return list(session_of(follower).recoveries)


@router.get("/api/questions", summary="Questions and confirmations that wait for a person")
async def questions(follower: FollowerMeant) -> list[OpenQuestion]:
    return list(question_views(session_of(follower)))


@router.get(
    "/api/opening",
    summary="A session as its report or its checkpoint tells it: at once, however large it is",
    responses={204: {"description": "It has neither: /api/session tells where it stands"}},
)
async def opening(request: Request, name: SessionName = None) -> Response:
    folder = hub_of(request).folder(name)
    view = await off_loop(partial(opening_view, folder), within_s=READ_TIME_S, what="reading the report")
    if view is None:
        return Response(status_code=204)
    return Response(to_json(view), media_type="application/json")


@router.get("/api/plan", summary="The plan as a tree, the root first")
async def plan(follower: FollowerMeant) -> list[NodeView]:
    return list(plan_views(session_of(follower)))


@router.get("/api/timeline", summary="What happened when: turns, calls, milestones, reviews, questions, spending")
async def timeline(
    follower: FollowerMeant,
    after: Annotated[int, Query(ge=0, le=2**53, description="Only what has changed since this journal number.")] = 0,
) -> Timeline:
    session_of(follower)
    return replace(follower.chronicle.after(after), upto=follower.n)


@router.get("/api/call", summary="One tool call of the axis of time: what was asked for and what came back")
async def call(
    follower: FollowerMeant,
    key: Annotated[str, Query(max_length=1000, description="Of a mark of /api/timeline whose `what` is `call`.")],
) -> CallView:
    session_of(follower)
    try:
        return await off_loop(partial(call_view, follower, key), within_s=READ_TIME_S, what="reading the journal")
    except TimeoutError as error:
        raise OrchestrateError(str(error)) from error


@router.get("/api/summary", summary="Complete summary")
async def summary(follower: FollowerMeant) -> SessionSummary:
    return summarise(session_of(follower))


@router.get("/api/sessions", summary="All sessions of the workspace, newest first")
async def sessions(request: Request) -> list[SessionEntry]:
    hub = hub_of(request)
    return [session_entry(row, hub.figures(row), waits=await hub.waits(row)) for row in await hub.rows()]


@router.get("/api/sessions/table", summary="Some of the sessions: filtered, ordered, as many as asked for")
async def sessions_table(
    request: Request,
    *,
    text: Annotated[str, Query(max_length=200, description="In the task, the id, the target or the agents.")] = "",
    status: Annotated[str, Query(max_length=40)] = "",
    by: Annotated[Column, Query(description="The column it is ordered by.")] = "opened_at",
    down: Annotated[bool, Query(description="The largest, or the newest, first.")] = True,
    limit: Annotated[int, Query(ge=1, le=2000)] = 200,
) -> SessionTable:
    return await hub_of(request).table(SessionQuery(text, status, by, down, limit))


@router.get("/api/events", summary="Events by page")
async def events(
    follower: FollowerMeant,
    *,
    after: Annotated[int | None, Query(ge=0, le=2**53, description="Only what came after this journal number.")] = None,
    before: Annotated[
        int | None, Query(ge=0, le=2**53, description="Only what came before it; the page nearest to it.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    agent: Annotated[list[str] | None, Query(max_length=100, description="Any of these; may be given again.")] = None,
    type: Annotated[list[Topic] | None, Query(max_length=40, description="Any of these.")] = None,
    text: Annotated[str | None, Query(max_length=200, description="Only what has this in its text, any case.")] = None,
    important: Annotated[bool, Query(description="Only what is worth a look in a log that is filtered.")] = False,
    worker: Annotated[str | None, Query(max_length=200)] = None,
) -> EventPage:
    match = MatchText(frozenset(agent or ()), frozenset(type or ()), text, important=important, worker=worker)
    look = partial(page_of_events, follower, match, after, before, limit)
    try:
        return await off_loop(look, within_s=READ_TIME_S, what="reading the journal")
    except TimeoutError as error:
        raise OrchestrateError(str(error)) from error


class EventSource(Response):
    """Says in OpenAPI what the stream is."""

    media_type = "text/event-stream"


@router.get(
    "/api/events/stream",
    summary="SSE event stream",
    response_class=EventSource,
    description="""Messages bear `<session>:<journal number>` as their id.  `entry` brings rows of the event log,
`state` what changed (all of it if `whole`), `beat` comes every second in which nothing else does, `bye` before the
server goes.  A client that comes back with `Last-Event-ID` is told what it has missed, and then the state.""",
)
async def stream(
    follower: FollowerMeant,
    request: Request,
    after: Annotated[
        int | None, Query(ge=0, le=2**53, description="The last journal number known; without it, from the beginning.")
    ] = None,
    newest: Annotated[
        int | None,
        Query(ge=0, le=2**53, description="Begin at most this many entries before the last; /api/events has the rest."),
    ] = None,
    last_event_id: Annotated[str | None, Header(max_length=200)] = None,
    last_id: Annotated[
        str | None, Query(alias="last_event_id", max_length=200, description="For those who cannot set the header.")
    ] = None,
) -> Response:
    session_of(follower)
    position = after or 0
    if newest is not None:
        position = max(position, follower.n - newest)
    known = True
    if given := last_event_id or last_id:
        found = position_in(given, follower.folder.id)
        position, known = (found, True) if found is not None else (0, False)
    return EventStream(follower, position, known=known, room=hub_of(request).room)


@router.get("/api/workers/{worker}/log", summary="A worker's raw log by page, secrets taken out")
async def raw_log(
    follower: FollowerMeant,
    worker: WorkerName,
    *,
    stream: Annotated[Literal["stdout", "stderr"], Query()] = "stdout",
    offset: Annotated[
        int, Query(ge=-(2**53), le=2**53, description="Where to begin, in bytes; a negative one counts from the end.")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_BYTES, description="About how many bytes.")] = 65_536,
) -> RawPage:
    name = worker_named(follower, worker)
    path = follower.folder.raw_stdout(name) if stream == "stdout" else follower.folder.raw_stderr(name)
    try:
        return await off_loop(
            partial(read_page, path, offset, limit), within_s=READ_TIME_S, what=f"reading {path.name}"
        )
    except OSError as error:
        raise Refusal(409, f"cannot read {path.name}: {error.strerror or error}") from error


@router.get("/api/diff", summary="What has changed in the target since the session began")
async def diff(
    request: Request,
    follower: FollowerMeant,
    *,
    since: Annotated[
        str, Query(max_length=200, description="A moment of `moments`; `last`: the last milestone; else the beginning.")
    ] = "",
    until: Annotated[str, Query(max_length=200, description="A moment of `moments`; else now.")] = "",
) -> DiffView:
    return await hub_of(request).differ(follower).current(session_of(follower), since, until)


@router.get("/api/report", summary="The report, once the session has ended", response_class=PlainTextResponse)
async def report(follower: FollowerMeant) -> PlainTextResponse:
    path = follower.folder.report_text_file
    text = ForeignFolder(path.parent).read_text(path.name, most_bytes=MOST_REPORT_BYTES)
    if isinstance(text, Unread):
        if text.reason == "missing":
            raise Refusal(409, "there is no report yet", hint="it is written when the session ends")
        raise Refusal(409, str(text))
    return PlainTextResponse(text, media_type="text/markdown")
