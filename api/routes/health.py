"""For whoever supervises the service."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.readiness import Readiness as Checks
from api.routes.documented import problems
from api.schemas.health import Health, Readiness
from sightline import __version__
from sightline.errors import Unavailable

router = APIRouter(tags=["health"])


@router.get("/healthz", responses=problems())
async def healthz() -> Health:
    """The process answers. Asynchronous: it must, also while every thread waits for a database."""
    return Health(status="ok", version=__version__)


@router.get("/readyz", responses=problems())
def readyz(request: Request) -> Readiness:
    """The database can be worked with; how Redis and Triton are is told beside it."""
    checks: Checks = request.app.state.readiness
    parts = checks.look()
    for state in parts.values():
        if state.needed and not state.ok:
            told = "; ".join(f"{part}: {each.detail}" for part, each in parts.items())
            raise Unavailable("the service", told)
    return Readiness(status="ready", parts=parts)
