"""What the API answers while a part of the house is out of order."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from api_server import Api, fill, serving
from servers import Postgres, redis
from sqlalchemy import make_url

from sightline.stack.ports import find_free

PROBLEM = "application/problem+json"


def filled(api: Api) -> Api:
    fill(api.database, f"file://{api.directory / 'images'}")
    return api


@pytest.fixture
def black_hole() -> Iterator[str]:
    """A port that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def nobody() -> str:
    """A URL at which nobody listens."""
    return f"redis://127.0.0.1:{find_free()}/0"


def test_without_redis_a_job_is_accepted_all_the_same(tmp_path: Path, database_url: str) -> None:
    with serving(database_url, nobody(), tmp_path) as running:
        api = filled(running)
        began = time.monotonic()
        job = api.job(models=["a", "b"])
        assert time.monotonic() - began < 10
        assert api.client.get(f"/v1/jobs/{job['id']}").json()["status"] == "queued"
        assert api.client.post(f"/v1/jobs/{job['id']}/cancel").status_code == 200
        assert api.client.post(f"/v1/jobs/{job['id']}/retry").status_code == 202
        ready = api.client.get("/readyz")
        assert ready.status_code == 200
        assert not ready.json()["parts"]["redis"]["ok"]


def test_redis_that_takes_connections_and_is_silent(
    tmp_path: Path, database_url: str, black_hole: str
) -> None:
    with serving(database_url, black_hole, tmp_path) as running:
        api = filled(running)
        began = time.monotonic()
        ready = api.client.get("/readyz")
        assert time.monotonic() - began < 3
        assert ready.status_code == 200
        assert not ready.json()["parts"]["redis"]["ok"]
        began = time.monotonic()
        api.job(models=["a", "b"])
        assert time.monotonic() - began < 10


def test_redis_that_goes_away(tmp_path: Path, database_url: str) -> None:
    """The connection that was kept is dead: nobody who posts a job notices."""
    with redis(tmp_path / "redis") as url:
        server = serving(database_url, url, tmp_path)
        api = filled(server.__enter__())
        assert api.client.get("/readyz").json()["parts"]["redis"]["ok"]
        api.job()
    try:
        began = time.monotonic()
        api.job(models=["a", "b"])
        assert time.monotonic() - began < 10
    finally:
        server.__exit__(None, None, None)


def test_a_locked_database_is_a_503(tmp_path: Path, new_database, redis_server: str) -> None:
    with new_database("sqlite") as url, serving(url, redis_server, tmp_path) as running:
        api = filled(running)
        job = api.job()
        path = make_url(url).database
        assert path is not None
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        response = api.post_job()
        assert time.monotonic() - began < 15
        assert response.status_code == 503
        assert response.headers["content-type"] == PROBLEM
        assert int(response.headers["retry-after"]) > 0
        # Whoever only reads waits for no writer.
        assert api.client.get(f"/v1/jobs/{job['id']}").status_code == 200
        other.execute("ROLLBACK")
        other.close()
        assert api.post_job().status_code == 202


def test_no_database_is_a_503_and_not_ready(tmp_path: Path, redis_server: str) -> None:
    url = f"postgresql://nobody:nothing@127.0.0.1:{find_free()}/none"
    with serving(url, redis_server, tmp_path) as api:
        assert api.client.get("/healthz").status_code == 200
        for path in ("/readyz", "/v1/jobs", "/v1/benchmarks", "/v1/leaderboards/words"):
            response = api.client.get(path)
            assert response.status_code == 503
            assert response.headers["content-type"] == PROBLEM
            assert int(response.headers["retry-after"]) > 0
            assert "nothing" not in response.text


def test_a_database_that_is_not_migrated_is_not_ready(
    tmp_path: Path, postgres_server: Postgres, redis_server: str
) -> None:
    with postgres_server.database(migrated=False) as url:
        sqlite_url = f"sqlite:///{tmp_path / 'empty.db'}"
        for each in (url, sqlite_url):
            with serving(each, redis_server, tmp_path) as api:
                response = api.client.get("/readyz")
                assert response.status_code == 503
                assert "sightline.install" in response.json()["detail"]


def test_an_error_nobody_expected_shows_nothing_but_its_id(
    tmp_path: Path, postgres_server: Postgres, redis_server: str
) -> None:
    with postgres_server.database() as url, serving(url, redis_server, tmp_path) as running:
        api = filled(running)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER TABLE jobs DROP COLUMN priority")
        response = api.post_job()
        assert response.status_code == 500
        said = response.json()
        assert said["type"] == "urn:sightline:problem:internal"
        assert "priority" not in response.text
        assert "Traceback" not in response.text
        log = (tmp_path / "api.log").read_text()
        assert said["instance"] in log
        assert "Traceback" in log


def test_logs_are_json_where_asked(tmp_path: Path, new_database, redis_server: str) -> None:
    import json

    with (
        new_database("sqlite") as url,
        serving(url, nobody(), tmp_path, log_json="true") as running,
    ):
        api = filled(running)
        request_id = api.post_job().headers["x-request-id"]
    lines = [line for line in (tmp_path / "api.log").read_text().splitlines() if "{" in line]
    spoken = [json.loads(line) for line in lines]
    woken = [each for each in spoken if each["event"].startswith("queue not woken")]
    assert woken
    assert woken[0]["request"] == request_id
    assert woken[0]["level"] == "warning"
