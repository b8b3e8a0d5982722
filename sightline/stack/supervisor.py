"""Keeps the parts of a stack running, and ends them in order."""

from __future__ import annotations

import os
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sightline.errors import NotFound, StackError
from sightline.stack import guardian, processes
from sightline.stack.part import Part
from sightline.stack.runner import Runner
from sightline.stack.state import PartRecord, PartStatus, StackRecord

TICK_S = 0.1
# A part that ends this often before the stack has been ready once will not come up at all.
START_ATTEMPTS = 4
LOG_TAIL_LINES = 15


class Supervisor:
    """Starts the parts as soon as what they depend on works, and again when they die.

    What it does to its children it does from one thread of its own; the public methods may be
    called from any thread. Should its process be killed, a guardian ends the parts.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        data_dir: Path,
        *,
        env: Mapping[str, str] | None = None,
        urls: Mapping[str, str] | None = None,
    ) -> None:
        self.stack_id = uuid.uuid4().hex
        self.data_dir = data_dir
        self.logs_dir = data_dir / "logs"
        self.logs_dir.mkdir(parents=True, exist_ok=True)
        self._urls = dict(urls or {})
        child_env = {**os.environ, **(env or {})}
        child_env[processes.TAG] = processes.tag(self.stack_id, data_dir)
        # Not data_dir as their working directory: Python finds modules there, and Triton's files
        # in "triton" would be taken for the package of that name.
        self._runners = {
            part.name: Runner(part, child_env, self.logs_dir / f"{part.name}.log", self.logs_dir)
            for part in parts
        }
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._hurry = threading.Event()
        self._been_ready = False
        self._guardian: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    # --- starting -----------------------------------------------------------------

    def start(self) -> None:
        """Begin; returns at once."""
        self._guardian = guardian.start(self.stack_id)
        self._write()
        self._thread.start()

    def wait_ready(
        self,
        limit_s: float = 180.0,
        give_up: threading.Event | None = None,
        on_change: Callable[[tuple[PartRecord, ...]], None] | None = None,
    ) -> bool:
        """Wait until every part works; False if ``give_up`` was set before.

        Raises StackError, with the end of the part's log, if one does not come up.
        """
        deadline = time.monotonic() + limit_s
        seen: tuple[PartRecord, ...] = ()
        while not (give_up and give_up.is_set()):
            now = self.records()
            if on_change and now != seen:
                on_change(now)
            seen = now
            with self._lock:
                if all(self._counts_as_up(runner) for runner in self._runners.values()):
                    self._been_ready = True
                    self._write()
                    return True
                # A stack that has worked keeps trying, however often a part dies.
                hopeless = [
                    runner
                    for runner in self._runners.values()
                    if runner.failures >= START_ATTEMPTS and not self._been_ready
                ]
            if hopeless or time.monotonic() > deadline:
                raise self._start_error(hopeless, limit_s)
            time.sleep(TICK_S)
        return False

    @staticmethod
    def _counts_as_up(runner: Runner) -> bool:
        return runner.works or runner.status is PartStatus.STOPPED

    def _start_error(self, hopeless: Sequence[Runner], limit_s: float) -> StackError:
        with self._lock:
            late = [r for r in self._runners.values() if not self._counts_as_up(r)]
        runner = (hopeless or late)[0]
        reason = (
            f"ended {runner.failures} times (exit code {runner.exit_code})"
            if hopeless
            else f"is still {runner.status} after {limit_s:.0f} s"
        )
        tail = "\n".join(self.logs(runner.part.name).splitlines()[-LOG_TAIL_LINES:])
        return StackError(f"{runner.part.name} {reason}; the end of {runner.log}:\n{tail}")

    # --- the loop -----------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing.wait(TICK_S):
            with self._lock:
                if self._closing.is_set():
                    return
                self._step()

    def _step(self) -> None:
        changed = False
        for runner in self._runners.values():
            works = all(
                self._runners[name].works
                for name in runner.part.depends_on
                if name in self._runners
            )
            changed |= runner.step(dependencies_work=works)
        if self._guardian is not None and self._guardian.poll() is not None:
            self._guardian = guardian.start(self.stack_id)
        if changed:
            self._write()

    def _write(self) -> None:
        StackRecord(
            stack_id=self.stack_id,
            pid=os.getpid(),
            since=processes.started_at(os.getpid()) or 0.0,
            ready=self._been_ready,
            urls=self._urls,
            parts=self.records(),
        ).write(self.data_dir)

    # --- single parts ---------------------------------------------------------------

    def records(self) -> tuple[PartRecord, ...]:
        with self._lock:
            return tuple(runner.record() for runner in self._runners.values())

    def record(self, name: str) -> PartRecord:
        """The part ``name`` as it is now. Raises NotFound for an unknown name."""
        with self._lock:
            return self._runner(name).record()

    def _runner(self, name: str) -> Runner:
        if name not in self._runners:
            raise NotFound("part", name)
        return self._runners[name]

    def kill(self, name: str, signal: int, *, tree: bool = False) -> None:
        """Send ``signal`` to a part's process, with ``tree`` to all of its process group.

        If the part dies of it, it is started again. Raises StackError if it does not run.
        """
        with self._lock:
            pid = self._runner(name).pid
            if pid is None:
                raise StackError(f"{name} does not run")
            if tree:
                processes.signal_group(pid, signal)
            else:
                os.kill(pid, signal)

    def stop_part(self, name: str) -> None:
        """End a part in its own way and leave it ended until ``start_part``."""
        with self._lock:
            runner = self._runner(name)
        self._end([runner])
        with self._lock:
            self._write()

    def start_part(self, name: str) -> None:
        """Start a stopped part again; returns at once."""
        with self._lock:
            self._runner(name).resume()
            self._write()

    def logs(self, name: str) -> str:
        """All that the part has written to its log."""
        log = self._runner(name).log
        return log.read_text(errors="replace") if log.exists() else ""

    # --- ending -----------------------------------------------------------------------

    def hurry(self) -> None:
        """Do not wait for parts to end by themselves any more (a second Ctrl-C)."""
        self._hurry.set()

    def close(self) -> None:
        """End all parts, highest tier first, then whatever else carries the stack's tag."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()
        tiers = {runner.part.tier for runner in self._runners.values()}
        for tier in sorted(tiers, reverse=True):
            self._end([r for r in self._runners.values() if r.part.tier == tier])
            self._write()
        processes.end(processes.tagged(processes.of_stack(self.stack_id)), grace_s=1.0)
        if self._guardian is not None:
            # Nothing is left that it could end.
            self._guardian.kill()
            self._guardian.communicate()
        StackRecord.forget(self.data_dir)

    def _end(self, runners: Sequence[Runner]) -> None:
        """End parts side by side, each with its own grace; the others are watched meanwhile."""
        began = time.monotonic()
        with self._lock:
            for runner in runners:
                runner.ask_to_end()
        waiting = list(runners)
        while waiting:
            with self._lock:
                waiting = [runner for runner in waiting if not runner.has_ended()]
                for runner in waiting:
                    late = time.monotonic() - began > runner.part.grace_s
                    if late or self._hurry.is_set():
                        runner.kill()
            time.sleep(TICK_S / 2)
