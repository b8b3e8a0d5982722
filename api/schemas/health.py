"""Is it alive, and can it work."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas.common import Schema


class Health(Schema):
    """The process answers."""

    status: Literal["ok"] = Field(description="Always ok.", examples=["ok"])
    version: str = Field(description="Of Sightline.", examples=["0.1.0"])


class PartState(Schema):
    """One part the service works with."""

    ok: bool = Field(description="It answered now.", examples=[True])
    needed: bool = Field(
        description="Without it the API cannot work; the others are made up for later.",
        examples=[False],
    )
    detail: str = Field(description="In words.", examples=["answers"])


class Readiness(Schema):
    """The API can do its work."""

    status: Literal["ready"] = Field(
        description="Always ready; else a problem.", examples=["ready"]
    )
    parts: dict[str, PartState] = Field(
        description="Database, redis, triton.",
        examples=[{"database": {"ok": True, "needed": True, "detail": "answers"}}],
    )
