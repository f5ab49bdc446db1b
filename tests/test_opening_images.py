"""Images are opened once, and not when their file changed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from web_case import Server
from workspace import draw

from segviz import jobs, opening, workbench
from segviz.errors import Damaged, Refused
from segviz.io import build_pyramid
from segviz.io.geotiff import pyramid
from segviz.opening import images
from segviz.opening.images import Recent


def test_what_is_asked_for_at_once_is_made_once():
    made: list[str] = []
    kept: Recent[str] = Recent(2)

    def make(key: str) -> str:
        made.append(key)
        time.sleep(0.01)
        return key.upper()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: kept.get("a", lambda: make("a")), range(8)))
    assert answers == ["A"] * 8 and made == ["a"]


def test_the_one_not_asked_for_longest_is_let_go():
    made: list[str] = []
    kept: Recent[str] = Recent(2)
    for key in ("a", "b", "a", "c", "a", "b"):
        kept.get(key, lambda key=key: made.append(key) or key)
    assert made == ["a", "b", "c", "b"]


def test_a_file_that_changed_is_not_shown(server: Server):
    visit = server.scene.visits[0]
    path = server.store.files(visit.id)[0]
    opening.scene(server.store, visit)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(Damaged):
        opening.scene(server.store, visit)


def test_a_large_scene_is_blurred_until_its_pyramid_is_there(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pyramid, "MAX_PIXELS_WITHOUT_PYRAMID", 1000)
    visit = server.scene.visits[0]
    images.prepare_scene(server.store, visit)
    assert not opening.is_sharp(server.store, visit)
    assert [job.kind for job in jobs.of_visit(server.store, visit.id)] == ["pyramid"]
    build_pyramid(
        opening.scene(server.store, visit), server.store.folder(visit.id) / images.PYRAMID
    )
    assert opening.is_sharp(server.store, visit)


def test_a_scan_is_no_scene(server: Server):
    with pytest.raises(Refused):
        opening.scene(server.store, server.volume.visits[0])


def test_the_thumbnail_follows_the_mask(server: Server):
    first = opening.thumbnail(server.store, server.scene)
    bench = workbench.get(server.store, server.scene.visits[-1].id)
    draw(bench, "brush", 1, [[300, 300]], 80.0, base_revision=0, uuid="a")
    second = opening.thumbnail(server.store, server.scene)
    assert second != first and not first.exists() and second.exists()
