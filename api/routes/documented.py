"""The error responses of the OpenAPI document."""

from __future__ import annotations

from typing import Any

from api.problems import MEDIA_TYPE

SAID = {
    400: "A header, a cursor or the JSON is malformed.",
    404: "No such thing in this project.",
    409: "Not possible in the state the thing is in.",
    413: "The body is too large.",
    415: "The body is of another media type.",
    421: "The Host header does not name this machine's loopback address.",
    422: "A value cannot be accepted; `errors` says which.",
    500: "An unexpected error; `instance` stands in the log.",
    503: "A part that is needed does not answer; try again after `Retry-After` seconds.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Responses for these statuses, and for those that any endpoint can give."""
    return {
        status: {
            "description": SAID[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*statuses, 400, 421, 422, 500, 503})
    }
