"""What the routes answer: access, errors, and pictures and voxels as they were put in."""

from __future__ import annotations

import csv
import gzip
import json
from io import BytesIO

import nibabel as nib
import numpy as np
import pyogrio
import pytest
import rasterio
from numpy.typing import NDArray
from PIL import Image
from web_case import Server, pixels, voxels
from workspace import draw, finished_run

from segviz import opening, workbench
from segviz.case import Case
from segviz.edit import runs
from segviz.errors import Conflict, DiskFull, NotFound, Question, Refused
from segviz.inference import catalog, pictures
from segviz.io import legends, polygons
from segviz.io.masks import read_mask
from segviz.store import access
from segviz.web import downloads, errors

EDITS = {"base_revision": 0, "uuid": "first", "tool": "brush"}


def edit(server: Server, body: bytes, **query: object):
    url = f"{server.layer(server.volume)}/edits"
    headers = {"Content-Type": "application/octet-stream"}
    return server.client.post(url, content=body, params=EDITS | query, headers=headers)


BRUSH = {"label": 1, "points": [[100.5, 50.5]], "radius_cells": 1}


def stroke(server: Server, params: object = BRUSH, **said: object):
    body = {"base_revision": 0, "uuid": "first", "tool": "brush", "params": params}
    return server.client.post(f"{server.layer(server.scene)}/edits", json=body | said)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.WrongToken(), 403),
        (errors.TooLarge("SV-X-1", "x"), 413),
        (NotFound("SV-X-1", "x"), 404),
        (Conflict("SV-X-1", "x"), 409),
        (Refused("SV-X-1", "x"), 400),
        (Question("SV-X-1", "x", "key"), 400),
        (DiskFull(), 507),
    ],
)
def test_each_error_has_its_status(error, status):
    assert errors.status(error) == status


@pytest.mark.parametrize("path", ["volume.nii", "{layer}/mask", "{layer}/state", "slice.png?mm=0"])
def test_a_wrong_token_is_refused(server: Server, path: str):
    visit = server.volume.visits[0].id
    path = path.format(layer=f"layers/{visit}")
    url = f"/sv/cases/{server.volume.id}/wrong/visits/{visit}/{path}"
    answer = server.client.get(url)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "SV-CASE-403"


def test_the_token_of_one_case_does_not_open_another(server: Server):
    base = server.base(server.volume)
    scene = server.scene.visits[0].id
    other = f"{base}/visits/{scene}/layers/{scene}/state"
    assert server.client.get(other).status_code == 404
    swapped = base.replace(server.volume.id, server.scene.id)
    assert server.client.get(f"{swapped}/thumbnail.png").status_code == 403


def test_the_volume_is_sent_canonical_and_once(server: Server):
    url = f"{server.visit(server.volume)}/volume.nii"
    answer = server.client.get(url)
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["x-size"]) == len(answer.content)
    image = nib.Nifti1Image.from_bytes(answer.content)
    assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
    assert np.array_equal(np.asarray(image.dataobj), voxels()[::-1, ::-1, :])
    again = server.client.get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_a_stroke_is_applied_counted_and_read_back(server: Server):
    size = voxels().size
    answer = edit(server, runs.encode(np.array([0, 1, 7]), np.array([1, 1, 1], np.uint8)))
    assert answer.status_code == 200
    state = answer.json()
    assert state["revision"] == 1
    assert state["labels"][0]["count"] == 3
    assert state["labels"][0]["amount"] == pytest.approx(3 * 24 / 1000)

    mask = server.client.get(f"{server.layer(server.volume)}/mask")
    assert mask.headers["x-revision"] == "1"
    assert len(mask.content) == size
    assert np.flatnonzero(np.frombuffer(mask.content, np.uint8)).tolist() == [0, 1, 7]

    native = workbench.get(server.store, server.volume.visits[0].id).mask().data
    assert native[-1, -1, 0] == native[-2, -1, 0] == native[2, -2, 0] == 1


def test_a_stroke_sent_twice_is_applied_once(server: Server):
    body = runs.encode(np.array([3]), np.array([1], np.uint8))
    assert edit(server, body).json()["revision"] == 1
    assert edit(server, body).json()["revision"] == 1


