"""MONAI bundles become models, or are refused with the reason."""

import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.networks.nets import UNet

from segviz import adding, settings
from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import predict

NETWORK = {
    "_target_": "UNet",
    "spatial_dims": 3,
    "in_channels": 1,
    "out_channels": "@classes",
    "channels": [4, 8],
    "strides": [2],
    "num_res_units": 1,
    "norm": "batch",
}
TRANSFORMS = [
    {"_target_": "LoadImaged", "keys": "image", "reader": "$whatever"},
    {"_target_": "EnsureChannelFirstd", "keys": "image"},
    {"_target_": "Orientationd", "keys": "image", "axcodes": "RAS"},
    {"_target_": "Spacingd", "keys": "image", "pixdim": [2.0, 2.0, 4.0]},
    {
        "_target_": "ScaleIntensityRanged",
        "keys": "image",
        "a_min": -100,
        "a_max": 100,
        "b_min": 0.0,
        "b_max": 1.0,
        "clip": True,
    },
]
INFERENCE = {
    "imports": ["$import os"],
    "classes": 3,
    "device": "$torch.device('cpu')",
    "network_def": NETWORK,
    "network": "$@network_def.to(@device)",
    "preprocessing": {"_target_": "Compose", "transforms": TRANSFORMS},
    "inferer": {
        "_target_": "SlidingWindowInferer",
        "roi_size": [16, 16, 8],
        "sw_batch_size": "$os.cpu_count()",
        "overlap": 0.5,
    },
}
METADATA = {
    "version": "0.3.1",
    "name": "Spleen",
    "task": "Spleen in CT",
    "intended_use": "Research.",
    "network_data_format": {
        "inputs": {"image": {"modality": "CT"}},
        "outputs": {"pred": {"channel_def": {"0": "background", "1": "spleen", "2": "cyst"}}},
    },
}


class Bundle:
    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "configs").mkdir(parents=True)
        (folder / "models").mkdir()
        self.inference, self.metadata = (json.loads(json.dumps(c)) for c in (INFERENCE, METADATA))
        torch.manual_seed(0)
        known = {key: value for key, value in NETWORK.items() if key != "_target_"}
        self.network = UNet(**{**known, "out_channels": 3}).eval()
        torch.save(self.network.state_dict(), folder / "models" / "model.pt")

    def write(self):
        for name in ("inference", "metadata"):
            (self.folder / "configs" / f"{name}.json").write_text(json.dumps(getattr(self, name)))
        return str(self.folder)


@pytest.fixture
def bundle(tmp_path):
    return Bundle(tmp_path / "Spleen_CT")


@pytest.fixture
def here():
    return settings.load()


def refused(bundle, here):
    with pytest.raises(Refused) as error:
        adding.add(here, bundle.write())
    assert not list(here.home.rglob("*.json"))
    return error.value


def ct(shape=(20, 20, 12)):
    rng = np.random.default_rng(0)
    values = rng.normal(0, 60, shape).astype(np.float32)
    return Volume(VolumeGrid(shape, np.diag([2.0, 2.0, 4.0, 1.0])), values, channel="CT")


def test_a_bundle_becomes_a_model(bundle, here):
    card = adding.add(here, bundle.write())
    assert (card.name, card.title, card.version) == ("spleen-ct", "Spleen", "0.3.1")
    assert [label.name for label in card.legend] == ["spleen", "cyst"]
    assert card.channels == ("CT",)
    assert card.metadata["volume_input"]["spacing_mm"] == [2.0, 2.0, 4.0]
    assert "not measured here" in card.examples[0]


def test_its_masks_are_those_of_its_network(bundle, here):
    """A scan as large as a window, in the spacing it asks for: no resampling, one window."""
    card = adding.add(here, bundle.write())
    scan = ct((16, 16, 8))
    scaled = torch.from_numpy(np.clip((scan.data + 100) / 200, 0, 1))[None, None]
    with torch.inference_mode():
        expected = bundle.network(scaled)[0].argmax(0).numpy()
    assert (predict.segment_volume(scan, card).mask.data == expected).all()
    assert len(np.unique(expected)) > 1


def test_a_zip_is_a_bundle_too(bundle, here, tmp_path):
    bundle.write()
    packed = Path(shutil.make_archive(str(tmp_path / "spleen"), "zip", tmp_path, "Spleen_CT"))
    card = adding.add(here, str(packed))
    assert card.name == "spleen"
    assert predict.segment_volume(ct(), card).mask.data.shape == (20, 20, 12)


def test_a_zip_that_leads_out_of_itself_is_refused(bundle, here, tmp_path):
    bundle.write()
    packed = tmp_path / "evil.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../configs/metadata.json", "{}")
    with pytest.raises(Refused) as error:
        adding.add(here, str(packed))
    assert error.value.code == "SV-ARC-004"


