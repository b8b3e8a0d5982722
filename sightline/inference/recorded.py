"""Answers that were recorded elsewhere, as a JSON Lines file brings them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from sightline.errors import InvalidInput

FIELDS = ("sample", "answer", "finish_reason", "repeat")
FINISH_REASONS = ("stop", "length")
MAX_LINE_BYTES = 2**20
MAX_KEY_LENGTH = 500


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """What a model said to the sample of this key; ``repeat`` counts from 0."""

    sample: str
    answer: str
    finish_reason: str = "stop"
    repeat: int = 0


def read_recorded(stream: IO[bytes]) -> Iterator[RecordedAnswer]:
    """Read one answer a line: {"sample": key, "answer": text, "finish_reason"?, "repeat"?}.

    Empty lines are passed over; nothing is held but the present line. Raises InvalidInput that
    names the line, at the first one that is wrong.
    """
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            raise _wrong(number, f"is longer than {MAX_LINE_BYTES} bytes")
        if line.strip():
            yield _answer(number, line)


def _answer(number: int, line: bytes) -> RecordedAnswer:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _wrong(number, "is not JSON in UTF-8") from error
    if not isinstance(row, dict):
        raise _wrong(number, "is not a JSON object")
    unknown = [name for name in row if name not in FIELDS]
    if unknown:
        raise _wrong(number, f"has an unknown field {unknown[0][:50]!r}")
    key, answer = _text(number, row, "sample"), _text(number, row, "answer")
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        raise _wrong(number, f"'sample' has {len(key)} characters, not 1 to {MAX_KEY_LENGTH}")
    finish_reason, repeat = row.get("finish_reason", "stop"), row.get("repeat", 0)
    if finish_reason not in FINISH_REASONS:
        raise _wrong(number, "'finish_reason' is neither 'stop' nor 'length'")
    if type(repeat) is not int or not 0 <= repeat < 1000:
        raise _wrong(number, "'repeat' is not a whole number from 0 to 999")
    return RecordedAnswer(key, answer, finish_reason, repeat)


def _text(number: int, row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise _wrong(number, f"'{name}' is missing or not a text")
    # Neither can be kept in PostgreSQL, and JSON can spell both.
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise _wrong(number, f"'{name}' has characters that are no text (NUL or half a surrogate)")
    return value


def _wrong(number: int, problem: str) -> InvalidInput:
    hint = 'one object a line: {"sample": "key", "answer": "text"}'
    return InvalidInput(f"answers, line {number}", problem, hint)