def test_a_stroke_on_an_old_mask_is_a_conflict(server: Server):
    body = runs.encode(np.array([3]), np.array([1], np.uint8))
    edit(server, body)
    erase = runs.encode(np.array([3]), np.array([0], np.uint8))
    answer = edit(server, erase, uuid="second")
    assert answer.status_code == 409
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (runs.encode(np.array([210]), np.array([1], np.uint8)), {}),
        (b"\x05\x01", {}),
        (runs.encode(np.array([3]), np.array([77], np.uint8)), {}),
        (runs.encode(np.array([3]), np.array([1], np.uint8)), {"base_revision": "x"}),
        (runs.encode(np.array([3]), np.array([1], np.uint8)), {"uuid": ""}),
    ],
    ids=["past the end", "cut short", "unknown label", "no revision", "no uuid"],
)
def test_a_stroke_that_makes_no_sense_is_refused(server: Server, body: bytes, query):
    assert edit(server, body, **query).status_code == 400
    assert server.client.get(f"{server.layer(server.volume)}/state").json()["revision"] == 0


def test_an_edit_that_is_too_large_is_refused(server: Server):
    url = f"{server.layer(server.volume)}/undo"
    assert server.client.post(url, content=b" " * (4 * 2**20 + 1)).status_code == 413


def test_undo_and_redo(server: Server):
    edit(server, runs.encode(np.array([3]), np.array([1], np.uint8)))
    url = server.layer(server.volume)
    undone = server.client.post(f"{url}/undo", json={"base_revision": 1, "uuid": "u"}).json()
    assert undone["labels"][0]["count"] == 0 and undone["can_redo"] and undone["runs"]
    redone = server.client.post(f"{url}/redo", json={"base_revision": 2, "uuid": "r"}).json()
    assert redone["labels"][0]["count"] == 1
    assert (
        server.client.post(f"{url}/redo", json={"base_revision": 3, "uuid": "s"}).status_code == 400
    )


def shares() -> NDArray[np.uint8]:
    return np.arange(5 * 6 * 7, dtype=np.uint8).reshape(5, 6, 7)


@pytest.fixture
def run(server: Server) -> str:
    """A run with probabilities on the volume; its mask is the current one."""
    visit = server.volume.visits[0]
    job, result = finished_run(server.store, visit.id, shares(), 0.5)
    workbench.adopt(server.store, visit.id, job, result)
    return job


def test_probabilities_are_sent_canonical_and_kept(server: Server, run: str):
    answer = server.client.get(f"{server.layer(server.volume)}/probability/{run}")
    assert "immutable" in answer.headers["cache-control"]
    assert int(answer.headers["x-size"]) == len(answer.content)
    sent = np.frombuffer(answer.content, np.uint8).reshape(5, 6, 7, order="F")
    assert np.array_equal(sent, shares()[::-1, ::-1, :])


def test_probabilities_of_another_run_or_without_a_token_are_not_sent(server: Server, run: str):
    url = server.layer(server.volume)
    assert server.client.get(f"{url}/probability/another").status_code == 404
    visit = server.volume.visits[0].id
    wrong = f"/sv/cases/{server.volume.id}/wrong/visits/{visit}/layers/{visit}"
    assert server.client.get(f"{wrong}/probability/{run}").status_code == 403
    assert server.client.get(f"{wrong}/painted").status_code == 403
    said = {"base_revision": 1, "uuid": "t", "value": 0.4}
    assert server.client.post(f"{wrong}/threshold", json=said).status_code == 403
    assert server.client.get(f"{server.layer(server.scene)}/painted").status_code == 400


def test_a_threshold_is_moved_and_spares_what_was_painted(server: Server, run: str):
    url = server.layer(server.volume)
    edit(server, runs.encode(np.array([0]), np.array([0], np.uint8)), base_revision=1)
    painted = server.client.get(f"{url}/painted")
    assert painted.headers["x-revision"] == "2"
    assert runs.decode(painted.content, 210)[0].tolist() == [0]
    said = {"base_revision": 2, "uuid": "t", "value": 0.4}
    state = server.client.post(f"{url}/threshold", json=said).json()
    assert state["probability"]["threshold"] == 0.4
    assert state["labels"][0]["count"] == np.count_nonzero(shares() >= 102) - 1
    assert state["runs"] and state["can_undo"]


@pytest.mark.parametrize("value", [0, 1.5, "0.4", None, True])
def test_a_threshold_that_is_none_is_refused(server: Server, run: str, value: object):
    said = {"base_revision": 1, "uuid": "t", "value": value}
    answer = server.client.post(f"{server.layer(server.volume)}/threshold", json=said)
    assert answer.status_code == 400


