"""The event stream as the HTML standard reads it, in whatever chunks it arrives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sightline.client.sse import ServerEvent, events_of

STREAM = (
    ": ping\r\n\r\n"
    'id: 7\r\nevent: progress\r\ndata: {"a": 1}\r\n\r\n'
    "data: first\r\ndata: second\r\n\r\n"
    "event: nothing\r\n\r\n"
    "id: 8\r\ndata: a\u2028b\r\n\r\n"
    "data: cut off"
).encode()
EXPECTED = [
    ServerEvent("progress", '{"a": 1}', "7"),
    ServerEvent("message", "first\nsecond", "7"),
    ServerEvent("message", "a\u2028b", "8"),
]


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r"])
def test_events_do_not_depend_on_chunks_or_line_endings(size: int, ending: bytes) -> None:
    data = STREAM.replace(b"\r\n", ending)
    assert list(events_of(pieces(data, size))) == EXPECTED


def test_an_event_without_its_blank_line_is_dropped() -> None:
    assert list(events_of([b"id: 1\ndata: x\n"])) == []


def test_only_one_space_after_the_colon_is_removed() -> None:
    assert list(events_of([b"data:  x\n\n", b"data:y\n\n"])) == [
        ServerEvent("message", " x", ""),
        ServerEvent("message", "y", ""),
    ]
