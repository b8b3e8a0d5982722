"""What keeps the door narrow: loopback only, sizes, headers, and no trace of an error outside."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import http_problem, internal_problem, new_request_id
from sightline.errors import InvalidInput
from sightline.settings import Settings

log = structlog.get_logger(__name__)

JSON_LINES = ("application/x-ndjson", "application/jsonl", "application/octet-stream")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def is_loopback(host: str) -> bool:
    """True for localhost and for loopback addresses, brackets or not."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_listens_safely(settings: Settings) -> None:
    """Raise InvalidInput where the API would listen beyond this machine: it has no keys yet."""
    if not is_loopback(settings.api_host):
        raise InvalidInput(
            "SIGHTLINE_API_HOST",
            f"{settings.api_host!r} is not loopback, and without keys anybody could use the API",
            "set it to 127.0.0.1 and reach it through a tunnel or an authenticating proxy",
        )


def _is_for_us(headers: Headers) -> bool:
    """A page from elsewhere whose name was pointed at 127.0.0.1 sends its own Host."""
    host = headers.get("host", "")
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    return is_loopback(name.lower())


class Envelope:
    """Outermost: gives each request an id, each response its headers, each crash its 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        instance = new_request_id()
        scope.setdefault("state", {})["request_id"] = instance
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = instance
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        with structlog.contextvars.bound_contextvars(request=instance):
            try:
                await self._answer(scope, receive, send_with_headers, instance)
            except Exception:  # whatever it was: logged here, and not shown outside
                log.exception("request failed", method=scope["method"], path=scope["path"])
                if not started:
                    await internal_problem(instance)(scope, receive, send_with_headers)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, instance: str) -> None:
        if _is_for_us(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return
        detail = "the Host header does not name this machine's loopback address"
        await http_problem(instance, 421, detail)(scope, receive, send)


class BodyLimit:
    """Refuses bodies above a size while they come in, without keeping them.

    Starlette's own limiter does the same but answers in plain text.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self.app = app
        self._limit = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and int(declared) > self._limit:
            await self._refusal(scope)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise HTTPException(413, self._detail)
            return message

        await self.app(scope, counted, send)

    @property
    def _detail(self) -> str:
        return f"the body is larger than {self._limit / 2**20:g} MiB"

    def _refusal(self, scope: Scope) -> Response:
        return http_problem(scope["state"]["request_id"], 413, self._detail)


def _require(request: Request, accepted: Sequence[str]) -> None:
    """Refuse bodies of other media types: a browser sends those from any page unasked."""
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type not in accepted:
        raise HTTPException(415, f"send the body as Content-Type: {accepted[0]}")


def require_json(request: Request) -> None:
    """A dependency of routes whose body is JSON."""
    _require(request, ("application/json",))


def require_json_lines(request: Request) -> None:
    """A dependency of routes whose body is JSON lines."""
    _require(request, JSON_LINES)