def test_a_brush_on_a_scene_gives_hectares(server: Server):
    state = stroke(server).json()
    row = next(row for row in state["labels"] if row["value"] == 1)
    assert row["count"] == 5
    assert row["amount"] == pytest.approx(5 * 0.01, rel=2e-3)
    assert state["box"] == [49, 52, 99, 102]


@pytest.mark.parametrize(
    "said",
    [
        {"params": BRUSH | {"points": "x"}},
        {"params": BRUSH | {"points": [[1]]}},
        {"params": BRUSH | {"points": [[1, None]]}},
        {"params": BRUSH | {"label": 99}},
        {"params": BRUSH | {"label": "1"}},
        {"params": BRUSH | {"radius_cells": "wide"}},
        {"params": BRUSH | {"unheard": 1}},
        {"params": "all"},
        {"tool": "magic"},
        {"uuid": 3},
        {"where": {"only": "all"}},
        {"where": {"window": [1]}},
    ],
)
def test_an_operation_that_makes_no_sense_is_refused(server: Server, said):
    assert stroke(server, **said).status_code == 400


def tile(server: Server, path: str):
    return server.client.get(f"{server.visit(server.scene)}/{path}")


def mask_tile(server: Server, path: str):
    return server.client.get(f"{server.layer(server.scene)}/mask/{path}")


def opened(answer) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(answer.content)))


def test_a_tile_shows_the_pixels_it_lies_on(server: Server):
    answer = tile(server, "tiles/1/0/0.jpg?bands=0,1,2&stretch=0:255,0:255,0:255")
    assert answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]
    picture = opened(answer).astype(int)
    assert picture.shape == (512, 512, 3)
    assert np.abs(picture - np.moveaxis(pixels()[:, :512, :512], 0, -1)).mean() < 6


def test_a_tile_over_the_edge_is_clear_there(server: Server):
    answer = tile(server, "tiles/1/1/1.jpg?bands=0,1,2&stretch=0:255,0:255,0:255")
    assert answer.headers["content-type"] == "image/png"
    alpha = opened(answer)[..., 3]
    assert alpha[:88, :188].min() == 255 and alpha[88:].max() == 0 and alpha[:, 188:].max() == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("tiles/2/0/0.jpg", 404),
        ("tiles/1/2/0.jpg", 404),
        ("tiles/1/0/0.jpg?bands=7", 400),
        ("tiles/1/0/0.jpg?bands=0&stretch=1", 400),
        ("tiles/1/0/0.jpg?bands=0&stretch=nan:1", 400),
        ("values?row=0&column=900", 404),
        ("values?row=a&column=0", 400),
        ("download/../../secret", 404),
        ("download/mask.nii.gz", 404),
        ("volume.nii", 400),
        ("slice.png?mm=0", 400),
    ],
)
def test_what_is_not_there_is_told(server: Server, path: str, status: int):
    answer = tile(server, path)
    assert answer.status_code == status


def test_mask_tiles_follow_the_mask_and_are_kept_by_revision(server: Server):
    stroke(server)
    fresh = mask_tile(server, "1/0/0.png?rev=1")
    assert "immutable" in fresh.headers["cache-control"]
    assert mask_tile(server, "1/0/0.png?rev=0").headers["cache-control"] == "no-store"
    labels = np.asarray(Image.open(BytesIO(fresh.content)))
    assert np.argwhere(labels).tolist() == [[49, 100], [50, 99], [50, 100], [50, 101], [51, 100]]


def test_values_under_the_pointer(server: Server):
    stroke(server)
    said = tile(server, "values?row=50&column=100").json()
    assert said == {"values": {"red": 51, "green": 101, "blue": 151}, "label": 1, "name": "forest"}


def changed_tile(server: Server, what: str) -> np.ndarray:
    """A tile of what became of 29 cells of forest: 21 of another class, 8 still forest."""
    first, second = (visit.id for visit in server.scene.visits)
    before, after = workbench.get(server.store, first), workbench.get(server.store, second)
    if before.revision == 0:
        draw(before, "brush", 1, [[10, 10]], 3.0, base_revision=0, uuid="a")
        draw(after, "brush", 2, [[10, 10]], 3.0, base_revision=0, uuid="b")
        draw(after, "brush", 1, [[10, 10]], 1.0, base_revision=1, uuid="c")
    kind, _, query = what.partition("?")
    url = f"{server.base(server.scene)}/between/{first}/{second}/{kind}/1/0/0.png?{query}"
    answer = server.client.get(url)
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(BytesIO(answer.content)))


