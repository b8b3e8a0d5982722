"""A job's event stream: live, resumable, and over when the job is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from threading import Thread

import httpx
import pytest
from api_server import SAMPLES, Api, work_off

from sightline.client.sse import ServerEvent, events_of


def listen(api: Api, job_id: str, last_id: str | None = None) -> Iterator[ServerEvent]:
    headers = {} if last_id is None else {"Last-Event-ID": last_id}
    url = f"/v1/jobs/{job_id}/events"
    with api.client.stream("GET", url, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        yield from events_of(response.iter_bytes())


def later(seconds: float, act) -> Thread:
    def run() -> None:
        time.sleep(seconds)
        act()

    thread = Thread(target=run)
    thread.start()
    return thread


def test_a_job_is_told_live_until_it_ends(api: Api) -> None:
    job = api.job()
    run = job["runs"][0]["id"]
    worker = later(1.5, lambda: work_off(api.database, run, str))
    began = time.monotonic()
    heard = list(listen(api, job["id"]))
    worker.join()
    assert time.monotonic() - began < 20
    assert heard[0].kind == "job.accepted"
    kinds = [event.kind for event in heard]
    assert "progress" in kinds
    assert "run.finished" in kinds
    assert kinds[-1] == "end"
    assert kinds.count("end") == 1
    last = json.loads(heard[-1].data)
    assert last["status"] == "finished"
    assert last["progress"]["scored"] == SAMPLES
    first = json.loads(heard[1].data)
    assert first["progress"]["answered"] == 0
    stored = [int(event.id) for event in heard if event.kind not in ("progress", "end")]
    assert stored == list(range(1, len(stored) + 1))


def test_a_stream_is_taken_up_where_it_broke_off(api: Api) -> None:
    job = api.job()
    listener = listen(api, job["id"])
    accepted = next(listener)
    assert accepted.kind == "job.accepted"
    listener.close()
    work_off(api.database, job["runs"][0]["id"], str)
    whole = list(listen(api, job["id"]))
    rest = list(listen(api, job["id"], accepted.id))
    assert [event.data for event in rest] == [event.data for event in whole[1:]]
    # Whoever has seen everything only hears that it is over.
    again = list(listen(api, job["id"], max(rest, key=lambda event: int(event.id or 0)).id))
    assert [event.kind for event in again] == ["end"]
    assert list(listen(api, job["id"], "9" * 10))[-1].kind == "end"


def test_a_cancelled_job_ends_the_stream(api: Api) -> None:
    job = api.job()
    canceller = later(1.2, lambda: httpx.post(f"{api.url}/v1/jobs/{job['id']}/cancel"))
    heard = list(listen(api, job["id"]))
    canceller.join()
    assert json.loads(heard[-1].data)["status"] == "cancelled"


def test_a_deleted_job_ends_the_stream(api: Api) -> None:
    job = api.job()

    def forget() -> None:
        # In one transaction, so that the stream cannot see the cancelled job before.
        from sightline.store import jobs, runs

        with api.database.transaction() as session:
            for run in runs.lock_runs_of(session, job["id"]):
                runs.cancel(session, run)
            jobs.delete_job(session, "default", job["id"])

    forgetter = later(1.2, forget)
    assert list(listen(api, job["id"]))[-1].kind == "deleted"
    forgetter.join()


@pytest.mark.parametrize("last_id", ["x", "-1", "1.5", "9" * 11, "1;2"])
def test_an_id_of_ones_own_making_is_refused(api: Api, last_id: str) -> None:
    job = api.job(limit=1)
    response = api.client.get(f"/v1/jobs/{job['id']}/events", headers={"Last-Event-ID": last_id})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "Last-Event-ID"


def test_listeners_hold_up_nobody(api: Api) -> None:
    """More open streams than threads, and the API answers all the same."""
    job = api.job(limit=1)
    streams = [listen(api, job["id"]) for _ in range(40)]
    for stream in streams:
        assert next(stream).kind == "job.accepted"
    began = time.monotonic()
    assert api.client.get("/v1/jobs", params={"limit": 1}).status_code == 200
    assert time.monotonic() - began < 5
    for stream in streams:
        stream.close()
