"""Starting child processes so that every one of them, and their children, can be found again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

# In the environment of every process of a stack: "<stack id>:<data directory>". A recorded pid
# may have been given to somebody else, and a group misses what left it; this is inherited.
TAG = "SIGHTLINE_STACK"
LOG_LIMIT_BYTES = 20 * 2**20


def tag(stack_id: str, data_dir: Path) -> str:
    return f"{stack_id}:{data_dir}"


def of_stack(stack_id: str) -> Callable[[str], bool]:
    """Picks the processes of one start of a stack."""
    return lambda value: value.split(":", 1)[0] == stack_id


def of_data_dir(data_dir: Path) -> Callable[[str], bool]:
    """Picks the processes of any stack that ran on ``data_dir``."""
    return lambda value: value.split(":", 1)[-1] == str(data_dir)


def tagged(picks: Callable[[str], bool]) -> list[psutil.Process]:
    """The living processes whose tag is picked, and all their descendants."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            value = process.environ().get(TAG)
            if value is None or not picks(value):
                continue
            found[process.pid] = process
            # PostgreSQL's children write their titles over their environment.
            found |= {child.pid: child for child in process.children(recursive=True)}
    found.pop(os.getpid(), None)
    return [process for process in found.values() if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def end(processes: Iterable[psutil.Process], grace_s: float) -> None:
    """Ask the processes to end; kill those that still run after ``grace_s`` seconds."""
    remaining = list(processes)
    for process in remaining:
        with suppress(psutil.Error):
            process.terminate()
    _, remaining = psutil.wait_procs(remaining, timeout=grace_s)
    for process in remaining:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(remaining, timeout=5)


def launch(
    argv: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path
) -> subprocess.Popen[bytes]:
    """Start ``argv`` in a session of its own, its output appended to ``log``.

    The session keeps the terminal's Ctrl-C from reaching it: the supervisor ends parts in order.
    """
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(log.suffix + ".1"))
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - the stack's own commands
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def signal_group(pid: int, signal: int) -> None:
    """Send ``signal`` to the process group that ``pid`` was started to lead, if any of it lives."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal)


def started_at(pid: int) -> float | None:
    """When the process ``pid`` was started (seconds since 1970); None if there is none."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None