@pytest.mark.parametrize(
    ("what", "counts"),
    [
        ("change?label=1", {1: 5, 2: 24}),
        ("change?label=2", {3: 24}),
        ("flow?from=1&to=2", {1: 24}),
        ("flow?from=1&to=1", {1: 5}),
        ("flow?from=2&to=1", {}),
        ("losses?label=1", {1: 5, 2: 24}),
        ("losses?label=1&ramp=cividis", {1: 5, 2: 24}),
    ],
)
def test_change_tiles_show_the_cells_that_changed(server: Server, what, counts):
    codes, found = np.unique(changed_tile(server, what), return_counts=True)
    assert {int(c): int(n) for c, n in zip(codes, found, strict=True) if c} == counts


def test_dates_in_the_wrong_order_and_unknown_ramps_have_no_tile(server: Server):
    first, second = (visit.id for visit in server.scene.visits)
    base = f"{server.base(server.scene)}/between"
    for what in (
        f"{second}/{first}/losses/0/0/0.png?label=1",
        f"{first}/{second}/losses/0/0/0.png?label=1&ramp=rainbow",
    ):
        assert server.client.get(f"{base}/{what}").status_code == 400


def test_slices_and_thumbnails_are_pictures(server: Server):
    for url in (
        f"{server.visit(server.volume)}/slice.png?plane=axial&mm=8&size=64",
        f"{server.base(server.volume)}/thumbnail.png",
        f"{server.base(server.scene)}/thumbnail.png",
    ):
        answer = server.client.get(url)
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["content-encoding"] == "identity"
        assert max(opened(answer).shape[:2]) in (64, 320)


def test_a_slice_on_the_reference_names_the_record_that_says_how(server: Server):
    visit = server.volume.visits[-1]
    record = opening.align_by_hand(server.store, server.volume, visit, (0, 0, 0), (0, 0, 4), "me")
    url = f"{server.visit(server.volume)}/slice.png?size=64&mm="
    assert np.array_equal(
        opened(server.client.get(f"{url}12&aligned={record.seq}")),
        opened(server.client.get(f"{url}8")),
    )
    assert server.client.get(f"{url}8&aligned=99").status_code == 404
    other = server.store.add_record(server.volume.id, "area", visit.id, {}, "me")
    assert server.client.get(f"{url}8&aligned={other.seq}").status_code == 400


def test_the_downloaded_mask_is_the_mask(server: Server, tmp_path):
    edit(server, runs.encode(np.array([0, 1, 7]), np.array([1, 1, 1], np.uint8)))
    stroke(server)
    for case, file in ((server.volume, "mask.nii.gz"), (server.scene, "mask.tif")):
        answer = server.client.get(f"{server.layer(case)}/download/{file}")
        assert answer.status_code == 200 and "attachment" in answer.headers["content-disposition"]
        path = tmp_path / file
        path.write_bytes(answer.content)
        bench = workbench.get(server.store, case.visits[-1].id)
        assert np.array_equal(read_mask(path, like=case.visits[-1].grid).data, bench.mask().data)


def test_outlines_and_numbers_are_downloaded(server: Server):
    stroke(server)
    outlines = server.client.get(f"{server.layer(server.scene)}/download/polygons.gpkg")
    assert outlines.content.startswith(b"SQLite format 3")
    numbers = server.client.get(f"{server.layer(server.scene)}/download/numbers.csv")
    assert numbers.headers["content-type"].startswith("text/csv")
    assert "forest" in numbers.text and "not for diagnosis" in numbers.text
    every = server.client.get(f"{server.base(server.scene)}/download/numbers.csv")
    assert "2018-07-01" in every.text and "2020-07-01" in every.text


def test_outlines_go_out_as_geojson_and_come_in_again(server: Server):
    stroke(server)
    url = server.layer(server.scene)
    saved = server.client.get(f"{url}/download/polygons.geojson", params={"label": 1}).text
    assert [f["properties"]["name"] for f in json.loads(saved)["features"]] == ["forest"]
    none = server.client.get(f"{url}/download/polygons.geojson", params={"label": 2}).json()
    assert none["features"] == []

    params = {"label": 2, "geojson": saved}
    state = stroke(server, tool="polygon", params=params, base_revision=1, uuid="again").json()
    assert {row["value"]: row["count"] for row in state["labels"] if row["count"]} == {2: 5}


