"""What is sent again and what is not, against a real HTTP server that fails on request."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sightline.client import ApiError, Client, ServiceUnreachable, WaitTimeout

MOMENT = "2026-11-20T22:14:07Z"
PROGRESS = {"items": 2, "answered": 1, "failed": 0, "scored": 0}
JOB = {
    "id": "job_1",
    "kind": "evaluation",
    "name": "n",
    "status": "running",
    "created_at": MOMENT,
    "progress": PROGRESS,
    "runs": [],
    "a_field_of_tomorrow": {"kept": True},
}
DROP = 0


@dataclass
class Answer:
    """One scripted answer; status DROP closes the connection without one."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Server(ThreadingHTTPServer):
    """Gives its answers in order, then the last one for ever; keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.seen: list[Seen] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        headers = {key.lower(): value for key, value in self.headers.items()}
        self.server.seen.append(Seen(self.command, self.path, headers, self.rfile.read(length)))
        answer = self.server.next_answer()
        self.close_connection = True
        if answer.status == DROP:
            return
        raw = json.dumps(answer.body).encode() if answer.raw is None else answer.raw
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.raw is None:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_DELETE = _handle

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


def test_reads_are_repeated_after_a_broken_connection(server: Server, client: Client) -> None:
    server.answers = [Answer(DROP), Answer(DROP), Answer(200, JOB)]
    assert client.job("job_1").id == "job_1"
    assert len(server.seen) == 3


def test_a_submit_is_repeated_with_the_same_key(server: Server, client: Client) -> None:
    busy = Answer(503, {"title": "Busy"}, {"Retry-After": "0"})
    server.answers = [Answer(DROP), busy, Answer(202, JOB)]
    client.submit("scenes", ["m"], limit=3)
    keys = {seen.headers["idempotency-key"] for seen in server.seen}
    assert len(server.seen) == 3
    assert len(keys) == 1
    assert len({seen.body for seen in server.seen}) == 1


def test_two_submits_have_two_keys(server: Server, client: Client) -> None:
    server.answers = [Answer(202, JOB)]
    client.submit("scenes", ["m"])
    client.submit("scenes", ["m"])
    assert len({seen.headers["idempotency-key"] for seen in server.seen}) == 2


def test_a_submit_still_being_answered_is_asked_for_again(server: Server, client: Client) -> None:
    in_flight = Answer(409, {"title": "In flight"}, {"Retry-After": "0"})
    server.answers = [in_flight, Answer(202, JOB)]
    assert client.submit("scenes", ["m"]).id == "job_1"


def test_writes_without_a_key_are_sent_once(server: Server, client: Client) -> None:
    server.answers = [Answer(503, {"title": "Busy"}, {"Retry-After": "0"})]
    with pytest.raises(ApiError):
        client.retry("job_1")
    with pytest.raises(ApiError):
        client.delete("job_1")
    assert [seen.method for seen in server.seen] == ["POST", "DELETE"]


def test_a_problem_becomes_an_error_with_its_fields(server: Server, client: Client) -> None:
    problem = {
        "title": "Invalid input",
        "status": 422,
        "detail": "limit: too small",
        "errors": [{"field": "limit", "problem": "too small", "hint": "at least 1"}],
    }
    server.answers = [Answer(422, problem)]
    with pytest.raises(ApiError, match=r"limit: too small \(at least 1\)") as caught:
        client.submit("scenes", ["m"])
    assert caught.value.status == 422
    assert caught.value.errors[0].hint == "at least 1"
    assert len(server.seen) == 1


@pytest.mark.parametrize("raw", [b"<html>Bad gateway</html>", b"", b"[1, 2]"])
def test_an_error_that_is_no_problem_document_is_told_by_its_status(
    server: Server, client: Client, raw: bytes
) -> None:
    server.answers = [Answer(502, raw=raw)]
    with pytest.raises(ApiError) as caught:
        client.job("job_1")
    assert (caught.value.status, caught.value.title) == (502, "Bad Gateway")


def test_the_last_503_is_told(server: Server) -> None:
    server.answers = [Answer(503, {"title": "Down"}, {"Retry-After": "0"})]
    with Client(server.url, retries=2) as client, pytest.raises(ApiError, match="Down"):
        client.models()
    assert len(server.seen) == 3


def test_nobody_listening_is_unreachable(server: Server) -> None:
    server.answers = [Answer(DROP)]
    with Client(server.url, retries=1) as client, pytest.raises(ServiceUnreachable) as caught:
        client.job("job_1")
    assert caught.value.url == server.url


def test_cursors_are_followed_to_the_end(server: Server, client: Client) -> None:
    pages = [{"items": [{**JOB, "id": f"job_{n}"}], "next_cursor": f"c{n}"} for n in range(3)]
    pages[-1]["next_cursor"] = None
    server.answers = [Answer(200, page) for page in pages]
    assert [job.id for job in client.iter_jobs()] == ["job_0", "job_1", "job_2"]
    assert "cursor=c1" in server.seen[-1].path


def test_fields_of_a_newer_service_are_kept(server: Server, client: Client) -> None:
    server.answers = [Answer(200, JOB)]
    assert client.job("job_1").model_dump()["a_field_of_tomorrow"] == {"kept": True}


def test_names_are_quoted_into_paths(server: Server, client: Client) -> None:
    server.answers = [Answer(404, {"title": "Not found"})]
    with pytest.raises(ApiError):
        client.job("../models?x=1")
    assert server.seen[0].path == "/v1/jobs/..%2Fmodels%3Fx%3D1"


def test_a_long_upload_goes_in_pieces_and_counts_lines_on(server: Server, client: Client) -> None:
    first = {"accepted": 4999, "duplicates": 1, "refused": 0, "refusals": []}
    second = {**first, "accepted": 1, "refused": 1, "refusals": [{"line": 2, "problem": "no"}]}
    server.answers = [Answer(200, first), Answer(200, second)]
    done = client.upload_answers("m", "b", (b'{"sample": "s"}\r\n' for _ in range(5002)))
    assert (done.accepted, done.duplicates, done.refused) == (5000, 2, 1)
    assert done.refusals[0].line == 5002
    assert [seen.body.count(b"\n") for seen in server.seen] == [5000, 2]
    assert b"\r" not in server.seen[0].body


# --- waiting ---------------------------------------------------------------------------


def stream(*events: tuple[str, str, object]) -> Answer:
    """A stream that ends after these events (kind, id, data)."""
    told = [
        (f"id: {id_}\r\n" if id_ else "") + f"event: {kind}\r\ndata: {json.dumps(data)}\r\n\r\n"
        for kind, id_, data in events
    ]
    return Answer(200, raw="".join(told).encode(), headers={"Content-Type": "text/event-stream"})


def progress(answered: int, status: str = "running") -> dict[str, Any]:
    return {"status": status, "progress": {**PROGRESS, "answered": answered}, "runs": []}


ENDED = Answer(200, {**JOB, "status": "finished"})


def test_waiting_resumes_a_broken_stream_after_the_last_event_seen(
    server: Server, client: Client
) -> None:
    server.answers = [
        Answer(200, JOB),
        stream(("job.accepted", "7", {}), ("progress", "", progress(1))),
        Answer(200, JOB),
        stream(("end", "", progress(2, "finished"))),
        ENDED,
    ]
    heard: list[int] = []
    job = client.wait("job_1", lambda told: heard.append(told.progress.answered))
    assert job.status == "finished"
    assert heard == [1, 1, 1, 2, 1]
    asked = [seen for seen in server.seen if seen.path.endswith("/events")]
    assert "last-event-id" not in asked[0].headers
    assert asked[1].headers["last-event-id"] == "7"


def test_waiting_polls_where_there_is_no_stream(server: Server, client: Client) -> None:
    server.answers = [Answer(200, JOB), Answer(200, {"not": "a stream"}), ENDED]
    assert client.wait("job_1").status == "finished"


def test_waiting_survives_a_service_that_goes_away(server: Server) -> None:
    server.answers = [Answer(200, JOB), Answer(DROP), Answer(DROP), Answer(500, {}), ENDED]
    with Client(server.url, retries=0) as client:
        assert client.wait("job_1").status == "finished"


def test_waiting_gives_up_on_a_service_that_stays_away(server: Server) -> None:
    server.answers = [Answer(DROP)]
    with Client(server.url, retries=0) as client, pytest.raises(ServiceUnreachable):
        client.wait("job_1", patience_s=0.3)


def test_waiting_does_not_outlast_its_time(server: Server, client: Client) -> None:
    server.answers = [Answer(200, JOB), stream(("progress", "", progress(1))), Answer(200, JOB)]
    with pytest.raises(WaitTimeout):
        client.wait("job_1", timeout_s=0.2)


def test_waiting_for_an_unknown_job_is_an_error_at_once(server: Server, client: Client) -> None:
    server.answers = [Answer(404, {"title": "Not found"})]
    with pytest.raises(ApiError):
        client.wait("job_1")
    assert len(server.seen) == 1
