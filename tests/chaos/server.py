"""A server of the routes that can be killed, and what it says when it is up."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import uvicorn
from numpy.typing import NDArray
from starlette.applications import Starlette
from workspace import settings_at

from segviz import store as stores
from segviz import web, workbench

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["segviz.web", "uvicorn"])


@dataclass(frozen=True)
class Up:
    """What a server found when it started.

    Attributes:
        seconds: for each mask, from opening the workspace until it could be read: by the clock,
            and of the processor, which does not count what others take on a busy machine.
        error: why a mask could not be read; empty where all could.
    """

    seconds: list[tuple[float, float]]
    error: str = ""


def serve(home: Path, port: int, layers: list[str], told: Connection) -> None:
    settings, seconds = settings_at(home), []
    try:
        begin = now()
        store = stores.open(settings)
        opened = now() - begin
        for layer in layers:
            begin = now()
            workbench.get(store, layer).mask()
            seconds.append(tuple((opened + now() - begin).tolist()))
    except Exception as error:
        told.send(Up([], str(error)))
        return
    told.send(Up(seconds))
    uvicorn.run(Starlette(routes=web.routes(settings)), port=port, log_level="critical")


def now() -> NDArray[np.float64]:
    """Seconds by the clock, and of the processor."""
    return np.array([time.perf_counter(), time.process_time()])


@contextmanager
def killed(home: Path, port: int, layers: list[str]) -> Iterator[Up]:
    """A server for as long as the block lasts; then it is killed with signal 9."""
    here, there = FORKS.Pipe()
    process = FORKS.Process(target=serve, args=(home, port, layers, there))
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        process.kill()
        process.join()