def test_a_file_that_is_no_geojson_is_refused(server: Server):
    answer = stroke(server, tool="polygon", params={"label": 1, "geojson": "POLYGON"})
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "SV-MSK-047"


def test_the_pointer_reads_the_label_of_its_own_layer(server: Server):
    stroke(server)
    visit = server.visit(server.scene)
    made = server.client.post(f"{visit}/layers", json={"name": "Second"}).json()["layer"]
    at = {"row": 50, "column": 100}
    assert server.client.get(f"{visit}/values", params=at).json()["label"] == 1
    assert server.client.get(f"{visit}/values", params=at | {"layer": made}).json()["label"] == 0
    elsewhere = at | {"layer": server.volume.visits[-1].id}
    assert server.client.get(f"{visit}/values", params=elsewhere).status_code == 404


def taken(server: Server, case: Case, file: str) -> bytes:
    answer = server.client.get(f"{server.layer(case)}/download/{file}")
    assert answer.status_code == 200
    return answer.content


def test_numbers_say_what_people_did_to_what_the_model_said(server: Server, run: str):
    at = {"base_revision": 1, "author": "Dr A"}
    edit(server, runs.encode(np.array([0, 1, 7]), np.array([1, 1, 1], np.uint8)), **at)
    erased = np.argwhere(shares()[::-1, ::-1].ravel(order="F") >= 128).ravel()[:2]
    edit(
        server, runs.encode(erased, np.zeros(2, np.uint8)), **at | {"uuid": "b", "base_revision": 2}
    )
    said = shares() >= 128
    now = workbench.get(server.store, server.volume.visits[0].id).mask().data > 0
    (row,) = csv.DictReader(taken(server, server.volume, "numbers.csv").decode().splitlines())
    ml = 24 / 1000
    assert float(row["added_by_people"]) == pytest.approx(ml * np.count_nonzero(now & ~said))
    assert float(row["removed_by_people"]) == pytest.approx(ml * np.count_nonzero(said & ~now))
    assert float(row["dice_to_model"]) == pytest.approx(
        2 * (now & said).sum() / (now.sum() + said.sum())
    )
    assert (row["models"], row["readers"]) == ("lesions 1.0", "Dr A")
    assert (row["layer"], row["revision"]) == ("Mask", "3")


def test_who_drew_what_is_a_table_and_a_map_of_its_numbers(server: Server, tmp_path):
    edit(server, runs.encode(np.array([0, 1, 7]), np.array([1, 1, 1], np.uint8)), author="Dr A")
    more = {"author": "Dr B", "uuid": "b", "base_revision": 1}
    edit(server, runs.encode(np.array([1, 2]), np.array([0, 1], np.uint8)), **more)
    told = json.loads(taken(server, server.volume, "provenance.json"))
    authors = {row["number"]: row["author"] for row in told["operations"]}
    (tmp_path / "o.nii.gz").write_bytes(taken(server, server.volume, "owners.nii.gz"))
    owners = np.asarray(nib.load(tmp_path / "o.nii.gz").dataobj)[::-1, ::-1].ravel(order="F")
    assert [authors.get(number, "-") for number in owners[:9].tolist()] == [
        "Dr A", "Dr B", "Dr B", "-", "-", "-", "-", "Dr A", "-",
    ]  # fmt: skip
    assert server.volume.name not in json.dumps(told)


def test_who_drew_what_of_a_scene_is_written_in_windows(server: Server, tmp_path, monkeypatch):
    monkeypatch.setattr("segviz.io.geotiff.masks.READ_WINDOW", 512)
    stroke(server, author="Dr A")
    stroke(server, BRUSH | {"points": [[600.5, 550.5]], "label": 2}, uuid="b", base_revision=1)
    (tmp_path / "o.tif").write_bytes(taken(server, server.scene, "owners.tif"))
    with rasterio.open(tmp_path / "o.tif") as source:
        found = source.read(1)
    told = json.loads(taken(server, server.scene, "provenance.json"))
    first, second = (row["number"] for row in told["operations"])
    assert np.argwhere(found).tolist() == [
        [49, 100], [50, 99], [50, 100], [50, 101], [51, 100],
        [549, 600], [550, 599], [550, 600], [550, 601], [551, 600],
    ]  # fmt: skip
    assert found[50, 100] == first and found[550, 600] == second


