"""kill -9 of a server while two people edit a volume and a scene."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from workspace import UTM, add_visit, settings_at

from chaos.clients import Client
from chaos.server import killed
from segviz.case import Visit
from segviz.edit.delta import Delta
from segviz.grid import RasterGrid, VolumeGrid
from segviz.mask import Legend
from segviz.store import Store, access
from segviz.workbench import Workbench, fingerprint

PATIENCE_S = 20
LABELS = Legend.named("a", "b", "c")
VOLUME = VolumeGrid((120, 120, 80), np.diag([-1.0, -1.0, 2.0, 1.0]))
SCENE = RasterGrid((1500, 1500), Affine(10, 0, 500_000, 0, -10, 9_000_000), UTM)


@dataclass(frozen=True)
class Toll:
    """What a run of kills found.

    Attributes:
        lost: uuids of operations that were answered and are not in the journal.
        unreadable: what servers said of masks that they could not read.
        wrong: layers whose mask is not what the journal alone says.
        rebuilt: how often a mask file had to be made anew.
        problems: answers that were neither done nor a conflict.
        recovery_ms: of each mask at each start, from opening the workspace until it could be read:
            by the clock, and of the processor.
    """

    kills: int
    acknowledged: int
    conflicts: int
    lost: list[str]
    unreadable: list[str]
    wrong: list[str]
    rebuilt: int
    problems: list[str]
    recovery_ms: NDArray[np.float64]

    def __str__(self) -> str:
        p50, p95, most = np.percentile(self.recovery_ms, [50, 95, 100], axis=0).round().astype(int)
        return (
            f"{self.kills} kills, {self.acknowledged} operations acknowledged, "
            f"{self.conflicts} told conflicts\n"
            f"  acknowledged and lost: {len(self.lost)}\n"
            f"  masks that could not be read: {len(self.unreadable)}\n"
            f"  masks that are not what the journal says: {len(self.wrong)}\n"
            f"  mask files made anew: {self.rebuilt}\n"
            f"  other answers: {len(self.problems)} {self.problems[:1]}\n"
            f"  start to a readable mask: median {p50[0]} ms, p95 {p95[0]} ms, most {most[0]} ms; "
            f"of the processor {p50[1]}, {p95[1]}, {most[1]} ms"
        )


def run(home: Path, kills: int) -> Toll:
    """Kill a server so many times, each a moment after it acknowledged a few operations."""
    store, random = Store(settings_at(home)), np.random.default_rng(7)
    visits = [add_visit(store, grid, LABELS) for grid in (VOLUME, SCENE)]
    urls = {visit.id: (address(store, visit), visit.grid.shape) for visit in visits}
    store._database.engine.dispose()
    port = free_port()
    clients = [Client(name, port, urls) for name in ("Ann", "Bob")]
    for client in clients:
        client.start()
    recovery, unreadable = [], []
    for _ in range(kills):
        with killed(home, port, list(urls)) as up:
            if up.error:
                unreadable.append(up.error)
            recovery += up.seconds
            wait_for(clients, int(random.integers(0, 12)))
            time.sleep(0.03 * random.random())
    for client in clients:
        client.stop()
    store = Store(settings_at(home))
    lost, wrong, rebuilt = [], [], 0
    for layer in urls:
        entries = store.journal.entries(layer)
        made = {entry.uuid for entry in entries}
        said = [uuid for client in clients for uuid in client.acknowledged[layer]]
        lost += [uuid for uuid in said if uuid not in made]
        rebuilt += sum(entry.kind == "note" for entry in entries)
        mask = np.array(Workbench.open(store, layer).mask().data).reshape(-1)
        if not is_right(mask, store, layer):
            wrong.append(layer)
    return Toll(
        kills,
        sum(client.count for client in clients),
        sum(client.conflicts for client in clients),
        lost,
        unreadable,
        wrong,
        rebuilt,
        [problem for client in clients for problem in client.problems],
        np.array(recovery).reshape(-1, 2) * 1000,
    )


def address(store: Store, visit: Visit) -> str:
    """Of the first layer of a visit."""
    token = access.token(store.settings, f"case:{visit.case_id}")
    return f"/sv/cases/{visit.case_id}/{token}/visits/{visit.id}/layers/{visit.id}"


def wait_for(clients: list[Client], operations: int) -> None:
    """Until so many more operations were acknowledged; no longer than a server may take for it."""
    wanted = sum(client.count for client in clients) + operations
    end = time.monotonic() + PATIENCE_S
    while sum(client.count for client in clients) < wanted and time.monotonic() < end:
        time.sleep(0.002)


def is_right(mask: NDArray[np.uint8], store: Store, layer: str) -> bool:
    """The mask is what the journal alone says, cell by cell and by its fingerprint."""
    replayed = np.zeros_like(mask)
    last = 0
    for entry in store.journal.entries(layer):
        if (packed := store.journal.delta(entry.seq)) is not None:
            Delta.decode(packed).apply(replayed)
        last = entry.fingerprint or 0
    return np.array_equal(mask, replayed) and fingerprint.of(mask) == last


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
