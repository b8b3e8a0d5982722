"""Running a stack as a user does: in the foreground, detached, asked after, ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

from sightline.errors import StackError
from sightline.stack import processes
from sightline.stack.embedded import STALE_GRACE_S, EmbeddedStack, OnChange
from sightline.stack.probes import Probe
from sightline.stack.state import PartRecord, PartStatus, StackRecord

SUPERVISOR_LOG = "supervisor.log"
# Longer than the parts' grace times together.
DOWN_LIMIT_S = 60.0
START_LIMIT_S = 240.0


@dataclass(frozen=True, slots=True)
class PartHealth:
    """A part as recorded, and whether it answers its probe now."""

    record: PartRecord
    healthy: bool


@dataclass(frozen=True, slots=True)
class StackHealth:
    """A running stack and its parts, looked at from outside."""

    record: StackRecord
    parts: tuple[PartHealth, ...]

    @property
    def healthy(self) -> bool:
        return all(part.healthy for part in self.parts)


def run_foreground(
    stack: EmbeddedStack,
    on_change: OnChange | None = None,
    on_ready: Callable[[EmbeddedStack], None] | None = None,
) -> None:
    """Run ``stack`` until Ctrl-C, SIGTERM or SIGHUP, then end its parts in order.

    A second signal ends them at once. Raises StackError where a part does not come up.
    """
    with _signals(stack) as ending:
        try:
            if stack.up(on_change, give_up=ending):
                if on_ready:
                    on_ready(stack)
                ending.wait()
        finally:
            stack.close()


@contextmanager
def _signals(stack: EmbeddedStack) -> Iterator[threading.Event]:
    """An event that is set by the first signal to end; the next one hurries the stack."""
    ending = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if ending.is_set():
            stack.hurry()
        ending.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_detached(arguments: Sequence[str], data_dir: Path) -> StackRecord:
    """Start ``sightline up`` with ``arguments`` in the background; returns when it is ready.

    Raises StackError with what it said if it ends before.
    """
    refuse_if_running(data_dir)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    logs = data_dir / "logs"
    logs.mkdir(exist_ok=True)
    log = logs / SUPERVISOR_LOG
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 - this program
            [sys.executable, "-m", "sightline.stack", "up", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_LIMIT_S
    while child.poll() is None and time.monotonic() < deadline:
        record = StackRecord.read(data_dir)
        if record and record.pid == child.pid and record.ready:
            return record
        time.sleep(0.2)
    child.terminate()
    child.wait()
    raise StackError(f"the stack did not come up; {log}:\n{log.read_text(errors='replace')}")


def refuse_if_running(data_dir: Path) -> None:
    """Raise StackError if a stack runs on ``data_dir``."""
    record = StackRecord.read(data_dir)
    if record and _supervisor(record):
        raise StackError(f"a stack already runs on {data_dir} (process {record.pid})")


def _supervisor(record: StackRecord) -> psutil.Process | None:
    """The supervisor's process, unless it has gone and its pid belongs to another now."""
    try:
        process = psutil.Process(record.pid)
        same = process.create_time() == record.since
    except psutil.Error:
        return None
    return process if same and process.status() != psutil.STATUS_ZOMBIE else None


def bring_down(data_dir: Path) -> bool:
    """End the stack on ``data_dir`` and whatever a killed one left; False if nothing ran."""
    record = StackRecord.read(data_dir)
    supervisor = _supervisor(record) if record else None
    if supervisor is not None:
        supervisor.terminate()
        try:
            supervisor.wait(DOWN_LIMIT_S)
        except psutil.TimeoutExpired:
            supervisor.kill()
    left = processes.tagged(processes.of_data_dir(data_dir))
    processes.end(left, STALE_GRACE_S)
    StackRecord.forget(data_dir)
    return supervisor is not None or bool(left)


def look(data_dir: Path) -> StackHealth | None:
    """Ask every part of the stack on ``data_dir`` how it is; None if none runs there."""
    record = StackRecord.read(data_dir)
    if record is None or _supervisor(record) is None:
        return None
    return StackHealth(record, tuple(PartHealth(part, _is_healthy(part)) for part in record.parts))


def _is_healthy(part: PartRecord) -> bool:
    if part.status is PartStatus.DONE:
        return True
    if part.pid is None or processes.started_at(part.pid) != part.since:
        return False
    return Probe(**part.probe).answers(part.pid)
