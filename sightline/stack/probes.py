"""How to ask a part whether it works; a probe can be written down and asked by another process."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psutil

TIMEOUT_S = 1.0

ProbeKind = Literal["alive", "touched", "http", "redis", "postgres", "connected"]


@dataclass(frozen=True, slots=True)
class Probe:
    """One question to a part.

    alive      the process has run for a second; ``target`` is empty
    touched    it has written to a file whose path begins with ``target`` since it was started
    http       GET ``target`` answers 200
    redis      the server at the URL ``target`` answers PING
    postgres   the server at the URL ``target`` answers a query
    connected  the process has a TCP connection to the port ``target`` (a worker to its broker)
    """

    kind: ProbeKind = "alive"
    target: str = ""

    def answers(self, pid: int) -> bool:
        """Whether the part whose process is ``pid`` works now; takes about a second at most."""
        match self.kind:
            case "alive":
                return _has_lasted(pid)
            case "touched":
                return _has_touched(pid, Path(self.target))
            case "http":
                return _http_ok(self.target)
            case "redis":
                return _redis_answers(self.target)
            case "postgres":
                return _postgres_answers(self.target)
            case "connected":
                return _is_connected(pid, int(self.target))


def _has_lasted(pid: int) -> bool:
    """A process that cannot even be loaded has ended by then."""
    try:
        return time.time() - psutil.Process(pid).create_time() > 1.0
    except psutil.Error:
        return False


def _has_touched(pid: int, path: Path) -> bool:
    """What follows ``path`` in the file's name depends on the dbm module that Python has."""
    try:
        started = psutil.Process(pid).create_time()
        return any(each.stat().st_mtime >= started for each in path.parent.glob(f"{path.name}*"))
    except (OSError, psutil.Error):
        return False


def _http_ok(url: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port or 80, timeout=TIMEOUT_S
    )
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _redis_answers(url: str) -> bool:
    import redis

    client = redis.Redis.from_url(
        url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=None
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        # Also while it loads its append-only file: it accepts connections, but does not serve.
        return False
    finally:
        client.close()


def _postgres_answers(url: str) -> bool:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def _is_connected(pid: int, port: int) -> bool:
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(
        each.raddr and each.raddr.port == port and each.status == psutil.CONN_ESTABLISHED
        for each in connections
    )
