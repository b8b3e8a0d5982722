"""The embedded stack, with real processes: started, killed, ended, asked after."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from sightline.errors import NotFound, StackError
from sightline.stack import processes
from sightline.stack.embedded import EmbeddedStack
from sightline.stack.part import Part, Tier
from sightline.stack.ports import HOST, PortBook, is_free
from sightline.stack.probes import Probe
from sightline.stack.state import PartStatus, StackRecord
from sightline.stack.supervisor import START_ATTEMPTS, Supervisor

# Writes its name to a common file when it starts and when it is asked to end.
CHILD = """
import pathlib, signal, sys, time
name, book = sys.argv[1], pathlib.Path(sys.argv[2])
def note(text):
    with book.open("a") as file:
        file.write(f"{text} {name}\\n")
def end(*_):
    note("end")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
note("start")
while True:
    time.sleep(60)
"""
# Has a child of its own, and neither of them listens to SIGTERM.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "child"])
time.sleep(600)
"""


def eventually(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.05)


def runs(pid: int | None) -> bool:
    try:
        return pid is not None and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def child(book: Path, name: str, tier: Tier, *depends_on: str) -> Part:
    argv = (sys.executable, "-c", CHILD, name, str(book))
    return Part(name=name, argv=argv, tier=tier, depends_on=depends_on, grace_s=5)


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervisor]]:
    made: list[Supervisor] = []

    def start(*parts: Part) -> Supervisor:
        supervisor = Supervisor(parts, tmp_path)
        made.append(supervisor)
        supervisor.start()
        return supervisor

    yield start
    for supervisor in made:
        supervisor.close()
    assert processes.tagged(processes.of_data_dir(tmp_path)) == []


Supervise = Callable[..., Supervisor]


def test_parts_start_after_what_they_need_and_end_before_it(
    supervise: Supervise, tmp_path: Path
) -> None:
    book = tmp_path / "book"
    supervisor = supervise(
        child(book, "door", Tier.DOORS, "worker"),
        child(book, "worker", Tier.WORKERS, "store"),
        child(book, "store", Tier.STORE),
    )
    supervisor.wait_ready(30)
    supervisor.close()
    starts = ["start store", "start worker", "start door"]
    assert book.read_text().splitlines() == [*starts, "end door", "end worker", "end store"]


def test_a_part_that_dies_is_started_again(supervise: Supervise, tmp_path: Path) -> None:
    supervisor = supervise(child(tmp_path / "book", "worker", Tier.WORKERS))
    supervisor.wait_ready(30)
    first = supervisor.record("worker")
    supervisor.kill("worker", signal.SIGKILL)
    eventually(lambda: supervisor.record("worker").restarts == 1)
    supervisor.wait_ready(30)
    second = supervisor.record("worker")
    assert second.pid != first.pid
    assert second.status is PartStatus.READY
    assert second.exit_code == -signal.SIGKILL


def test_a_stopped_part_stays_stopped_until_it_is_started(
    supervise: Supervise, tmp_path: Path
) -> None:
    book = tmp_path / "book"
    supervisor = supervise(child(book, "worker", Tier.WORKERS))
    supervisor.wait_ready(30)
    supervisor.stop_part("worker")
    time.sleep(1.0)  # longer than the first restart would take
    assert supervisor.record("worker").status is PartStatus.STOPPED
    assert book.read_text().splitlines() == ["start worker", "end worker"]
    with pytest.raises(StackError, match="does not run"):
        supervisor.kill("worker", signal.SIGTERM)
    supervisor.start_part("worker")
    supervisor.wait_ready(30)
    assert supervisor.record("worker").restarts == 0


def test_a_part_that_never_comes_up_is_reported_with_its_log(
    supervise: Supervise, tmp_path: Path
) -> None:
    argv = (sys.executable, "-c", "raise SystemExit('no such luck')")
    never = Probe("touched", str(tmp_path / "never-written"))
    supervisor = supervise(Part("broken", argv, Tier.STORE, probe=never))
    with pytest.raises(
        StackError, match=rf"broken ended {START_ATTEMPTS} times(.|\n)*no such luck"
    ):
        supervisor.wait_ready(30)


def test_what_runs_once_must_succeed_before_others_start(
    supervise: Supervise, tmp_path: Path
) -> None:
    migrate = Part("migrate", (sys.executable, "-c", ""), Tier.STORE, once=True)
    supervisor = supervise(migrate, child(tmp_path / "book", "worker", Tier.WORKERS, "migrate"))
    supervisor.wait_ready(30)
    assert supervisor.record("migrate").status is PartStatus.DONE
    assert supervisor.record("migrate").restarts == 0


