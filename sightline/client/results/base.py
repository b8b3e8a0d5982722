"""What all results have in common."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict


class Result(BaseModel):
    """Base: immutable, and tolerant of what it does not know."""

    model_config = ConfigDict(frozen=True, extra="allow")


T = TypeVar("T")


class Page(Result, Generic[T]):
    """One page of a listing; ``next_cursor`` is None on the last one."""

    items: tuple[T, ...]
    next_cursor: str | None = None
