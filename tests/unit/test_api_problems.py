"""Every error type has its problem, and every problem its form."""

from __future__ import annotations

import inspect
import json

import pytest

from api.pagination import decode_cursor, encode_cursor
from api.problems import PROBLEMS, http_problem, internal_problem, kind_of
from api.routes.jobs import POSITION
from api.security import is_loopback
from sightline import errors

ERRORS = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, errors.SightlineError)
]


@pytest.mark.parametrize("error", ERRORS)
def test_no_error_is_left_out(error: type[errors.SightlineError]) -> None:
    assert error in PROBLEMS


def test_the_nearest_type_counts() -> None:
    assert kind_of(errors.PromptTooLong("s", "m", 9, 8, 1)).slug == "prompt-too-long"
    assert kind_of(errors.InvalidInput("a", "b")).status == 422
    assert kind_of(errors.Malformed("a", "b")).status == 400


@pytest.mark.parametrize("error", ERRORS)
def test_what_is_not_the_callers_is_hidden(error: type[errors.SightlineError]) -> None:
    kind = PROBLEMS[error]
    assert kind.hide == (kind.status == 500)
    assert 400 <= kind.status < 600


def test_a_problem_by_status_alone() -> None:
    response = http_problem("req_1", 418)
    assert response.status_code == 418
    assert json.loads(response.body)["type"] == "urn:sightline:problem:im-a-teapot"


def test_an_unexpected_error_names_only_itself() -> None:
    said = json.loads(internal_problem("req_1").body)
    assert said["instance"] == "req_1"
    assert "req_1" in said["detail"]


@pytest.mark.parametrize("position", [["2026-01-01T00:00:00+00:00", "job_1"]])
def test_a_cursor_comes_back_as_it_was(position: list[str]) -> None:
    moment, job = decode_cursor(encode_cursor(position), POSITION)
    assert (moment.isoformat(), job) == ("2026-01-01T00:00:00+00:00", "job_1")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
