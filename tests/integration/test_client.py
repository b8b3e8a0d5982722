"""The Python client against the real API, on SQLite and on PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from api_server import SAMPLES, Api, work_off

from sightline.client import ApiError, Client, JobProgress


@pytest.fixture
def client(api: Api) -> Iterator[Client]:
    with Client(api.url) as client:
        yield client


def test_a_job_is_waited_for_over_its_event_stream(api: Api, client: Client) -> None:
    job = client.submit("words", ["a", "b"], read_cache=False)
    heard: list[JobProgress] = []
    with ThreadPoolExecutor(1) as pool, Client(api.url) as other:
        waiting = pool.submit(other.wait, job.id, heard.append, timeout_s=60)
        for run in job.runs:
            work_off(api.database, run.id, str)
        ended = waiting.result(timeout=60)
    assert ended.status == "finished"
    assert ended.progress.settled == ended.progress.items == 2 * SAMPLES
    assert heard[-1].ended
    assert [run.model for run in heard[-1].runs] == ["a", "b"]


def test_an_ended_job_is_returned_at_once(api: Api, client: Client) -> None:
    job = client.submit("words", ["a"], limit=2)
    client.cancel(job.id)
    assert client.wait(job.id, timeout_s=5).status == "cancelled"


def test_one_key_is_one_job_and_another_body_is_refused(client: Client) -> None:
    first = client.submit("words", ["a"], limit=2, idempotency_key="same")
    assert client.submit("words", ["a"], limit=2, idempotency_key="same").id == first.id
    assert client.submit("words", ["a"], limit=2).id != first.id
    with pytest.raises(ApiError) as caught:
        client.submit("words", ["a"], limit=3, idempotency_key="same")
    assert caught.value.status == 422


def test_a_wrong_field_is_named(client: Client) -> None:
    with pytest.raises(ApiError) as caught:
        client.submit("words", ["a"], sampling={"temperature": 9})
    assert [error.field for error in caught.value.errors] == ["sampling.temperature"]


def test_an_estimate_stores_nothing(client: Client) -> None:
    before = [job.id for job in client.iter_jobs()]
    estimate = client.estimate("words", ["a", "b"], limit=5)
    assert estimate.samples == 5
    assert estimate.requests + estimate.cache_hits == 10
    assert [job.id for job in client.iter_jobs()] == before


def test_jobs_are_iterated_page_by_page_newest_first(client: Client) -> None:
    made = [client.submit("words", ["b"], limit=1).id for _ in range(3)]
    seen = [job.id for job in client.iter_jobs(page_size=2)]
    assert seen[:3] == made[::-1]
    assert len(seen) == len(set(seen))


def test_samples_board_and_images_of_a_run(api: Api, client: Client) -> None:
    job = client.submit("words", ["a"], read_cache=False)
    run = job.runs[0].id
    work_off(api.database, run, lambda ordinal: "wrong" if ordinal == 2 else str(ordinal))
    samples = list(client.iter_samples(run, page_size=5))
    assert [sample.ordinal for sample in samples] == list(range(SAMPLES))
    assert samples[1].question == "say 1"
    wrong = client.samples_page(run, metric="exact_match", max_score=0.0)
    assert [sample.ordinal for sample in wrong.items] == [2]

    picture = next(p for p in samples[-1].messages[0].parts if p.digest is not None)
    assert picture.digest is not None
    assert hashlib.sha256(client.image(picture.digest)).hexdigest() == picture.digest

    protocol = client.run(run).protocol_digest
    row = next(r for r in client.leaderboard("words", protocol=protocol).rows if r.run == run)
    assert row.figure.value == pytest.approx((SAMPLES - 1) / SAMPLES)
    assert client.leaderboard("words", task="pictures", protocol=protocol).slice == "task=pictures"


def test_recorded_answers_are_uploaded_and_evaluated(api: Api, client: Client) -> None:
    client.add_recorded_model("noted", "Noted down elsewhere")
    lines = [b'{"sample": "words/%04d", "answer": "%d"}\n' % (n, n) for n in range(3)]
    upload = client.upload_answers("noted", "words", [*lines, b"no JSON\n"])
    assert (upload.accepted, upload.refused, upload.refusals[0].line) == (3, 1, 4)
    assert client.upload_answers("noted", "words", lines).duplicates == 3
    noted = next(model for model in client.models() if model.name == "noted")
    assert noted.recorded == {"words": 3}


def test_the_catalogue_and_the_health_of_the_service(client: Client) -> None:
    assert {"a", "b"} <= {model.name for model in client.models()}
    words = next(each for each in client.benchmarks() if each.name == "words")
    assert {task.name for task in words.tasks} == {"words", "pictures"}
    assert "exact_match" in {metric.name for metric in client.metrics()}
    assert client.ready().parts["database"].ok
