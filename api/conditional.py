"""ETags: what a caller already has is not sent again."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response


def conditional(request: Request, etag: str, response: Response) -> Response:
    """``response`` with its ETag, or 304 where the caller has this version.

    ``etag`` is the opaque tag without quotes; If-None-Match compares weakly (RFC 9110, 13.1.2).
    """
    quoted = f'"{etag}"'
    response.headers["ETag"] = quoted
    asked = request.headers.get("if-none-match", "")
    known = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    if quoted not in known and asked.strip() != "*":
        return response
    kept = ("ETag", "Cache-Control")
    headers = {name: response.headers[name] for name in kept if name in response.headers}
    return Response(status_code=304, headers=headers)
