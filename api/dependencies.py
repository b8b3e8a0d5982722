"""What routes are given: the project, the database, checked headers, names and pages."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from typing import IO, Annotated, Any

from fastapi import Depends, Header, Path, Query, Request

from sightline.errors import Malformed
from sightline.settings import Settings
from sightline.store.database import Database
from sightline.store.projects import DEFAULT_PROJECT

# Above this, an upload waits on disk and not in memory.
IN_MEMORY_BYTES = 2**20


def current_project() -> str:
    """The project whose things this request may see. Keys will say which; until then, one."""
    return DEFAULT_PROJECT


def current_database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def current_settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def idempotency_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="Printable ASCII, up to 255 characters: the same call, the same answer.",
            examples=["nightly-2026-11-20"],
        ),
    ] = None,
) -> str | None:
    """The caller's key, or None; Malformed where it is not one."""
    if key is None:
        return None
    if not 1 <= len(key) <= 255 or not all(" " <= character <= "~" for character in key):
        raise Malformed(
            "Idempotency-Key", "is not 1 to 255 printable ASCII characters", "a UUID will do"
        )
    return key


async def upload(request: Request) -> AsyncIterator[IO[bytes]]:
    """The body as a file. Asynchronous, for only so can a body be read as it comes in."""
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        async for chunk in request.stream():
            file.write(chunk)
        file.seek(0)
        yield file


Project = Annotated[str, Depends(current_project)]
Db = Annotated[Database, Depends(current_database)]
Config = Annotated[Settings, Depends(current_settings)]
IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
Upload = Annotated[Any, Depends(upload)]

_ID = r"^[A-Za-z0-9_]{1,40}$"
_NAME = r"^[^\x00-\x1f\x7f/]{1,200}$"
JobId = Annotated[str, Path(pattern=_ID, description="The job's id.")]
RunId = Annotated[str, Path(pattern=_ID, description="The run's id.")]
ModelName = Annotated[str, Path(pattern=_NAME, description="The model's name.")]
BenchmarkName = Annotated[str, Path(pattern=_NAME, description="The benchmark's name.")]
ImageDigest = Annotated[
    str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the image file, in hex.")
]
Word = Annotated[str | None, Query(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Limit = Annotated[int, Query(ge=1, le=500, description="Entries on a page.")]
Cursor = Annotated[
    str | None, Query(max_length=500, description="`next_cursor` of the page before.")
]
