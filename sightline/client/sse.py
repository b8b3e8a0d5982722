"""Server-sent events, as the HTML standard's "event stream interpretation" reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its type, its data (lines joined), and the id to resume after."""

    kind: str
    data: str
    id: str


def lines_of(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines of a byte stream, ended by LF, CRLF or CR and by nothing else.

    httpx's ``iter_lines`` also splits at U+2028 and its like, which JSON may hold unescaped.
    """
    rest = b""
    for chunk in chunks:
        rest += chunk
        # A CR at the very end may be the first half of a CRLF: it waits for the next chunk.
        held = rest.endswith(b"\r")
        body = rest[:-1] if held else rest
        *lines, rest = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        if held:
            rest += b"\r"
        for line in lines:
            yield line.decode("utf-8", errors="replace")


def events_of(chunks: Iterable[bytes]) -> Iterator[ServerEvent]:
    """The events of a byte stream; an event cut off at its end is dropped."""
    kind, last_id = "message", ""
    data: list[str] = []
    for line in lines_of(chunks):
        if not line:
            if data:
                yield ServerEvent(kind, "\n".join(data), last_id)
            kind, data = "message", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            kind = value
        elif name == "id":
            last_id = value
