"""Model folders of nnU-Net v2."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from segviz import adding, settings
from segviz.errors import Refused
from segviz.grid import VolumeGrid
from segviz.image import Volume
from segviz.inference import predict
from segviz.inference.nnunet import PlannedUNet

ARCHITECTURE = {
    "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
    "arch_kwargs": {
        "n_stages": 3,
        "features_per_stage": [4, 8, 8],
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "kernel_sizes": [[1, 3, 3], [3, 3, 3], [3, 3, 3]],
        "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2]],
        "n_conv_per_stage": [1, 1, 1],
        "n_conv_per_stage_decoder": [1, 1],
        "conv_bias": True,
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "dropout_op": None,
        "nonlin": "torch.nn.LeakyReLU",
    },
}
FULL = {
    "patch_size": [4, 16, 16],
    "spacing": [4.0, 2.0, 2.0],
    "normalization_schemes": ["CTNormalization"],
    "use_mask_for_norm": [False],
    "architecture": ARCHITECTURE,
}
PLANS = {
    "dataset_name": "Dataset007_Pancreas",
    "transpose_forward": [0, 1, 2],
    "configurations": {"2d": {"patch_size": [16, 16], "spacing": [2, 2]}, "3d_fullres": FULL},
    "foreground_intensity_properties_per_channel": {
        "0": {"mean": 20.0, "std": 40.0, "percentile_00_5": -80.0, "percentile_99_5": 150.0}
    },
}
DATASET = {"channel_names": {"0": "CT"}, "labels": {"background": 0, "pancreas": 1, "tumour": 2}}
KIND = {"PlainConvUNet": "plain", "ResidualEncoderUNet": "residual"}


def network(seed, kind="plain"):
    torch.manual_seed(seed)
    given = ARCHITECTURE["arch_kwargs"]
    return PlannedUNet(
        kind, 1, 3, given["features_per_stage"], given["kernel_sizes"], given["strides"],
        [1, 1, 1], [1, 1], (2, 1, 0),
    ).eval()  # fmt: skip


def published(state):
    """As nnU-Net saves it: what is shared is there twice, and the heads of training as well."""
    full = {}
    for key, value in state.items():
        if key.startswith("decoder.head."):
            end = key.rsplit(".", 1)[1]
            full[f"decoder.seg_layers.0.{end}"] = torch.zeros(3)
            full[f"decoder.seg_layers.1.{end}"] = value
            continue
        full[key] = value
        if key.startswith("encoder."):
            full[f"decoder.{key}"] = value
        if ".conv." in key:
            full[key.replace(".conv.", ".all_modules.0.")] = value
    return full


class Folder:
    def __init__(self, folder: Path, folds=1, kind="plain"):
        self.path = folder
        self.plans, self.dataset = (json.loads(json.dumps(c)) for c in (PLANS, DATASET))
        self.networks = [network(seed, kind) for seed in range(folds)]
        for fold, each in enumerate(self.networks):
            (folder / f"fold_{fold}").mkdir(parents=True)
            content = {
                "network_weights": published(each.state_dict()),
                "logging": {"mean_fg_dice": [np.float64(0.5), np.float32(0.25)]},
                "_best_ema": np.float64(0.7),
                "init_args": {"plans": PLANS, "fold": fold},
                "trainer_name": "nnUNetTrainer",
                "inference_allowed_mirroring_axes": (0, 1, 2),
            }
            torch.save(content, folder / f"fold_{fold}" / "checkpoint_final.pth")

    def write(self):
        (self.path / "plans.json").write_text(json.dumps(self.plans))
        (self.path / "dataset.json").write_text(json.dumps(self.dataset))
        return str(self.path)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "nnUNetTrainer__nnUNetPlans__3d_fullres")


def ct():
    values = np.random.default_rng(0).normal(20, 60, (16, 16, 4)).astype(np.float32)
    return Volume(VolumeGrid(values.shape, np.diag([2.0, 2.0, 4.0, 1.0])), values, channel="CT")


def expected(scan, networks):
    scaled = (np.clip(scan.data, -80, 150) - 20) / 40
    with torch.inference_mode():
        shares = [each(torch.from_numpy(scaled)[None, None]).softmax(1) for each in networks]
    return torch.stack(shares).mean(0)[0].argmax(0).numpy()


@pytest.mark.parametrize("folds", [1, 2])
def test_a_model_folder_becomes_a_model_with_the_masks_of_its_folds(tmp_path, folds):
    folder = Folder(tmp_path / "a__b__3d_fullres", folds)
    card = adding.add(settings.load(), folder.write(), name="pancreas-ct")
    assert [label.name for label in card.legend] == ["pancreas", "tumour"]
    assert card.channels == ("CT",)
    assert card.metadata["volume_input"]["spacing_mm"] == [2.0, 2.0, 4.0]
    assert card.metadata["volume_input"]["window"] == [16, 16, 4]
    found = predict.segment_volume(ct(), card).mask.data
    assert (found == expected(ct(), folder.networks)).all()
    assert len(np.unique(found)) > 1


def test_residual_encoders_are_known(tmp_path):
    folder = Folder(tmp_path / "model", kind="residual")
    given = folder.plans["configurations"]["3d_fullres"]["architecture"]
    given["network_class_name"] = (
        "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet"
    )
    given["arch_kwargs"]["n_blocks_per_stage"] = given["arch_kwargs"].pop("n_conv_per_stage")
    card = adding.add(settings.load(), folder.write())
    found = predict.segment_volume(ct(), card).mask.data
    assert (found == expected(ct(), folder.networks)).all()


def test_plans_of_the_first_releases_are_read_too(folder):
    full = folder.plans["configurations"]["3d_fullres"]
    given = full.pop("architecture")["arch_kwargs"]
    full |= {
        "UNet_class_name": "PlainConvUNet",
        "UNet_base_num_features": 4,
        "unet_max_num_features": 8,
        "conv_kernel_sizes": given["kernel_sizes"],
        "pool_op_kernel_sizes": given["strides"],
        "n_conv_per_stage_encoder": [1, 1, 1],
        "n_conv_per_stage_decoder": [1, 1],
    }
    card = adding.add(settings.load(), folder.write())
    found = predict.segment_volume(ct(), card).mask.data
    assert (found == expected(ct(), folder.networks)).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": {"background": 0, "whole": [1, 2]}}, "regions"),
        ({"labels": {"background": 0, "one": 3}}, "in a row"),
        ({"channel_names": {"0": "T1", "1": "T2"}}, "2 images of a patient"),
    ],
)
def test_data_that_cannot_be_shown_here_are_refused(folder, change, said):
    folder.dataset |= change
    refusal(folder, said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"normalization_schemes": ["RGBTo01Normalization"]}, "normalisation"),
        ({"patch_size": [16, 16]}, "slices"),
        ({"previous_stage": "3d_lowres"}, "cascade"),
    ],
)
def test_plans_that_are_not_known_are_refused(folder, change, said):
    folder.plans["configurations"]["3d_fullres"] |= change
    refusal(folder, said)


def test_other_networks_are_refused(folder):
    given = folder.plans["configurations"]["3d_fullres"]["architecture"]
    given["arch_kwargs"]["norm_op"] = "os.system"
    refusal(folder, "norm_op os.system")
    given["network_class_name"] = "some.where.MedNeXt"
    given["arch_kwargs"]["norm_op"] = "torch.nn.InstanceNorm3d"
    refusal(folder, "MedNeXt")


def test_a_folder_without_a_checkpoint_is_refused(folder):
    (folder.path / "fold_0" / "checkpoint_final.pth").unlink()
    refusal(folder, "no fold")


def refusal(folder, said):
    with pytest.raises(Refused, match=said) as error:
        adding.add(settings.load(), folder.write())
    assert error.value.code == "SV-MDL-030"