def test_every_file_of_a_mask_tells_how_it_came_to_be(server: Server, tmp_path):
    edit(server, runs.encode(np.array([0]), np.array([1], np.uint8)), author="Dr A")
    stroke(server, author="Dr A")
    found = {}
    for case in (server.volume, server.scene):
        for file in downloads.FOR_WORLD[case.world]:
            (tmp_path / file).write_bytes(taken(server, case, file))
    for file in ("mask.nii.gz", "owners.nii.gz"):
        (comment,) = nib.load(tmp_path / file).header.extensions
        found[file] = json.loads(comment.get_content())["segviz"]["provenance"]
    for file in ("mask.tif", "owners.tif"):
        with rasterio.open(tmp_path / file) as source:
            found[file] = json.loads(source.tags(ns="SEGVIZ")["SEGVIZ_PROVENANCE"])
    about = pyogrio.read_info(tmp_path / "polygons.gpkg")["dataset_metadata"]
    found["polygons.gpkg"] = json.loads(about["SEGVIZ_PROVENANCE"])
    found["polygons.geojson"] = json.loads((tmp_path / "polygons.geojson").read_bytes())[
        "provenance"
    ]
    for told in found.values():
        assert told["revision"] == 1
        assert [row["author"] for row in told["work"]] == ["Dr A"]
    assert len({told["fingerprint"] for told in found.values()}) == 2


def test_objects_are_coloured_one_by_one(server: Server):
    stroke(server)
    stroke(server, BRUSH | {"points": [[600.5, 550.5]]}, uuid="b", base_revision=1)
    url = f"{server.layer(server.scene)}/objects/2/{BRUSH['label']}"

    def tile(place: str, **options: float) -> NDArray[np.uint8]:
        return np.asarray(
            Image.open(BytesIO(server.client.get(f"{url}/{place}.png", params=options).content))
        )

    near, far = tile("1/0/0"), tile("1/1/1")
    assert (near[50, 100], far[550 - 512, 600 - 512], near[0, 0]) == (1, 2, 0)
    assert set(np.unique(tile("0/0/0"))) <= {0, 1, 2}
    assert not tile("1/1/1", smallest=1000).any()
    assert server.client.get(f"{url}/1/0/0.png?split=x").is_client_error


def test_names_and_colours_of_labels_are_downloaded(server: Server):
    for file in ("labels.txt", "colours.clr"):
        legend = legends.read(taken(server, server.scene, file))
        expected = workbench.get(server.store, server.scene.visits[-1].id).legend
        assert len(legend) == 4
        assert [(x.value, x.name, x.color) for x in legend] == [
            (x.value, x.name, x.color.upper()) for x in expected
        ]


def test_outlines_of_a_label_that_is_not_there_are_refused(server: Server):
    url = f"{server.layer(server.scene)}/download/polygons.geojson?label=99"
    assert server.client.get(url).json()["error"]["code"] == "SV-MSK-060"


def uploads(server: Server) -> str:
    from segviz.store import access

    return f"/sv/uploads/{access.token(server.store.settings, 'uploads')}"


def test_an_upload_lies_on_disk_under_a_number_of_ours(server: Server):
    upload = server.client.post(uploads(server)).json()["upload"]
    body = gzip.compress(b"voxels" * 100)
    name = "../../etc/DOE^JOHN.nii.gz"
    answer = server.client.post(
        f"{uploads(server)}/{upload}/0", content=body, params={"name": name}
    )
    assert answer.json() == {"bytes": len(body)}
    (path,) = server.store.upload_files(upload)
    assert path.name == "00000.nii.gz" and path.read_bytes() == body
    kept = path.parent / "names" / "00000.nii.gz.json"
    assert json.loads(kept.read_text())["name"] == name


def test_uploads_are_guarded(server: Server):
    assert server.client.post("/sv/uploads/wrong").status_code == 403
    assert server.client.post(f"{uploads(server)}/not-begun-at-all-0/0").status_code == 404
    upload = server.client.post(uploads(server)).json()["upload"]
    assert server.client.post(f"{uploads(server)}/{upload}/5000", content=b"").status_code == 413
    assert server.client.post(f"{uploads(server)}/{upload}/x", content=b"").status_code == 404