def test_a_part_that_ignores_its_signal_is_killed_with_its_children(
    supervise: Supervise, tmp_path: Path
) -> None:
    program = tmp_path / "stubborn.py"
    program.write_text(STUBBORN)
    supervisor = supervise(
        Part("stubborn", (sys.executable, str(program)), Tier.WORKERS, grace_s=0.5)
    )
    supervisor.wait_ready(30)
    eventually(lambda: len(processes.tagged(processes.of_data_dir(tmp_path))) == 2)
    supervisor.close()
    assert processes.tagged(processes.of_data_dir(tmp_path)) == []


def test_an_unknown_part_is_named(supervise: Supervise) -> None:
    with pytest.raises(NotFound, match="no part 'nobody'"):
        supervise().record("nobody")


# --- the real stores -------------------------------------------------------------------


def test_redis_comes_back_with_what_it_held(tmp_path: Path) -> None:
    with EmbeddedStack(tmp_path, parts={"redis"}) as stack:
        client = redis.Redis.from_url(stack.redis_url)
        client.set("kept", "yes")
        time.sleep(1.2)  # appendfsync everysec
        stack.kill("redis", signal.SIGKILL)
        eventually(lambda: stack.part("redis").restarts == 1)
        stack.wait_ready(30)
        assert client.get("kept") == b"yes"
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        client.close()


def test_redis_wants_its_password(tmp_path: Path) -> None:
    with EmbeddedStack(tmp_path, parts={"redis"}) as stack:
        port = stack.part("redis").port
        assert port is not None
        stranger = redis.Redis(HOST, port, retry=None)
        with pytest.raises(redis.AuthenticationError):
            stranger.ping()
        stranger.close()


def test_postgresql_keeps_its_rows_over_a_kill_and_a_restart(tmp_path: Path) -> None:
    with EmbeddedStack(tmp_path, postgres=True, parts={"postgres"}) as stack:
        with psycopg.connect(stack.database_url) as connection:
            connection.execute("CREATE TABLE kept (n int)")
            connection.execute("INSERT INTO kept VALUES (42)")
        stack.kill("postgres", signal.SIGKILL)
        eventually(lambda: stack.part("postgres").restarts == 1)
        stack.wait_ready(60)
        url = stack.database_url
    with EmbeddedStack(tmp_path, postgres=True, parts={"postgres"}) as stack:
        assert stack.database_url == url
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (42,)


def test_workers_go_on_after_redis_was_killed_and_emptied(tmp_path: Path) -> None:
    """The pinned Celery either survives the death of its broker or is started again."""
    parts = {"redis", "migrate", "worker.sweep", "beat"}
    with EmbeddedStack(tmp_path, parts=parts, env={"SIGHTLINE_SWEEP_S": "1"}) as stack:

        def sweeps() -> int:
            return stack.logs("worker.sweep").count("succeeded in")

        def wait_for_another() -> None:
            before = sweeps()
            eventually(lambda: sweeps() > before, 60)

        for kills in (1, 2):
            wait_for_another()
            stack.kill("redis", signal.SIGKILL)
            eventually(lambda kills=kills: stack.part("redis").restarts == kills)
        wait_for_another()
        stack.kill("worker.sweep", signal.SIGKILL)
        with redis.Redis.from_url(stack.redis_url) as client:
            eventually(lambda: bool(client.ping()))
            client.flushall()
        wait_for_another()


# --- from a shell ----------------------------------------------------------------------


