"""Free TCP ports on loopback, and the ones a data directory keeps from one start to the next."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from sightline.errors import StackError

HOST = "127.0.0.1"
# Below the range from which the kernel takes ports for outgoing connections (32768 and up):
# a part that is restarted finds its port still free.
LOWEST, HIGHEST = 20_000, 32_000
ATTEMPTS = 200


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on ``port`` of ``host`` now."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        # Without it, connections of an ended server that are in TIME_WAIT look like a server.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def find_free(taken: Iterable[int] = ()) -> int:
    """A free port that is not in ``taken``. Raises StackError if there seems to be none."""
    refused = set(taken)
    for _ in range(ATTEMPTS):
        # Random, so that two stacks starting together do not race for the same one.
        port = random.randint(LOWEST, HIGHEST)  # noqa: S311 - nothing secret
        if port not in refused and is_free(port):
            return port
    raise StackError(f"no free port between {LOWEST} and {HIGHEST} on {HOST}")


class PortBook:
    """The ports of one data directory, by purpose, remembered in ``ports.json``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, int] = {}
        if path.exists():
            self._kept = {name: int(port) for name, port in json.loads(path.read_text()).items()}
        self._given: dict[str, int] = {}

    def take(self, name: str, preferred: int = 0, host: str = HOST) -> int:
        """The port for ``name``: the one kept, else ``preferred``, else any that is free."""
        taken = set(self._given.values())
        for port in (self._kept.get(name, 0), preferred):
            if port and port not in taken and is_free(port, host):
                break
        else:
            port = find_free(taken)
        self._given[name] = port
        return port

    def take_exactly(self, name: str, port: int, host: str = HOST) -> int:
        """``port`` and no other, for somebody asked for it. Raises StackError if it is busy."""
        if port in self._given.values() or not is_free(port, host):
            raise StackError(f"port {port} ({name}) is in use: choose another, or 0 for a free one")
        self._given[name] = port
        return port

    def save(self) -> None:
        self._kept |= self._given
        self._path.write_text(json.dumps(self._kept, indent=1) + "\n")
