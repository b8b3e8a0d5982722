"""The application: ``uvicorn api.app:app``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI

from api.openapi import describe
from api.problems import install_problems
from api.readiness import Readiness
from api.routes import catalogue, events, health, jobs, leaderboards, models, runs
from api.security import BodyLimit, Envelope, check_listens_safely
from sightline import __version__
from sightline.logs import set_up_logging
from sightline.settings import Settings, get_settings
from sightline.store.database import Database

# As many requests at once as the database has connections for (SQLAlchemy's pool: 5 and 10).
THREADS = 15


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    set_up_logging(settings)
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    database = Database(settings.sqlalchemy_url)
    app.state.database = database
    app.state.readiness = Readiness(database, settings)
    yield
    app.state.readiness.close()
    database.dispose()


def create_app(settings: Settings) -> FastAPI:
    """The API for these settings. Raises InvalidInput where it would listen unprotected."""
    check_listens_safely(settings)
    app = FastAPI(
        title="Sightline",
        version=__version__,
        summary="Evaluation service for vision-language models.",
        lifespan=_lifespan,
        # FastAPI's pages load their scripts from elsewhere; the document itself is /openapi.json.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings = settings
    install_problems(app)
    for module in (jobs, events, runs, leaderboards, models, catalogue, health):
        app.include_router(module.router)
    app.add_middleware(BodyLimit, limit_bytes=settings.max_body_mb * 2**20)
    app.add_middleware(Envelope)
    describe(app)
    return app


app = create_app(get_settings())
