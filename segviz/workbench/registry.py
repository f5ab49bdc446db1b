"""The one Workbench of each visit in this process."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from segviz.case import Layer
from segviz.errors import Refused
from segviz.store import Store
from segviz.workbench.answers import State
from segviz.workbench.bench import Workbench
from segviz.workbench.changes import strips
from segviz.workbench.generations import Generations

_open: dict[tuple[Path, str], Workbench] = {}
_lock = Lock()


def get(store: Store, layer_id: str) -> Workbench:
    """The Workbench of a layer, opened on first use; a visit's id is that of its first layer.

    Raises:
        NotFound: there is no such layer.
    """
    key = (store.home, layer_id)
    with _lock:
        if key in _open:
            return _open[key]
    opened = Workbench.open(store, layer_id)  # may take long: others need not wait for it
    with _lock:
        return _open.setdefault(key, opened)


def adopt(store: Store, visit_id: str, job_id: str, result: Mapping[str, Any]) -> State:
    """Take over what a ``segment`` job made; once, however often it is asked.

    It goes to the layer that the job was started for, the first one where it names none.
    """
    layer_id = store.queue.get(job_id).params.get("layer", visit_id)
    return get(store, layer_id).adopt(job_id, result)


def new_layer(
    store: Store,
    visit_id: str,
    name: str,
    author: str,
    origin: str | None = None,
    revision: int | None = None,
) -> Layer:
    """Another mask of a visit: empty, or a copy of a layer as it was after a revision.

    A copy goes on from the history of that layer: what made its cells is still known, and what the
    model had said. Its first undo leads no further back than to the copy.

    Args:
        origin: the layer to copy.
        revision: of it; as it is now when None.

    Raises:
        NotFound: there is no such layer or visit.
        Refused: no name (SV-CASE-061), a layer of another image (SV-CASE-062), or no such revision
            (SV-EDIT-096).
        DiskFull: no layer was made.
    """
    if origin is None:
        store.visit(visit_id)
        return store.add_layer(store.new_id(), visit_id, name, author)
    bench, layer_id = get(store, origin), store.new_id()
    if bench.visit.id != visit_id:
        raise Refused(
            "SV-CASE-062",
            "The layer to copy belongs to another image, so it would lie elsewhere here; choose "
            "one of this image.",
        )
    revision = bench.revision if revision is None else revision
    shape = bench.visit.grid.shape

    def content(file: BinaryIO) -> None:
        for window in strips(shape):
            file.write(bench.mask_at(revision, window).tobytes())

    Generations(store.journal, store.mask_folder(layer_id), layer_id, shape).write(0, content)
    return store.add_layer(layer_id, visit_id, name, author, (origin, revision))


@atexit.register
def close_all() -> None:
    """Have all mask files on disk and forget them."""
    with _lock:
        for bench in _open.values():
            bench.close()
        _open.clear()
