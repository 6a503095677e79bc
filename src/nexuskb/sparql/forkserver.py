"""The parent of the query workers: a single-threaded process that holds the store and forks on demand.

Forking it costs a few milliseconds and shares the store's memory, so a killed worker is soon replaced. It
talks to the server over one socket; when that closes, it ends and takes its workers with it.

Started as ``python -m nexuskb.sparql.forkserver DIRECTORY GENERATION MODE MEMORY`` with the socket as
standard input.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import sys
from pathlib import Path

import pyoxigraph as ox

from nexuskb.sparql.worker import confine, end_with_parent, serve
from nexuskb.store.embedded import OxigraphStore

FORK, KILL, WAIT, READY = b"F", b"K", b"W", b"R"
COMMAND = struct.Struct("!ci")


def main() -> None:
    """Load the store and obey the server."""
    directory, generation, mode, memory = sys.argv[1:5]
    control = socket.socket(fileno=0)
    os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    store = copy_to_memory(Path(directory), generation) if mode == "memory" else None
    with contextlib.suppress(ConnectionError):
        control.sendall(COMMAND.pack(READY, os.getpid()))
        while command := _next(control):
            operation, pid, passed = command
            if operation == FORK:
                child = os.fork()
                if child == 0:
                    _become_worker(control, passed, store, (Path(directory), generation, int(memory)))
                os.close(passed)
                control.sendall(COMMAND.pack(FORK, child))
            else:
                control.sendall(COMMAND.pack(operation, _end(pid, kill=operation == KILL)))
    os.killpg(0, signal.SIGKILL)


def copy_to_memory(directory: Path, generation: str) -> OxigraphStore:
    """A copy in memory of a store on disk.

    The reading is done by a child that sends quads through a pipe, so that this process never has the
    threads of the disk engine and stays safe to fork.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        with open(write_end, "wb") as pipe:
            ox.Store.read_only(str(directory)).dump(pipe, format=ox.RdfFormat.N_QUADS)
        os._exit(0)
    os.close(write_end)
    store = ox.Store()
    with open(read_end, "rb") as pipe:
        store.load(pipe, format=ox.RdfFormat.N_QUADS)
    _, status = os.waitpid(child, 0)
    if status:
        raise SystemExit(f"the store {directory} could not be read (status {status})")
    return OxigraphStore(store, generation)


def _become_worker(
    control: socket.socket, channel: int, store: OxigraphStore | None, origin: tuple[Path, str, int]
) -> None:
    directory, generation, memory = origin
    status = 1
    try:
        control.close()
        end_with_parent()
        own = store or OxigraphStore.open(directory, generation)
        confine(memory)
        serve(socket.socket(fileno=channel), own)
        status = 0
    except ConnectionError:
        status = 0
    finally:
        os._exit(status)


def _next(control: socket.socket) -> tuple[bytes, int, int] | None:
    data, passed, _, _ = socket.recv_fds(control, COMMAND.size, 1)
    if len(data) < COMMAND.size:
        return None
    operation, pid = COMMAND.unpack(data)
    return operation, pid, passed[0] if passed else -1


def _end(pid: int, *, kill: bool) -> int:
    """Reap a worker; the signal that ended it, or 0."""
    if kill:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    try:
        _, status = os.waitpid(pid, 0)
    except ChildProcessError:
        return 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


if __name__ == "__main__":
    main()
