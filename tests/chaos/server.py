"""A server of the routes that can be killed, and what it says when it is up."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import uvicorn
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
        seconds: for each mask, from opening the workspace until it could be read.
        error: why a mask could not be read; empty where all could.
    """

    seconds: list[float]
    error: str = ""


def serve(home: Path, port: int, layers: list[str], told: Connection) -> None:
    settings, seconds = settings_at(home), []
    begin = time.perf_counter()
    try:
        store = stores.open(settings)
        opened = time.perf_counter() - begin
        for layer in layers:
            begin = time.perf_counter()
            workbench.get(store, layer).mask()
            seconds.append(opened + time.perf_counter() - begin)
    except Exception as error:
        told.send(Up([], str(error)))
        return
    told.send(Up(seconds))
    uvicorn.run(Starlette(routes=web.routes(settings)), port=port, log_level="critical")


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
