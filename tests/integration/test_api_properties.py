"""Whatever is sent, the API keeps what its OpenAPI document says (schemathesis)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import schemathesis
from api_server import Api, work_off
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from sightline.settings import Settings


@schemathesis.serializer("application/x-ndjson")
def json_lines(context: object, value: object) -> bytes:
    """Its bodies are described as text, and are sent as they are."""
    return str(value).encode("utf-8", "surrogatepass")


CHECKS = [
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
DOCUMENT = schemathesis.openapi.from_dict(create_app(Settings()).openapi())
OPERATIONS = {
    operation.label: operation
    for operation in (result.ok() for result in DOCUMENT.get_all_operations())
}
# Nothing about these can be wrong.
WITHOUT_INPUT = [
    label
    for label, operation in OPERATIONS.items()
    if not [*operation.iter_parameters(), *operation.body]
]


def try_out(
    api: Api, label: str, mode: GenerationMode, change: Callable[[schemathesis.Case], None]
) -> set[int]:
    """Send what schemathesis makes of an operation, changed; the statuses that came back."""
    statuses: set[int] = set()

    @given(data=st.data())
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(data: st.DataObject) -> None:
        case = data.draw(OPERATIONS[label].as_strategy(generation_mode=mode))
        change(case)
        response = case.call(base_url=api.url, timeout=30)
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    send()
    return statuses


@pytest.mark.parametrize("label", OPERATIONS)
def test_no_request_breaks_it(api: Api, label: str) -> None:
    try_out(api, label, GenerationMode.POSITIVE, lambda case: None)


@pytest.mark.parametrize("label", [each for each in OPERATIONS if each not in WITHOUT_INPUT])
def test_no_wrong_request_breaks_it(api: Api, label: str) -> None:
    try_out(api, label, GenerationMode.NEGATIVE, lambda case: None)


def test_any_job_on_what_is_there_is_answered(api: Api) -> None:
    """Made-up settings on a benchmark and a model that are known: these reach the database."""

    def on_what_is_there(case: schemathesis.Case) -> None:
        case.body |= {"benchmark": "words", "models": ["a"], "tasks": [], "metrics": []}
        case.body.pop("repeats", None)
        case.body.pop("sampling", None)

    found = try_out(api, "POST /v1/jobs", GenerationMode.POSITIVE, on_what_is_there)
    assert found & {200, 202}


@pytest.mark.parametrize(
    "label",
    [
        "GET /v1/jobs/{job_id}",
        "GET /v1/jobs/{job_id}/events",
        "GET /v1/runs/{run_id}",
        "GET /v1/runs/{run_id}/samples",
        "GET /v1/leaderboards/{name}",
        "GET /v1/benchmarks/{name}",
    ],
)
def test_any_question_about_what_is_there_is_answered(api: Api, label: str) -> None:
    job = api.job(limit=5)
    run = job["runs"][0]["id"]
    work_off(api.database, run, str)

    def about_what_is_there(case: schemathesis.Case) -> None:
        known = {"job_id": job["id"], "run_id": run, "name": "words"}
        case.path_parameters = {name: known[name] for name in case.path_parameters}
        case.query = {name: value for name, value in case.query.items() if name != "cursor"}
        case.headers.pop("Last-Event-ID", None)

    assert try_out(api, label, GenerationMode.POSITIVE, about_what_is_there) <= {200, 404, 422}
