"""Where the time of an unseen point lookup goes: cProfile in the facade and in its query worker."""

from __future__ import annotations

import asyncio
import cProfile
import io
import itertools
import pstats
import socket
import tempfile
import threading
import time
from pathlib import Path

import uvicorn

from benchmarks.client import Client, Prepared, prepare
from benchmarks.generator import ROOT, generate, read_profile
from benchmarks.peers import free_port
from benchmarks.workload import Workload
from nexuskb.settings import Settings
from nexuskb_api.app import create_app


def profile_facade(triples: int, seconds: float, lines: int = 30) -> str:
    """Serve a made base in this process, ask it point lookups, and tell what its event loop did."""
    with tempfile.TemporaryDirectory(prefix="nexuskb-profile-") as scratch:
        root = Path(scratch)
        profile = read_profile()
        made = generate(root / "data", triples, 1, profile)
        asks = Workload(made, profile).draw(11, 20_000, {"point lookup": 1})
        app = create_app(Settings(ROOT / "ontology", root / "data", root / "home"))
        port = free_port()
        config = uvicorn.Config(app, port=port, log_level="error", access_log=False, server_header=False)
        server = uvicorn.Server(config)
        watched = cProfile.Profile(time.thread_time)  # what others do meanwhile does not count

        def serve() -> None:
            loop = config.get_loop_factory()()
            asyncio.set_event_loop(loop)
            loop.run_until_complete(_watched(server, watched))

        thread = threading.Thread(target=serve)
        thread.start()
        _wait(port)
        prepared = prepare(asks, "/sparql")
        plain = _ask(port, prepared[:5000], seconds / 2)
        server_loop_watch.set()
        done = _ask(port, prepared[5000:], seconds)
        server.should_exit = True
        thread.join()
    told = io.StringIO()
    print(f"median without profiler {plain * 1e6:.0f} µs, with it {done * 1e6:.0f} µs", file=told)
    pstats.Stats(watched, stream=told).sort_stats("tottime").print_stats(lines)
    pstats.Stats(watched, stream=told).sort_stats("cumulative").print_stats(lines)
    return told.getvalue()


server_loop_watch = threading.Event()


async def _watched(server: uvicorn.Server, watched: cProfile.Profile) -> None:
    """Serve; start the profiler in the thread of the loop when told to."""

    async def start() -> None:
        while not server_loop_watch.is_set():
            await asyncio.sleep(0.05)
        watched.enable()

    starting = asyncio.ensure_future(start())
    await server.serve()
    watched.disable()
    starting.cancel()


def _ask(port: int, prepared: list[Prepared], seconds: float) -> float:
    done = Client(port).run([itertools.cycle(prepared)], seconds, 2)
    times = sorted(sample.seconds for sample in done.samples)
    return times[len(times) // 2]


def _wait(port: int) -> None:
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