class Shell:
    """``python -m sightline.stack`` on one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    def argv(self, command: str, *arguments: str) -> list[str]:
        program = [sys.executable, "-m", "sightline.stack", command]
        return [*program, "--data-dir", str(self.data_dir), *arguments]

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "COLUMNS": "200"}
        argv = self.argv(command, *arguments)
        return subprocess.run(argv, capture_output=True, text=True, env=env, check=False)

    def record(self) -> StackRecord:
        record = StackRecord.read(self.data_dir)
        assert record is not None
        return record

    def left(self) -> list[psutil.Process]:
        return processes.tagged(processes.of_data_dir(self.data_dir))


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path / "data")
    yield shell
    shell.run("down")


def test_up_status_down(shell: Shell) -> None:
    assert shell.run("status").returncode == 3
    up = shell.run("up", "--detach", "--parts", "redis", "--port", "0")
    assert up.returncode == 0, up.stderr
    again = shell.run("up", "--parts", "redis", "--port", "0")
    assert again.returncode == 1
    assert "already runs" in again.stderr

    status = shell.run("status")
    assert status.returncode == 0, status.stdout
    record = shell.record().parts[0]
    line = next(line for line in status.stdout.splitlines() if line.split()[:1] == ["redis"])
    assert line.split()[:5] == ["redis", "ready", "ok", str(record.pid), str(record.port)]
    parts = json.loads(shell.run("status", "--json").stdout)["parts"]
    assert parts[0]["healthy"] is True
    assert "probe" not in parts[0], "its URL holds the password"

    assert record.pid is not None
    os.kill(record.pid, signal.SIGSTOP)
    hung = shell.run("status")
    os.kill(record.pid, signal.SIGCONT)
    assert hung.returncode == 1
    assert "no answer" in hung.stdout

    assert shell.run("down").returncode == 0
    assert shell.left() == []
    assert shell.run("status").returncode == 3


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_in_the_foreground(shell: Shell, how: signal.Signals) -> None:
    argv = shell.argv("up", "--parts", "redis", "--port", "0")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as program:
        eventually(lambda: (StackRecord.read(shell.data_dir) or _NOT_READY).ready, 60)
        program.send_signal(how)
        output, _ = program.communicate(timeout=30)
        assert program.returncode == 0
    assert "Sightline listens on" in output
    assert output.splitlines()[-1] == "Sightline has ended."
    assert shell.left() == []
    assert StackRecord.read(shell.data_dir) is None


_NOT_READY = StackRecord(stack_id="", pid=0, since=0.0)


def test_a_killed_supervisor_leaves_nothing_behind(shell: Shell) -> None:
    assert shell.run("up", "--detach", "--parts", "redis", "--port", "0").returncode == 0
    assert len(shell.left()) == 1
    os.kill(shell.record().pid, signal.SIGKILL)
    eventually(lambda: shell.left() == [])
    assert shell.run("status").returncode == 3


def test_the_next_up_ends_what_even_the_guardian_could_not(shell: Shell) -> None:
    assert shell.run("up", "--detach", "--parts", "redis", "--port", "0").returncode == 0
    record = shell.record()
    orphan = record.parts[0].pid
    # Stopped first: a living supervisor would start another guardian.
    os.kill(record.pid, signal.SIGSTOP)
    for process in psutil.process_iter(["cmdline"]):
        if (process.info["cmdline"] or [])[-2:] == ["sightline.stack.guardian", record.stack_id]:
            process.kill()
    os.kill(record.pid, signal.SIGKILL)
    eventually(lambda: not runs(record.pid))
    time.sleep(1)
    assert runs(orphan)
    assert shell.run("up", "--detach", "--parts", "redis", "--port", "0").returncode == 0
    assert not runs(orphan)
    assert runs(shell.record().parts[0].pid)


# --- ports -----------------------------------------------------------------------------


def listening(port: int) -> socket.socket:
    server = socket.create_server((HOST, port))
    server.listen()
    return server


def test_ports_are_kept_while_free_and_replaced_while_busy(tmp_path: Path) -> None:
    book = PortBook(tmp_path / "ports.json")
    kept = book.take("redis")
    book.save()
    assert PortBook(tmp_path / "ports.json").take("redis") == kept
    with listening(kept):
        assert not is_free(kept)
        other = PortBook(tmp_path / "ports.json").take("redis")
        assert other != kept
        assert is_free(other)


def test_a_busy_preferred_port_is_replaced_but_an_exact_one_is_refused(tmp_path: Path) -> None:
    book = PortBook(tmp_path / "ports.json")
    with listening(0) as server:
        busy = server.getsockname()[1]
        assert book.take("api", preferred=busy) != busy
        with pytest.raises(StackError, match=f"port {busy} .*in use"):
            book.take_exactly("api", busy)


def test_no_port_is_given_twice(tmp_path: Path) -> None:
    book = PortBook(tmp_path / "ports.json")
    ports = [book.take(name) for name in ("redis", "api", "triton")]
    assert len(set(ports)) == 3
    assert book.take("other", preferred=ports[0]) not in ports


def test_a_worker_is_healthy_while_it_is_connected_to_the_broker() -> None:
    with listening(0) as server:
        port = server.getsockname()[1]
        probe = Probe("connected", str(port))
        assert not probe.answers(os.getpid())
        with socket.create_connection((HOST, port)):
            assert probe.answers(os.getpid())