def test_an_upload_that_leaves_no_room_is_refused(server: Server, monkeypatch):
    from segviz.web import uploads as room

    monkeypatch.setattr(room, "FILE_LIMIT", 10)
    upload = server.client.post(uploads(server)).json()["upload"]
    answer = server.client.post(f"{uploads(server)}/{upload}/0", content=b"x" * 11)
    assert answer.status_code == 413
    assert server.store.upload_files(upload) == []


def test_a_models_picture_needs_the_models_token(server: Server):
    token = access.token(server.store.settings, "models")
    card = next(card for card in catalog.models(server.store.settings) if pictures.of(card.folder))
    answer = server.client.get(f"/sv/models/{token}/{card.name}/example.webp")
    assert answer.headers["content-type"] == "image/webp"
    assert opened(answer).shape[2] == 3
    assert server.client.get(f"/sv/models/wrong/{card.name}/example.webp").status_code == 403
    for path in (f"{card.name}/metadata.json", "none/example.webp", "../example.webp"):
        assert server.client.get(f"/sv/models/{token}/{path}").status_code == 404


def test_a_distance_map_is_a_volume_of_bins(server: Server):
    bench = workbench.get(server.store, server.volume.visits[0].id)
    label = next(iter(bench.legend)).value
    for revision, cells in enumerate(([0, 1], [2, 3])):
        bench.edit_cells(
            np.array(cells),
            np.full(2, label, np.uint8),
            base_revision=revision,
            uuid=f"{revision}",
        )
    url = f"{server.visit(server.volume)}/surface-distance"
    sides = {"a": f"{bench.layer.id}@2", "b": f"{bench.layer.id}@1"}
    answer = server.client.get(url, params=sides | {"label": label})
    grid = bench.visit.grid
    found = np.frombuffer(answer.content, np.uint8).reshape(grid.canonical.shape, order="F")
    # cells 0 to 3 lie 4 mm apart along the last axis: 0 and 1 on the surface, then 4 and 8 mm out
    assert grid.from_canonical(found).reshape(-1)[:5].tolist() == [5, 5, 7, 8, 0]
    empty = server.client.get(url, params=sides | {"b": f"{bench.layer.id}@0", "label": label})
    assert empty.json()["error"]["code"] == "SV-NUM-020"
    assert server.client.get(url, params=sides).json()["error"]["code"] == "SV-CASE-400"


def test_a_drawn_area_is_kept_when_it_is_answered(server: Server) -> None:
    url = f"{server.visit(server.scene, 0)}/areas"
    corners = [[10, 20], [40, 20], [40, 60]]
    answers = [server.client.post(url, json={"corners": corners, "author": "Dr A"}) for _ in "ab"]
    assert [answer.json()["name"] for answer in answers] == ["Area 1", "Area 2"]
    first, second = server.store.records(server.scene.id, "area")
    assert (first.name, first.author, second.seq) == ("Area 1", "Dr A", answers[1].json()["seq"])
    assert first.body["geometry"] == second.body["geometry"]
    for odd in (None, "x", [], [[1, 2]], [[0, 0], [0, 0], [0, 0]], [[1], [2], [3]], [["a", 1]] * 3):
        answer = server.client.post(url, json={"corners": odd})
        assert answer.status_code in (400, 422), odd
    assert len(server.store.records(server.scene.id, "area")) == 2


def test_areas_lie_on_the_scene_and_their_numbers_are_a_table(server: Server) -> None:
    visit = server.scene.visits[0]
    drawn = polygons.from_cells("=Plot", [[10, 20], [40, 20], [40, 60]], visit.grid)
    body = {"geometry": polygons.to_geojson(drawn), "file": None, "sha256": None}
    assert server.client.get(f"{server.visit(server.scene, 0)}/areas").json() == {"areas": []}
    seq = server.store.add_record(server.scene.id, "area", "=Plot", body).seq
    (area,) = server.client.get(f"{server.visit(server.scene, 0)}/areas").json()["areas"]
    assert area["name"] == "=Plot"
    ((ring,),) = area["parts"]
    assert {tuple(map(round, point)) for point in ring} >= {(10, 20), (40, 20), (40, 60)}
    address = f"{server.layer(server.scene, 0)}/areas.csv?revision=0&areas={seq}&preset="
    answer = server.client.get(address)
    assert answer.headers["content-type"].startswith("text/csv")
    head, *rows = answer.text.splitlines()
    assert head.startswith("area,polygon_ha,inside_ha,valid_ha")
    assert rows[0].startswith("'=Plot,6.00")
    assert server.client.get(address.replace("areas=", "areas=9")).status_code == 404
