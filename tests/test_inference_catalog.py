"""What models there are and what they say of themselves."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import tiny_models

from segviz import settings
from segviz.errors import NotFound, Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import catalog


@pytest.fixture
def shelf(tmp_path):
    tiny_models.volume_card(tmp_path / "two-tissues")
    tiny_models.scene_card(tmp_path / "two-covers")
    return replace(settings.load(), models=tmp_path)


def scan(channel=""):
    return Volume(VolumeGrid((2, 2, 2), np.eye(4)), np.zeros((2, 2, 2)), channel=channel)


def test_models_are_listed_by_name(shelf):
    assert [card.name for card in catalog.models(shelf)] == ["two-covers", "two-tissues"]


def test_an_unknown_name_lists_those_there_are(shelf):
    with pytest.raises(NotFound, match="two-covers, two-tissues") as error:
        catalog.card(shelf, "three")
    assert error.value.code == "SV-MDL-001"


@pytest.mark.parametrize("name", ["../two-tissues", "/etc", "."])
def test_a_name_is_not_a_path(shelf, name):
    with pytest.raises(NotFound):
        catalog.card(shelf, name)


@pytest.mark.parametrize("key", ["intended_use", "legend", "version", "license"])
def test_a_card_that_lacks_an_entry_is_refused(shelf, key):
    path = shelf.models / "two-tissues" / "metadata.json"
    metadata = json.loads(path.read_text())
    del metadata[key]
    path.write_text(json.dumps(metadata))
    with pytest.raises(Refused, match=key) as error:
        catalog.card(shelf, "two-tissues")
    assert error.value.code == "SV-MDL-002"


def test_an_empty_intended_use_is_refused(shelf):
    path = shelf.models / "two-tissues" / "metadata.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "intended_use": "  "}))
    with pytest.raises(Refused, match="what it is for"):
        catalog.card(shelf, "two-tissues")


def test_weights_are_verified_by_hash(shelf):
    card = catalog.card(shelf, "two-tissues")
    catalog.verify(card)
    content = bytearray(card.weights.read_bytes())
    content[-1] ^= 1
    card.weights.write_bytes(content)
    with pytest.raises(Refused) as error:
        catalog.verify(card)
    assert error.value.code == "SV-MDL-004"
    card.weights.unlink()
    with pytest.raises(Refused) as error:
        catalog.verify(card)
    assert error.value.code == "SV-MDL-003"


def test_a_card_whose_weights_are_to_be_fetched_says_how(shelf):
    folder = shelf.models / "two-covers"
    path = folder / "metadata.json"
    fetched = {"source": "elsewhere", "address": "https://x.test/w", "bytes": 2e6, "sha256": "0"}
    path.write_text(json.dumps({**json.loads(path.read_text()), "fetched": fetched}))
    assert catalog.card(shelf, "two-covers").waiting is None
    (folder / "model.safetensors").unlink()
    card = catalog.card(shelf, "two-covers")
    said = "`segviz models add elsewhere` fetches them (2.0 MB)"
    assert said in card.waiting
    assert said in catalog.suits(card, ("red", "green", "blue"), "scene")
    assert "medical volumes" in catalog.suits(replace(card, kind="volume"), ("red",), "scene")
    with pytest.raises(Refused, match="cannot be run yet") as error:
        catalog.verify(card)
    assert error.value.code == "SV-MDL-020"


def test_a_shipped_model_hides_an_added_one_but_for_fetched_weights(shelf, tmp_path):
    home = replace(shelf, home=tmp_path / "home")
    added = tiny_models.scene_card(home.home / "models" / "two-covers")
    assert catalog.card(home, "two-covers").folder == shelf.models / "two-covers"
    path = shelf.models / "two-covers" / "metadata.json"
    fetched = {"source": "elsewhere", "address": "https://x.test/w", "bytes": 2e6, "sha256": "0"}
    path.write_text(json.dumps({**json.loads(path.read_text()), "fetched": fetched}))
    path.with_name("model.safetensors").unlink()
    assert catalog.card(home, "two-covers").folder == added.folder


def test_a_model_is_offered_for_its_own_world_only(shelf):
    volume, scene = (catalog.card(shelf, n) for n in ("two-tissues", "two-covers"))
    assert catalog.suits(volume, scan("MR"), "volume") is None
    assert catalog.suits(volume, scan(), "volume") is None
    assert catalog.suits(volume, scan("CT"), "volume") == "It is for MR; this scan is CT."
    unnamed = scan()
    unnamed.data[:] = -1000
    assert "as air in CT does" in catalog.suits(volume, unnamed, "volume")
    assert "medical volumes" in catalog.suits(volume, ("red",), "scene")
    assert catalog.suits(scene, ("a", "b", "c"), "scene") is None
    assert "the image has 1" in catalog.suits(scene, ("red",), "scene")


def test_a_model_that_needs_band_names_lists_those_missing(tmp_path):
    card = tiny_models.scene_card(tmp_path / "named", scene_input={"bands_by_name": True})
    assert catalog.suits(card, ("B2", "B3", "B4"), "scene") is None
    said = catalog.suits(card, ("B2", "B4", "other"), "scene")
    assert "needs the bands red (B4), green (B3), blue (B2)" in said
    assert "green (B3) not found among B2, B4, other" in said


def test_the_shipped_cards_are_complete():
    cards = catalog.models(settings.load())
    assert {"k-means", "otsu"} <= {card.name for card in cards}
    for card in cards:
        if not card.waiting:
            catalog.verify(card)
        assert card.examples, f"{card.name} does not say when it fails"
        assert "iagnos" in card.intended_use or card.kind == "scene"
        assert (card.folder / "LICENSE").exists()
        assert (card.folder / "README.md").exists()
        assert card.method != "network" or card.metrics


def test_cards_are_read_without_torch():
    code = (
        "import sys; from segviz import settings; from segviz.inference import catalog; "
        "catalog.models(settings.load()); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
