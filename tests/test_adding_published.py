"""Published weights of shipped cards."""

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from fake_scenes import ArrayScene

from segviz import adding, settings
from segviz.errors import NotFound, Refused
from segviz.inference import catalog, networks, predict
from segviz.inference.dynamic_world import BYTES

NAME = "land-cover-sentinel2"
FILE = "variables.data-00000-of-00001"
BANDS = ("B2", "B3", "B4", "B5", "B6", "B7", "B8", "B11", "B12")


def published():
    """A file of the published size whose weights are small numbers and whose spreads are 1."""
    rng = np.random.default_rng(0)
    return np.abs(rng.normal(0, 0.1, BYTES // 4)).astype("<f4").tobytes()


@pytest.fixture
def shelf(tmp_path):
    """The shipped card, which names another file than the real one."""
    chosen = replace(settings.load(), models=tmp_path / "shipped")
    folder = chosen.models / NAME
    shutil.copytree(settings.load().models / NAME, folder)
    metadata = json.loads((folder / "metadata.json").read_text())
    metadata["fetched"] |= {
        "bytes": BYTES,
        "sha256": hashlib.sha256(published()).hexdigest(),
        "address": f"http://127.0.0.1:9/{FILE}",
    }
    (folder / "metadata.json").write_text(json.dumps(metadata))
    return chosen


@pytest.fixture
def folder(tmp_path):
    there = tmp_path / "fetched" / "model" / "forward" / "variables"
    there.mkdir(parents=True)
    (there / FILE).write_bytes(published())
    return tmp_path / "fetched"


def test_the_weights_are_taken_from_a_folder(shelf, folder):
    assert catalog.card(shelf, NAME).waiting
    card = adding.add(shelf, "dynamic-world", folder=folder)
    assert card.folder == shelf.home / "models" / NAME
    assert card.waiting is None
    catalog.verify(card)
    assert networks.load(card).head.out_channels == 9
    assert (card.folder / "NOTICE").is_file()
    assert {path.name for path in shelf.home.iterdir()} == {"models"}


def test_adding_it_again_replaces_it(shelf, folder):
    first = adding.add(shelf, NAME, folder=folder)
    assert adding.add(shelf, NAME, folder=folder).sha256 == first.sha256


def test_another_file_of_that_name_is_refused(shelf, folder):
    file = next(folder.rglob(FILE))
    file.write_bytes(published()[:-4] + b"\0\0\0\0")
    with pytest.raises(Refused) as error:
        adding.add(shelf, "dynamic-world", folder=folder)
    assert error.value.code == "SV-MDL-022"
    assert catalog.card(shelf, NAME).waiting
    file.unlink()
    with pytest.raises(Refused, match=FILE) as error:
        adding.add(shelf, "dynamic-world", folder=folder)
    assert error.value.code == "SV-MDL-026"


def test_without_a_network_nothing_is_added(shelf):
    with pytest.raises(Refused) as error:
        adding.add(shelf, "dynamic-world")
    assert error.value.code == "SV-MDL-021"
    assert list(shelf.home.rglob("*")) == [shelf.home / "models"]


def test_an_unknown_source_lists_the_published_ones(shelf):
    with pytest.raises(NotFound, match="dynamic-world") as error:
        adding.add(shelf, "static-world")
    assert error.value.code == "SV-MDL-027"


def test_an_added_model_can_be_removed_a_shipped_one_cannot(shelf, folder):
    adding.add(shelf, "dynamic-world", folder=folder)
    adding.remove(shelf, NAME)
    assert catalog.card(shelf, NAME).waiting
    with pytest.raises(Refused) as error:
        adding.remove(shelf, NAME)
    assert error.value.code == "SV-MDL-025"


def spectra(offset=0):
    """Dense forest on the left, bare soil on the right, with a little noise, at 10 m."""
    forest = (950, 800, 480, 850, 2300, 2900, 3000, 1500, 650)
    soil = (1500, 1800, 2300, 2600, 2800, 3000, 3100, 3900, 3400)
    values = np.repeat([forest, soil], 40, axis=0).T[:, None].repeat(48, axis=1)
    noise = np.random.default_rng(0).normal(1, 0.03, values.shape)
    return ArrayScene((values * noise + offset).astype(np.uint16), channels=BANDS)


def labelled(scene, card, **options):
    out = np.zeros(scene.grid.shape, np.uint8)
    report = predict.segment_scene(scene, card, out, options=options)
    return out, report


def test_the_real_weights_know_forest_from_soil_whatever_the_offset(real_data, monkeypatch):
    """In f32, in which a mask depends on no tile and on no processor."""
    monkeypatch.setenv("SEGVIZ_PRECISION", "f32")
    chosen = settings.load()
    card = adding.add(
        chosen, "dynamic-world", folder=real_data / "geo" / "dynamic-world-model" / "forward"
    )
    trees, bare = (label.value for label in card.legend if label.name in ("trees", "bare"))
    plain, report = labelled(spectra(), card)
    assert (plain[:, :30] == trees).mean() > 0.95
    assert (plain[:, 50:] == bare).mean() > 0.95
    assert "no offset was taken off" in report["notes"][1]
    with_offset, report = labelled(spectra(1000), card)
    assert (with_offset == plain).all()
    assert "1000 of every value were taken off" in report["notes"][1]
    left_in, _ = labelled(spectra(1000), card, offset="0")
    assert (left_in[:, :30] == trees).mean() < 0.5
    settings_of_small_tiles = {**card.metadata["scene_input"], "core": 16}
    small = replace(card, metadata={**card.metadata, "scene_input": settings_of_small_tiles})
    assert (labelled(spectra(), small)[0] == plain).all()


def test_missing_bands_are_refused_by_name(tmp_path, shelf, folder):
    card = adding.add(shelf, "dynamic-world", folder=folder)
    scene = ArrayScene(np.ones((8, 8, 8), np.uint16), channels=(*BANDS[:7], "B8A"))
    with pytest.raises(Refused) as error:
        labelled(scene, card)
    assert error.value.code == "SV-RUN-003"
    assert "short-wave infrared 1 (B11), short-wave infrared 2 (B12) not found" in str(error.value)


def test_a_picture_is_refused(shelf, folder):
    card = adding.add(shelf, "dynamic-world", folder=folder)
    with pytest.raises(Refused) as error:
        labelled(ArrayScene(np.full((9, 8, 8), 99, np.uint8), channels=BANDS), card)
    assert error.value.code == "SV-RUN-008"
