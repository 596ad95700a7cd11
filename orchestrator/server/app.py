"""Build the FastAPI application: routes, problems, and the OpenAPI document that describes them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from orchestrator import __version__
from orchestrator.server import (
    builder_routes,
    catalogue_routes,
    control_routes,
    pages,
    problems,
    routes,
    sockets,
    tuning_routes,
)
from orchestrator.server.access import Guard, GuardedApp
from orchestrator.server.request_limits import BoundedApp
from orchestrator.server.session_hub import SessionHub


def make_app(hub: SessionHub) -> FastAPI:
    """The application without its guard."""
    app = FastAPI(
        title="orchestrate",
        version=__version__,
        description="What a session does, as it happens, and what can be asked of it.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.hub = hub
    problems.install(app)
    for part in (
        routes.open_router,
        routes.router,
        catalogue_routes.router,
        builder_routes.router,
        tuning_routes.router,
        control_routes.router,
        sockets.router,
        pages.router,
    ):
        # As they are: to include a router builds each of its routes once more, and that waits in the first request.
        app.router.routes.extend(part.routes)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI documents this as the way
    return app


def make_guarded_app(hub: SessionHub, guard: Guard) -> GuardedApp:
    """The application behind its guard, which is what is served."""
    return GuardedApp(BoundedApp(make_app(hub)), guard)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        parts = schema.setdefault("components", {})
        parts.setdefault("schemas", {})["Problem"] = problems.Problem.model_json_schema()
        parts["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "description": "The token in the address that was printed."}
        }
        schema["security"] = [{"token": []}]
        schema["paths"]["/health"]["get"]["security"] = []
        app.openapi_schema = schema
    return app.openapi_schema
