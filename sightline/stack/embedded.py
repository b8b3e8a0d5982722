"""The whole stack from Python: ``with EmbeddedStack(data_dir=...) as stack: ...``."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TextIO

from sightline.errors import StackError
from sightline.settings import Settings
from sightline.stack import processes
from sightline.stack.assembly import Choice, assemble, choose_addresses, environment
from sightline.stack.ports import HOST
from sightline.stack.state import PartRecord, StackRecord
from sightline.stack.supervisor import Supervisor

LOCK_FILE = "stack.lock"
STALE_GRACE_S = 5.0
OnChange = Callable[[tuple[PartRecord, ...]], None]


class EmbeddedStack:
    """Sightline with all it needs, as child processes of this one.

    data_dir    where everything is kept: database, images, logs, ports, passwords
    models      what Triton serves, and a worker for each (default: ``SIGHTLINE_MODELS``)
    postgres    PostgreSQL instead of SQLite
    parts       names of the parts to run, or their first components ("worker" is all workers,
                "worker.generate" those of the models); nobody waits for what is left out
    env         more environment for all parts (``SIGHTLINE_*``)
    api_host    address of the API
    api_port    preferred port of the API; 0 takes the one kept in ``data_dir``, else any
    exact_port  refuse to start, instead of finding another, if ``api_port`` is busy

    Raises StackError, with the end of the log, where a part cannot be started, and if another
    stack runs on ``data_dir``.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        models: Sequence[str] | None = None,
        postgres: bool = False,
        parts: Collection[str] | None = None,
        env: Mapping[str, str] | None = None,
        api_host: str = HOST,
        api_port: int = 0,
        exact_port: bool = False,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self._choice = Choice(
            models=tuple(Settings().models if models is None else models),
            postgres=postgres,
            parts=parts,
            env=dict(env or {}),
            api_host=api_host,
            api_port=api_port,
            exact_port=exact_port,
        )
        self._lock: TextIO | None = None
        self._supervisor: Supervisor | None = None
        self._urls: Mapping[str, str] = {}
        self._environment: Mapping[str, str] = {}

    def __enter__(self) -> EmbeddedStack:
        self.up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- the whole --------------------------------------------------------------------

    def launch(self) -> None:
        """Begin to start all parts; returns before they work."""
        self._claim()
        try:
            at = choose_addresses(self.data_dir, self._choice)
            self._urls = at.urls
            self._environment = environment(self.data_dir, self._choice, at)
            self._supervisor = Supervisor(
                assemble(self.data_dir, self._choice, at),
                self.data_dir,
                env=self._environment,
                urls=at.urls,
            )
            self._supervisor.start()
        except BaseException:
            self.close()
            raise

    def up(self, on_change: OnChange | None = None, give_up: threading.Event | None = None) -> bool:
        """Start all parts and wait until they work; False if ``give_up`` was set before."""
        self.launch()
        try:
            return self.supervisor.wait_ready(on_change=on_change, give_up=give_up)
        except BaseException:
            self.close()
            raise

    def wait_ready(self, limit_s: float = 180.0) -> None:
        """Wait until every part that is not stopped works, say after one was killed."""
        self.supervisor.wait_ready(limit_s)

    def close(self) -> None:
        """End all parts in order; nothing of the stack runs afterwards."""
        if self._supervisor is not None:
            self._supervisor.close()
            self._supervisor = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def hurry(self) -> None:
        """Cut the grace that parts have to end (a second Ctrl-C)."""
        if self._supervisor is not None:
            self._supervisor.hurry()

    def _claim(self) -> None:
        """Make ``data_dir`` ours, and end what a killed supervisor may have left on it."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (self.data_dir / LOCK_FILE).open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            record = StackRecord.read(self.data_dir)
            who = f" (process {record.pid})" if record else ""
            raise StackError(f"a stack already runs on {self.data_dir}{who}") from None
        self._lock = lock
        left = processes.tagged(processes.of_data_dir(self.data_dir))
        processes.end(left, STALE_GRACE_S)
        StackRecord.forget(self.data_dir)

    # --- where it is ------------------------------------------------------------------

    @property
    def api_url(self) -> str:
        return self._urls["api"]

    @property
    def triton_url(self) -> str:
        """Triton's gRPC endpoint, host:port."""
        return self._urls["triton"]

    @property
    def redis_url(self) -> str:
        return self._urls["redis"]

    @property
    def database_url(self) -> str:
        return self._urls["database"]

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs to be told to work with this stack (``SIGHTLINE_*``)."""
        return self._environment

    # --- single parts -----------------------------------------------------------------

    @property
    def supervisor(self) -> Supervisor:
        if self._supervisor is None:
            raise StackError("the stack does not run")
        return self._supervisor

    @property
    def parts(self) -> tuple[PartRecord, ...]:
        return self.supervisor.records()

    def part(self, name: str) -> PartRecord:
        """``name`` as it is now: pid, status, port, restarts, log."""
        return self.supervisor.record(name)

    def kill(self, name: str, signal: int, *, tree: bool = False) -> None:
        """Send a signal to a part, with ``tree`` to its children too; if it dies it comes back."""
        self.supervisor.kill(name, signal, tree=tree)

    def stop(self, name: str) -> None:
        """End a part and leave it ended until ``start``."""
        self.supervisor.stop_part(name)

    def start(self, name: str, *, wait: bool = True) -> None:
        """Start a stopped part, by default until it works."""
        self.supervisor.start_part(name)
        if wait:
            self.supervisor.wait_ready()

    def logs(self, name: str) -> str:
        """All that a part has logged in ``data_dir``."""
        return self.supervisor.logs(name)
