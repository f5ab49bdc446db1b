"""The one Workbench of each visit in this process."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from segviz.store import Store
from segviz.workbench.bench import State, Workbench

_open: dict[tuple[Path, str], Workbench] = {}
_lock = Lock()


def get(store: Store, visit_id: str) -> Workbench:
    """The Workbench of a visit, opened on first use.

    Raises:
        NotFound: there is no such visit.
    """
    key = (store.home, visit_id)
    with _lock:
        if key in _open:
            return _open[key]
    opened = Workbench.open(store, visit_id)  # may take long: others need not wait for it
    with _lock:
        return _open.setdefault(key, opened)


def adopt(store: Store, visit_id: str, job_id: str, result: Mapping[str, Any]) -> State:
    """Take over what a ``segment`` job made; once, however often it is asked."""
    return get(store, visit_id).adopt(job_id, result)


@atexit.register
def close_all() -> None:
    """Have all mask files on disk and forget them."""
    with _lock:
        for bench in _open.values():
            bench.close()
        _open.clear()
