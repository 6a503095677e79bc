"""The parent of the query workers: a single-threaded process that holds the store and forks on demand.

Forking it costs a few milliseconds and shares the store's memory, so a killed worker is soon replaced. It
talks to the server over one socket; when that closes, it ends and takes its workers with it.

When records change, it changes the store that it holds, and forks none meanwhile: a worker has the store as
it was before or as it is after, and keeps that for its life.

Started as ``python -m nexuskb.sparql.forkserver DIRECTORY GENERATION MODE MEMORY`` with the socket as
standard input.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from nexuskb.errors import ContentError
from nexuskb.rules import Rule
from nexuskb.search.documents import Concepts
from nexuskb.sparql.worker import confine, end_with_parent, serve
from nexuskb.store.changing import change
from nexuskb.store.embedded import QUADS_FILE, OxigraphStore

FORK, KILL, WAIT, READY = b"F", b"K", b"W", b"R"
CHANGE, MOVE, REFUSED = b"C", b"M", b"X"
#: An operation and a number: a process, or the length of what follows.
COMMAND = struct.Struct("!ci")


def main() -> None:
    """Load the store and obey the server."""
    directory, generation, mode, memory = sys.argv[1:5]
    control = socket.socket(fileno=0)
    os.setpgrp()
    for told_to_the_server in (signal.SIGINT, signal.SIGTERM):  # it lets answers end before it ends us
        signal.signal(told_to_the_server, signal.SIG_IGN)
    held = _Held(Path(directory), generation, int(memory))
    if mode == "memory":
        held.load()
    with contextlib.suppress(ConnectionError):
        control.sendall(COMMAND.pack(READY, os.getpid()))
        while command := _next(control):
            operation, number, passed = command
            if operation == FORK:
                child = os.fork()
                if child == 0:
                    _become_worker(control, passed, held)
                os.close(passed)
                control.sendall(COMMAND.pack(FORK, child))
            elif operation in (CHANGE, MOVE):
                kind, body = held.change(operation, json.loads(_exactly(control, number)))
                control.sendall(COMMAND.pack(kind, len(body)) + body)
            else:
                control.sendall(COMMAND.pack(operation, _end(number, kill=operation == KILL)))
    os.killpg(0, signal.SIGKILL)


class _Held:
    """What workers get: the store in memory, or the directory that they open it in."""

    def __init__(self, directory: Path, generation: str, memory: int) -> None:
        self.directory = directory
        self.generation = generation
        self.memory = memory
        self._store: ox.Store | None = None
        self._concepts: Concepts | None = None

    def load(self) -> None:
        """Have the store in memory."""
        self._store = copy_to_memory(self.directory)

    def open(self) -> OxigraphStore:
        """The store, in the process of a worker."""
        if self._store is None:
            return OxigraphStore.open(self.directory, self.generation)
        return OxigraphStore(self._store, self.generation)

    def change(self, operation: bytes, asked: dict[str, Any]) -> tuple[bytes, bytes]:
        """Change the records of the store, or move to a directory where that was done.

        The answer are the documents of the search index that follow from it, or why it cannot be. Workers
        that are there already do not notice.
        """
        if operation == MOVE or self._store is None:
            self.directory, self.generation = Path(asked["directory"]), asked["generation"]
            return MOVE, b""
        records = {
            record: None if triples is None else triples.encode()
            for record, triples in asked["records"].items()
        }
        self._concepts = self._concepts or Concepts(OxigraphStore(self._store, ""))
        try:
            effect = change(self._store, records, [Rule.of(rule) for rule in asked["rules"]], self._concepts)
        except ContentError as error:
            return REFUSED, str(error).encode()
        self.generation = asked["generation"]
        documents = {
            identifier: document and document.as_dict() for identifier, document in effect.documents.items()
        }
        return CHANGE, json.dumps(documents).encode()


def copy_to_memory(directory: Path) -> ox.Store:
    """A copy in memory of a store on disk.

    To read the store takes three times as long as to read its quads from a file, so the first to do it leaves
    that file beside the store. The store is read by a child, so that this process never has the threads of
    the disk engine and stays safe to fork.
    """
    quads, store = directory / QUADS_FILE, ox.Store()
    if quads.exists() or _in_child(lambda: _write_quads(directory, quads)):
        store.load(path=str(quads), format=ox.RdfFormat.N_QUADS)
        return store
    read_end, write_end = os.pipe()  # there is no room for the file
    child = os.fork()
    if child == 0:
        os.close(read_end)
        with open(write_end, "wb") as pipe:
            ox.Store.read_only(str(directory)).dump(pipe, format=ox.RdfFormat.N_QUADS)
        os._exit(0)
    os.close(write_end)
    with open(read_end, "rb") as pipe:
        store.load(pipe, format=ox.RdfFormat.N_QUADS)
    _, status = os.waitpid(child, 0)
    if status:
        raise SystemExit(f"the store {directory} could not be read (status {status})")
    return store


def _write_quads(directory: Path, target: Path) -> None:
    """Write the quads of a store to a file that is whole whenever it is there."""
    handle, scratch = tempfile.mkstemp(dir=directory, prefix=f".{target.name}.")
    try:
        with open(handle, "wb") as out:
            ox.Store.read_only(str(directory)).dump(out, format=ox.RdfFormat.N_QUADS)
            os.fsync(out.fileno())
        os.replace(scratch, target)
    except BaseException:
        os.unlink(scratch)
        raise


def _in_child(work: Callable[[], None]) -> bool:
    """Do something in a process of its own; whether it went well."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def _become_worker(control: socket.socket, channel: int, held: _Held) -> None:
    status = 1
    try:
        control.close()
        end_with_parent()
        own = held.open()
        confine(held.memory)
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


def _exactly(control: socket.socket, length: int) -> bytes:
    held = bytearray()
    while len(held) < length:
        data = control.recv(min(length - len(held), 1024**2))
        if not data:
            raise ConnectionError("the server is gone")
        held += data
    return bytes(held)


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
