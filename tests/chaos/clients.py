"""Somebody who edits all masks of a server, and sends again what was not answered."""

from __future__ import annotations

import json
import threading
import time
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode

import numpy as np

from segviz.edit import runs

RUNS = "application/octet-stream"

Layers = dict[str, tuple[str, tuple[int, ...]]]
"""Layer -> its address and the shape of its mask."""

Answer = tuple[int, dict[str, Any]]


class Client(threading.Thread):
    """Edits, undoes, redoes and jumps at random until it is told to stop.

    Attributes:
        acknowledged: layer -> uuids of all that was answered as done.
        conflicts: how often it was told that others changed the same cells.
    """

    def __init__(self, name: str, port: int, layers: Layers) -> None:
        super().__init__(daemon=True)
        self.name = name
        self.acknowledged: dict[str, list[str]] = {layer: [] for layer in layers}
        self.conflicts = 0
        self.problems: list[str] = []
        self._port = port
        self._layers = layers
        self._random = np.random.default_rng(sum(name.encode()))
        self._done = threading.Event()
        self._count = 0

    @property
    def count(self) -> int:
        return sum(map(len, self.acknowledged.values()))

    def stop(self) -> None:
        self._done.set()
        self.join()

    def run(self) -> None:
        states: dict[str, dict[str, Any]] = {}
        while not self._done.is_set():
            layer = str(self._random.choice(list(self._layers)))
            url, shape = self._layers[layer]
            if layer not in states:
                status, said = self._ask("GET", f"{url}/state", b"")
                if status != 200:
                    self.problems += [f"{status}: {said}"] if status else []
                    continue
                states[layer] = said
            self._count += 1
            uuid = f"{self.name}-{self._count}"
            path, body = self._work(url, shape, states[layer], uuid)
            status, said = self._ask("POST", path, body)
            if status == 200:
                states[layer] = said
                if not said["note"]:
                    self.acknowledged[layer].append(uuid)
            elif status == 409:
                self.conflicts += 1
                del states[layer]
            elif status:
                self.problems.append(f"{status}: {said}")
                self._done.wait(0.05)

    def _work(
        self, url: str, shape: tuple[int, ...], state: dict[str, Any], uuid: str
    ) -> tuple[str, bytes]:
        draw = self._random.random()
        about = {"base_revision": state["revision"], "uuid": uuid, "author": self.name}
        if draw < 0.1 and state["can_undo"]:
            return f"{url}/undo", json.dumps(about).encode()
        if draw < 0.2 and state["can_redo"]:
            return f"{url}/redo", json.dumps(about).encode()
        label = int(self._random.integers(0, 4))
        if len(shape) == 3:
            cells = np.unique(self._random.integers(0, int(np.prod(shape)), 200))
            body = runs.encode(cells, np.full(len(cells), label, np.uint8))
            return f"{url}/edits?{urlencode(about | {'tool': 'brush'})}", body
        points = self._random.integers(0, min(shape), (2, 2)).tolist()
        params = {"label": label, "points": points, "radius_cells": 4}
        return f"{url}/edits", json.dumps(about | {"tool": "brush", "params": params}).encode()

    def _ask(self, method: str, path: str, body: bytes) -> Answer:
        """The answer, asked for again until there is one; status 0 once it is told to stop."""
        while not self._done.is_set():
            connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
            try:
                kind = RUNS if path.endswith("tool=brush") else "application/json"
                connection.request(method, path, body, {"Content-Type": kind})
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
            except (OSError, HTTPException, ValueError):
                time.sleep(0.005)
            finally:
                connection.close()
        return 0, {}
