"""What all bodies have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints


class Schema(BaseModel):
    """Unknown fields are refused, so that a misspelt one is not silently without effect."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


T = TypeVar("T")

# No control characters: PostgreSQL refuses NUL, and the others garble logs and terminals.
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[Line, StringConstraints(min_length=1, max_length=200)]
Tag = Annotated[Line, StringConstraints(min_length=1, max_length=100)]
# Registered names also stand in URLs and in the names of queues.
Slug = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", min_length=1, max_length=100),
]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]


def _storable(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is outside the calendar") from error


Moment = Annotated[AwareDatetime, AfterValidator(_storable)]


class Page(Schema, Generic[T]):
    """One page of a listing."""

    items: list[T] = Field(description="The page's entries, in the listing's order.")
    next_cursor: str | None = Field(
        description="Give it as `cursor` for the next page; null on the last one.",
        examples=["eyJvIjoxMDB9"],
    )


class FieldProblem(Schema):
    """One thing that is wrong with a request."""

    field: str = Field(description="Which field, as a path.", examples=["sampling.temperature"])
    problem: str = Field(
        description="What is wrong with it.", examples=["should be less than or equal to 2"]
    )
    hint: str = Field(description="What would be right; may be empty.", examples=[""])


class Problem(Schema):
    """Any error, after RFC 9457 (`application/problem+json`)."""

    type: str = Field(
        description="Names the kind of problem, for programs.",
        examples=["urn:sightline:problem:invalid-input"],
    )
    title: str = Field(description="The kind of problem, for people.", examples=["Invalid input"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(
        description="This occurrence of it.", examples=["limit: should be greater than 0"]
    )
    instance: str = Field(
        description="The request's id; it stands in the service's log.",
        examples=["req_5e1f0c9f2b7a4d10"],
    )
    errors: list[FieldProblem] = Field(
        default_factory=list, description="The fields that are wrong, where fields are."
    )
