"""Ends a stack's processes when their supervisor has gone without doing so (kill -9, crash).

It holds one end of a pipe whose other end only the supervisor has: when the kernel closes
that, for whatever reason, the guardian looks for what is left and ends it.
"""

from __future__ import annotations

import signal
import subprocess
import sys

from sightline.stack import processes

GRACE_S = 5.0


def start(stack_id: str) -> subprocess.Popen[bytes]:
    """Start a guardian for the stack ``stack_id``; it acts when its ``stdin`` is closed."""
    return subprocess.Popen(  # noqa: S603 - this module
        [sys.executable, "-m", "sightline.stack.guardian", stack_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def watch(stack_id: str) -> None:
    # A signal meant for the supervisor and all around it must not take the guardian first.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    sys.stdin.buffer.read()
    left = processes.tagged(processes.of_stack(stack_id))
    processes.end(left, GRACE_S)


if __name__ == "__main__":
    watch(sys.argv[1])
