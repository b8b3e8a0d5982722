"""Uploaded answers: read line by line, and refused by line number."""

import io
import json

import pytest

from sightline.errors import InvalidInput
from sightline.inference.recorded import MAX_LINE_BYTES, RecordedAnswer, read_recorded


def read(*lines: str | bytes) -> list[RecordedAnswer]:
    data = b"\n".join(line.encode() if isinstance(line, str) else line for line in lines)
    return list(read_recorded(io.BytesIO(data)))


def test_answers_are_read_with_their_defaults() -> None:
    assert read(
        '{"sample": "q1", "answer": "B"}',
        "",
        '{"sample": "q1", "answer": "", "repeat": 1, "finish_reason": "length"}',
        '{"sample": "q2", "answer": "\\u4f60 \\ud83d\\ude00"}\r',
    ) == [
        RecordedAnswer("q1", "B", "stop", 0),
        RecordedAnswer("q1", "", "length", 1),
        RecordedAnswer("q2", "你 😀", "stop", 0),
    ]


GOOD = '{"sample": "q1", "answer": "B"}'


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("B", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        (b'{"sample": "q", "answer": "\xff"}', "is not JSON in UTF-8"),
        ('["q", "B"]', "is not a JSON object"),
        ('{"answer": "B"}', "'sample' is missing"),
        ('{"sample": "q"}', "'answer' is missing"),
        ('{"sample": "q", "answer": null}', "'answer' is missing or not a text"),
        ('{"sample": "q", "answer": "B", "score": 1}', "unknown field 'score'"),
        ('{"sample": "", "answer": "B"}', "0 characters"),
        (json.dumps({"sample": "q" * 501, "answer": "B"}), "501 characters"),
        ('{"sample": "q", "answer": "B", "repeat": -1}', "'repeat'"),
        ('{"sample": "q", "answer": "B", "repeat": true}', "'repeat'"),
        ('{"sample": "q", "answer": "B", "finish_reason": "abort"}', "'finish_reason'"),
        ('{"sample": "q", "answer": "B", "finish_reason": []}', "'finish_reason'"),
        ('{"sample": "q", "answer": "\\u0000"}', "no text"),
        ('{"sample": "q", "answer": "\\ud800"}', "no text"),
        ("x" * (MAX_LINE_BYTES + 5), "longer than"),
    ],
)
def test_the_line_that_is_wrong_is_named(line: str | bytes, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(GOOD, "", line, GOOD)
    assert caught.value.field == "answers, line 3"
    assert problem in caught.value.problem


def test_lines_before_a_wrong_one_come_first() -> None:
    answers = read_recorded(io.BytesIO(f"{GOOD}\nB\n".encode()))
    assert next(answers) == RecordedAnswer("q1", "B")
    with pytest.raises(InvalidInput):
        next(answers)
