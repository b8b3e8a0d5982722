"""Real servers for tests: started as child processes, ended by their own pid."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from sightline.stack.part import Part
from sightline.stack.ports import find_free
from sightline.stack.postgres import postgres_part, postgres_url
from sightline.stack.redis_server import redis_part, redis_url
from sightline.store.migrate import migrate

TEMPLATE = "sightline_template"


def wait_until(
    check: Callable[[], bool], limit_s: float = 30.0, what: str = "the condition"
) -> None:
    """Return once ``check`` is true; fail after ``limit_s`` seconds."""
    until = time.monotonic() + limit_s
    while not check():
        if time.monotonic() > until:
            raise AssertionError(f"{what} did not come true within {limit_s:.0f} s")
        time.sleep(0.05)


@contextmanager
def running(part: Part, log: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """The part as a child that answers its probe; ended in the way the part asks for."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*part.argv, *more],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(
            lambda: process.poll() is not None or part.probe.answers(process.pid),
            part.start_limit_s,
            part.name,
        )
        assert process.poll() is None, f"{part.name} ended at its start:\n{log.read_text()}"
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(part.stop_signal)
        try:
            process.wait(part.grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def redis(directory: Path) -> Iterator[str]:
    """A redis-server with an empty database; yields its URL."""
    directory.mkdir(exist_ok=True, parents=True)
    port, password = find_free(), secrets.token_hex(8)
    with running(redis_part(directory, port, password), directory / "redis.log"):
        yield redis_url(port, password)


class Postgres:
    """A PostgreSQL server that gives each test a database of its own, migrated already."""

    def __init__(self, port: int, password: str) -> None:
        self._port = port
        self._password = password
        self._admin("CREATE DATABASE {}", TEMPLATE)
        migrate(self.url(TEMPLATE))

    def url(self, name: str) -> str:
        return postgres_url(self._port, self._password).rsplit("/", 1)[0] + f"/{name}"

    @contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """A fresh database; yields its URL."""
        name = f"test_{secrets.token_hex(6)}"
        if migrated:
            self._admin("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
        else:
            self._admin("CREATE DATABASE {}", name)
        try:
            yield self.url(name)
        finally:
            self._admin("DROP DATABASE {} WITH (FORCE)", name)

    def _admin(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def postgres(directory: Path) -> Iterator[Postgres]:
    """The embedded PostgreSQL, as the embedded stack starts it."""
    port, password = find_free(), secrets.token_hex(8)
    part = postgres_part(directory, port, password)
    # A test's data need not outlive the machine.
    with running(part, directory / "postgres.log", "-c", "fsync=off"):
        yield Postgres(port, password)
