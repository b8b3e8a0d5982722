"""The life of one part: started, watched, started again when it dies, ended."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from sightline.stack import processes
from sightline.stack.part import Part
from sightline.stack.state import PartRecord, PartStatus

# Seconds before the first, second, ... restart in a row; the last one repeats.
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
# A part that has worked this long starts again with the shortest wait.
SETTLED_S = 30.0


class Runner:
    """Runs one part. Not thread-safe: the supervisor holds its lock around every call."""

    def __init__(self, part: Part, env: Mapping[str, str], log: Path, cwd: Path) -> None:
        self.part = part
        self.log = log
        self.status = PartStatus.WAITING
        self.restarts = 0
        self.exit_code: int | None = None
        # Ends in a row without having settled in between.
        self.failures = 0
        self._env = {**env, **part.env}
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None
        self._since: float | None = None
        self._launched = 0.0
        self._not_before = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def works(self) -> bool:
        return self.status in (PartStatus.READY, PartStatus.DONE)

    def step(self, *, dependencies_work: bool) -> bool:
        """Look at the part and do what is due; True if its status has changed."""
        before = self.status
        match self.status:
            case PartStatus.WAITING | PartStatus.BACKOFF:
                if dependencies_work and time.monotonic() >= self._not_before:
                    self._launch()
            case PartStatus.STARTING:
                self._look_at_start()
            case PartStatus.READY:
                self._notice_end()
        return self.status is not before

    def _launch(self) -> None:
        if self.status is PartStatus.BACKOFF:
            self.restarts += 1
        self._process = processes.launch(self.part.argv, self._env, self.log, self._cwd)
        self._since = processes.started_at(self._process.pid)
        self._launched = time.monotonic()
        self.status = PartStatus.STARTING

    def _look_at_start(self) -> None:
        if self._notice_end() or self._process is None or self.part.once:
            return
        if self.part.probe.answers(self._process.pid):
            self.status = PartStatus.READY
        elif time.monotonic() - self._launched > self.part.start_limit_s:
            self._process.kill()

    def _notice_end(self) -> bool:
        """If the process has ended: what it left is killed, and a restart is due."""
        if self._process is None or (code := self._process.poll()) is None:
            return False
        processes.signal_group(self._process.pid, signal.SIGKILL)
        self._process = None
        self.exit_code = code
        if self.part.once and code == 0:
            self.status = PartStatus.DONE
            return True
        if time.monotonic() - self._launched > SETTLED_S:
            self.failures = 0
        wait_s = BACKOFF_S[min(self.failures, len(BACKOFF_S) - 1)]
        self.failures += 1
        self._not_before = time.monotonic() + wait_s
        self.status = PartStatus.BACKOFF
        return True

    def ask_to_end(self) -> None:
        """Send the part its stop signal; from now on it is not started again."""
        self.status = PartStatus.STOPPED
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(self.part.stop_signal)

    def has_ended(self) -> bool:
        """Whether nothing of the part runs any more, after ``ask_to_end``."""
        if self._process is None:
            return True
        code = self._process.poll()
        if code is None:
            return False
        self.exit_code = code
        # Triton's stubs and Celery's children outlive a parent that did not end by itself.
        processes.signal_group(self._process.pid, signal.SIGKILL)
        self._process = None
        return True

    def kill(self) -> None:
        if self._process is not None:
            processes.signal_group(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self.has_ended()

    def resume(self) -> None:
        """Let a stopped part be started again."""
        if self.status is PartStatus.STOPPED:
            self.failures = 0
            self._not_before = 0.0
            self.status = PartStatus.WAITING

    def record(self) -> PartRecord:
        return PartRecord(
            name=self.part.name,
            status=self.status,
            log=str(self.log),
            pid=self.pid,
            since=self._since if self._process else None,
            port=self.part.port,
            restarts=self.restarts,
            exit_code=self.exit_code,
            probe=asdict(self.part.probe),
        )
