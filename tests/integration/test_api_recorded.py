"""Recorded answers over HTTP: registered, uploaded line by line, evaluated like any others."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from api_server import SAMPLES, Api, work_off

JSONL = {"Content-Type": "application/x-ndjson"}


def line(number: int, answer: str = "said", **more: object) -> bytes:
    return json.dumps({"sample": f"words/{number:04}", "answer": answer, **more}).encode()


@pytest.fixture
def model(api: Api) -> str:
    name = f"gpt-{uuid4().hex[:8]}"
    response = api.client.post("/v1/models", json={"name": name, "title": "Told elsewhere"})
    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/models/{name}"
    assert response.json()["source"] == "recorded"
    return name


def upload(api: Api, model: str, *lines: bytes, benchmark: str = "words"):
    url = f"/v1/models/{model}/answers"
    return api.client.post(
        url, params={"benchmark": benchmark}, content=b"\n".join(lines), headers=JSONL
    )


def test_a_name_is_registered_once(api: Api, model: str) -> None:
    again = api.client.post("/v1/models", json={"name": model, "title": "Another"})
    assert again.status_code == 409
    taken = api.client.post("/v1/models", json={"name": "a", "title": "Another"})
    assert taken.status_code == 409
    assert api.client.get("/v1/models/a").json()["source"] == "triton"


@pytest.mark.parametrize(
    "body",
    [
        {"name": "with/slash", "title": "x"},
        {"name": "", "title": "x"},
        {"name": "x"},
        {"name": "x", "title": "x", "source": "triton"},
        {"name": "x\x00", "title": "x"},
    ],
)
def test_models_that_cannot_be_registered(api: Api, body: dict) -> None:
    assert api.client.post("/v1/models", json=body).status_code == 422


def test_lines_are_taken_once_and_refused_alone(api: Api, model: str) -> None:
    lines = [
        line(0),
        line(1, "second", finish_reason="length"),
        b"",
        b"{",
        line(99),
        line(2, "nul\x00"),
        line(0, "again"),
        b'{"sample": "words/0003", "answer": "' + b"x" * 2**21 + b'"}',
        line(4),
        b"[" * 100_000,
        b'{"sample": "words/0005", "answer": "x", "score": NaN}',
    ]
    said = upload(api, model, *lines).json()
    assert (said["accepted"], said["duplicates"], said["refused"]) == (3, 1, 6)
    refused = {each["line"]: each["problem"] for each in said["refusals"]}
    # Unknown samples are looked up a batch at a time, so they come after the others.
    assert set(refused) == {4, 5, 6, 8, 10, 11}
    assert "words/0099" in refused[5]
    again = upload(api, model, *lines).json()
    assert (again["accepted"], again["duplicates"]) == (0, 4)
    assert api.client.get(f"/v1/models/{model}").json()["recorded"] == {"words": 3}


def test_where_answers_do_not_belong(api: Api, model: str) -> None:
    assert upload(api, "a", line(0)).status_code == 409
    assert upload(api, "none", line(0)).status_code == 404
    assert upload(api, model, line(0), benchmark="none").status_code == 404
    assert upload(api, model, line(0), benchmark="").status_code == 422
    url = f"/v1/models/{model}/answers?benchmark=words"
    assert api.client.post(url, content=line(0)).status_code == 415
    assert upload(api, model).json()["accepted"] == 0


def test_only_the_first_refusals_are_listed(api: Api, model: str) -> None:
    said = upload(api, model, *([b"x"] * 5_000)).json()
    assert said["refused"] == 5_000
    assert len(said["refusals"]) == 100


def test_a_recorded_model_is_evaluated(api: Api, model: str) -> None:
    upload(api, model, *(line(number, str(number)) for number in range(SAMPLES)))
    estimate = api.post_job(models=[model], dry_run=True).json()
    assert estimate["requests"] == 0
    job = api.job(models=[model])
    work_off(api.database, job["runs"][0]["id"], str)
    rows = api.client.get("/v1/leaderboards/words").json()["rows"]
    assert {row["model"]: row["figure"]["value"] for row in rows}[model] == 1.0
