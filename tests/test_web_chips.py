"""Small pictures over HTTP: the scene's own pixels, no mask, and nobody else's."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from web_case import Server, pixels
from workspace import draw

from segviz import workbench


def chip(server: Server, **asked: object):
    usual = {"row": 100, "column": 200, "size": 65, "bands": "0,1,2"}
    url = f"{server.visit(server.scene)}/chip.png"
    stretch = {"stretch": "0:255,0:255,0:255"}
    return server.client.get(url, params=usual | stretch | asked)


def test_a_chip_is_the_scene_around_a_pixel(server: Server) -> None:
    answer = chip(server)
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
    found = np.asarray(Image.open(BytesIO(answer.content)).convert("RGB"))
    assert found.shape == (260, 260, 3)
    scene = pixels()[:, 68:133, 168:233].transpose(1, 2, 0)
    corner = found[2::4, 2::4][:20, :20]
    assert (corner == scene[:20, :20]).all()
    assert tuple(found[130, 130]) == tuple(scene[32, 32])


def test_a_chip_never_shows_the_mask(server: Server) -> None:
    before = chip(server).content
    bench = workbench.get(server.store, server.scene.visits[-1].id)
    draw(bench, "brush", 1, [[100, 200]], 30, base_revision=bench.revision, uuid="stroke")
    assert chip(server).content == before


def test_a_chip_at_the_corner_is_as_large_as_any(server: Server) -> None:
    found = np.asarray(Image.open(BytesIO(chip(server, row=0, column=0).content)))
    assert found.shape == (260, 260, 4)
    assert found[60, 60, 3] < 255 and found[200, 200, 3] == 255


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"row": 600}, 404), ({"column": -1}, 404), ({"size": 300}, 400), ({"size": "x"}, 400)],
)
def test_what_cannot_be_shown_is_refused(
    server: Server, asked: dict[str, object], status: int
) -> None:
    assert chip(server, **asked).status_code == status


def test_a_wrong_token_is_refused(server: Server) -> None:
    visit = server.scene.visits[0].id
    url = f"/sv/cases/{server.scene.id}/wrong/visits/{visit}/chip.png?row=1&column=1"
    assert server.client.get(url).status_code == 403
