"""What can go wrong between a client and the service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ClientError(Exception):
    """Base of what the client raises on purpose; the message is for the person who reads it."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with a request: which field, what, and what would be right."""

    field: str
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}" + (f" ({self.hint})" if self.hint else "")


class ApiError(ClientError):
    """The service answered with a problem (RFC 9457).

    ``status`` is the HTTP status, ``title`` the kind of problem, ``detail`` this occurrence of
    it; ``errors`` names the fields that are wrong, where fields are.
    """

    def __init__(
        self, status: int, title: str, detail: str = "", errors: Sequence[FieldError] = ()
    ) -> None:
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        said = "; ".join(str(error) for error in self.errors) or detail
        super().__init__(f"{title}: {said}" if said else title)


class ServiceUnreachable(ClientError):
    """Nobody answers at ``url``, or not in time."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"no answer from {url}: {reason}")


class WaitTimeout(ClientError):
    """The job had not ended when the time given to ``wait`` was over; it goes on running."""
