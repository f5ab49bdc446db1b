"""The images of visits, opened once and kept while they are looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Generic, TypeVar

from segviz import jobs
from segviz.case import Visit
from segviz.errors import Refused
from segviz.image import Image, Volume
from segviz.io import GeoTiffScene, needs_pyramid, open_image, write_quicklook
from segviz.store import Store

PYRAMID, QUICKLOOK = "pyramid.tif", "quicklook.tif"
Kept = TypeVar("Kept")


class Recent(Generic[Kept]):
    """The values asked for last; each is made once even when several threads ask for it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._making: dict[str, Lock] = {}
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def get(self, key: str, make: Callable[[], Kept]) -> Kept:
        with self._lock:
            making = self._making.setdefault(key, Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            made = make()
            with self._lock:
                self._kept[key] = made
                while len(self._kept) > self._size:
                    oldest, _ = self._kept.popitem(last=False)
                    self._making.pop(oldest, None)
            return made


_volumes: Recent[Volume] = Recent(3)
_scenes: Recent[GeoTiffScene] = Recent(32)


def volume(store: Store, visit: Visit) -> Volume:
    """The scan of a visit, with the answers its reader gave.

    Raises:
        Damaged: a file changed since it was opened.
    """
    files = store.files(visit.id)
    return _volumes.get(visit.id, lambda: _of_kind(Volume, open_image(files, visit.answers)))


def scene(store: Store, visit: Visit) -> GeoTiffScene:
    """The scene of a visit; thinned windows come from its pyramid, until then from its quicklook.

    Raises:
        Damaged: a file changed since it was opened.
    """
    files = store.files(visit.id)
    found = _scenes.get(visit.id, lambda: _of_kind(GeoTiffScene, open_image(files, visit.answers)))
    copies = (store.folder(visit.id) / name for name in (PYRAMID, QUICKLOOK))
    return replace(found, pyramid=next((copy for copy in copies if copy.exists()), None))


def prepare_scene(store: Store, visit: Visit) -> None:
    """Make a large scene quick to look at: a blurred view now, a sharp one by the worker."""
    found = scene(store, visit)
    if needs_pyramid(found) and found.pyramid is None:
        write_quicklook(found, store.folder(visit.id) / QUICKLOOK)
        jobs.submit(store, "pyramid", visit.id)


def is_sharp(store: Store, visit: Visit) -> bool:
    """False while views of a large scene are blurred because its pyramid is being made."""
    thinned = scene(store, visit).pyramid
    return thinned is None or thinned.name != QUICKLOOK


Kind = TypeVar("Kind", Volume, GeoTiffScene)


def _of_kind(kind: type[Kind], image: Image) -> Kind:
    """The image, if it is what was asked for.

    Raises:
        Refused: voxels of a scene or pixels of a scan were asked for (SV-CASE-005).
    """
    if not isinstance(image, kind):
        raise Refused(
            "SV-CASE-005",
            "A scan has slices and a satellite scene has a map; this is the other one.",
        )
    return image
