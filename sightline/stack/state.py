"""What a running stack writes down in ``stack.json``, for other processes to read.

Needs nothing but the standard library: the command line reads it to find the API.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

STATE_FILE = "stack.json"


class PartStatus(StrEnum):
    """Where a part is in its life.

    waiting   for the parts it depends on
    starting  its process runs, but does not answer yet
    ready     it has answered
    done      a part that only has to run once has
    backoff   its process has ended; it is started again soon
    stopped   ended on request, until it is started again on request
    """

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    BACKOFF = "backoff"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class PartRecord:
    """One part as it was when last written.

    ``since`` is when its process started (seconds since 1970), as the kernel tells it, so that
    a pid that was given to another process is not taken for the part.
    """

    name: str
    status: PartStatus
    log: str
    pid: int | None = None
    since: float | None = None
    port: int | None = None
    restarts: int = 0
    exit_code: int | None = None
    probe: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StackRecord:
    """A running stack: its supervisor, where it can be reached, its parts."""

    stack_id: str
    pid: int
    since: float
    ready: bool = False
    urls: dict[str, str] = field(default_factory=dict)
    parts: tuple[PartRecord, ...] = ()

    def write(self, data_dir: Path) -> None:
        path = data_dir / STATE_FILE
        draft = path.with_suffix(".tmp")
        draft.touch(mode=0o600)  # the URLs hold passwords
        draft.write_text(json.dumps(asdict(self), indent=1))
        draft.replace(path)

    @staticmethod
    def read(data_dir: Path) -> StackRecord | None:
        """What was last written in ``data_dir``; None if no stack runs there."""
        try:
            data = json.loads((data_dir / STATE_FILE).read_text())
        except FileNotFoundError:
            return None
        parts = tuple(
            PartRecord(**{**part, "status": PartStatus(part["status"])})
            for part in data.pop("parts")
        )
        return StackRecord(**data, parts=parts)

    @staticmethod
    def forget(data_dir: Path) -> None:
        (data_dir / STATE_FILE).unlink(missing_ok=True)


def running_api_url(data_dir: Path) -> str | None:
    """Where the API of the stack on ``data_dir`` listens; None if none runs there."""
    record = StackRecord.read(data_dir)
    return record.urls.get("api") if record else None