@pytest.mark.parametrize(
    ("where", "value", "place"),
    [
        (("network_def", "channels"), "$__import__('os').system('id')", "network_def#channels"),
        (("network_def", "channels", 1), "$8", "network_def#channels#1"),
        (("network_def", "norm"), "@norm", "'@norm' leads nowhere"),
        (("network_def", "norm"), "%other.json::norm", "program text"),
        (("classes",), "$1 + 2", "classes"),
        (("classes",), "@classes", "refers to itself"),
        (("preprocessing", "transforms", 3, "pixdim"), "$[1, 1, 1]", "transforms#3#pixdim"),
        (("inferer", "roi_size"), "$[96] * 3", "inferer#roi_size"),
    ],
)
def test_program_text_is_refused_with_its_place(bundle, here, where, value, place):
    part = bundle.inference
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] = value
    error = refused(bundle, here)
    assert error.code == "SV-MDL-029"
    assert place in error.message


@pytest.mark.parametrize(
    "target", ["os.system", "builtins.eval", "monai.networks.nets.SwinUNETR", "evil.nets.UNet"]
)
def test_networks_of_others_are_refused(bundle, here, target):
    bundle.inference["network_def"]["_target_"] = target
    error = refused(bundle, here)
    assert error.code == "SV-MDL-005"
    assert target in error.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"network_def": {**NETWORK, "in_channels": 4}}, "4 images of a patient at once"),
        ({"network_def": {**NETWORK, "spatial_dims": 2}}, "no network for volumes"),
        ({"network_def": {**NETWORK, "out_channels": 1}}, "one channel"),
        ({"inferer": {"_target_": "SimpleInferer"}}, "size of its windows"),
        ({"preprocessing": {"transforms": [{"_target_": "HistogramNormalized"}]}}, "step 1"),
        (
            {"preprocessing": {"transforms": [{"_target_": "Orientationd", "axcodes": "LPS"}]}},
            "turns images to LPS",
        ),
    ],
)
def test_what_cannot_be_done_the_same_way_is_refused(bundle, here, change, said):
    bundle.inference |= change
    error = refused(bundle, here)
    assert error.code == "SV-MDL-030"
    assert said in error.message


def test_labels_that_may_overlap_are_refused(bundle, here):
    channels = bundle.metadata["network_data_format"]["outputs"]["pred"]["channel_def"]
    channels["0"] = "whole tumour"
    assert refused(bundle, here).code == "SV-MDL-030"


class Program:
    def __reduce__(self):
        return print, ("this must never be printed",)


@pytest.mark.parametrize("content", [Program(), {"a": Program()}, [1, 2], {"a": 3}])
def test_weights_that_are_more_than_numbers_are_refused(bundle, here, content, capsys):
    torch.save(content, bundle.folder / "models" / "model.pt")
    assert refused(bundle, here).code == "SV-MDL-031"
    assert "never be printed" not in capsys.readouterr().out


def test_weights_of_another_network_are_refused(bundle, here):
    bundle.inference["network_def"]["channels"] = [4, 16]
    assert refused(bundle, here).code == "SV-MDL-007"


@pytest.mark.parametrize("missing", ["configs/inference.json", "models/model.pt"])
def test_a_missing_file_is_named(bundle, here, missing):
    bundle.write()
    (bundle.folder / missing).unlink()
    with pytest.raises(Refused, match=Path(missing).name) as error:
        adding.add(here, str(bundle.folder))
    assert error.value.code == "SV-MDL-028"


def test_names_are_checked_and_not_taken_twice(bundle, here):
    adding.add(here, bundle.write())
    for name, code in ((None, "SV-MDL-024"), ("../x", "SV-MDL-023"), ("otsu", "SV-MDL-024")):
        with pytest.raises(Refused) as error:
            adding.add(here, bundle.write(), name=name)
        assert error.value.code == code
    assert adding.add(here, bundle.write(), name="spleen-2").name == "spleen-2"
    assert adding.remove(here, "spleen-2").title == "Spleen"


def test_a_folder_of_something_else_is_refused(here, tmp_path):
    (tmp_path / "holiday").mkdir()
    with pytest.raises(Refused) as error:
        adding.add(here, str(tmp_path / "holiday"))
    assert error.value.code == "SV-MDL-034"


def test_a_model_folder_of_segviz_can_be_added(bundle, here, tmp_path):
    card = adding.add(here, bundle.write())
    other = replace(here, home=tmp_path / "other")
    again = adding.add(other, str(card.folder), name="again")
    assert again.sha256 == card.sha256
